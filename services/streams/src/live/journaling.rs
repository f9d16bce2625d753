//! What is written down of a running call beside its row: sound to be recorded, inputs to run it again from.

use metrics::counter;
use session::Output;
use tracing::warn;

use super::call::Running;
use crate::inputs::{InputJournal, InputsOf};
use crate::recording::{About, Recorder};

impl Running {
    /// Begins to record, where it is to be.
    pub(super) async fn record(&mut self) {
        if self.call.tracks.is_empty() {
            return;
        }
        let row = &self.call.row;
        let tenant = self.call.offer.tenant.as_ref();
        let wanted = tenant.and_then(|it| it.recording.clone());
        let wanted = wanted.unwrap_or_default();
        let about = About {
            session_id: row.id.clone(),
            call_sid: row.call_sid.clone(),
            tenant_id: row.tenant_id.clone(),
            account_sid: row.account_sid.clone(),
            part: u32::try_from(row.attempt).unwrap_or(1),
            tracks: self.call.tracks.clone(),
            started_at: self.call.teller.now(),
            encryption: wanted.encryption,
            kms_key: wanted.kms_key,
            format: wanted.format,
        };
        let recording = &self.call.recording;
        let (dir, written) = (&recording.dir, &recording.written);
        match Recorder::begin(dir, written, &about, &self.call.workers).await {
            Ok(recorder) => self.recorder = Some(recorder),
            Err(error) => {
                counter!("streams_unrecorded_total").increment(1);
                warn!(%error, "a call is not recorded live: the data folder cannot be written");
            }
        }
    }

    /// Begins to journal what goes into the session, where the tenant wants that.
    pub(super) async fn journal(&mut self) {
        let tenant = self.call.offer.tenant.clone().unwrap_or_default();
        let Some(wanted) = tenant.replay.filter(|it| it.enabled) else {
            return;
        };
        let recording = tenant.recording.unwrap_or_default();
        let row = &self.call.row;
        let about = InputsOf {
            session_id: row.id.clone(),
            call_sid: row.call_sid.clone(),
            tenant_id: row.tenant_id.clone(),
            app: row.named(),
            part: u32::try_from(row.attempt).unwrap_or(1),
            started_at: self.call.teller.now(),
            keep_days: wanted.retention_days,
            encryption: recording.encryption,
            kms_key: recording.kms_key,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let (call, session) = (&self.call, &self.session);
        let (dir, workers) = (&call.inputs.dir, &call.workers);
        match InputJournal::begin(dir, &about, session, &call.config, workers).await {
            Ok(journal) => self.inputs = Some(journal),
            Err(error) => {
                counter!("streams_inputs_unwritten_total").increment(1);
                warn!(%error, "a call's inputs are not journaled: the data folder cannot be written");
            }
        }
    }

    /// What is to be known of a call to run it again, and is no input.
    pub(super) fn note(&mut self, name: &str, text: &str) {
        if let Some(inputs) = &mut self.inputs {
            inputs.note(name, text);
        }
    }

    /// The call may be on the line for so many seconds.
    pub(super) fn last_at_most(&mut self, seconds: u64) {
        if let Some(inputs) = &mut self.inputs {
            inputs.longest(seconds);
        }
        self.session.set_longest(seconds);
    }

    /// What the session wants next.
    pub(super) fn next_output(&mut self) -> Option<Output> {
        let output = self.session.poll()?;
        if let Some(inputs) = &mut self.inputs {
            inputs.output(&output);
        }
        Some(output)
    }

    /// The session is over; nobody waits for what it still wanted.
    pub(super) async fn end_journal(&mut self) {
        while self.next_output().is_some() {}
        if let Some(inputs) = self.inputs.take() {
            inputs.finish().await;
            self.call.inputs.ended.notify_one();
        }
    }
}
