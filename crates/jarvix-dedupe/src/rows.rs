//! From links to rows: every document that another one stands for, with the URLs of all that it
//! names, ordered by its own.
//!
//! URLs are read from the parts once more, those that somebody asks for, and find their rows by
//! being sorted with the questions.

use jarvix_core::{Duplicate, Ordinals, PartName};
use jarvix_store::{PartWriter, StagedPart, UrlOf};

use crate::clusters::Clusters;
use crate::corpus::Corpus;
use crate::records::{Answer, Draft, Finished, Key, Link, Named, Repeat};
use crate::sort::{Sort, Sorted};
use crate::verify::similarity;
use crate::workshop::Workshop;
use crate::{DedupeError, DedupeJob};

/// Rows of one duplicates part.
const ROWS_MAX: u64 = 1_000_000;
/// The columns that ask for a URL.
const COLUMNS: u8 = 3;

/// The rows, and whose URLs they ask for.
pub(crate) struct Drafts<'a> {
    rows: Sorted<Draft>,
    asked: Sort<'a, Named>,
    named: Ordinals,
}

/// Every document of the run that is not the representative of its cluster.
pub(crate) fn draft<'a>(
    corpus: &Corpus<'_>,
    workshop: &'a Workshop<'_>,
    clusters: &mut Clusters,
    mut links: Sorted<Link>,
    mut repeats: Sorted<Repeat>,
) -> Result<Drafts<'a>, DedupeError> {
    let (mut rows, mut asked, mut named) =
        (Sort::new(workshop), Sort::new(workshop), Ordinals::new());
    let mut add = |draft: Draft| -> Result<(), DedupeError> {
        for (column, doc) in (0..COLUMNS).zip([draft.doc, draft.of, draft.to]) {
            named.insert(doc.0);
            // A row is never asked for by the first key of all, so 0 is free for the URL itself.
            let asked_by = draft.doc.0 + 1;
            asked.add(Named { doc, asked_by, column, url: String::new() })?;
        }
        rows.add(draft)
    };
    let mut last = None;
    while let Some(Link { doc, to, shared, own, other }) = links.next()? {
        // Links of a document ascend: the first leads to the lowest that it is like, which is the
        // representative wherever it is like that.
        let first = last.replace(doc) != Some(doc);
        let of = clusters.representative(doc);
        if first && of != doc && corpus.is_own(doc) {
            add(Draft { doc, of, to, shared, own, other })?;
        }
    }
    while let Some(Repeat { doc, first }) = repeats.next()? {
        let of = clusters.representative(first);
        add(Draft { doc, of, to: first, shared: 0, own: 0, other: 0 })?;
    }
    Ok(Drafts { rows: rows.finish()?, asked, named })
}

/// Writes the rows; there is at least one part.
pub(crate) fn write(
    job: &DedupeJob<'_>,
    corpus: &Corpus<'_>,
    workshop: &Workshop<'_>,
    drafts: Drafts<'_>,
) -> Result<Vec<StagedPart>, DedupeError> {
    let answers = answer(corpus, workshop, drafts.asked, &drafts.named)?;
    let mut finished = finish(workshop, drafts.rows, answers)?;
    let mut name = PartName(1);
    let begin = |name| job.store.writer::<Duplicate>(job.run, name, job.generation);
    let (mut writer, mut rows): (PartWriter<Duplicate>, u64) = (begin(name)?, 0);
    let mut parts = Vec::new();
    while let Some(row) = finished.next()? {
        if rows == ROWS_MAX {
            name = PartName(name.0 + 1);
            parts.push(std::mem::replace(&mut writer, begin(name)?).finish()?);
            rows = 0;
        }
        writer.append(&duplicate(corpus, row))?;
        rows += 1;
    }
    parts.push(writer.finish()?);
    Ok(parts)
}

/// The URLs that were asked for, by the rows that ask.
fn answer(
    corpus: &Corpus<'_>,
    workshop: &Workshop<'_>,
    mut asked: Sort<'_, Named>,
    named: &Ordinals,
) -> Result<Sorted<Answer>, DedupeError> {
    let wanted = |key: Key| named.contains(key.0);
    corpus.some::<UrlOf>(workshop, &wanted, &mut |doc, row| {
        asked.add(Named { doc, asked_by: 0, column: 0, url: row.url })
    })?;
    let mut all = asked.finish()?;
    let mut answers = Sort::new(workshop);
    let mut known: Option<(Key, String)> = None;
    while let Some(Named { doc, asked_by, column, url }) = all.next()? {
        if asked_by == 0 {
            known = Some((doc, url));
        } else if let Some((key, url)) = &known
            && *key == doc
        {
            answers.add(Answer { asked_by, column, url: url.clone() })?;
        }
    }
    answers.finish()
}

/// Puts the answers into the rows that asked; both come in the order of the rows' documents.
fn finish(
    workshop: &Workshop<'_>,
    mut drafts: Sorted<Draft>,
    mut answers: Sorted<Answer>,
) -> Result<Sorted<Finished>, DedupeError> {
    let mut finished = Sort::new(workshop);
    while let Some(draft) = drafts.next()? {
        let mut url = || match answers.next()? {
            Some(answer) if answer.asked_by == draft.doc.0 + 1 => Ok(answer.url),
            _ => Err(DedupeError::Gone),
        };
        let (url, of, to) = (url()?, url()?, url()?);
        let Draft { doc, of: of_doc, to: to_doc, shared, own, other } = draft;
        finished.add(Finished { url, of, to, doc, of_doc, to_doc, shared, own, other })?;
    }
    finished.finish()
}

fn duplicate(corpus: &Corpus<'_>, row: Finished) -> Duplicate {
    let run = |key| corpus.earlier_run(key).map(ToString::to_string);
    // Without shingles the two texts are equal.
    let exact = row.own == 0;
    let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole);
    Duplicate {
        ordinal: row.doc.ordinal(),
        cluster: row.of_doc.ordinal(),
        duplicate_run: run(row.of_doc),
        similar_run: run(row.to_doc),
        kind: if exact { "exact" } else { "near" }.to_owned(),
        similarity: if exact { 1.0 } else { similarity(row.shared, row.own, row.other) },
        shared_share: if exact { 1.0 } else { share(row.shared, row.own) },
        url: row.url,
        duplicate_of: row.of,
        similar_to: row.to,
    }
}
