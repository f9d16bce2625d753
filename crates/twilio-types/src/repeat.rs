//! How often Twilio is to repeat what did not reach us.

/// After the address of a webhook or a callback: three more times where we are away or do not answer. By default Twilio asks
/// once. What we refuse would be refused again, so a 4xx is not repeated. Twilio neither sends nor signs it.
pub const REPEATED: &str = "#rc=3&rp=5xx,ct,rt";
