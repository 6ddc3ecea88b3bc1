//! The rows with few columns: hosts, links, rejects, duplicates.

use jarvix_core::{Dataset, Duplicate, HostFacts, Link, LinkKind, Reject};

use super::{Cells, Columns, Row, WrongCell};

impl Row for HostFacts {
    const DATASET: Dataset = Dataset::Hosts;

    fn write(&self, to: &mut Columns) {
        to.text(&self.host);
        to.count(self.requests);
        to.small_count(self.concurrency_max);
        to.opt_count(self.gap_min_us);
        to.opt_count(self.crawl_delay_ms);
        to.small_count(self.pauses);
        to.small_count(self.put_aside);
        to.bool(self.suspended);
    }

    fn read(from: &mut Cells<'_>) -> Result<Self, WrongCell> {
        Ok(Self {
            host: from.string()?,
            requests: from.count()?,
            concurrency_max: from.small_count()?,
            gap_min_us: from.opt_count()?,
            crawl_delay_ms: from.opt_count()?,
            pauses: from.small_count()?,
            put_aside: from.small_count()?,
            suspended: from.bool()?,
        })
    }
}

impl Row for Link {
    const DATASET: Dataset = Dataset::Links;

    fn write(&self, to: &mut Columns) {
        to.text(&self.url);
        to.count(self.ordinal);
        to.text(self.kind.as_str());
        to.small_count(self.position);
        to.text(&self.target);
        to.opt_text(self.text.as_deref());
        to.opt_text(self.rel.as_deref());
        to.bool(self.internal);
        to.bool(self.nofollow);
    }

    fn read(from: &mut Cells<'_>) -> Result<Self, WrongCell> {
        Ok(Self {
            url: from.string()?,
            ordinal: from.count()?,
            kind: kind(from)?,
            position: from.small_count()?,
            target: from.string()?,
            text: from.opt_string()?,
            rel: from.opt_string()?,
            internal: from.bool()?,
            nofollow: from.bool()?,
        })
    }
}

fn kind(from: &mut Cells<'_>) -> Result<LinkKind, WrongCell> {
    let word = from.text()?;
    LinkKind::parse(word).ok_or_else(|| from.wrong(format!("the unknown kind {word:?}")))
}

impl Row for Reject {
    const DATASET: Dataset = Dataset::Rejects;

    fn write(&self, to: &mut Columns) {
        to.text(&self.source);
        to.count(self.line_no);
        to.text(&self.text);
        to.text(&self.reason);
    }

    fn read(from: &mut Cells<'_>) -> Result<Self, WrongCell> {
        Ok(Self {
            source: from.string()?,
            line_no: from.count()?,
            text: from.string()?,
            reason: from.string()?,
        })
    }
}

impl Row for Duplicate {
    const DATASET: Dataset = Dataset::Duplicates;

    fn write(&self, to: &mut Columns) {
        to.text(&self.url);
        to.count(self.ordinal);
        to.count(self.cluster);
        to.text(&self.duplicate_of);
        to.opt_text(self.duplicate_run.as_deref());
        to.text(&self.kind);
        to.text(&self.similar_to);
        to.opt_text(self.similar_run.as_deref());
        to.opt_float64(Some(self.similarity));
        to.opt_float64(Some(self.shared_share));
    }

    fn read(from: &mut Cells<'_>) -> Result<Self, WrongCell> {
        Ok(Self {
            url: from.string()?,
            ordinal: from.count()?,
            cluster: from.count()?,
            duplicate_of: from.string()?,
            duplicate_run: from.opt_string()?,
            kind: from.string()?,
            similar_to: from.string()?,
            similar_run: from.opt_string()?,
            similarity: from.float64()?,
            shared_share: from.float64()?,
        })
    }
}
