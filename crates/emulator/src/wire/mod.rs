//! What goes over the wire to the application and what comes back, as data: requests, answers, failures, cookies.

mod answer;
mod cookies;
mod failure;
mod request;

pub(crate) use answer::Answer;
pub(crate) use cookies::{Cookies, holder};
pub(crate) use failure::Failure;
pub(crate) use request::{Batch, Params, Queue, Request};
