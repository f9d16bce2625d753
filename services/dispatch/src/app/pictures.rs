//! Which pictures of a thread a model is shown.

use events::v1::thread_line;

use crate::db::{self, Message};

/// Kinds of pictures that models read.
const SEEN: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
/// How many pictures of a thread a model is shown, the latest.
const PICTURES: usize = 4;

/// The pictures that a model may see, of the latest messages; by the message's place.
pub fn pictures(tenant: &str, messages: &[&Message]) -> Vec<Vec<thread_line::Picture>> {
    let mut left = PICTURES;
    let mut all: Vec<Vec<thread_line::Picture>> = Vec::new();
    for message in messages.iter().rev() {
        let stored = message
            .media()
            .into_iter()
            .filter(|it| it.status == "stored");
        let seen = stored.filter_map(|it| {
            let content_type = it
                .content_type
                .filter(|kind| SEEN.contains(&kind.as_str()))?;
            let key = db::media_key(tenant, &it.id);
            Some(thread_line::Picture { key, content_type })
        });
        let seen: Vec<_> = seen.take(left).collect();
        left -= seen.len();
        all.push(seen);
    }
    all.reverse();
    all
}
