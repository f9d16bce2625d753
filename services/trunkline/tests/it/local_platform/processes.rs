//! What is done to the platform's processes: killed, halted, stopped, waited for.

use serde_json::Value;

use super::process::Thread;
use super::{LocalPlatform, Mode, ROLES, eventually, so};

impl LocalPlatform {
    /// `kill -9`.
    pub fn kill(&self, role: &str) {
        let mut processes = self.processes.lock().unwrap();
        processes.get_mut(self.home(role)).unwrap().kill();
    }

    /// Starts it again.
    pub fn revive(&self, role: &str) {
        let mut processes = self.processes.lock().unwrap();
        processes.get_mut(self.home(role)).unwrap().start();
    }

    /// `kill -STOP`: it stands still, and its connections stay open.
    pub fn halt(&self, role: &str) {
        let processes = self.processes.lock().unwrap();
        processes[self.home(role)].signal("STOP");
    }

    /// `kill -CONT`.
    pub fn go_on(&self, role: &str) {
        let processes = self.processes.lock().unwrap();
        processes[self.home(role)].signal("CONT");
    }

    /// The threads of its process.
    pub fn threads(&self, role: &str) -> Vec<Thread> {
        let processes = self.processes.lock().unwrap();
        processes[self.home(role)].threads()
    }

    /// Wires that were cut, paused or slowed are whole again.
    pub fn mend(&self) {
        for wire in [&self.bus_wire, &self.database_wire].into_iter().flatten() {
            wire.mend();
        }
    }

    /// Waits until a role answers.
    pub async fn is_live(&self, role: &str) {
        let url = format!("{}/health/live", self.url_of(role));
        eventually(&format!("{role} is live"), async || {
            self.http.get(&url).send().await.ok().map(drop)
        })
        .await;
    }

    /// Waits until a role can do its work.
    pub async fn is_ready(&self, role: &str) {
        let url = format!("{}/health/ready", self.url_of(role));
        eventually(&format!("{role} is ready"), async || {
            self.has_not_ended(role);
            let report: Value = self.http.get(&url).send().await.ok()?.json().await.ok()?;
            // A dead letter of an earlier step is for an operator to look at, and in nobody's way.
            let mut parts = report["parts"].as_object()?.iter();
            let works = parts.all(|(part, state)| part == "dead_letters" || state == "ok");
            so(works && report["ready"] == true)
        })
        .await;
    }

    fn has_not_ended(&self, role: &str) {
        let mut processes = self.processes.lock().unwrap();
        let process = processes.get_mut(self.home(role)).unwrap();
        let ended = process.ended();
        let log = ended.map(|_| process.log());
        drop(processes);
        if let (Some(status), Some(log)) = (ended, log) {
            panic!("{role} has ended, {status}:\n{log}");
        }
    }

    /// Stops every process of the platform in order, the front door first.
    pub async fn stop(&self) {
        if self.mode == Mode::Split {
            for role in ROLES.iter().rev() {
                self.end(role).await;
            }
        }
        if self.mode == Mode::Embedded {
            self.end("up").await;
        }
    }

    /// Stops one process in order.
    pub async fn end(&self, role: &str) {
        let name = self.home(role).to_owned();
        let process = self.processes.lock().unwrap().remove(&name);
        let mut process = process.unwrap();
        let status = process.stop().await;
        self.processes.lock().unwrap().insert(name, process);
        assert_eq!(status.code(), Some(0), "{role} ends in order: {status}");
    }
}
