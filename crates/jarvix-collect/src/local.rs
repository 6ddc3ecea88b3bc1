//! A file from an input path, as a page: read through the same byte budget and the same cap as
//! what comes from the network.

use std::io;
use std::path::Path;
use std::sync::Arc;

use jarvix_core::{Disk, Outcome, Page};

use crate::content;
use crate::fetch::{Attempt, Fetcher};
use crate::job::Job;
use crate::retry::Retry;

/// How much is read between two looks at the budget.
const STEP: usize = 256 * 1024;

impl Fetcher {
    /// Reads the file at `path`.
    pub(crate) async fn read_file(&self, job: &Job, path: &Path) -> Attempt {
        let mut lease = self.budget.lease();
        let cap = usize::try_from(self.settings.max_body).unwrap_or(usize::MAX);
        // A file's size is known, and it is not slow: all of its room is taken at once.
        let size = self.env.disk.open(path).map(|file| file.size());
        let room = size.as_ref().map_or(0, |n| usize::try_from(*n).unwrap_or(usize::MAX)).min(cap);
        lease.cover(room + STEP).await;
        let (disk, path) = (Arc::clone(&self.env.disk), path.to_owned());
        let read = tokio::task::spawn_blocking(move || read(&*disk, &path, cap)).await;
        let mut page = match read {
            Ok(Ok((body, truncated))) => self.file_page(job, body, truncated),
            Ok(Err(error)) => {
                job.ended(Outcome::Internal, format!("the file cannot be read: {}", error.kind()))
            }
            Err(error) => job.ended(Outcome::Internal, error.to_string()),
        };
        page.protocol = Some("file".to_owned());
        Attempt { page, lease, retry: Retry::No }
    }

    fn file_page(&self, job: &Job, body: Vec<u8>, truncated: bool) -> Page {
        let mut page = job.ended(Outcome::Fetched, "");
        page.reason = None;
        page.truncated = truncated;
        page.content_type = Some("text/html".to_owned());
        page.content_encoding = body.starts_with(b"\x1f\x8b").then(|| "gzip".to_owned());
        page.content_encoding_received.clone_from(&page.content_encoding);
        let coding = page.content_encoding.as_deref();
        if let Some(reason) = content::refused_by_bytes(&body, coding, page.content_type.as_deref())
        {
            page.outcome = Outcome::NotContent;
            page.reason = Some(reason);
            return page;
        }
        page.body_hash = Some(jarvix_store::body_hash(&body)).filter(|_| !body.is_empty());
        page.body = Some(body).filter(|body| !body.is_empty());
        page
    }
}

/// At most `cap` bytes of a file, and whether there were more.
fn read(disk: &dyn Disk, path: &Path, cap: usize) -> io::Result<(Vec<u8>, bool)> {
    let file = disk.open(path)?;
    let room = usize::try_from(file.size()).unwrap_or(usize::MAX).min(cap);
    let mut body = vec![0; room];
    let mut done = 0;
    while done < body.len() {
        let step = (done + STEP).min(body.len());
        match file.read_at(&mut body[done..step], done as u64)? {
            0 => break,
            n => done += n,
        }
    }
    body.truncate(done);
    Ok((body, file.size() > cap as u64))
}
