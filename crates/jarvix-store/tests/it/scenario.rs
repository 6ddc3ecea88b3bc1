//! One small run, continued until it is done, and what must hold after it, however often and
//! wherever it was interrupted: the harness of the kill tests and of the fault tests.

use std::path::Path;

use jarvix_core::{Dataset, Document, Env, Link, Ordinals, Page, Stage};
use jarvix_store::{Store, StoreError};

use crate::support::{collect, curate, new_run, rows, run};

/// Ordinals of each pages part.
const PARTS: [std::ops::Range<u64>; 2] = [0..3, 3..5];
const ROWS: usize = 5;

/// Does what is left of the run: two pages parts, curated, then curated again by newer code that
/// takes over in a switch.
pub fn continue_run(root: &Path, env: Env) -> Result<(), StoreError> {
    let store = Store::open(root, env)?;
    let _lock = store.lock_run(&run())?;
    if store.catalogue().run(&run())?.is_none() {
        store.catalogue().create_run(new_run())?;
    }
    readers_see_whole_parts(&store)?;
    let old = store.catalogue().generation(&run(), Stage::Curate)?;
    for ordinals in PARTS {
        let mut left: Ordinals = ordinals.clone().collect();
        left.subtract(&store.catalogue().covered(&run(), Stage::Collect)?);
        if !left.is_empty() {
            collect(&store, ordinals)?;
        }
    }
    // The old code ran unless the new one has taken over already.
    if old.is_none_or(|generation| generation.key == "code 1") {
        let generation = store.begin_generation(&run(), Stage::Curate, "code 1")?;
        // An unfinished one of the new code is dropped by that and made again.
        curate(&store, generation)?;
    }
    let generation = store.begin_generation(&run(), Stage::Curate, "code 2")?;
    curate(&store, generation)?;
    store.switch_generation(&run(), Stage::Curate, generation)
}

/// At any moment: every committed part can be read, as a whole.
fn readers_see_whole_parts(store: &Store) -> Result<(), StoreError> {
    for part in store.catalogue().parts_of_run(&run())? {
        match part.dataset {
            Dataset::Pages => store.read::<Page>(&part)?.try_for_each(|row| row.map(drop))?,
            Dataset::Documents => {
                store.read::<Document>(&part)?.try_for_each(|row| row.map(drop))?
            }
            _ => store.read::<Link>(&part)?.try_for_each(|row| row.map(drop))?,
        }
    }
    Ok(())
}

/// What is wrong with a run that was continued to its end; `Ok` if nothing is: nothing lost, nothing
/// doubled, one generation, and the folders hold exactly what the catalogue lists.
pub fn check(root: &Path, env: Env) -> Result<(), String> {
    let words = |error: StoreError| match std::error::Error::source(&error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    let store = Store::open(root, env).map_err(words)?;
    let pages: Vec<Page> = rows(&store).map_err(words)?;
    let documents: Vec<Document> = rows(&store).map_err(words)?;
    let links: Vec<Link> = rows(&store).map_err(words)?;
    let ordinals: Vec<u64> = pages.iter().map(|page| page.ordinal).collect();
    if ordinals != [0, 1, 2, 3, 4] {
        return Err(format!("pages hold the ordinals {ordinals:?}"));
    }
    let seen: Vec<u64> = documents.iter().map(|document| document.ordinal).collect();
    if seen != ordinals || links.len() != ROWS {
        return Err(format!("documents hold {seen:?}, and there are {} links", links.len()));
    }
    let generation = store.catalogue().generation(&run(), Stage::Curate).map_err(words)?;
    let generation = generation.ok_or("nothing was curated")?;
    let text = format!("generation {}", generation.generation);
    if generation.key != "code 2" || documents.iter().any(|document| document.text != text) {
        return Err(format!("readers see {generation:?} and {:?}", documents[0].text));
    }
    let report = store.verify(&run()).map_err(words)?;
    if !report.is_ok() {
        return Err(format!("verify finds {:#?}", report.damages));
    }
    folders_hold_what_is_listed(&store)
}

/// What a program that only globs `part-*.parquet` sees.
fn folders_hold_what_is_listed(store: &Store) -> Result<(), String> {
    for dataset in [Dataset::Pages, Dataset::Documents, Dataset::Links] {
        let folder = store.run_dir(&run()).join(dataset.as_str());
        let entries = store.env().disk.list(&folder).map_err(|error| error.to_string())?;
        let found: Vec<String> =
            entries.into_iter().map(|e| e.name).filter(|n| n.starts_with("part-")).collect();
        let parts = store.catalogue().parts(&run(), dataset).map_err(|error| error.to_string())?;
        let listed: Vec<String> = parts.iter().map(|part| part.name.file_name()).collect();
        if found != listed {
            return Err(format!("{dataset} holds {found:?} instead of {listed:?}"));
        }
    }
    Ok(())
}
