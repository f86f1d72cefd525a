//! The parser's complaints in words, at the place that has to change.

use granit_parser::{ErrorKind as E, ScanError};

use super::build::Builder;
use super::{MAX_DEPTH, Span, SyntaxError};

impl Builder<'_> {
    /// The parser's complaint in words, at the place that has to change.
    pub(super) fn explain(&self, scan: &ScanError) -> SyntaxError {
        let text = self.tree.source;
        let at = self.character(scan.marker().byte_offset().unwrap_or(text.len()) as u32);
        let rest = &text[at.start as usize..];
        let found = |offset: Option<usize>| self.character(at.start + offset.unwrap_or(0) as u32);
        let (span, message, help) = match scan.kind() {
            E::RecursionLimitExceeded => return too_deep(at),
            E::TabInBlockIndentation
            | E::TabNotAllowed
            | E::TabInIndentation
            | E::TabInPlainScalar
            | E::TabAtBlockScalarStart
            | E::InvalidBlockEntryWhitespace => {
                let tabs = text[..at.start as usize].bytes().rev().take_while(|&b| b == b'\t').count() as u32;
                let span = if tabs > 0 { Span::new(at.start - tabs, at.start) } else { found(rest.find('\t')) };
                let help = "use spaces: YAML does not allow tabs for indentation";
                (span, "this line is indented with a tab", help)
            }
            E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar => (at, UNCLOSED, CLOSE),
            E::InvalidQuotedScalarIndent => {
                let open = self.content_after(self.reached, false);
                let quoted = text.get(open as usize..at.start as usize).unwrap_or_default();
                let unclosed = quoted.starts_with(['"', '\'']) && !quoted[1..].contains(&quoted[..1]);
                (if unclosed { self.character(open) } else { at }, UNCLOSED, CLOSE)
            }
            E::InvalidTrailingSingleQuotedScalar => {
                (at, "there is text after the closing quote", "write a `'` inside of '…' twice: 'it''s'")
            }
            E::InvalidTrailingDoubleQuotedScalar => {
                (at, "there is text after the closing quote", "write a `\"` inside of \"…\" as \\\"")
            }
            E::UnknownQuotedScalarEscape
            | E::InvalidQuotedScalarHexEscape
            | E::InvalidLowSurrogateHexEscape
            | E::InvalidLowSurrogate
            | E::MissingLowSurrogate
            | E::UnpairedLowSurrogate
            | E::InvalidUnicodeEscape => {
                let backslash = found(bad_escape(rest));
                let span = Span::new(backslash.start, self.character(backslash.end).end);
                (span, "this is not an escape that \"…\" knows", "write a backslash as \\\\, or use '…' quotes")
            }
            E::UnexpectedCharacter { character: c @ ('@' | '`' | '%' | '|' | '>') } => {
                (found(rest.find(*c)), "a value cannot start with this character", "put it in quotes")
            }
            E::UnexpectedCharacter { character } => {
                let message = format!("the invisible character U+{:04X} is not allowed", u32::from(*character));
                let help = "remove it, or write it as an escape such as \\x07 inside of \"…\"";
                return error(found(rest.find(*character)), message, help);
            }
            E::BomInsideDocument => (at, "a byte order mark stands inside the text", "remove it"),
            E::UnclosedFlowCollection { open: '[' } => (at, "this `[` is never closed", "add the closing `]`"),
            E::UnclosedFlowCollection { .. } => (at, "this `{` is never closed", "add the closing `}`"),
            E::MismatchedFlowCollectionEnd { open: '[', .. } => (at, "this `[` is closed by `}`", "close it with `]`"),
            E::MismatchedFlowCollectionEnd { .. } => (at, "this `{` is closed by `]`", "close it with `}`"),
            E::MisplacedFlowCollectionEnd => {
                (at, "this closing bracket has no opening one", "remove it, or put the text in quotes")
            }
            E::UnexpectedEofFlowSequence
            | E::UnexpectedEofFlowMapping
            | E::UnexpectedEofImplicitFlowMapping
            | E::ExpectedFlowMappingSeparator
            | E::ExpectedFlowSequenceSeparator
            | E::InvalidColonPlacement
            | E::FlowMappingValueAdjacentCollection
            | E::PlainScalarStartsWithDashFlowIndicator
            | E::BlockEntryInFlowCollection
            | E::InvalidFlowScalarIndent => {
                let help = "close the bracket before it, or put text with special characters in quotes";
                (at, "expected `,` or a closing bracket here", help)
            }
            E::SimpleKeyExpected => {
                (at, "expected `key: value` here", "add the `:`, or indent the line if it continues the one above")
            }
            E::MappingValueNotAllowed => {
                let help = "put text that holds `: ` in quotes, or check the indentation";
                (at, "this `:` cannot start a value here", help)
            }
            E::BlockSequenceEntryNotAllowed => {
                (at, "a list cannot start here", "start it on its own line, or put the text in quotes")
            }
            E::ExpectedBlockMappingKey
            | E::UnexpectedEofBlockMapping
            | E::MappingKeyNotAllowed
            | E::InvalidIndentation => {
                (at, "this does not line up with the map above it", "give all keys of a map the same indentation")
            }
            E::ExpectedBlockSequenceEntry | E::UnexpectedEofBlockSequence => {
                (at, "this does not line up with the list above it", "give all items of a list the same indentation")
            }
            E::CommentInterceptedScalar => {
                let help = "move it, or put the text in quotes";
                (at, "a comment interrupts text that goes on in the next line", help)
            }
            E::CommentNotSeparated | E::ExpectedWhitespace | E::InvalidMappingValueWhitespace => {
                (at, "a space is missing here", "add it, or put the text in quotes")
            }
            E::InvalidBlockScalarHeader | E::ZeroBlockScalarIndent => {
                let help = "start the text on the next line, or put it in quotes";
                (at, "nothing but `-`, `+` or a digit may follow `|` and `>`", help)
            }
            E::InvalidBlockScalarIndent => {
                let help = "indent all lines of the text alike";
                (at, "this line is indented less than the text it belongs to", help)
            }
            E::MissingAnchorOrAliasName => {
                (at, "a name is missing after `&` or `*`", "put text that starts with `&` or `*` in quotes")
            }
            E::UndeclaredTagHandle => (at, "this tag is not known here", "leave it out"),
            E::ExpectedDocumentStart | E::InvalidDocumentEnd | E::MissingDocumentEndBeforeDirective => {
                (at, "expected a line `---` before this", "separate documents by a line `---`")
            }
            E::UnsupportedYamlMajorVersion => (at, "only YAML 1 is read", "leave the %YAML line out"),
            other => return SyntaxError { span: at, message: other.to_string(), help: None },
        };
        error(span, message, help)
    }
}

const UNCLOSED: &str = "this quote is never closed";
const CLOSE: &str = "close it; further lines of quoted text are indented below its key";

pub(super) fn error(span: Span, message: impl Into<String>, help: impl Into<String>) -> SyntaxError {
    SyntaxError { span, message: message.into(), help: Some(help.into()) }
}

pub(super) fn too_deep(span: Span) -> SyntaxError {
    error(span, format!("nested deeper than {MAX_DEPTH} levels"), "flatten the lists and maps")
}

/// Where the first wrong escape of a text in double quotes starts.
fn bad_escape(quoted: &str) -> Option<usize> {
    let bytes = quoted.as_bytes();
    let mut at = 1;
    while let Some(found) = bytes.get(at..)?.iter().position(|&b| b == b'\\') {
        at += found;
        let digits = match bytes.get(at + 1)? {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            b'0' | b'a' | b'b' | b't' | b'\t' | b'n' | b'v' | b'f' | b'r' | b'e' | b' ' | b'"' | b'/' | b'\\' => 0,
            b'N' | b'_' | b'L' | b'P' | b'\n' | b'\r' => 0,
            _ => return Some(at),
        };
        let hex = quoted.get(at + 2..at + 2 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        if digits > 0 && hex.and_then(char::from_u32).is_none() {
            return Some(at);
        }
        at += 2 + digits;
    }
    None
}
