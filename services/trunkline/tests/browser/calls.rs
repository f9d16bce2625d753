//! What operators do with calls: look into one, hear what was said, end one that goes on, see what Twilio asked.

use serde_json::{Value, json};

use crate::steps::Walk;

const SMITH: &str = "+15550100001";
const OWNER: &str = "+15550100002";
const COACH: &str = "+15550100021";
const INTERVIEWED: &str = "+15550105555";

impl Walk<'_> {
    /// A caller answers a question of the coach's while the steps that follow go on: it takes as long as people do.
    pub async fn caller_is_interviewed_meanwhile(&self) {
        let steps = json!([
            { "wait_for": "press or say 1" }, { "press": "1" }, { "wait_for": "beep" },
            { "speak": { "text": "I check the stock first. Then I call back.", "seconds": 3 } },
            { "press": "#" }, { "pause": { "seconds": 1 } }, { "hang_up": {} },
        ]);
        let call = json!({ "number": COACH, "from": INTERVIEWED, "steps": steps });
        self.platform.emulate("/emulator/calls", call).await;
    }

    /// The page of a call shows its webhooks with verdict and duration, and a sentence is heard when it is clicked.
    pub async fn call_is_looked_into_and_heard(&self) {
        let calls = self.platform.get("/calls/").await;
        let interviewed = |it: &&Value| it["from"] == INTERVIEWED;
        let items = calls["items"].as_array().unwrap();
        let call = items
            .iter()
            .find(interviewed)
            .expect("a caller was interviewed");
        let id = call["id"].as_str().unwrap();
        // The call may go on: what is recorded and written down appears when it comes.
        self.open(&format!("/console/calls/{id}")).await;
        self.browser
            .wait_for("//section[@id = 'recordings']//article//audio")
            .await;
        let noted = "//ol[@class = 'timeline']/li[contains(@class, 'noted') and contains(., 'signature valid') and contains(., ' ms')]";
        self.browser.wait_for(noted).await;
        let provider = "//ol[@class = 'timeline']/li[contains(@class, 'provider') and contains(., 'simulated')]";
        self.browser.wait_for(provider).await;
        self.browser
            .wait_for("//section[@id = 'webhooks']//li")
            .await;
        let sentence = self
            .browser
            .wait_for("//section[@id = 'transcript']//button[contains(@class, 'sentence')]")
            .await;
        self.browser.wait_for_text("estimated").await;
        self.browser.click(&sentence).await;
        self.browser
            .wait_for("//button[contains(@class, 'sentence') and @aria-current = 'true']")
            .await;
    }

    /// A caller talks on the line; the operator ends it.
    pub async fn live_call_is_hung_up(&self) {
        let answers = json!({
            "kind": "callee", "number": OWNER, "behaviour": "answer", "after_s": 1, "talk_s": 3000,
        });
        self.platform.emulate("/emulator/faults", answers).await;
        let call = json!({ "number": SMITH, "from": "+15550106666", "steps": [{ "pause": { "seconds": 3000 } }] });
        let made = self.platform.emulate("/emulator/calls", call).await;
        let sid = made["sid"].as_str().unwrap();
        self.open("/console/").await;
        self.browser.wait_for("//body[@data-following]").await;
        let live = "//section[@id = 'live']//a[contains(@href, '/console/calls/')]";
        self.browser.wait_for(live).await;
        self.open(&format!("/console/calls/{sid}")).await;
        self.browser.wait_for("//h2[. = 'Happening now']").await;
        self.browser
            .wait_for_text("not possible: the call is not on a media stream")
            .await;
        self.browser
            .click(&self.browser.button("Hang up").await)
            .await;
        self.browser
            .wait_for_text("The call is being hung up.")
            .await;
        self.browser.wait_for_text("an operator hangs up").await;
        // The page follows the call to its end.
        self.browser
            .wait_for("//dl[@id = 'facts']//dd[contains(., ' s')]")
            .await;
        let over = self.platform.get(&format!("/calls/{sid}")).await;
        assert!(over["ended_at"].is_string(), "{over:#}");
    }

    /// A stranger's request appears in the inspector with the reason, and first on the overview.
    pub async fn refused_webhook_is_seen_with_its_reason(&self) {
        self.open("/console/webhooks").await;
        self.browser
            .wait_for("//ol[@class = 'webhooks']/li[contains(., 'signature valid') and contains(., '/webhooks/twilio/call')]")
            .await;
        self.browser.wait_for("//body[@data-following]").await;
        let forged = reqwest::Client::new()
            .post(format!("{}/webhooks/twilio/call", self.platform.url))
            .header("X-Twilio-Signature", "bm8gc2lnbmF0dXJl")
            .form(&[
                ("CallSid", "CA00000000000000000000000000000bad"),
                ("To", SMITH),
            ]);
        assert_eq!(forged.send().await.unwrap().status(), 403);
        let refused = "//ol[@class = 'webhooks']/li[contains(., 'refused') and .//p]";
        self.browser.wait_for(refused).await;
        self.open("/console/webhooks?verdict=refused").await;
        self.browser.wait_for(refused).await;
        let valid = self
            .browser
            .run(
                "return document.querySelectorAll('.webhooks .badge.good').length",
                json!([]),
            )
            .await;
        assert_eq!(valid, json!(0), "narrowed to what was refused");
        self.open("/console/").await;
        self.browser
            .wait_for("//section[@id = 'attention']//li[contains(., 'webhook refused')]")
            .await;
    }

    /// Two tabs change one tenant: the second is told, and changes nothing.
    pub async fn second_tab_is_told(&self) {
        self.open("/console/tenants/smith-plumbing").await;
        let form = "//form[@aria-label = 'Name, hours, forwarding']";
        self.browser.wait_for(form).await;
        let first = self
            .browser
            .run_async(
                "const done = arguments[arguments.length - 1];
                 const form = document.querySelector('form[aria-label=\"Name, hours, forwarding\"]');
                 const fields = new URLSearchParams(new FormData(form));
                 fields.set('trade', 'heating');
                 fetch(form.action, { method: 'POST', body: fields }).then((it) => done(it.status), (it) => done(String(it)));",
            )
            .await;
        assert_eq!(first, json!(200), "the first tab saves");
        let save = format!("{form}//button[. = 'Save']");
        self.browser
            .click(&self.browser.wait_for(&save).await)
            .await;
        self.browser
            .wait_for_text("This tenant was changed after you opened the page.")
            .await;
        let tenant = self.platform.get("/api/tenants/smith-plumbing").await;
        assert_eq!(tenant["trade"], "heating", "what the first tab saved stays");
    }

    /// What `doctor` knows stands on a page.
    pub async fn doctor_is_read_as_a_page(&self) {
        self.open("/console/operating").await;
        self.browser
            .wait_for("//section[@id = 'doctor']//li[contains(., 'bus') and contains(., 'works')]")
            .await;
        self.browser
            .wait_for("//section[@id = 'effects']//tbody/tr")
            .await;
        self.browser.wait_for("//section[@id = 'queues']").await;
    }
}
