//! The telephone with a microphone, and a page while very much happens.

use futures::StreamExt as _;
use futures::stream;
use serde_json::{Value, json};

use crate::driver::SPOKEN;
use crate::steps::Walk;

const SMITH: &str = "+15550100001";
const COACH: &str = "+15550100021";
/// So many events pass, of calls that come in one after the other, a few at once.
const EVENTS: usize = 1_000;
const AT_ONCE: usize = 8;

/// Counts the sound that comes over sockets of a page.
const COUNTING: &str = "
    const Plain = WebSocket;
    window.lineBytes = 0;
    window.WebSocket = class extends Plain {
        constructor(...of) {
            super(...of);
            this.addEventListener('message', ({ data }) => {
                window.lineBytes += data.byteLength || 0;
                if (window.lineBytes > 8000) document.body.dataset.heard = 'yes';
            });
        }
    };";

impl Walk<'_> {
    /// The coach's question is heard and answered by voice: Chromium's microphone plays a file.
    pub async fn phone_is_spoken_to_through_the_microphone(&self) {
        let add = "Page.addScriptToEvaluateOnNewDocument";
        let added = self.browser.cdp(add, json!({ "source": COUNTING })).await;
        self.open("/console/phone").await;
        let number = self.browser.field("Number").await;
        self.browser.fill(&number, COACH).await;
        self.browser.click(&self.browser.button("Call").await).await;
        self.browser
            .wait_for("//ol[@id = 'heard']/li[not(@class = 'empty')]")
            .await;
        self.browser.click(&self.browser.button("1").await).await;
        self.browser
            .wait_for("//ol[@id = 'heard']/li[. = '(beep)']")
            .await;
        let microphone = self.browser.button("Speak through the microphone").await;
        self.browser.click(&microphone).await;
        self.browser
            .wait_for_text("The line hears your microphone.")
            .await;
        let said = format!("//ol[@id = 'heard']/li[@class = 'mine' and contains(., '{SPOKEN}')]");
        self.browser.wait_for(&said).await;
        // A second of sound has come.
        self.browser.wait_for("//body[@data-heard]").await;
        self.browser.click(&self.browser.button("#").await).await;
        // The answer was recorded, and what was recorded is understood.
        let path = "/api/interviews/?limit=1";
        let newest = self.platform.get(path).await["items"][0]["id"].clone();
        let path = format!("/api/interviews/{}/flow/", newest.as_str().unwrap());
        let is_understood = |it: &Value| {
            let answers = it["answers"].as_array().into_iter().flatten();
            let mut words = answers.filter_map(|it| it["transcript"].as_str());
            words.any(|words| words.contains(SPOKEN))
        };
        self.platform.until(&path, is_understood).await;
        self.browser
            .click(&self.browser.button("Hang up").await)
            .await;
        self.browser.wait_for_text("The call is over").await;
        let remove = "Page.removeScriptToEvaluateOnNewDocument";
        self.browser.cdp(remove, added).await;
    }

    /// A thousand events pass while the list of calls is open: it follows, and its keys do what they did.
    pub async fn thousand_events_leave_the_page_answering(&self) {
        self.open("/console/calls").await;
        self.browser.wait_for("//body[@data-following]").await;
        let fault = json!({ "kind": "callee", "number": "+15550100002", "behaviour": "busy" });
        self.platform.emulate("/emulator/faults", fault).await;
        let mut events = self.platform.events().await;
        let platform = self.platform;
        let calls = stream::iter(0..EVENTS / 4).map(|n| async move {
            let from = format!("+1555011{n:04}");
            let call = json!({ "number": SMITH, "from": from, "steps": [] });
            platform.emulate("/emulator/calls", call).await;
        });
        let mut calls = Box::pin(calls.buffer_unordered(AT_ONCE));
        while calls.next().await.is_some() {}
        events.pass(EVENTS).await;
        let last = format!("+1555012{:04}", EVENTS);
        let call = json!({ "number": SMITH, "from": last, "steps": [] });
        self.platform.emulate("/emulator/calls", call).await;
        self.browser
            .wait_for("//section[@id = 'list']//tr[contains(., '+1 555 012 1000')]")
            .await;
        self.browser.press("j").await;
        self.browser
            .wait_for("//section[@id = 'list']//tr[contains(@class, 'chosen')]")
            .await;
        self.browser.press("/").await;
        let focus = "return document.activeElement.id";
        let focus = self.browser.run(focus, json!([])).await;
        assert_eq!(focus, "q", "the keys are answered");
    }
}
