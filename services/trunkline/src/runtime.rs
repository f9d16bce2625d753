//! The runtime that everything but HTTP and sockets runs on.

use std::io;

use tokio::runtime::{Builder, Runtime};

use crate::cli::Command;

/// How much the threads of a process with calls on streams give way to those of its HTTP server, in steps of nice(2). Those carry
/// a frame of each call every 20 ms. With both cores busy for a moment, a frame would wait for work that nobody hears.
const GIVES_WAY: i32 = 5;

/// The runtime of a command.
pub fn build(command: &Command) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.enable_all();
    if carries_frames(command) {
        builder.on_thread_start(give_way);
    }
    builder.build()
}

/// Whether calls on streams may be served.
fn carries_frames(command: &Command) -> bool {
    let Command::Up(up) = command else {
        return false;
    };
    up.role.is_empty() || up.role.iter().any(|role| role == streams::ROLE.name)
}

/// Elsewhere it would be the whole process.
#[cfg(target_os = "linux")]
fn give_way() {
    // Where that is not allowed, frames are as late as everything else.
    let _ = rustix::process::nice(GIVES_WAY);
}

#[cfg(not(target_os = "linux"))]
fn give_way() {}
