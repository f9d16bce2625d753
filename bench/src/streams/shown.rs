//! Streams in the report.

use std::fmt::{self, Write};

use crate::aims::Aim;
use crate::section::{Figures, Section};

/// The part `streams`.
pub const SECTION: Section = Section {
    part: "streams",
    write,
    aims: &[
        Aim::at_least(
            500.0,
            "",
            "streams",
            "held",
            "calls on streams at once with frames in time (p99 of their lateness within 10 ms), none broken",
        ),
        Aim::at_most(
            10.0,
            " ms",
            "streams",
            "late_p99_ms",
            "the same: lateness of outgoing frames, p99",
        ),
        Aim::at_most(
            1.0,
            " MiB",
            "streams",
            "rss_per_call_mib",
            "the same: resident memory for each call",
        ),
        Aim::at_most(
            3.0,
            "×",
            "streams",
            "over_echo",
            "the same: CPU of a call over a bare WebSocket echo of the same frames",
        ),
        Aim::at_most(
            5.0,
            " ms",
            "streams",
            "turn_p50_ms",
            "a turn beyond its hangover, providers that answer at once, p50",
        ),
        Aim::at_most(15.0, " ms", "streams", "turn_p99_ms", "the same, p99"),
        Aim::at_most(
            20.0,
            " ms",
            "streams",
            "clear_p99_ms",
            "an interruption: from the frame that decides to the clear on the wire, p99",
        ),
        Aim::at_most(
            885.0,
            " ms",
            "streams",
            "ear_own_p50_ms",
            "an assistant's answer, providers at Twilio's target times: what the platform takes beside them, the hangover included, p50",
        ),
    ],
};

/// The part `pipecat`.
pub const PIPECAT: Section = Section {
    part: "pipecat",
    write: write_pipecat,
    aims: &[Aim::at_least(
        20.0,
        "×",
        "pipecat",
        "cpu_per_call_ms",
        "CPU of a socket on Pipecat's Twilio serializer alone, over a whole call of ours",
    )
    .over("streams")],
};

fn write_pipecat(figures: &Figures<'_>, text: &mut String) -> fmt::Result {
    writeln!(
        text,
        "\nPipecat's Twilio serializer, {} sockets with the same frames: {:.2} ms of CPU a second for each.",
        figures.get("calls"),
        figures.get("cpu_per_call_ms")
    )
}

fn write(figures: &Figures<'_>, text: &mut String) -> fmt::Result {
    text.write_str(
        "\nCalls on media streams, frames of 20 ms both ways, voice activity and recording on, providers that answer at once; the \
         load, which shares the machine, sees frames as late as it is itself.\n\n\
         | calls | cores | CPU ms a second for each | the same of an echo | ratio | late p50 ms | late p99 ms | echo's p99 | load's own p99 | MiB for each | frames out a second for each | broken |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    )?;
    for step in figures.list("steps") {
        writeln!(
            text,
            "| {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} | {:.0} | {} |",
            step.get("calls"),
            step.get("cores"),
            step.get("cpu_per_call_ms"),
            step.get("echo_cpu_per_call_ms"),
            step.get("over_echo"),
            step.get("late_p50_ms"),
            step.get("late_p99_ms"),
            step.get("echo_late_p99_ms"),
            step.get("own_p99_ms"),
            step.get("rss_per_call_mib"),
            step.get("frames_per_call_s"),
            step.get("broken")
        )?;
    }
    writeln!(
        text,
        "\n{} turns of 20 calls: p50 {:.0} ms, p99 {:.0} ms beyond a hangover of {:.0} ms. {} interruptions: clear after p50 {:.1} ms, p99 {:.1} ms. \
         {} answers of an assistant with providers at 350, 375 and 100 ms: p50 {:.0} ms, p99 {:.0} ms; without the providers p50 {:.0} ms, p99 {:.0} ms, \
         of which the hangover is {:.0} ms.",
        figures.get("turns"),
        figures.get("turn_p50_ms"),
        figures.get("turn_p99_ms"),
        figures.get("hangover_p50_ms"),
        figures.get("clears"),
        figures.get("clear_p50_ms"),
        figures.get("clear_p99_ms"),
        figures.get("ear_turns"),
        figures.get("ear_p50_ms"),
        figures.get("ear_p99_ms"),
        figures.get("ear_own_p50_ms"),
        figures.get("ear_own_p99_ms"),
        figures.get("ear_hangover_p50_ms")
    )
}
