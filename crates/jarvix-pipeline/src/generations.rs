//! The keys of generations: code version, settings, and what lies above in the line.
//!
//! A stage whose key is the one its current output was made with has nothing to redo; any other
//! key means a new generation, written aside and switched in one transaction.

use jarvix_core::{PartRef, RunId};
use jarvix_curate::Policy;

pub(crate) fn key(stage: &str, facts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for fact in facts {
        // Lengths keep ("ab", "c") apart from ("a", "bc").
        hasher.update(&(fact.len() as u64).to_le_bytes());
        hasher.update(fact.as_bytes());
    }
    let hash = hasher.finalize().to_hex();
    format!("{stage}:{}", &hash[..32])
}

/// Curate depends on its code and on the policy; new pages parts are new work of the same
/// generation.
pub fn curate_key(policy: &Policy) -> String {
    let version = jarvix_curate::CODE_VERSION.to_string();
    let facts: Vec<&str> = [version.as_str()].into_iter().chain(policy.hash()).collect();
    key("curate", &facts)
}

/// Dedupe looks at all documents at once, so every one of their parts is part of its key; and so
/// are those of the earlier runs that they are compared with, and the order of these runs.
pub fn dedupe_key(documents: &[PartRef], against: &[(RunId, Vec<PartRef>)]) -> String {
    let mut facts = vec![jarvix_dedupe::CODE_VERSION.to_string()];
    facts.extend(documents.iter().map(|part| part.hash.clone()));
    for (run, documents) in against {
        facts.push(format!("against {run}"));
        facts.extend(documents.iter().map(|part| part.hash.clone()));
    }
    key("dedupe", &facts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Score depends on the profile and, through it, on everything that dedupe saw.
pub fn score_key(profile_hash: &str, dedupe_key: &str) -> String {
    key("score", &[&jarvix_score::CODE_VERSION.to_string(), profile_hash, dedupe_key])
}
