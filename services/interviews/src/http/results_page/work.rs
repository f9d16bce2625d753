//! How the results were made: what AI did, summed up.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::safe::{Safe, tag};
use crate::http::results_view::Results;

/// The same work by the same model.
#[derive(Default)]
struct Sum {
    times: u32,
    latency_ms: u64,
    cost_micro_usd: Option<u64>,
}

/// A table, if AI did anything.
pub(super) fn table(out: &mut String, it: &Results) -> fmt::Result {
    let mut rows: BTreeMap<_, Sum> = BTreeMap::new();
    let all = it.answers.iter().flat_map(|answer| &answer.usage);
    for usage in all.chain(&it.usage) {
        let key = (
            usage.task.as_str(),
            usage.provider.as_str(),
            usage.model.as_str(),
            usage.simulated,
        );
        let sum = rows.entry(key).or_default();
        sum.times += 1;
        sum.latency_ms += u64::from(usage.latency_ms);
        if let Some(more) = usage.cost_micro_usd {
            let cost = sum.cost_micro_usd.get_or_insert_default();
            *cost = cost.saturating_add(more);
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    out.write_str(
        "<h2>How this was made</h2><table><thead><tr><th>Work</th><th>Provider</th><th>Model</th>\
         <th class=\"end\">Times</th><th class=\"end\">Took, on average</th><th class=\"end\">Cost</th></tr></thead><tbody>",
    )?;
    for ((task, provider, model, simulated), sum) in rows {
        let task = match task {
            "transcribe" => "Transcription",
            "score" => "Scores and feedback",
            "question" => "Questions",
            "summary" => "Summary",
            other => other,
        };
        write!(out, "<tr><td>{}</td><td>", Safe(task))?;
        match provider {
            "simulated" => out.write_str(tag(true).trim_start())?,
            provider => write!(out, "{}{}", Safe(provider), tag(simulated))?,
        }
        let ms = sum.latency_ms / u64::from(sum.times.max(1));
        let cost = sum.cost_micro_usd.map_or("–".to_owned(), |micro| {
            format!("${}.{:04}", micro / 1_000_000, micro % 1_000_000 / 100)
        });
        write!(
            out,
            "</td><td>{}</td><td class=\"end\">{}</td><td class=\"end\">{}.{} s</td><td class=\"end\">{cost}</td></tr>",
            Safe(model),
            sum.times,
            ms / 1000,
            ms % 1000 / 100
        )?;
    }
    out.write_str("</tbody></table>")
}
