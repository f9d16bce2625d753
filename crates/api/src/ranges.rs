//! Which part of a file a request wants (RFC 9110, sections 13 and 14: the condition before the range).

use actix_web::HttpRequest;
use actix_web::http::header::{EntityTag, Header, IfNoneMatch, IfRange, Range};

/// What a request wants of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing: it has the file already. 304.
    Known,
    /// All of it. 200.
    Whole,
    /// These bytes, both inclusive. 206.
    Part {
        /// The first byte.
        first: u64,
        /// The last byte.
        last: u64,
    },
    /// Bytes after its end. 416.
    Beyond,
}

/// What a request wants of a file with this tag and size. Several parts, or a range in other units, may be answered with the whole.
pub fn wanted(req: &HttpRequest, etag: &EntityTag, size: u64) -> Wanted {
    let known = match IfNoneMatch::parse(req) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(etag)),
        Err(_) => false,
    };
    if known {
        return Wanted::Known;
    }
    let Ok(Range::Bytes(ranges)) = Range::parse(req) else {
        return Wanted::Whole;
    };
    let [range] = ranges.as_slice() else {
        return Wanted::Whole;
    };
    if let Ok(IfRange::EntityTag(tag)) = IfRange::parse(req)
        && !tag.strong_eq(etag)
    {
        return Wanted::Whole;
    }
    match range.to_satisfiable_range(size) {
        Some((first, last)) => Wanted::Part { first, last },
        None => Wanted::Beyond,
    }
}
