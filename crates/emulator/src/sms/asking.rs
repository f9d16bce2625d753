//! Asking the application what to answer.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::document;
use crate::media::Media;
use crate::state::{Attachment, Shared};
use crate::webhooks::{self, deliver};
use crate::wire::{Answer, Failure, Params, Request};

pub(super) fn attachment(sid: String, media: &Media) -> Attachment {
    let (content_type, url, data) = match media {
        Media::Url(url) => ("image/jpeg", url.clone(), Vec::new()),
        Media::Described {
            content_type,
            url,
            data,
        } => {
            let data = data
                .as_ref()
                .and_then(|data| STANDARD.decode(data).ok())
                .unwrap_or_default();
            (content_type.as_str(), url.clone().unwrap_or_default(), data)
        }
    };
    Attachment {
        sid,
        content_type: content_type.to_owned(),
        url,
        data,
    }
}

pub(super) async fn ask(
    shared: &Arc<Shared>,
    sid: &str,
    url: &str,
    method: &str,
    extra: Params,
) -> Result<Answer, Failure> {
    let request = {
        let mut state = shared.state();
        let token = state.ids.token();
        let Some(message) = state.message(sid) else {
            return Err(Failure::new(20404, "the message is gone"));
        };
        let mut params = webhooks::of_message(&shared.account.sid, &shared.base_url, message);
        params.extend(extra);
        Request {
            kind: "message-inbound",
            sid: Some(sid.to_owned()),
            url: url.to_owned(),
            method: method.to_owned(),
            params,
            token,
        }
    };
    deliver(shared, &request, document::check_messaging).await
}
