//! The businesses that the cases are about.

use chrono::Duration;
use clock::Clock;

/// Smith: a name that XML and SMS write differently.
pub const SMITH: &str = "+15550100001";
pub const SMITH_OWNER: &str = "+15550100002";
pub const SMITH_SUSPENDED: &str = "+15550100003";
pub const SMITH_SECOND: &str = "+15550100004";
/// Harbor: whoever picks up must press 1.
pub const HARBOR: &str = "+15550100011";
pub const HARBOR_OWNER: &str = "+15550100012";
/// Closed now, by its own clock on the wall; it apologizes.
pub const CLOSED: &str = "+15550100021";
/// Closed now, and forwards all the same.
pub const LATE: &str = "+15550100031";
pub const LATE_OWNER: &str = "+15550100032";
/// Open now, by its own clock on the wall.
pub const OPEN: &str = "+15550100036";
pub const OPEN_OWNER: &str = "+15550100037";
/// Has no phone to forward to.
pub const PHONELESS: &str = "+15550100041";
/// Is suspended.
pub const ASLEEP: &str = "+15550100051";
/// Has an account of its own, whose tokens are being rotated.
pub const OWN: &str = "+15550100061";
pub const OWN_OWNER: &str = "+15550100062";
pub const OWN_ACCOUNT: &str = "ACe2e00000000000000000000000000002";
pub const OWN_TOKENS: [&str; 2] = [
    "e2e0the0new0token0of0own0account",
    "e2e0the0old0token0of0own0account",
];

/// Has its calls recorded, and says so.
pub const TAPED: &str = "+15550100074";
pub const TAPED_OWNER: &str = "+15550100075";
/// Keeps its recordings as MP3.
pub const TAPED_MP3: &str = "+15550100076";
pub const TAPED_MP3_OWNER: &str = "+15550100077";

/// Another caller each time.
pub fn caller(n: u32) -> String {
    format!("+1555019{n:04}")
}

/// All of them.
pub fn world() -> String {
    // Open from an hour ago until in an hour by the clock of Greenwich, which a wall in Kolkata is 5:30 ahead of.
    let now = Clock::system().now();
    let span = |ahead: i64| {
        let wall = now + Duration::minutes(ahead);
        let time = |hours: i64| (wall + Duration::hours(hours)).format("%H:%M");
        format!("{}-{}", time(-1), time(1))
    };
    let days = |span: &str| {
        let day = |day| format!("{day}: \"{span}\"");
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(day);
        format!("{{{}}}", days.join(", "))
    };
    let (closed, open) = (days(&span(0)), days(&span(330)));
    let [new, old] = OWN_TOKENS;
    format!(
        r#"
tenants:
- id: smith
  name: "Smith & Sons"
  timezone: America/Los_Angeles
  forward_to: "{SMITH_OWNER}"
  dial_timeout_s: 5
  trade: plumbing
  numbers:
  - {{number: "{SMITH}", primary: true, voice: forward, sms: conversation}}
  - {{number: "{SMITH_SECOND}"}}
  - {{number: "{SMITH_SUSPENDED}", status: suspended}}
- id: harbor
  name: Harbor Dental
  forward_to: "{HARBOR_OWNER}"
  dial_timeout_s: 5
  whisper: {{enabled: true}}
  missed_call_text: "Harbor Dental here ({{caller}} called)."
  numbers: [{{number: "{HARBOR}"}}]
- id: closed
  name: Early Birds
  timezone: Asia/Kolkata
  business_hours: {closed}
  after_hours: {{action: apologize}}
  forward_to: "{LATE_OWNER}"
  numbers: [{{number: "{CLOSED}"}}]
- id: late
  name: Night Owls
  timezone: Asia/Kolkata
  business_hours: {closed}
  forward_to: "{LATE_OWNER}"
  dial_timeout_s: 5
  numbers: [{{number: "{LATE}"}}]
- id: open
  name: Day Flies
  timezone: Asia/Kolkata
  business_hours: {open}
  after_hours: {{action: apologize}}
  forward_to: "{OPEN_OWNER}"
  dial_timeout_s: 5
  numbers: [{{number: "{OPEN}"}}]
- id: phoneless
  name: Phoneless Ltd
  numbers: [{{number: "{PHONELESS}"}}]
- id: asleep
  name: Asleep Inc
  status: suspended
  forward_to: "{SMITH_OWNER}"
  numbers: [{{number: "{ASLEEP}"}}]
- id: own
  name: Own Account
  forward_to: "{OWN_OWNER}"
  dial_timeout_s: 5
  twilio: {{account_sid: {OWN_ACCOUNT}, auth_tokens: ["{new}", "{old}"]}}
  numbers: [{{number: "{OWN}"}}]
- id: taped
  name: Taped Ltd
  forward_to: "{TAPED_OWNER}"
  dial_timeout_s: 5
  recording: {{enabled: true, format: wav}}
  numbers: [{{number: "{TAPED}"}}]
- id: taped-mp3
  name: Taped Smaller Ltd
  forward_to: "{TAPED_MP3_OWNER}"
  dial_timeout_s: 5
  recording: {{enabled: true, format: mp3}}
  numbers: [{{number: "{TAPED_MP3}"}}]
"#
    )
}
