//! What operators do with interviews, flows, tenants, numbers and counts.

use serde_json::{Value, json};

use crate::steps::Walk;

impl Walk<'_> {
    /// A person judges beside AI; who has not seen that is told.
    pub async fn interview_is_judged_by_a_person(&self) {
        let id = self.ended_interview().await;
        self.open(&format!("/console/interviews/{id}")).await;
        self.browser.wait_for("//h2[. = 'Your judgement']").await;
        let note = self.browser.field("Note on the interview").await;
        self.browser.write(&note, "Call again <b>soon</b>.").await;
        let score = self.browser.field("Score of your own, 0 to 100").await;
        self.browser.write(&score, "64").await;
        let save = self.browser.button("Save your judgement").await;
        self.browser.click(&save).await;
        self.browser
            .wait_for_text("Your note stands beside the AI's.")
            .await;
        self.browser.wait_for_text("Call again <b>soon</b>.").await;
        self.browser.wait_for_text("/ 100 by a person").await;
        // A page from before that note.
        let unsee = "document.getElementById('own-note').form.elements.seen.value = ''";
        self.browser.run(unsee, json!([])).await;
        let save = self.browser.button("Save your judgement").await;
        self.browser.click(&save).await;
        self.browser
            .wait_for_text("has written about this after you had opened it")
            .await;
        self.open("/console/interviews?status=ended").await;
        let chosen = format!("//input[@type = 'checkbox' and @value = '{id}']");
        let chosen = self.browser.wait_for(&chosen).await;
        self.browser.click(&chosen).await;
        let compare = self.browser.button("Compare the chosen ones").await;
        self.browser.click(&compare).await;
        self.browser
            .wait_for("//h1[. = 'Compare candidates']")
            .await;
        self.browser.wait_for_text("Call again <b>soon</b>.").await;
    }

    /// The interview that was phoned, when its call is over.
    async fn ended_interview(&self) -> String {
        let path = "/api/interviews/?status=ended";
        let is_there = |it: &Value| it["items"][0]["id"].is_string();
        let ended = self.platform.until(path, is_there).await;
        ended["items"][0]["id"].as_str().unwrap().to_owned()
    }

    /// A flow is changed in a form, heard, stored, and compared with what it was.
    pub async fn flow_is_heard_before_it_is_stored(&self) {
        self.open("/console/flows/plumbers/edit").await;
        let greeting = self.browser.wait_for("//*[@id = 'f-greeting']").await;
        self.browser
            .write(&greeting, " A word before we begin.")
            .await;
        let show = self.browser.button("Show what a caller hears").await;
        self.browser.click(&show).await;
        let heard =
            "//section[.//h2 = 'What a caller hears']//li[contains(., 'A word before we begin.')]";
        self.browser.wait_for(heard).await;
        let store = self.browser.button("Store as a new version").await;
        self.browser.click(&store).await;
        self.browser.wait_for_text("The version is stored.").await;
        let before = "//section[.//h2 = 'Versions']//a[contains(., 'Difference')]";
        let before = self.browser.wait_for(before).await;
        self.browser.click(&before).await;
        self.browser
            .wait_for(
                "//pre//span[contains(@class, 'added') and contains(., 'A word before we begin.')]",
            )
            .await;
    }

    /// What Twilio has for each number, and a tenant that is changed.
    pub async fn numbers_and_tenants_are_looked_after(&self) {
        self.open("/console/numbers").await;
        self.browser
            .wait_for("//h2[. = 'Webhooks at Twilio']/..//span[contains(., 'as it must be')]")
            .await;
        self.open("/console/tenants/smith-plumbing").await;
        let rules = "//summary[. = 'Consent, retention, quiet hours']";
        let rules = self.browser.wait_for(rules).await;
        self.browser.click(&rules).await;
        let quiet = self.browser.field("Quiet hours, such as 21:00-08:00").await;
        self.browser.fill(&quiet, "22:00-07:00").await;
        let save = self.browser.button("Save the rules").await;
        self.browser.click(&save).await;
        self.browser
            .wait_for_text("The change counts from the next call on.")
            .await;
        self.browser.wait_for_text("22:00-07:00").await;
        self.open("/console/analytics").await;
        self.browser
            .wait_for("//h2[. = 'Missed calls by hour and weekday']/..//table")
            .await;
    }
}
