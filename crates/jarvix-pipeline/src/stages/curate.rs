//! Curate: a pages part becomes a documents part and a links part, committed together.
//!
//! Rows are decoded and read on a pool of their own, never on the threads that fetch; they are
//! gathered in the order of the pages part, so that the output does not depend on the number of
//! threads (invariant I3).

use std::sync::Arc;

use jarvix_core::{
    Dataset, Document, Generation, Link, Ordinals, Page, PartName, PartRef, RunId, Stage,
    StageRunner, WorkItem,
};
use jarvix_curate::Curated;
use jarvix_store::{Commit, PartWriter, Store};
use rayon::prelude::*;

use crate::LineError;

/// Rows and stored bytes that are in memory at once: enough to keep every thread busy.
const BATCH_ROWS: usize = 64;
const BATCH_BYTES: u64 = 8 * 1024 * 1024;

/// A pool of `threads` threads whose stacks are deep enough for the extractor.
pub fn pool(threads: usize) -> Result<Arc<rayon::ThreadPool>, LineError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .stack_size(jarvix_curate::EXTRACT_STACK_BYTES)
        .thread_name(|n| format!("curate-{n}"))
        .build();
    pool.map(Arc::new).map_err(|e| LineError::Threads { reason: e.to_string() })
}

/// Runs curate for one run and generation.
pub struct CurateRunner<'a> {
    store: Store,
    pool: Pool<'a>,
}

/// Says which pool the next batch is for: a part may outlast the stage above it, and what was one
/// thread then can be all of them now.
pub type Pool<'a> = &'a (dyn Fn() -> Arc<rayon::ThreadPool> + Send + Sync);

impl<'a> CurateRunner<'a> {
    /// A runner that reads from and commits to `store` and asks `pool` before every batch.
    pub fn new(store: Store, pool: Pool<'a>) -> Self {
        Self { store, pool }
    }

    fn input(&self, run: &RunId, name: PartName) -> Result<Option<PartRef>, LineError> {
        let parts = self.store.catalogue().parts(run, Dataset::Pages)?;
        Ok(parts.into_iter().find(|part| part.name == name))
    }

    fn curate_part(&self, pages: &PartRef, generation: Generation) -> Result<u64, LineError> {
        let (run, name) = (&pages.run, pages.name);
        let mut documents = self.store.writer::<Document>(run, name, generation)?;
        let mut links = self.store.writer::<Link>(run, name, generation)?;
        let mut batch = Vec::with_capacity(BATCH_ROWS);
        let mut batch_bytes = 0;
        for page in self.store.read::<Page>(pages)? {
            let page = page?;
            if !page.outcome.gives_document() {
                continue;
            }
            batch_bytes += page.size_bytes();
            batch.push(page);
            if batch.len() >= BATCH_ROWS || batch_bytes >= BATCH_BYTES {
                self.curate_batch(std::mem::take(&mut batch), &mut documents, &mut links)?;
                batch_bytes = 0;
            }
        }
        self.curate_batch(batch, &mut documents, &mut links)?;
        let rows = documents.rows();
        let parts = vec![documents.finish()?, links.finish()?];
        self.store.commit(Commit {
            run: run.clone(),
            stage: Stage::Curate,
            generation,
            input: Some(name),
            parts,
            covers: Ordinals::new(),
            notes: Vec::new(),
        })?;
        Ok(rows)
    }

    fn curate_batch(
        &self,
        pages: Vec<Page>,
        documents: &mut PartWriter<Document>,
        links: &mut PartWriter<Link>,
    ) -> Result<(), LineError> {
        let curated: Vec<Curated> = (self.pool)().install(|| {
            // One at a time: pages differ a hundredfold in cost. The order stays.
            pages.into_par_iter().with_max_len(1).map(|page| jarvix_curate::curate(&page)).collect()
        });
        for row in curated {
            documents.append(&row.document)?;
            for link in &row.links {
                links.append(link)?;
            }
        }
        Ok(())
    }
}

impl StageRunner for CurateRunner<'_> {
    type Error = LineError;

    fn stage(&self) -> Stage {
        Stage::Curate
    }

    fn run(&self, item: &WorkItem) -> Result<u64, LineError> {
        let work = self.store.catalogue().work(&item.run, Stage::Curate, item.generation)?;
        if !work.contains(&item.part) {
            return Ok(0);
        }
        match self.input(&item.run, item.part)? {
            Some(pages) => self.curate_part(&pages, item.generation),
            None => Ok(0),
        }
    }
}
