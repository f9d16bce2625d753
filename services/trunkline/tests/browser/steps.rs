//! What operators do, step by step.

use std::path::Path;

use serde_json::json;

use crate::axe;
use crate::driver::Chromium;
use crate::platform::{ADMIN, Platform};

const PASSWORD: &str = "correct horse battery";
const SMITH: &str = "+15550100001";
const COACH: &str = "+15550100021";

/// A page, and what its heading says.
const PAGES: &[(&str, &str)] = &[
    ("/console/", "Overview"),
    ("/console/calls", "Calls"),
    ("/console/conversations", "Conversations"),
    ("/console/leads", "Leads"),
    ("/console/interviews", "Interviews"),
    ("/console/numbers", "Numbers"),
    ("/console/tenants/smith-plumbing", "Smith Plumbing"),
    ("/console/flows/plumbers", "Flow plumbers"),
    ("/console/flows", "Flows"),
    ("/console/flows/plumbers/edit", "Change flow plumbers"),
    ("/console/interviews/compare", "Compare candidates"),
    ("/console/settings/keys", "API keys"),
    ("/console/phone", "Phone"),
    ("/console/analytics", "Analytics"),
    ("/console/operating", "Operating"),
    ("/console/webhooks", "Webhooks"),
    ("/console/settings/operators", "Operators"),
];

pub struct Walk<'a> {
    pub platform: &'a Platform,
    pub browser: &'a Chromium,
}

impl Walk<'_> {
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.platform.url)
    }

    pub async fn open(&self, path: &str) {
        self.browser.open(&self.at(path)).await;
    }

    pub async fn sign_in_by_the_link(&self) {
        let link = self.platform.link();
        self.browser.open(&link).await;
        self.browser
            .wait_for("//h1[normalize-space() = 'Overview']")
            .await;
        assert_eq!(self.browser.url().await, self.at("/console/"));
        let shown = reqwest::get(&link).await.unwrap();
        assert_eq!(shown.status(), 403, "the link signs in once");
    }

    pub async fn empty_pages_say_what_to_do(&self) {
        for (path, heading) in PAGES {
            self.open(path).await;
            let seen = self
                .browser
                .run(
                    "return [...document.querySelectorAll('h1')].map((it) => it.innerText)",
                    json!([]),
                )
                .await;
            assert_eq!(seen, json!([heading]), "{path}");
            let title = self.browser.run("return document.title", json!([])).await;
            assert!(
                title.as_str().unwrap().starts_with(heading),
                "{path}: {title}"
            );
        }
        self.open("/console/calls").await;
        self.browser.wait_for_text("No calls yet").await;
    }

    pub async fn phone_is_called_and_heard(&self) {
        self.open("/console/phone").await;
        let number = self.browser.field("Number").await;
        self.browser.fill(&number, COACH).await;
        self.browser.click(&self.browser.button("Call").await).await;
        // The coach greets and offers its menu.
        self.browser
            .wait_for("//section[.//h2 = 'Heard']//li[not(@class = 'empty')]")
            .await;
        self.browser.wait_for_text("Connected.").await;
        self.browser.click(&self.browser.button("1").await).await;
        self.browser.wait_for_text("Pressed 1").await;
        let say = self.browser.field("Say").await;
        self.browser.write(&say, "I check the stock first").await;
        self.browser
            .click(&self.browser.button("Speak").await)
            .await;
        self.browser.wait_for_text("I check the stock first").await;
        self.browser
            .click(&self.browser.button("Hang up").await)
            .await;
        self.browser.wait_for_text("The call is over").await;
    }

    pub async fn missed_call_is_seen_and_answered(&self) {
        // The list is open while the call comes in: it appears without a reload.
        self.open("/console/calls").await;
        self.browser.wait_for("//body[@data-following]").await;
        let fault = json!({ "kind": "callee", "number": "+15550100002", "behaviour": "busy" });
        self.platform.emulate("/emulator/faults", fault).await;
        let from = "+15550107777";
        let call = json!({ "number": SMITH, "from": from, "steps": [] });
        self.platform.emulate("/emulator/calls", call).await;
        let row = "//tr[contains(., '+1 555 010 7777') and contains(., 'missed')]";
        self.browser.wait_for(row).await;
        self.open("/console/conversations").await;
        let thread = "//ul[contains(@class, 'inbox')]//a[contains(., '+1 555 010 7777')]";
        self.browser.wait_for(thread).await;
        // By keys: down to the thread, into it, into the field.
        self.browser.press("j").await;
        self.browser.press("\u{e007}").await;
        self.browser
            .wait_for("//h1[contains(., 'Conversation with +1 555 010 7777')]")
            .await;
        self.browser
            .wait_for_text("Sorry we missed your call")
            .await;
        self.browser.wait_for("//body[@data-following]").await;
        // Markup that a customer writes is text.
        let text = json!({ "from": from, "to": SMITH, "body": "<b id=evil>Leak!</b><script>document.title='x'</script>" });
        self.platform.emulate("/emulator/messages", text).await;
        self.browser.wait_for_text("<b id=evil>Leak!</b>").await;
        let evil = self
            .browser
            .run(
                "return document.querySelectorAll('#evil').length",
                json!([]),
            )
            .await;
        assert_eq!(evil, json!(0));
        self.browser.press("r").await;
        let field = self.browser.field("Message").await;
        self.browser.write(&field, "We are on our way.").await;
        self.browser
            .wait_for_text("1 segment, 142 left, about $0.0083")
            .await;
        self.browser.click(&self.browser.button("Send").await).await;
        self.browser
            .wait_for_text("The message is on its way.")
            .await;
        self.browser.wait_for_text("We are on our way.").await;
        self.browser.wait_for_text("a person answers").await;
        self.browser
            .click(&self.browser.button("Hand back to the AI").await)
            .await;
        self.browser
            .wait_for_text("The AI answers from now on.")
            .await;
    }

    pub async fn interview_is_phoned_and_spoken_to(&self) {
        let items = self.platform.get("/api/interviews/").await;
        let id = items["items"][0]["id"]
            .as_str()
            .expect("the phoned interview is there")
            .to_owned();
        self.open(&format!("/console/interviews/{id}")).await;
        self.browser.wait_for("//h2[. = 'Answers']").await;
        self.open("/console/calls").await;
        let call = self
            .browser
            .wait_for("//tbody//a[contains(., '+1 555 010 9999')]")
            .await;
        self.browser.click(&call).await;
        self.browser.wait_for("//ol[@class = 'timeline']/li").await;
        let sid = self.platform.get("/calls/").await["items"][0]["call_sid"].clone();
        self.open(&format!("/console/calls/{}", sid.as_str().unwrap()))
            .await;
        self.browser.wait_for("//h2[. = 'Timeline']").await;
    }

    pub async fn pages_are_accessible_and_light(&self) {
        for dark in [false, true] {
            self.browser.dress(1280, 900, dark).await;
            for (path, _) in PAGES {
                self.open(path).await;
                let faults = axe::faults(self.browser).await;
                assert!(faults.is_empty(), "{path} (dark: {dark}): {faults:#?}");
            }
        }
        self.browser.dress(390, 800, false).await;
        for (path, _) in PAGES {
            self.open(path).await;
            let wider = self.browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth", json!([])).await;
            assert_eq!(wider, json!(0), "{path} is wider than a phone");
            let faults = axe::faults(self.browser).await;
            assert!(faults.is_empty(), "{path} on a phone: {faults:#?}");
        }
        let mut complaints = self.browser.complaints().await;
        // Forms that the steps have had refused: the browser tells of each answer that is no success.
        complaints.retain(|it| !it.contains("status of 422"));
        assert!(complaints.is_empty(), "{complaints:#?}");
        self.browser.dress(1280, 900, false).await;
    }

    pub async fn pages_read_without_script(&self) {
        self.browser
            .cdp(
                "Emulation.setScriptExecutionDisabled",
                json!({ "value": true }),
            )
            .await;
        self.open("/console/calls").await;
        self.browser
            .wait_for("//tbody//a[contains(., '+1 555 010 7777')]")
            .await;
        self.browser.wait_for("//time[contains(., 'UTC')]").await;
        self.browser
            .cdp(
                "Emulation.setScriptExecutionDisabled",
                json!({ "value": false }),
            )
            .await;
    }

    pub async fn operator_signs_in_by_password(&self) {
        self.open("/console/settings/operators").await;
        self.browser
            .write(&self.browser.field("Name").await, "Ann")
            .await;
        self.browser
            .write(&self.browser.field("Password").await, PASSWORD)
            .await;
        self.browser.click(&self.browser.button("Add").await).await;
        self.browser
            .wait_for_text("The operator can sign in now.")
            .await;
        self.browser
            .click(&self.browser.button("Sign out").await)
            .await;
        self.browser.wait_for_text("You are signed out.").await;
        self.browser
            .write(&self.browser.field("Name").await, "ann")
            .await;
        self.browser
            .write(&self.browser.field("Password").await, PASSWORD)
            .await;
        self.browser
            .click(&self.browser.button("Sign in").await)
            .await;
        self.browser.wait_for("//h1[. = 'Overview']").await;
    }

    pub async fn expired_session_returns(&self) {
        self.browser
            .cdp("Network.clearBrowserCookies", json!({}))
            .await;
        self.open("/console/calls?outcome=missed").await;
        self.browser.wait_for("//h1[. = 'Sign in']").await;
        self.browser
            .write(&self.browser.field("API key").await, ADMIN)
            .await;
        self.browser
            .click(&self.browser.button("Sign in").await)
            .await;
        self.browser.wait_for("//h1[. = 'Calls']").await;
        assert_eq!(
            self.browser.url().await,
            self.at("/console/calls?outcome=missed")
        );
    }

    pub async fn no_request_left_the_machine(&self) {
        let requests = self.browser.requests().await;
        assert!(requests.len() > 20, "{requests:?}");
        let elsewhere = |url: &&String| {
            let ours = url.starts_with(&self.platform.url)
                || url.starts_with("data:")
                || url.starts_with("blob:");
            let chromiums = url.starts_with("chrome") || url.starts_with("about:");
            !ours && !chromiums
        };
        let elsewhere: Vec<_> = requests.iter().filter(elsewhere).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:#?}");
    }

    /// `make screenshots`: every page, narrow and wide, light and dark.
    pub async fn pictures(&self) {
        let Some(dir) = std::env::var_os("TRUNKLINE_SCREENSHOTS") else {
            return;
        };
        let thread = self.platform.get("/conversations/").await["items"][0]["id"].clone();
        let call = self.platform.get("/calls/").await["items"][0]["id"].clone();
        let thread = format!("/console/conversations/{}", thread.as_str().unwrap());
        let call = format!("/console/calls/{}", call.as_str().unwrap());
        let pages = PAGES
            .iter()
            .map(|(path, _)| *path)
            .chain([thread.as_str(), &call]);
        for path in pages {
            for (size, width, height) in [("wide", 1200, 760), ("narrow", 390, 780)] {
                for (shade, dark) in [("light", false), ("dark", true)] {
                    self.browser.dress(width, height, dark).await;
                    self.open(path).await;
                    let kind = path
                        .split('/')
                        .nth(2)
                        .filter(|it| !it.is_empty())
                        .unwrap_or("overview");
                    let one = path.split('/').nth(3).map_or("", |_| "-one");
                    let file = format!("{kind}{one}-{size}-{shade}.png");
                    std::fs::write(Path::new(&dir).join(file), self.browser.picture().await)
                        .unwrap();
                }
            }
        }
    }
}
