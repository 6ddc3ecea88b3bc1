//! Pages as rows. A page is written as it is given; what happens to its body before that is
//! [`transcode`](crate::transcode)'s.

use std::borrow::Cow;

use jarvix_core::{Dataset, Found, Outcome, Page, Role, Timings};

use super::{Cells, Columns, Row, WrongCell};
use crate::transcode::StoredBody;

impl Row for Page {
    const DATASET: Dataset = Dataset::Pages;

    fn write(&self, to: &mut Columns) {
        cells(self, StoredBody::of(self, self.body.as_deref().map(Cow::Borrowed)), to);
    }

    fn give(mut self, to: &mut Columns) {
        let body = self.body.take();
        cells(&self, StoredBody::of(&self, body.map(Cow::Owned)), to);
    }

    fn read(from: &mut Cells<'_>) -> Result<Self, WrongCell> {
        Ok(Self {
            url: from.string()?,
            ordinal: from.count()?,
            line_no: from.opt_count()?,
            final_url: from.opt_string()?,
            status: status(from)?,
            outcome: outcome(from)?,
            reason: from.opt_string()?,
            truncated: from.bool()?,
            rendered: from.bool()?,
            content_type: from.opt_string()?,
            content_encoding: from.opt_string()?,
            content_encoding_received: from.opt_string()?,
            body: from.opt_bytes()?,
            body_hash: from.opt_string()?,
            headers: from.headers()?,
            redirects: from.hops()?,
            protocol: from.opt_string()?,
            remote_addr: from.opt_string()?,
            fetched_at_us: from.opt_time()?.unwrap_or(0),
            timings: Timings {
                dns_ms: from.opt_float32()?,
                connect_ms: from.opt_float32()?,
                tls_ms: from.opt_float32()?,
                ttfb_ms: from.opt_float32()?,
                elapsed_ms: from.opt_float32()?,
            },
            attempts: from.small_count()?,
            bytes_wire: from.count()?,
            input_meta: from.opt_string()?,
            found: Found {
                role: role(from)?,
                level: from.small_count()?,
                on: from.opt_string()?,
                seed: from.opt_string()?,
            },
        })
    }
}

/// Writes the cells of a page with this body.
fn cells(page: &Page, stored: StoredBody<'_>, to: &mut Columns) {
    to.text(&page.url);
    to.count(page.ordinal);
    to.opt_count(page.line_no);
    to.opt_text(page.final_url.as_deref());
    to.opt_int32(page.status.map(i32::from));
    to.text(page.outcome.as_str());
    to.opt_text(page.reason.as_deref());
    to.bool(page.truncated);
    to.bool(page.rendered);
    to.opt_text(page.content_type.as_deref());
    to.opt_text(stored.content_encoding);
    to.opt_text(page.content_encoding_received.as_deref());
    to.opt_bytes(stored.body.map(Cow::into_owned));
    to.opt_text(stored.body_hash.as_deref());
    to.headers(&page.headers);
    to.hops(&page.redirects);
    to.opt_text(page.protocol.as_deref());
    to.opt_text(page.remote_addr.as_deref());
    to.opt_time((page.fetched_at_us != 0).then_some(page.fetched_at_us));
    to.opt_float32(page.timings.dns_ms);
    to.opt_float32(page.timings.connect_ms);
    to.opt_float32(page.timings.tls_ms);
    to.opt_float32(page.timings.ttfb_ms);
    to.opt_float32(page.timings.elapsed_ms);
    to.small_count(page.attempts);
    to.count(page.bytes_wire);
    to.opt_text(page.input_meta.as_deref());
    to.text(page.found.role.as_str());
    to.small_count(page.found.level);
    to.opt_text(page.found.on.as_deref());
    to.opt_text(page.found.seed.as_deref());
}

fn status(from: &mut Cells<'_>) -> Result<Option<u16>, WrongCell> {
    let status = from.opt_small_count()?;
    let fits = status.map(u16::try_from).transpose();
    fits.map_err(|_| from.wrong("a number that is not a status"))
}

fn role(from: &mut Cells<'_>) -> Result<Role, WrongCell> {
    let word = from.text()?;
    Role::parse(word).ok_or_else(|| from.wrong(format!("the unknown role {word:?}")))
}

fn outcome(from: &mut Cells<'_>) -> Result<Outcome, WrongCell> {
    let word = from.text()?;
    Outcome::parse(word).ok_or_else(|| from.wrong(format!("the unknown outcome {word:?}")))
}
