//! The results as a page for reading and printing. Everything that comes from outside is escaped, and nothing of it
//! becomes a script, a style or an address that is not one of the web.

mod review;
mod safe;
mod work;

use std::fmt::{self, Write};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::results_view::Results;
use super::view::{AnswerView, RecordingView};
use crate::db::TenantSettings;
use safe::{Safe, tag};

const STYLE: &str = include_str!("style.css");
/// The circumference of the ring around the score: its radius is 42.
const RING: f64 = 263.9;

/// The page.
pub(super) fn html(results: &Results, settings: &TenantSettings, language: &str) -> String {
    let mut out = String::with_capacity(16 * 1024);
    // Writing into a text does not fail.
    let _ = write(&mut out, results, settings, language);
    out
}

fn write(out: &mut String, it: &Results, settings: &TenantSettings, language: &str) -> fmt::Result {
    let name = it.candidate.as_ref().map_or("Interview", |who| &who.name);
    let language = if language.is_empty() { "en" } else { language };
    write!(
        out,
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{} – interview results</title>\
         <style>{STYLE}</style></head><body>",
        Safe(language),
        Safe(name)
    )?;
    head(out, it, settings, name)?;
    if it.simulated {
        out.write_str(
            "<p class=\"note\"><b>Simulated.</b> It was no AI provider but a simulated one that made up what is marked \
              <span class=\"tag\">simulated</span> below. It says nothing about anybody.</p>",
        )?;
    }
    if !it.feedback.is_empty() {
        let tag = tag(summary_is_simulated(it));
        write!(out, "<p class=\"said\">{}{tag}</p>", Safe(&it.feedback))?;
    }
    review::note(out, it.review.as_ref())?;
    if !it.strengths.is_empty() || !it.areas_for_improvement.is_empty() {
        out.write_str("<div class=\"pair\">")?;
        let tag = tag(summary_is_simulated(it));
        points(out, "Strengths", tag, &it.strengths)?;
        points(out, "Areas for improvement", tag, &it.areas_for_improvement)?;
        out.write_str("</div>")?;
    }
    if !it.answers.is_empty() {
        out.write_str("<h2>Answers</h2>")?;
        if it.answers.iter().any(|answer| marked(answer).is_some()) {
            out.write_str(
                "<p class=\"small\"><mark>Marked</mark> are the words that a score rests on.</p>",
            )?;
        }
        for one in &it.answers {
            answer(out, one)?;
        }
    }
    work::table(out, it)?;
    foot(out, it)?;
    out.write_str("</body></html>")
}

fn head(out: &mut String, it: &Results, settings: &TenantSettings, name: &str) -> fmt::Result {
    let zone = settings.timezone.parse::<Tz>().unwrap_or(Tz::UTC);
    let business = Some(settings.name.as_str()).filter(|name| !name.is_empty());
    write!(
        out,
        "<header><p class=\"kicker\">{} · interview results</p><div class=\"head\"><div><h1>{}</h1>",
        Safe(business.unwrap_or(&it.tenant_id)),
        Safe(name)
    )?;
    if let Some(position) = &it.position {
        write!(out, "<p class=\"position\">{}</p>", Safe(position))?;
    }
    out.write_str("<dl class=\"facts\">")?;
    if let Some(at) = it.started_at.or(it.ended_at) {
        fact(out, "Date", &day(at, zone))?;
    }
    if let (Some(from), Some(to)) = (it.started_at, it.ended_at) {
        let seconds = (to - from).num_seconds().max(0);
        fact(out, "Duration", &minutes(seconds))?;
    }
    let scored = it.answers.iter().filter(|it| it.score.is_some()).count();
    if !it.answers.is_empty() {
        let scored = format!("{scored} of {} scored", it.answers.len());
        fact(out, "Answers", &scored)?;
    }
    let outcome = it.outcome.replace('_', " ");
    let outcome = match &it.failure_reason {
        Some(why) => format!("{outcome} ({why})"),
        None => outcome,
    };
    fact(out, "Outcome", &outcome)?;
    out.write_str("</dl></div>")?;
    ring(out, it)?;
    out.write_str("</div></header>")
}

/// The overall score, with the recommendation below.
fn ring(out: &mut String, it: &Results) -> fmt::Result {
    let class = it.overall_score.map_or("none", grade);
    let score = it.overall_score.unwrap_or_default().min(100);
    let shown = it.overall_score.map_or("–".to_owned(), |n| n.to_string());
    let arc = RING * f64::from(score) / 100.0;
    write!(
        out,
        "<div class=\"ring {class}\"><svg viewBox=\"0 0 100 100\" role=\"img\" aria-label=\"Overall score: {shown}\">\
         <circle cx=\"50\" cy=\"50\" r=\"42\" fill=\"none\" stroke=\"#e6e9ef\" stroke-width=\"7\"/>\
         <circle cx=\"50\" cy=\"50\" r=\"42\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"7\" \
         stroke-linecap=\"{}\" stroke-dasharray=\"{arc:.1} {RING}\" transform=\"rotate(-90 50 50)\"/>\
         <text x=\"50\" y=\"56\" text-anchor=\"middle\">{shown}</text>\
         <text class=\"of\" x=\"50\" y=\"70\" text-anchor=\"middle\">of 100</text></svg><div>",
        if score == 0 { "butt" } else { "round" },
    )?;
    if let Some(recommendation) = &it.recommendation {
        let word = match recommendation.as_str() {
            "strong_yes" => "Strong yes",
            "yes" => "Yes",
            "maybe" => "Maybe",
            "no" => "No",
            other => other,
        };
        write!(
            out,
            "<p class=\"verdict\">{}</p><p class=\"small\">Recommendation</p>",
            Safe(word)
        )?;
    }
    let simulated = summary_is_simulated(it);
    write!(out, "{}</div></div>", tag(simulated).trim_start())
}

fn points(out: &mut String, title: &str, tag: &str, points: &[String]) -> fmt::Result {
    write!(out, "<section><h2>{title}{tag}</h2>")?;
    if points.is_empty() {
        return out.write_str("<p class=\"small\">None were named.</p></section>");
    }
    out.write_str("<ul>")?;
    for point in points {
        write!(out, "<li>{}</li>", Safe(point))?;
    }
    out.write_str("</ul></section>")
}

fn answer(out: &mut String, it: &AnswerView) -> fmt::Result {
    write!(
        out,
        "<article class=\"answer\"><div class=\"number\">{}</div><div><div class=\"top\"><h3>{}{}</h3>",
        it.question_number,
        Safe(&it.question),
        tag(it.question_simulated)
    )?;
    match it.score {
        Some(score) => write!(
            out,
            "<div class=\"meter {}\"><span class=\"bar\"><i style=\"width:{}%\"></i></span>{score}{}</div>",
            grade(score),
            score.min(100),
            tag(it.simulated_in("score"))
        )?,
        None => out.write_str("<div class=\"meter none\">not scored</div>")?,
    }
    out.write_str("</div>")?;
    words(out, it)?;
    if !it.quote.is_empty() && marked(it).is_none() {
        write!(
            out,
            "<p class=\"small\">The score rests on words that are not in the transcript: “{}”</p>",
            Safe(&it.quote)
        )?;
    }
    if !it.feedback.is_empty() {
        let tag = tag(it.simulated_in("score"));
        write!(out, "<p>{}{tag}</p>", Safe(&it.feedback))?;
    }
    review::note(out, it.review.as_ref())?;
    out.write_str("<div class=\"line small\">")?;
    if let Some(recording) = &it.recording {
        sound(out, recording)?;
    }
    if it.hung_up {
        out.write_str("<span>The caller hung up in this answer; it counts.</span>")?;
    }
    if let Some(reason) = &it.reason {
        write!(
            out,
            "<span>Reason: {}</span>",
            Safe(&reason.replace('_', " "))
        )?;
    }
    out.write_str("</div></div></article>")
}

/// What was said, with the quote marked where it stands.
fn words(out: &mut String, it: &AnswerView) -> fmt::Result {
    let text = it.transcript.as_deref().unwrap_or_default();
    let tag = tag(it.simulated_in("transcribe"));
    if it.transcript_status == "done" && !text.is_empty() {
        return match marked(it) {
            Some((before, quote, after)) => write!(
                out,
                "<blockquote>{}<mark>{}</mark>{}{tag}</blockquote>",
                Safe(before),
                Safe(quote),
                Safe(after)
            ),
            None => write!(out, "<blockquote>{}{tag}</blockquote>", Safe(text)),
        };
    }
    let instead = match (it.yes, it.transcript_status) {
        (Some(true), _) => "Yes",
        (Some(false), _) => "No",
        (None, "unanswered") => "Not answered",
        (None, "silent") => "Nothing was said",
        (None, "unable_to_transcribe") => super::view::UNABLE,
        (None, _) if !text.is_empty() => text,
        (None, _) => "Not transcribed",
    };
    write!(
        out,
        "<blockquote class=\"empty\">{}{tag}</blockquote>",
        Safe(instead)
    )
}

/// The transcript around its quote, if the quote is there word for word.
fn marked(it: &AnswerView) -> Option<(&str, &str, &str)> {
    let text = it.transcript.as_deref()?;
    if it.quote.is_empty() || it.transcript_status != "done" {
        return None;
    }
    let at = text.find(&it.quote)?;
    let (before, rest) = text.split_at(at);
    let (quote, after) = rest.split_at(it.quote.len());
    Some((before, quote, after))
}

fn sound(out: &mut String, it: &RecordingView) -> fmt::Result {
    let length = it
        .duration_s
        .map(|s| format!(", {}", minutes(i64::from(s))))
        .unwrap_or_default();
    // Anything but a web address would be a way in.
    let url = it.url.as_deref();
    match url.filter(|url| url.starts_with("https://") || url.starts_with("http://")) {
        Some(url) => write!(
            out,
            "<span><a href=\"{}\" rel=\"noreferrer\">Recording</a>{length}</span>",
            Safe(url)
        ),
        None => write!(
            out,
            "<span>Recording {}{length}</span>",
            Safe(&it.recording_sid)
        ),
    }
}

fn foot(out: &mut String, it: &Results) -> fmt::Result {
    write!(out, "<footer>Interview {}", Safe(&it.interview_id))?;
    write!(out, " · flow {}", Safe(&it.flow))?;
    if it.flow_version > 0 {
        write!(out, ", version {}", it.flow_version)?;
    }
    if let Some(at) = it.evaluated_at {
        write!(out, " · evaluated {}", at.format("%Y-%m-%d %H:%M UTC"))?;
    }
    out.write_str(" · Missing answers do not count in the score.</footer>")
}

fn fact(out: &mut String, name: &str, value: &str) -> fmt::Result {
    write!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", Safe(value))
}

fn grade(score: u32) -> &'static str {
    match score {
        75.. => "good",
        50.. => "fair",
        _ => "poor",
    }
}

fn day(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone)
        .format("%-d %B %Y, %H:%M %Z")
        .to_string()
}

/// With spaces at which no line breaks.
fn minutes(seconds: i64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, s) => format!("{s}\u{a0}s"),
        (m, 0) => format!("{m}\u{a0}min"),
        (m, s) => format!("{m}\u{a0}min\u{a0}{s}\u{a0}s"),
    }
}

/// Whether the words about the whole interview are a simulated provider's.
fn summary_is_simulated(it: &Results) -> bool {
    let mut summaries = it.usage.iter().filter(|usage| usage.task == "summary");
    summaries.any(|usage| usage.simulated)
}
