//! Requests as Twilio sends them, and as it does not.

mod calls;
mod messages;
mod recordings;

use super::*;
use crate::Params;

const AC: &str = "AC00000000000000000000000000000001";
const CA: &str = "CA00000000000000000000000000000001";
const RE: &str = "RE00000000000000000000000000000001";
const RECORDING: &str = "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Recordings/RE00000000000000000000000000000001";

/// What every voice webhook has, and more.
fn call(more: &[(&str, &str)]) -> Params {
    let mut params: Params = [
        ("AccountSid", AC),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", CA),
        ("CallStatus", "in-progress"),
        ("Called", "+15550100001"),
        ("CalledCity", ""),
        ("Direction", "inbound"),
        ("From", "+15550109999"),
        ("FromCity", "NEW YORK"),
        ("FromState", ""),
        ("To", "+15550100001"),
        ("SomethingNew", "x"),
    ]
    .into_iter()
    .collect();
    for (name, value) in more {
        params.push(*name, *value);
    }
    params
}

fn message(more: &[(&str, &str)]) -> Params {
    let mut params: Params = [
        ("AccountSid", AC),
        ("MessageSid", "SM00000000000000000000000000000001"),
        ("From", "+15550109999"),
        ("To", "+15550100001"),
    ]
    .into_iter()
    .collect();
    for (name, value) in more {
        params.push(*name, *value);
    }
    params
}

fn replaced(params: &Params, name: &str, value: Option<&str>) -> Params {
    params
        .iter()
        .filter_map(|(n, v)| match n == name {
            true => value.map(|value| (n.to_owned(), value.to_owned())),
            false => Some((n.to_owned(), v.to_owned())),
        })
        .collect()
}
