//! `trunkline doctor signature`: why does a webhook's signature not fit?

use settings::{Environment, Secret, Settings};
use webhook::signature::{Body, Request, Token, Validator};
use webhook::{Clues, Seen, diagnose, parse_form};

use crate::Failure;
use crate::cli::SignatureArgs;
use crate::terminal::say;

/// The largest form that is worth a look.
const LIMIT: usize = 1 << 20;

/// Says that it fits, or why not. Never the token.
pub fn run(args: &SignatureArgs, config: &std::path::Path) -> Result<(), Failure> {
    let settings = Settings::load(&Environment, Some(config));
    // Whoever gives a token need not have any settings; what they say is a clue.
    let settings = match &args.token {
        Some(_) => settings.ok(),
        None => Some(settings?),
    };
    let configured: Vec<&str> = settings
        .iter()
        .filter_map(|settings| settings.account.as_ref())
        .flat_map(|account| &account.tokens)
        .map(Secret::reveal)
        .collect();
    let tokens = match &args.token {
        Some(given) => read(given.split(',')),
        None => read(configured.iter().copied()),
    };
    let replaced = args.old_token.iter().flat_map(|given| given.split(','));
    let others = read(replaced.chain(configured));
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
            let base = settings
                .and_then(|settings| settings.webhook_base_url)
                .map(|url| url.to_string());
            let diagnosis = diagnose(
                &validator,
                &request,
                &Clues {
                    seen: &sights(args, base.as_deref()),
                    tokens: &others,
                    ..Clues::default()
                },
            );
            Err(Failure::Failed(format!(
                "the signature does not fit ({}): {diagnosis}",
                diagnosis.code()
            )))
        }
    }
}

fn read<'a>(tokens: impl Iterator<Item = &'a str>) -> Vec<Token> {
    tokens
        .filter_map(|token| Token::new(token.trim()).ok())
        .collect()
}

/// Where else the address may have been seen: what the request said that it was for, and what the platform believes.
fn sights<'a>(args: &'a SignatureArgs, base: Option<&'a str>) -> Vec<Seen<'a>> {
    let host = args.host.as_deref().map(|host| Seen {
        source: "--host",
        host: Some(host),
        ..Seen::default()
    });
    let base = base.and_then(|base| base.split_once("://"));
    let base = base.map(|(scheme, rest)| Seen {
        source: "WEBHOOK_BASE_URL",
        scheme: Some(scheme),
        host: rest.split('/').next(),
        ..Seen::default()
    });
    host.into_iter().chain(base).collect()
}
