//! `trunkline doctor signature`: why does a webhook's signature not fit?

use role::settings::{Environment, Settings};
use webhook::signature::{Body, Request, Token, Validator};
use webhook::{Clues, diagnose, parse_form};

use crate::Failure;
use crate::cli::SignatureArgs;
use crate::screen::say;

/// The largest form that is worth a look.
const LIMIT: usize = 1 << 20;

/// Says that it fits, or why not. Never the token.
pub fn run(args: &SignatureArgs, config: &std::path::Path) -> Result<(), Failure> {
    let tokens: Vec<String> = match &args.token {
        Some(token) => token.split(',').map(str::to_owned).collect(),
        None => Settings::load(&Environment, Some(config))?
            .account
            .map(|account| {
                account
                    .tokens
                    .iter()
                    .map(|t| t.reveal().to_owned())
                    .collect()
            })
            .unwrap_or_default(),
    };
    let tokens: Vec<Token> = tokens
        .iter()
        .filter_map(|t| Token::new(t.trim()).ok())
        .collect();
    if tokens.is_empty() {
        return Err(Failure::Usage(
            "no auth token to check with: give --token, or set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN".to_owned(),
        ));
    }
    let params = parse_form(args.params.as_bytes(), LIMIT)
        .map_err(|e| Failure::Usage(format!("--params: {e}; give the form as it came, a=1&b=2")))?;
    let body = if params.is_empty() {
        Body::Empty
    } else {
        Body::Form(&params)
    };
    let request = Request {
        url: &args.url,
        signature: args.signature.as_deref(),
        body,
    };
    let validator = Validator::new(tokens);
    match validator.verify(&request) {
        Ok(verified) => {
            let which = if verified.token == 0 {
                "the primary token"
            } else {
                "the secondary token"
            };
            say(format!("the signature fits: signed with {which}"));
            Ok(())
        }
        Err(_) => {
            let diagnosis = diagnose(&validator, &request, &Clues::default());
            Err(Failure::Failed(format!(
                "the signature does not fit ({}): {diagnosis}",
                diagnosis.code()
            )))
        }
    }
}
