//! What a file is, by its first bytes: what a sender says of it proves nothing.

/// Whether a file that begins so is of a kind.
type Begins = fn(&[u8]) -> bool;

/// The kinds of files that are kept and shown.
const KINDS: &[(&str, Begins)] = &[
    ("image/jpeg", |b| b.starts_with(&[0xff, 0xd8, 0xff])),
    ("image/png", |b| b.starts_with(b"\x89PNG\r\n\x1a\n")),
    ("image/gif", |b| {
        b.starts_with(b"GIF87a") || b.starts_with(b"GIF89a")
    }),
    ("image/webp", |b| {
        b.starts_with(b"RIFF") && b.get(8..12) == Some(b"WEBP")
    }),
    ("image/heic", |b| {
        is_iso(b, &[b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1"])
    }),
    ("video/3gpp", |b| {
        is_iso(b, &[b"3gp4", b"3gp5", b"3gp6", b"3g2a", b"3gg6"])
    }),
    ("video/quicktime", |b| is_iso(b, &[b"qt  "])),
    ("video/mp4", |b| {
        is_iso(
            b,
            &[
                b"isom", b"iso2", b"iso5", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash",
            ],
        )
    }),
    ("application/pdf", |b| b.starts_with(b"%PDF-")),
];

/// Whether it is an ISO media file of one of these brands.
fn is_iso(bytes: &[u8], brands: &[&[u8; 4]]) -> bool {
    let brand = bytes.get(8..12).unwrap_or_default();
    bytes.get(4..8) == Some(b"ftyp") && brands.iter().any(|it| it.as_slice() == brand)
}

/// The content type, if it is something that a thread shows.
pub fn content_type(bytes: &[u8]) -> Option<&'static str> {
    KINDS
        .iter()
        .find(|(_, is)| is(bytes))
        .map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::content_type;

    #[test]
    fn file_is_known_by_its_first_bytes() {
        for (bytes, kind) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], Some("image/jpeg")),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Some("image/png")),
            (b"GIF89a\x01\0", Some("image/gif")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"\0\0\0\x18ftypheic\0\0\0\0", Some("image/heic")),
            (b"\0\0\0\x18ftypmp42\0\0\0\0", Some("video/mp4")),
            (b"\0\0\0\x18ftyp3gp4\0\0\0\0", Some("video/3gpp")),
            (b"\0\0\0\x14ftypqt  \0\0\0\0", Some("video/quicktime")),
            (b"%PDF-1.7\n", Some("application/pdf")),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\">", None),
            (b"<!DOCTYPE html>", None),
            (b"BEGIN:VCARD\r\n", None),
            (b"PK\x03\x04", None),
            (b"\0\0\0\x18ftyp", None),
            (b"", None),
        ] {
            assert_eq!(content_type(bytes), kind, "{bytes:?}");
        }
    }
}
