//! Serving a recording's file, straight from the store and never as a whole in memory.

use actix_web::body::SizedStream;
use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, ETag, EntityTag, LOCATION,
};
use actix_web::{HttpRequest, HttpResponse, web};
use api::{ApiError, Caller, Query, Wanted, wanted};
use bytes::Bytes;
use futures::stream;
use objects::{Error, Streamed};
use schemars::JsonSchema;
use serde::Deserialize;
use tracing::warn;

use super::links::Proof;
use super::state::{State, Which, find, stored};
use crate::db::RecordingRow;

/// How long an address at the store is valid: a player asks for it again and again while it plays.
const AT_STORE: std::time::Duration = std::time::Duration::from_secs(3600);
/// Only for whoever asked, and asked for again with the tag.
const PRIVATE: &str = "private, no-cache";

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    /// `1`: leads to an address at the store, where the store can be reached from outside.
    redirect: Option<String>,
}

pub(super) async fn download(
    state: web::Data<State>,
    caller: Caller,
    which: web::Path<Which>,
    how: Query<How>,
    req: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (_, row) = find(&state, Some(&caller), &which).await?;
    serve(&state, &row, &how, &req, "attachment").await
}

pub(super) async fn play(
    state: web::Data<State>,
    caller: Caller,
    which: web::Path<Which>,
    how: Query<How>,
    req: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (_, row) = find(&state, Some(&caller), &which).await?;
    serve(&state, &row, &how, &req, "inline").await
}

pub(super) async fn signed(
    state: web::Data<State>,
    which: web::Path<Which>,
    proof: Query<Proof>,
    req: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    // Before the database is asked: anybody can come here.
    state
        .links
        .check(&which.recording_id, &proof, state.clock.now())?;
    let (_, row) = find(&state, None, &which).await?;
    serve(&state, &row, &How::default(), &req, "inline").await
}

pub(super) async fn peaks(
    state: web::Data<State>,
    caller: Caller,
    which: web::Path<Which>,
) -> Result<HttpResponse, ApiError> {
    let (_, row) = find(&state, Some(&caller), &which).await?;
    stored(&row)?;
    if row.peaks_key.is_empty() {
        return Err(ApiError::not_found(
            "waveform: it is not made of a WAV file of this kind",
        ));
    }
    let found = state
        .objects
        .stream(&row.peaks_key, None)
        .await
        .map_err(|e| away(&e))?;
    let found = found.ok_or_else(|| ApiError::not_found("waveform"))?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CACHE_CONTROL, PRIVATE))
        .body(SizedStream::new(found.length, pieces(found))))
}

async fn serve(
    state: &State,
    row: &RecordingRow,
    how: &How,
    req: &HttpRequest,
    disposition: &str,
) -> Result<HttpResponse, ApiError> {
    let key = stored(row)?;
    let redirects = how
        .redirect
        .as_deref()
        .is_some_and(|it| matches!(it, "1" | "true"));
    if redirects {
        let address = state
            .objects
            .presigned(key, AT_STORE)
            .await
            .map_err(|e| away(&e))?;
        // The store inside this process has no address of its own.
        if let Some(address) = address {
            return Ok(HttpResponse::Found()
                .insert_header((LOCATION, address))
                .insert_header((CACHE_CONTROL, "no-store"))
                .finish());
        }
    }
    let size = row
        .size_bytes
        .and_then(|size| u64::try_from(size).ok())
        .unwrap_or_default();
    let etag = EntityTag::new_strong(row.sha256.clone());
    let wanted = wanted(req, &etag, size);
    let head = |status: StatusCode| {
        let mut head = HttpResponse::build(status);
        head.insert_header(ETag(etag.clone()))
            .insert_header((ACCEPT_RANGES, "bytes"))
            .insert_header((CACHE_CONTROL, PRIVATE));
        head
    };
    let (range, status) = match wanted {
        Wanted::Known => return Ok(head(StatusCode::NOT_MODIFIED).finish()),
        Wanted::Beyond => {
            return Ok(head(StatusCode::RANGE_NOT_SATISFIABLE)
                .insert_header((CONTENT_RANGE, format!("bytes */{size}")))
                .finish());
        }
        Wanted::Whole => (None, StatusCode::OK),
        Wanted::Part { first, last } => (Some((first, last)), StatusCode::PARTIAL_CONTENT),
    };
    let mut answer = head(status);
    answer.content_type(match row.format.as_str() {
        "mp3" => "audio/mpeg",
        _ => "audio/wav",
    });
    let name = if row.recording_sid.is_empty() {
        &row.id
    } else {
        &row.recording_sid
    };
    answer.insert_header((
        CONTENT_DISPOSITION,
        format!("{disposition}; filename=\"{name}.{}\"", row.format),
    ));
    let length = match range {
        Some((first, last)) => {
            answer.insert_header((CONTENT_RANGE, format!("bytes {first}-{last}/{size}")));
            last - first + 1
        }
        None => size,
    };
    if req.method() == Method::HEAD {
        let nothing = stream::empty::<Result<Bytes, Error>>();
        return Ok(answer.body(SizedStream::new(length, nothing)));
    }
    let range = range.map(|(first, last)| (first, Some(last)));
    let found = state
        .objects
        .stream(key, range)
        .await
        .map_err(|e| away(&e))?;
    let found = found.ok_or_else(|| {
        warn!(
            recording.id = row.id,
            "a recording's object is not in the store"
        );
        ApiError::not_found("file of this recording in the store")
    })?;
    Ok(answer.body(SizedStream::new(length, pieces(found))))
}

fn pieces(found: Streamed) -> impl stream::Stream<Item = Result<Bytes, Error>> {
    stream::unfold(Some(found), |found| async move {
        let mut found = found?;
        match found.chunk().await {
            Ok(Some(bytes)) => Some((Ok(bytes), Some(found))),
            Ok(None) => None,
            Err(e) => Some((Err(e), None)),
        }
    })
}

pub(super) fn away(e: &Error) -> ApiError {
    warn!(error = %e, "a recording cannot be read from the store");
    ApiError::unavailable("the object store")
}
