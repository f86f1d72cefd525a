//! Fingerprints of findings: the same while lines move, and another for each finding of a report.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::Root;
use crate::plan::document::Finding;

/// Hands out fingerprints, and counts findings that are alike.
#[derive(Debug, Default)]
pub struct Fingerprints {
    seen: HashMap<[u8; 16], u32>,
}

impl Fingerprints {
    /// The fingerprint of the next finding: of its rule, organisation, subject and pointer, and the how manieth of these
    /// it is. Without an organisation the file takes its place. Neither lines nor words of messages are part of it.
    pub fn next(&mut self, finding: &Finding, root: &Root) -> String {
        let location = finding.location.as_ref();
        let path = location.map(|location| root.path(&location.path)).unwrap_or_default();
        let pointer = location.map(|location| location.pointer.as_str()).unwrap_or_default();
        let subject = finding.subject.as_deref().unwrap_or_default();
        let (kind, whose) = match &finding.organisation {
            Some(organisation) => ("organisation", organisation.as_str()),
            None => ("file", path.as_ref()),
        };
        let mut hash = Sha256::new();
        for part in [finding.rule.as_str(), kind, whose, subject, pointer] {
            // The length keeps "a", "bc" and "ab", "c" apart.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finalize()[..16]);
        let count = self.seen.entry(key).and_modify(|count| *count += 1).or_insert(1);
        format!("{:032x}:{count}", u128::from_be_bytes(key))
    }
}
