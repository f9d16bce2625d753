//! What a message carries, by our own address.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    ETag, EntityTag, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use api::{ApiError, Caller, Wanted, wanted};
use serde::Deserialize;
use tracing::warn;

use super::State;
use super::conversations::find;
use crate::app::media;
use crate::db::{self, Media};

/// Whose file.
#[derive(Debug, Deserialize)]
pub struct Which {
    id: String,
    media: String,
}

/// A stranger has sent it: it is never run, and nothing that it names is loaded.
const POLICY: &str = "default-src 'none'; sandbox";
/// Only for whoever asked, and asked for again with the tag: it may have been erased.
const PRIVATE: &str = "private, no-cache";

pub(super) async fn show(
    state: Data<State>,
    caller: Caller,
    which: Path<Which>,
    req: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (tenant, found) = look(&state, &caller, &which).await?;
    match found.status.as_str() {
        "stored" => {}
        "pending" => {
            return Err(ApiError::conflict(
                "not_ready",
                "the file is being fetched from Twilio; ask again in a moment",
            ));
        }
        _ => {
            return Err(ApiError::not_found(
                "file: it is not kept; its status says why",
            ));
        }
    }
    let kind = found.content_type.clone().unwrap_or_default();
    let size = found.size_bytes.unwrap_or_default();
    let etag = EntityTag::new_strong(found.id.clone());
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header(ETag(etag.clone()))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((CACHE_CONTROL, PRIVATE))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CONTENT_DISPOSITION, disposition(&kind, &found.id)));
    let range = match wanted(&req, &etag, size) {
        Wanted::Known => return Ok(answer.status(StatusCode::NOT_MODIFIED).finish()),
        Wanted::Beyond => {
            return Ok(answer
                .status(StatusCode::RANGE_NOT_SATISFIABLE)
                .insert_header((CONTENT_RANGE, format!("bytes */{size}")))
                .finish());
        }
        Wanted::Whole => None,
        Wanted::Part { first, last } => Some((first, last)),
    };
    let key = db::media_key(&tenant, &found.id);
    let file = match range {
        Some((first, last)) => state.objects.get_range(&key, first, Some(last)).await,
        None => state.objects.get(&key).await,
    };
    let file = file.map_err(|e| {
        warn!(error = %e, "a message's file cannot be read from the store");
        ApiError::unavailable("the object store")
    })?;
    let file = file.ok_or_else(|| ApiError::not_found("file of this message in the store"))?;
    if let Some((first, last)) = range {
        answer
            .status(StatusCode::PARTIAL_CONTENT)
            .insert_header((CONTENT_RANGE, format!("bytes {first}-{last}/{size}")));
    }
    Ok(answer.content_type(kind).body(file.bytes))
}

/// The tenant and the file, if the caller may see the thread and the file is one of it.
async fn look(state: &State, caller: &Caller, which: &Which) -> Result<(String, Media), ApiError> {
    let unknown = || ApiError::not_found("file of this conversation");
    let mut tx = state.store.read().await?;
    let (thread, _) = find(&mut tx, caller, &which.id).await?;
    let message = media::message_of(&which.media).ok_or_else(unknown)?;
    let message = db::message_find(&mut tx, message).await?;
    let message = message.filter(|it| it.conversation_id == thread.id);
    let mut all = message.ok_or_else(unknown)?.media().into_iter();
    let found = all.find(|it| it.id == which.media).ok_or_else(unknown)?;
    Ok((thread.tenant_id, found))
}

/// Pictures and films are shown where they are; anything else is saved.
fn disposition(kind: &str, id: &str) -> String {
    let shown = kind.starts_with("image/") || kind.starts_with("video/");
    let ending = match kind {
        "image/jpeg" => "jpg",
        "video/quicktime" => "mov",
        "video/3gpp" => "3gp",
        other => other.rsplit('/').next().unwrap_or("bin"),
    };
    let how = if shown { "inline" } else { "attachment" };
    format!("{how}; filename=\"{id}.{ending}\"")
}
