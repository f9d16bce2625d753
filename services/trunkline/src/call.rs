//! `trunkline call`: one simulated call, told from both sides.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clock::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use settings::{Environment, Settings, TwilioAccount};

use crate::Failure;
use crate::cli::{CallArgs, Target};
use crate::client::Client;
use crate::interview::Interview;
use crate::local::{self, Local};
use crate::roles::ROLES;
use crate::script;
use crate::terminal::say;
use crate::timeline_printer::TimelinePrinter;
use crate::until::until;
use crate::up::LocalPlatform;

/// The longest that a played call may take, in real time.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long the platform may take to settle a call that is over on the phone.
const AFTERMATH: Duration = Duration::from_secs(30);

/// Plays the script on the platform that is named, else on the data folder's, else on one of its own.
pub async fn run(args: CallArgs) -> Result<(), Failure> {
    let mut script = script::read(&args.script)?;
    script["number"] = json!(args.number);
    if let Some(from) = &args.from {
        script["from"] = json!(from);
    }
    // How the dialled phone behaves is the emulator's business, not the caller's; a script may say both.
    let callee = script
        .as_object_mut()
        .and_then(|script| script.remove("callee"));
    let played = match Line::of(&args.target).await? {
        Some(line) => {
            line.with_callee(callee.as_ref())
                .await?
                .play(&script)
                .await?
        }
        None => alone(&args, callee.as_ref(), &script).await?,
    };
    let speed = if played.own { args.speed } else { played.speed };
    if args.json {
        let interview = played.interview.as_ref().map(Interview::json);
        say(
            json!({ "call": played.call, "phone": played.phone, "timeline": played.timeline, "interview": interview }),
        );
    } else {
        TimelinePrinter::new(speed).tell(&played.phone, &played.timeline);
        if let Some(interview) = &played.interview {
            interview.tell(&played.phone);
        }
        let outcome = played.call["outcome"].as_str().unwrap_or("open");
        say(format!(
            "\n  outcome {outcome}; on the phone {}",
            played.phone["outcome"].as_str().unwrap_or("open")
        ));
    }
    match played.phone["problem"].as_str() {
        Some(problem) => Err(Failure::failed(problem)),
        None => Ok(()),
    }
}

/// A call that was played.
pub struct Played {
    pub call: Value,
    pub phone: Value,
    pub timeline: Value,
    /// The interview that the call was, if it was one.
    pub interview: Option<Interview>,
    speed: f64,
    own: bool,
}

/// A platform and its emulator, reached over HTTP.
pub struct Line {
    pub client: Client,
    pub emulator: String,
    pub account_sid: String,
    pub auth_token: String,
    http: reqwest::Client,
}

impl Line {
    /// With everything given.
    pub fn new(client: Client, emulator: String, account_sid: String, auth_token: String) -> Self {
        Self {
            client,
            emulator,
            account_sid,
            auth_token,
            http: reqwest::Client::new(),
        }
    }

    /// The platform that is named, else the one of the data folder, with its emulator; none where none is named and none runs.
    async fn of(target: &Target) -> Result<Option<Self>, Failure> {
        match &target.url {
            Some(url) => Self::named(target, url).await.map(Some),
            None => Self::of_folder(target).await,
        }
    }

    /// The platform at a URL says itself who its Twilio is: the data folder may be another platform's.
    async fn named(target: &Target, url: &str) -> Result<Self, Failure> {
        let client = Client::new(target)?;
        let twilio = client.get("/api/twilio/debug/").await?;
        let emulator = twilio["base_url"].as_str().unwrap_or_default().to_owned();
        let settings = Settings::load(&Environment, Some(target.place.config()))?;
        let local = Local::read(&target.place.data_dir);
        let folders = local.as_ref().and_then(|it| it.platform_url.as_deref());
        let is_folders = folders == Some(url.trim_end_matches('/'));
        let account = match &local {
            Some(local) => Some(local::emulated_account(&settings, local)),
            None => settings.account,
        };
        // A key that is bound to a tenant does not see the platform's own account.
        let mut accounts = twilio["accounts"].as_array().into_iter().flatten();
        let account = account
            .filter(|ours| {
                is_folders || accounts.any(|its| its["account_sid"] == ours.sid.as_str())
            })
            .ok_or_else(|| {
                Failure::failed(format!(
                    "nothing here knows the account of {emulator}, the Twilio of the platform at {url}; name that platform's data \
                     folder with --data-dir, or set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to its emulator's and give an API key \
                     that is bound to no tenant"
                ))
            })?;
        let line = Self::with_account(client, emulator, &account);
        if !line.rings().await {
            return Err(Failure::failed(format!(
                "no emulator answers at {}, the Twilio of the platform at {url}; start that platform with TRUNKLINE_EMULATOR=on",
                line.emulator
            )));
        }
        Ok(line)
    }

    /// The platform of the data folder, while it runs.
    async fn of_folder(target: &Target) -> Result<Option<Self>, Failure> {
        let Some(local) = Local::read(&target.place.data_dir) else {
            return Ok(None);
        };
        let Some(emulator) = local.emulator_url.clone() else {
            return Ok(None);
        };
        let settings = Settings::load(&Environment, Some(target.place.config()))?;
        let account = local::emulated_account(&settings, &local);
        let line = Self::with_account(Client::new(target)?, emulator, &account);
        let alive = line
            .http
            .get(format!("{}/health/live", local::url(target)))
            .send()
            .await
            .is_ok();
        Ok((alive && line.rings().await).then_some(line))
    }

    fn with_account(client: Client, emulator: String, account: &TwilioAccount) -> Self {
        let token = account.tokens.first();
        let token = token.map(|t| t.reveal().to_owned()).unwrap_or_default();
        Self::new(client, emulator, account.sid.clone(), token)
    }

    /// Whether it is an emulator that answers.
    async fn rings(&self) -> bool {
        let health = self.http.get(format!("{}/emulator/health", self.emulator));
        let answer = health.send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// A request to the emulator's controls.
    pub async fn control(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let posted = method == Method::POST;
        let request = self
            .http
            .request(method, format!("{}{path}", self.emulator))
            .basic_auth(&self.account_sid, Some(&self.auth_token));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request
            .send()
            .await
            .map_err(|e| Failure::failed(crate::with_source(&e)))?;
        let status = response.status();
        let body: Value = response.json().await.unwrap_or_default();
        if status.is_success() {
            return Ok(body);
        }
        let words = body["message"]
            .as_str()
            .or_else(|| body["error"]["message"].as_str())
            .unwrap_or("the emulator refused")
            .to_owned();
        // A script that is none, or a number that nobody has.
        Err(match status.as_u16() {
            404 | 422 if posted => Failure::Usage(words),
            _ => Failure::Failed(words),
        })
    }

    /// Tells the phone that will be dialled how to behave, when the script says so.
    async fn with_callee(self, callee: Option<&Value>) -> Result<Self, Failure> {
        if let Some(callee) = callee {
            let mut fault = callee.clone();
            fault["kind"] = json!("callee");
            self.control(Method::POST, "/emulator/faults", Some(&fault))
                .await?;
        }
        Ok(self)
    }

    /// Plays a script to its end and waits until the platform has settled the call, and texted a missed one.
    pub async fn play(&self, script: &Value) -> Result<Played, Failure> {
        let expected = Expected {
            text: true,
            interview: false,
        };
        self.play_expecting(script, expected, None).await
    }

    /// The same, for a call whose events are known beforehand; printed as it goes on where there is a printer.
    pub async fn play_expecting(
        &self,
        script: &Value,
        expected: Expected,
        mut printer: Option<&mut TimelinePrinter>,
    ) -> Result<Played, Failure> {
        let placed_at: DateTime<Utc> = Clock::system().now();
        let mut script = script.clone();
        // How it ends is known to three: the phone, the platform, and the interview if it was one. The phone is asked for the rest.
        let outcome = script
            .get_mut("expect")
            .and_then(Value::as_object_mut)
            .and_then(|expect| expect.remove("outcome"));
        let placed = self
            .control(Method::POST, "/emulator/calls", Some(&script))
            .await?;
        let sid = placed["sid"].as_str().unwrap_or_default().to_owned();
        let view = format!("/emulator/calls/{sid}");
        let path = format!("/calls/{sid}/timeline");
        let mut phone = until(PATIENCE, async || {
            let mut view = self.control(Method::GET, &view, None).await?;
            view["placed_at"] = json!(placed_at);
            if let Some(printer) = printer.as_deref_mut() {
                let timeline = self.client.find(&path).await?.unwrap_or_default();
                printer.tell_so_far(&view, &timeline);
            }
            Ok((view["done"] == true).then_some(view))
        })
        .await?
        .ok_or_else(|| Failure::failed("the call does not end; hang it up in the script"))?;
        let real = (Clock::system().now() - placed_at).as_seconds_f64();
        let interview = Interview::of(&self.client, &sid, expected.interview).await?;
        // How a call went that was an interview is told by the interview.
        let settled = until(AFTERMATH, async || {
            let timeline = self.client.find(&path).await?;
            let told = |timeline: &Value| interview.is_some() || is_told(timeline, expected.text);
            Ok(timeline.filter(told))
        })
        .await?;
        let timeline = match settled {
            Some(timeline) => timeline,
            None => self.client.get(&path).await?,
        };
        if let Some(wanted) = outcome.as_ref().and_then(Value::as_str) {
            let interviews = interview.as_ref().map_or("", Interview::outcome);
            let found = [
                phone["outcome"].as_str().unwrap_or_default(),
                timeline["call"]["outcome"].as_str().unwrap_or_default(),
                interviews,
            ];
            if !found.contains(&wanted) && phone["problem"].is_null() {
                let [phones, calls, interviews] = found;
                phone["problem"] = json!(format!(
                    "it should have ended {wanted}: the phone says {phones:?}, the platform {calls:?}, the interview {interviews:?}"
                ));
            }
        }
        Ok(Played {
            call: timeline["call"].clone(),
            phone: phone.clone(),
            timeline,
            interview,
            speed: pace(&phone, real),
            own: false,
        })
    }
}

/// What is known to follow a call.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    /// A missed call is followed by a text.
    pub text: bool,
    /// The call is an interview.
    pub interview: bool,
}

/// Whether the timeline is complete: the outcome is known, and a missed call has its text.
fn is_told(timeline: &Value, text: bool) -> bool {
    let outcome = timeline["call"]["outcome"].as_str().unwrap_or_default();
    let texted = timeline["items"]
        .as_array()
        .is_some_and(|items| items.iter().any(|i| i["kind"] == "effect"));
    !outcome.is_empty() && (outcome != "missed" || texted || !text)
}

/// How much faster than real time the phone's clock ran.
fn pace(phone: &Value, real: f64) -> f64 {
    let at = |name: &str| {
        phone[name]
            .as_str()
            .and_then(|t| t.parse::<DateTime<Utc>>().ok())
    };
    match (at("created"), at("ended")) {
        (Some(start), Some(end)) if real > 0.0 => ((end - start).as_seconds_f64() / real).max(1.0),
        _ => 1.0,
    }
}

/// No platform runs: one is started for this call on the same data folder.
async fn alone(args: &CallArgs, callee: Option<&Value>, script: &Value) -> Result<Played, Failure> {
    let mut settings = local::settings(&args.target.place, free_port()?)?;
    settings.emulator_port = Some(free_port()?);
    let complete = local::complete(settings, false)?;
    let local_platform = LocalPlatform::start(complete, ROLES, args.speed).await?;
    local_platform.seed().await?;
    let played = match local_platform.line() {
        Some(line) => match line.with_callee(callee).await {
            Ok(line) => line.play(script).await,
            Err(e) => Err(e),
        },
        None => Err(Failure::Usage(
            "a simulated call needs the emulator, which is off where Twilio credentials are set; set TRUNKLINE_EMULATOR=on".to_owned(),
        )),
    };
    local_platform.stop().await;
    played.map(|played| Played {
        own: true,
        ..played
    })
}

impl LocalPlatform {
    /// The way to this platform's emulator.
    pub fn line(&self) -> Option<Line> {
        let (emulator, account) = (self.emulator.as_ref()?, self.account.as_ref()?);
        let token = account.tokens.first()?.reveal().to_owned();
        Some(Line::new(
            self.client(),
            emulator.base_url(),
            account.sid.clone(),
            token,
        ))
    }
}

/// A port that nobody listens on.
pub fn free_port() -> Result<u16, Failure> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(Failure::failed)?;
    Ok(listener.local_addr().map_err(Failure::failed)?.port())
}
