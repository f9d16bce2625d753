//! Style, script and icon: files of ours whose names change with what is in them.

use std::sync::LazyLock;

use actix_web::{HttpResponse, web};
use api::ApiError;
use sha2::{Digest, Sha256};

/// One file.
pub struct Asset {
    /// Its address.
    pub path: String,
    content: &'static str,
    kind: &'static str,
}

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, content: &'static str) -> Self {
        let digest = hex::encode(Sha256::digest(content.as_bytes()));
        let path = format!("/console/assets/{name}.{}.{ending}", &digest[..12]);
        Self {
            path,
            content,
            kind,
        }
    }
}

/// The style.
pub static CSS: LazyLock<Asset> = LazyLock::new(|| {
    let style = concat!(
        include_str!("../../assets/tokens.css"),
        include_str!("../../assets/shell.css"),
        include_str!("../../assets/parts.css"),
    );
    Asset::new("console", "css", "text/css; charset=utf-8", style)
});

/// The script.
pub static JS: LazyLock<Asset> = LazyLock::new(|| {
    let script = concat!(
        include_str!("../../assets/console.js"),
        include_str!("../../assets/live.js"),
        include_str!("../../assets/thread.js"),
        include_str!("../../assets/player.js"),
        include_str!("../../assets/heard.js"),
        include_str!("../../assets/line.js"),
        include_str!("../../assets/phone.js"),
    );
    Asset::new("console", "js", "text/javascript; charset=utf-8", script)
});

/// The script that takes a microphone's samples, in a thread of its own.
pub static MICROPHONE: LazyLock<Asset> = LazyLock::new(|| {
    let script = include_str!("../../assets/microphone.js");
    Asset::new("microphone", "js", "text/javascript; charset=utf-8", script)
});

/// The icon.
pub static ICON: LazyLock<Asset> = LazyLock::new(|| {
    let icon = include_str!("../../assets/icon.svg");
    Asset::new("icon", "svg", "image/svg+xml", icon)
});

/// `/console/assets/{file}`.
pub async fn show(file: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let all = [&*CSS, &*JS, &*MICROPHONE, &*ICON];
    let asked = format!("/console/assets/{file}");
    let found = all.into_iter().find(|asset| asset.path == asked);
    let asset = found.ok_or_else(|| ApiError::not_found("file"))?;
    Ok(HttpResponse::Ok()
        .content_type(asset.kind)
        .insert_header(("cache-control", "public, max-age=31536000, immutable"))
        .insert_header(("x-content-type-options", "nosniff"))
        .body(asset.content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_and_script_are_light() {
        let weight = CSS.content.len() + JS.content.len() + MICROPHONE.content.len();
        assert!(weight < 120_000, "{weight} bytes");
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for asset in [&*CSS, &*JS, &*MICROPHONE, &*ICON] {
            let elsewhere = asset.content.contains("https://") || asset.content.contains("@import");
            assert!(!elsewhere, "{}", asset.path);
        }
    }
}
