//! Who interviews, and how.

use chrono::Duration;
use clock::Clock;

/// A coach without a flow of its own: ours, with five written questions.
pub const COACH: &str = "+15550100201";
/// A coach who asks two questions, gives the callers time, and says nothing about the answers.
pub const SHORT: &str = "+15550100203";
/// A German coach.
pub const GERMAN: &str = "+15550100202";
/// From here candidates are called.
pub const CLINIC: &str = "+15550100211";
/// The questions of `short`.
pub const SHORT_QUESTIONS: [&str; 2] = ["What do you do?", "Why do you do it?"];
/// What an answering machine is told.
pub const MESSAGE: &str = "Please call Harbor Clinic back.";

/// How many flows there are.
pub const FLOWS: usize = 9;

/// A candidate's phone.
pub fn phone(n: u32) -> String {
    format!("+1555030{n:04}")
}

/// All of them. `nights` lets nobody be called who has it about as late as Greenwich now.
pub fn world() -> String {
    let now = Clock::system().now();
    let hour = |ahead| (now + Duration::hours(ahead)).format("%H:%M");
    let (from, to) = (hour(-2), hour(2));
    let [first, second] = SHORT_QUESTIONS;
    format!(
        r#"
tenants:
- id: coaching
  name: Coaching Co
  numbers:
  - {{number: "{COACH}", voice: coach, sms: none}}
  - {{number: "{SHORT}", voice: "coach:short", sms: none}}
- id: training
  name: Training GmbH
  language: de-DE
  numbers: [{{number: "{GERMAN}", voice: "coach:kurz", sms: none}}]
- id: clinic
  name: Harbor Clinic
  ai: {{instructions: "Nurses work in shifts."}}
  numbers: [{{number: "{CLINIC}", primary: true, voice: screener, sms: none}}]
flows:
- name: short
  tenant: coaching
  kind: coach
  spoken_feedback: false
  answer: {{silence_s: 60}}
  questions: ["{first}", "{second}"]
- {{name: kurz, tenant: training, kind: coach, written: {{count: 1}}}}
- name: nurses
  tenant: clinic
  kind: screener
  topic: Nurse
  recording_notice: "This call is recorded."
  criteria: "Patience and examples."
  questions: ["Why are you a nurse?", {{id: nights, ask: "Do you mind working at night?"}}]
- {{name: pflege, tenant: clinic, kind: screener, language: de-DE, questions: ["Warum pflegen Sie Menschen?"]}}
- {{name: patient, tenant: clinic, kind: screener, questions: ["Are you there?"], retry: {{attempts: 2, after_s: 8, on: [busy]}}}}
- {{name: stubborn, tenant: clinic, kind: screener, questions: ["Are you there?"], ring_s: 600, retry: {{attempts: 2, after_s: 0, on: [busy]}}}}
- name: message
  tenant: clinic
  kind: screener
  questions: ["Are you there?"]
  machine: {{action: message, message: "{MESSAGE}"}}
- {{name: discreet, tenant: clinic, kind: screener, questions: ["Are you there?"], machine: {{action: hang_up}}}}
- {{name: nights, tenant: clinic, kind: screener, questions: ["Are you awake?"], quiet_hours: {{from: "{from}", to: "{to}"}}}}
"#
    )
}
