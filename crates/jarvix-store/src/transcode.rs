//! Bodies that came without a content coding and shrink are stored as zstd; all others stay byte for
//! byte as they were received. Nothing is ever decoded here.

use std::borrow::Cow;

use jarvix_core::Page;

/// Shorter bodies are left alone: what could be won is less than a page of the file.
const BYTES_MIN: usize = 512;
/// Bodies longer than this are first tried on their beginning.
const PROBE_BYTES: usize = 16 * 1024;
/// A coding that saves less than one part in this many is not worth the reader's time.
const SAVING_MIN: usize = 20;
/// Level 1 compresses HTML at more than 400 MB/s; higher ones cost more than the disk they save.
const ZSTD_LEVEL: i32 = 1;

/// A body as it is stored, and what the row says about it.
pub(crate) struct StoredBody<'a> {
    pub(crate) body: Option<Cow<'a, [u8]>>,
    pub(crate) content_encoding: Option<&'a str>,
    pub(crate) body_hash: Option<Cow<'a, str>>,
}

impl<'a> StoredBody<'a> {
    /// How `body`, which is that of `page`, is stored.
    pub(crate) fn of(page: &'a Page, body: Option<Cow<'a, [u8]>>) -> Self {
        let content_encoding = page.content_encoding.as_deref();
        let known = page.body_hash.as_deref().map(Cow::Borrowed);
        let Some(body) = body else {
            return Self { body: None, content_encoding, body_hash: known };
        };
        let body_hash = Some(known.unwrap_or_else(|| Cow::Owned(self::body_hash(&body))));
        let smaller = if content_encoding.is_none() { shrink(&body) } else { None };
        match smaller {
            Some(smaller) => {
                Self { body: Some(Cow::Owned(smaller)), content_encoding: Some("zstd"), body_hash }
            }
            None => Self { body: Some(body), content_encoding, body_hash },
        }
    }
}

/// BLAKE3 of a body, 32 hex digits (the first half).
pub fn body_hash(body: &[u8]) -> String {
    blake3::hash(body).to_hex()[..32].to_owned()
}

fn shrink(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() <= BYTES_MIN {
        return None;
    }
    if body.len() > 2 * PROBE_BYTES {
        compress(&body[..PROBE_BYTES])?;
    }
    compress(body)
}

/// The compressed form, if it is worth having.
fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let smaller = zstd::bulk::compress(bytes, ZSTD_LEVEL).ok()?;
    let worth = smaller.len() < bytes.len() - bytes.len() / SAVING_MIN;
    worth.then_some(smaller)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jarvix_core::Outcome;

    fn stored_of(page: &Page) -> StoredBody<'_> {
        StoredBody::of(page, page.body.as_deref().map(Cow::Borrowed))
    }

    fn page(body: Vec<u8>, coding: Option<&str>) -> Page {
        let mut page = Page::unfetched("https://a.example/".into(), 0, Outcome::Fetched, "");
        page.body = Some(body);
        page.content_encoding = coding.map(str::to_owned);
        page
    }

    #[test]
    fn a_body_shrinks_only_if_it_came_as_identity_and_it_pays() {
        let text = "all work and no play ".repeat(5_000).into_bytes();
        let shrinks = page(text.clone(), None);
        let stored = stored_of(&shrinks);
        assert_eq!(stored.content_encoding, Some("zstd"));
        let back = zstd::bulk::decompress(&stored.body.expect("body"), text.len()).expect("zstd");
        assert_eq!(back, text);
        let whole_hash = blake3::hash(&text).to_hex();
        assert_eq!(stored.body_hash.as_deref(), Some(&whole_hash[..32]));

        let noise: Vec<u8> = blake3::Hasher::new().finalize_xof().by_ref_fill(100_000);
        for kept in
            [page(text.clone(), Some("gzip")), page(noise, None), page(vec![b'a'; 512], None)]
        {
            let stored = stored_of(&kept);
            assert_eq!(stored.body.as_deref(), kept.body.as_deref());
            assert_eq!(stored.content_encoding, kept.content_encoding.as_deref());
        }
    }

    trait Fill {
        fn by_ref_fill(self, bytes: usize) -> Vec<u8>;
    }

    impl Fill for blake3::OutputReader {
        fn by_ref_fill(mut self, bytes: usize) -> Vec<u8> {
            let mut out = vec![0; bytes];
            self.fill(&mut out);
            out
        }
    }
}
