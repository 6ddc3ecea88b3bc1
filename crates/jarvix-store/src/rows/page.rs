//! Pages as rows. A page is written as it is given; what happens to its body before that is
//! [`transcode`](crate::transcode)'s.

use jarvix_core::{Dataset, Found, Outcome, Page, Role, Timings};

use super::{Cells, Columns, Row, WrongCell};
use crate::transcode::StoredBody;

impl Row for Page {
    const DATASET: Dataset = Dataset::Pages;

    fn write(&self, to: &mut Columns) {
        let stored = StoredBody::of(self);
        to.text(&self.url);
        to.count(self.ordinal);
        to.opt_count(self.line_no);
        to.opt_text(self.final_url.as_deref());
        to.opt_int32(self.status.map(i32::from));
        to.text(self.outcome.as_str());
        to.opt_text(self.reason.as_deref());
        to.bool(self.truncated);
        to.bool(self.rendered);
        to.opt_text(self.content_type.as_deref());
        to.opt_text(stored.content_encoding);
        to.opt_text(self.content_encoding_received.as_deref());
        to.opt_bytes(stored.body.as_deref());
        to.opt_text(stored.body_hash.as_deref());
        to.headers(&self.headers);
        to.hops(&self.redirects);
        to.opt_text(self.protocol.as_deref());
        to.opt_text(self.remote_addr.as_deref());
        to.opt_time((self.fetched_at_us != 0).then_some(self.fetched_at_us));
        to.opt_float32(self.timings.dns_ms);
        to.opt_float32(self.timings.connect_ms);
        to.opt_float32(self.timings.tls_ms);
        to.opt_float32(self.timings.ttfb_ms);
        to.opt_float32(self.timings.elapsed_ms);
        to.small_count(self.attempts);
        to.count(self.bytes_wire);
        to.opt_text(self.input_meta.as_deref());
        to.text(self.found.role.as_str());
        to.small_count(self.found.level);
        to.opt_text(self.found.on.as_deref());
        to.opt_text(self.found.seed.as_deref());
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
