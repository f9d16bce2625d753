//! The archive in the report.

use std::fmt::{self, Write};

use crate::aims::Aim;
use crate::section::{Figures, Section};

/// The part `archive`.
pub const SECTION: Section = Section {
    part: "archive",
    write,
    aims: &[
        Aim::at_least(
            0.8,
            "×",
            "archive",
            "share",
            "archiving over a plain copy, bytes per second",
        ),
        Aim::at_most(
            20.0,
            " MiB",
            "archive",
            "large_grown_mib",
            "archiving a file of 1 GiB, growth of resident memory",
        ),
        Aim::at_most(
            0.0,
            "",
            "archive",
            "burst_unstored",
            "recordings at once: not stored, or stored more than once",
        ),
        Aim::at_most(
            50.0,
            " ms",
            "archive",
            "webhook_p99_ms",
            "recordings at once: p99 of the webhook",
        ),
    ],
};

fn write(figures: &Figures<'_>, text: &mut String) -> fmt::Result {
    let figure = |name| figures.get(name);
    text.write_str("\n| recordings into the store | MiB/s |\n| --- | ---: |\n")?;
    writeln!(
        text,
        "| archived: fetched, judged, hashed, drawn, stored, told | {:.0} |\n| plain copy: fetched, stored | {:.0} |",
        figure("ours_mib_per_s"),
        figure("plain_mib_per_s")
    )?;
    writeln!(
        text,
        "\nA file of 1 GiB: {:.1} s, {:.0} MiB more resident memory. {:.0} at once: {:.0} stored in {:.1} s; their webhooks p50 {:.1} ms, p99 {:.1} ms.",
        figure("large_s"),
        figure("large_grown_mib"),
        figure("recordings"),
        figure("burst_stored"),
        figure("burst_s"),
        figure("webhook_p50_ms"),
        figure("webhook_p99_ms")
    )
}
