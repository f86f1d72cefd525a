//! From text to typed documents, with a place for everything that a rule may point at. Nothing else knows YAML.

pub mod edit;
pub mod format;
pub mod record;
pub mod roster;
pub mod source;
pub mod tree;
pub mod workspace;
pub mod write;

use rayon::prelude::*;

use crate::diagnostic::{Diagnostic, FileId, Location, Place, Span};
use record::{FromNode, Reader};
use roster::Roster;
pub use source::Sources;

/// A document as written, and where.
#[derive(Clone, Debug)]
pub struct Written<T> {
    /// The file that it stands in.
    pub file: FileId,
    /// The place of its first key.
    pub head: Span,
    /// What it says.
    pub value: T,
}

/// Roster documents, and what is wrong with them.
pub type Read = (Vec<Written<Box<Roster>>>, Vec<Diagnostic>);

/// Reads the roster documents of every readable file, on all cores; gathers all findings of all files. Platform files
/// that lie among the rosters are passed over.
pub fn read_rosters(sources: &Sources, files: &[FileId]) -> Read {
    let files: Vec<FileId> = files.iter().copied().filter(|file| sources.readable(*file)).collect();
    let read: Vec<Read> = files.par_iter().map(|file| read_documents(*file, sources.text(*file))).collect();
    let mut documents = Vec::new();
    let mut diagnostics = Vec::new();
    for (mut some, mut findings) in read {
        documents.append(&mut some);
        diagnostics.append(&mut findings);
    }
    (documents, diagnostics)
}

fn read_documents(file: FileId, text: &str) -> Read {
    let parsed = tree::parse(text, false);
    let mut diagnostics: Vec<Diagnostic> = parsed.errors.iter().map(|error| syntax_finding(file, error)).collect();
    let mut documents = Vec::new();
    let mut passed_over = false;
    for root in parsed.roots() {
        if is_platform(root) {
            passed_over = true;
            continue;
        }
        let mut reader = Reader::new(file);
        let head = record::first_line(root);
        if let Some(roster) = reader.document::<Box<Roster>>(root) {
            let organisation = roster.organisation.0.as_ref().map(|id| id.value.0.clone());
            reader.diagnostics.iter_mut().for_each(|finding| finding.organisation = organisation.clone());
            documents.push(Written { file, head, value: roster });
        }
        diagnostics.append(&mut reader.diagnostics);
    }
    if documents.is_empty() && diagnostics.is_empty() && !passed_over {
        let message = "the file holds no document, so it says nothing about anybody".to_owned();
        let place = Place { file, span: Span::default(), pointer: String::new() };
        let help = "begin with `version: 1` and `organisation: …`, or take the file away";
        diagnostics.push(Diagnostic::error("roster/syntax", message).at(place).help(help));
    }
    (documents, diagnostics)
}

/// Whether a document is a platform rather than a roster: it has an id of its own and names no organisation.
fn is_platform(root: tree::Node<'_>) -> bool {
    let has = |name: &str| root.entries().any(|(key, _)| key.text() == Some(name));
    has("id") && has("name") && !has("organisation")
}

/// Reads the one record that a file holds, such as a workspace file.
pub fn read_single<T: FromNode>(sources: &Sources, file: FileId) -> (Option<T>, Vec<Diagnostic>) {
    let parsed = tree::parse(sources.text(file), false);
    let mut diagnostics: Vec<Diagnostic> = parsed.errors.iter().map(|error| syntax_finding(file, error)).collect();
    let mut reader = Reader::new(file);
    let mut roots = parsed.roots();
    let value = roots.next().and_then(|root| reader.document::<T>(root));
    if let Some(second) = roots.next() {
        let help = Some("keep the first one only".to_owned());
        reader.report("roster/syntax", second.span(), "this file may hold one document only".to_owned(), help);
    }
    diagnostics.append(&mut reader.diagnostics);
    (value, diagnostics)
}

/// A finding for text that is not YAML.
pub fn syntax_finding(file: FileId, error: &tree::SyntaxError) -> Diagnostic {
    let place = Place { file, span: error.span, pointer: String::new() };
    let mut finding = Diagnostic::error("roster/syntax", error.message.clone()).at(place);
    finding.help = error.help.clone();
    finding
}

/// A place as users read it.
pub fn locate(sources: &Sources, place: &Place) -> Location {
    let start = sources.position(place.file, place.span.start);
    let end = sources.position(place.file, place.span.end.max(place.span.start));
    Location {
        path: sources.path(place.file).to_owned(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        pointer: place.pointer.clone(),
    }
}
