//! One webhook: signed, sent, retried as its URL says, and logged.

use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, COOKIE};
use url::Url;
use webhook::signature::{Token, sign_form};

use crate::log::{Direction, Entry, cut};
use crate::state::Shared;
use crate::webhooks::overrides::{Overrides, Trouble};
use crate::wire::{Answer, Failure, Request, holder};

/// Twilio refuses longer answers (error 11750).
const LONGEST: usize = 64 * 1024;
/// A sound may be as long as one that is played.
const LONGEST_SOUND: usize = 40 * 1024 * 1024;

/// Whether an answer will do.
pub(crate) type Check = fn(&Answer) -> Result<(), Failure>;

/// Delivers a request; every attempt is in the log.
pub(crate) async fn deliver(
    shared: &Arc<Shared>,
    request: &Request,
    check: Check,
) -> Result<Answer, Failure> {
    let prepared = match Prepared::new(shared, request) {
        Ok(prepared) => prepared,
        Err(failure) => {
            let entry = Entry {
                url: request.url.clone(),
                sid: request.sid.clone(),
                ..Entry::new(Direction::Note, request.kind)
            };
            shared
                .state()
                .record(entry.failed(failure.code, failure.words.clone()));
            return Err(failure);
        }
    };
    let deadline = Instant::now() + prepared.overrides.total;
    let mut attempt = 1;
    loop {
        let began = Instant::now();
        let left = deadline.saturating_duration_since(began);
        let outcome = prepared.attempt(shared, left).await;
        let trouble = outcome.as_ref().err().map(|(trouble, _, _)| *trouble);
        let outcome = match outcome {
            Ok(answer) => match check(&answer) {
                Ok(()) => Ok(answer),
                Err(failure) => Err((failure, Some(answer))),
            },
            Err((_, failure, answer)) => Err((failure, answer)),
        };
        prepared.log(shared, request, attempt, began.elapsed(), &outcome);
        match outcome {
            Ok(answer) => return Ok(answer),
            Err((failure, _)) => {
                let again = trouble.is_some_and(|trouble| prepared.overrides.retries_on(trouble))
                    && attempt <= prepared.overrides.retries
                    && Instant::now() < deadline;
                if !again {
                    return Err(failure);
                }
                attempt += 1;
            }
        }
    }
}

type Attempt = Result<Answer, (Trouble, Failure, Option<Answer>)>;

/// A request, ready for the wire.
struct Prepared {
    url: Url,
    form: Option<String>,
    /// The URL with its credentials, if it has some.
    admitted: Option<Url>,
    signature: String,
    token: String,
    /// The call or conversation whose cookies it carries.
    holder: Option<String>,
    overrides: Overrides,
    http: reqwest::Client,
}

impl Prepared {
    fn new(shared: &Shared, request: &Request) -> Result<Self, Failure> {
        let mut url = Url::parse(&request.url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| Failure::invalid_url(&request.url))?;
        let overrides = Overrides::parse(url.fragment().unwrap_or_default());
        url.set_fragment(None);
        let form = if request.method.eq_ignore_ascii_case("GET") {
            url.query_pairs_mut().extend_pairs(&request.params);
            None
        } else {
            Some(
                url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(&request.params)
                    .finish(),
            )
        };
        let admitted = Some(url.clone()).filter(|url| !url.username().is_empty());
        strip(&mut url);
        let signed: &[(String, String)] = if form.is_some() { &request.params } else { &[] };
        let signature = sign(&shared.account.token, &url, request.kind, signed);
        let usual = Overrides::default();
        let http = if (overrides.connect, overrides.read) == (usual.connect, usual.read) {
            shared.http.clone()
        } else {
            client(overrides.connect, overrides.read)
                .map_err(|_| Failure::new(11205, "no http client"))?
        };
        let token = request.token.clone();
        Ok(Self {
            url,
            form,
            admitted,
            signature,
            token,
            holder: holder(request),
            overrides,
            http,
        })
    }

    async fn attempt(&self, shared: &Shared, left: Duration) -> Attempt {
        let first = self.exchange(shared, &self.url, left).await;
        // Credentials in the URL are only used once they are asked for.
        let answer = match (&first, &self.admitted) {
            (Ok(answer), Some(admitted)) if answer.status == 401 => {
                self.exchange(shared, admitted, left).await?
            }
            _ => first?,
        };
        let trouble = match answer.status {
            400..=499 => Trouble::Client,
            500..=599 => Trouble::Server,
            _ => return Ok(self.admit(answer)),
        };
        let failure = Failure::new(
            11200,
            format!("the application answered http {}", answer.status),
        );
        Err((trouble, failure, Some(answer)))
    }

    /// What an answer's relative URLs lead to wants the same credentials, unless a redirect has led to another origin.
    fn admit(&self, mut answer: Answer) -> Answer {
        let admitted = self.admitted.as_ref();
        if let Some(admitted) = admitted.filter(|url| url.origin() == answer.url.origin()) {
            // Cannot fail: the URL has a host.
            let _ = answer.url.set_username(admitted.username());
            let _ = answer.url.set_password(admitted.password());
        }
        answer
    }

    /// Credentials in the URL are sent as basic authentication, which the client decodes them for.
    async fn exchange(&self, shared: &Shared, url: &Url, left: Duration) -> Attempt {
        let cookies = self.holder.as_ref().and_then(|holder| {
            let now = shared.time.now();
            shared.state().cookies.sent(holder, url, now)
        });
        let mut builder = match &self.form {
            Some(form) => self
                .http
                .post(url.clone())
                .header(
                    CONTENT_TYPE,
                    "application/x-www-form-urlencoded; charset=UTF-8",
                )
                .body(form.clone()),
            None => self.http.get(url.clone()),
        }
        .header("X-Twilio-Signature", &self.signature)
        .header("I-Twilio-Idempotency-Token", &self.token)
        .header("Accept", "*/*")
        .timeout(left);
        if let Some(cookies) = cookies {
            builder = builder.header(COOKIE, cookies);
        }
        let response = builder.send().await.map_err(|error| broken(&error))?;
        if let Some(holder) = &self.holder {
            let (now, headers) = (shared.time.now(), response.headers());
            let mut state = shared.state();
            state.cookies.keep(holder, response.url(), headers, now);
        }
        read(response).await
    }

    fn log(
        &self,
        shared: &Shared,
        request: &Request,
        attempt: u32,
        took: Duration,
        outcome: &Result<Answer, (Failure, Option<Answer>)>,
    ) {
        let (answer, failure) = match outcome {
            Ok(answer) => (Some(answer), None),
            Err((failure, answer)) => (answer.as_ref(), Some(failure)),
        };
        let mut entry = Entry {
            sid: request.sid.clone(),
            method: if self.form.is_some() { "POST" } else { "GET" }.to_owned(),
            url: self.url.to_string(),
            params: request.params.clone(),
            status: answer.map(|answer| answer.status),
            answer: answer.map(|answer| cut(&answer.body)),
            took_ms: took.as_millis() as u64,
            attempt,
            extra: serde_json::json!({ "idempotency_token": self.token, "signature": self.signature }),
            ..Entry::new(Direction::Out, request.kind)
        };
        if let Some(failure) = failure {
            entry = entry.failed(failure.code, failure.words.clone());
        }
        shared.state().record(entry);
    }
}

/// Takes the credentials out of a URL: they are neither signed nor shown.
fn strip(url: &mut Url) {
    // Cannot fail where there is a host, and without one there are none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

/// A URL as it may be shown.
pub(crate) fn shown(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else {
        return url.to_owned();
    };
    strip(&mut parsed);
    parsed.into()
}

/// Voice over HTTPS is signed without the port, everything else with it (specification, section 1, "Ports").
pub(crate) fn sign(token: &str, url: &Url, kind: &str, params: &[(String, String)]) -> String {
    let mut url = url.clone();
    strip(&mut url);
    if url.scheme() == "https" && !kind.starts_with("message") {
        let _ = url.set_port(None);
    }
    let mut form = webhook::Params::default();
    for (name, value) in params {
        form.push(name, value);
    }
    // The settings were checked: the token is not empty.
    Token::new(token)
        .map(|token| sign_form(&token, url.as_str(), &form))
        .unwrap_or_default()
}

fn broken(error: &reqwest::Error) -> (Trouble, Failure, Option<Answer>) {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        words = format!("{words}: {inner}");
        source = inner.source();
    }
    if error.is_redirect() {
        (
            Trouble::Other,
            Failure::new(11215, "too many redirects"),
            None,
        )
    } else if error.is_connect() {
        let code = if words.contains("dns") { 11210 } else { 11205 };
        (Trouble::Connect, Failure::new(code, words), None)
    } else if error.is_timeout() {
        (
            Trouble::Read,
            Failure::new(11200, "the application did not answer in time"),
            None,
        )
    } else {
        (Trouble::Other, Failure::new(11206, words), None)
    }
}

async fn read(mut response: Response) -> Attempt {
    let mut answer = Answer {
        status: response.status().as_u16(),
        content_type: response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
        body: String::new(),
        url: response.url().clone(),
    };
    let longest = match answer.is_sound() {
        true => LONGEST_SOUND,
        false => LONGEST,
    };
    let (mut body, mut length) = (Vec::new(), 0);
    while let Some(piece) = response.chunk().await.map_err(|error| broken(&error))? {
        length += piece.len();
        if length > longest {
            let words = format!("the answer is longer than {} kB", longest / 1024);
            return Err((Trouble::Other, Failure::new(11750, words), Some(answer)));
        }
        // A sound is fetched again to be played.
        if body.len() < LONGEST {
            body.extend_from_slice(&piece);
        }
    }
    answer.body = String::from_utf8_lossy(&body).into_owned();
    Ok(answer)
}

/// How long a connection may be idle and still be used. Most servers close one after five seconds, and a request that
/// meets the close is lost; the application is not to blame for that.
const IDLE: Duration = Duration::from_secs(1);

/// The client for webhooks: Twilio follows at most ten redirects. `read` is how long it waits for the answer's beginning (connecting
/// included, which the client cannot tell apart), and from one piece of it to the next.
pub(crate) fn client(connect: Duration, read: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .connect_timeout(connect)
        .read_timeout(read)
        .pool_idle_timeout(IDLE)
        .redirect(reqwest::redirect::Policy::limited(10))
        .user_agent("TwilioProxy/1.1")
        .build()
}
