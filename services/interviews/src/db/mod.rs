//! The tables of interviews and their queries. A text in a column is one of a few words; the docs of the field say
//! which.
//!
//! Transactions take their locks in one order, so that none waits for another in a circle: the interview first,
//! then the rest.

mod candidates;
mod erase;
mod figures;
mod flows;
mod interviews;
mod jobs;
mod page;
mod recording;
mod reviews;
mod schema;
mod speech;

use diesel_migrations::embed_migrations;
use store::Migrations;

pub use candidates::{
    CandidateRow, candidate_find, candidate_insert, candidate_list, candidate_lock,
};
pub use erase::{erase, expire};
pub use figures::{
    Counted, DayCount, FiguresRow, Funnel, Spent, figures_put, funnel, interviews_by_day, scores,
    spent,
};
pub use flows::{
    FlowRow, Put, flow_latest, flow_list, flow_of_request, flow_put, flow_put_over, flow_version,
    flow_versions,
};
pub use interviews::{
    Evaluation, InterviewRow, TenantSettings, Which, call_bind, interview_find, interview_insert,
    interview_list, interview_lock, interview_lock_by_call, interview_open, interview_save,
    interviews_known, last_evaluated,
};
pub use jobs::{JobRow, job_find, job_insert, job_list};
pub use page::{Place, Shown};
pub use recording::CallRecording;
pub use reviews::{ReviewRow, review_find, review_insert, review_list};
pub use speech::{SpeechRow, speech_ask, speech_find, speech_forget, speech_put};

/// The role's migrations.
pub const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("migrations/postgres"),
    sqlite: embed_migrations!("migrations/sqlite"),
};
