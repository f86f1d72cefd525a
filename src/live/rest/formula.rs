//! An expression as its author wrote it in YAML, with the place of every character of it.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use smol_str::SmolStr;

use crate::diagnostic::Span;
use crate::document::record::{FromNode, Reader};
use crate::document::tree::{Kind, Node, ScalarStyle};

/// The longest expression, in bytes.
pub const LONGEST: usize = 4096;

/// The text of an expression. Quotes, escapes and the indentation of blocks are gone, and their places are known.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The text.
    pub text: SmolStr,
    /// The whole value in the file.
    pub span: Span,
    /// Its path in the document (RFC 6901).
    pub pointer: String,
    /// Where each character of the text begins in the file, and where the last one ends.
    starts: Vec<u32>,
}

impl Formula {
    /// The bytes of the file that say the characters `from` up to, not including, `to`.
    pub fn part(&self, from: usize, to: usize) -> Span {
        let last = self.starts.len().saturating_sub(1);
        let (from, to) = (from.min(last), to.clamp(from, last));
        let place = |at: usize| self.starts.get(at).copied().unwrap_or(self.span.start);
        let end = if to > from { place(to).max(place(from)) } else { place(from) };
        Span::new(place(from), end)
    }

    /// A part of the text as an expression of its own: characters `from` up to, not including, `to`.
    pub fn within(&self, from: usize, to: usize) -> Formula {
        let text: String = self.text.chars().skip(from).take(to.saturating_sub(from)).collect();
        let starts = self.starts.get(from..=to).map(<[u32]>::to_vec).unwrap_or_default();
        Formula { text: text.into(), span: self.part(from, to), pointer: self.pointer.clone(), starts }
    }
}

impl FromNode for Formula {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let text = match node.kind() {
            Kind::String => node.text()?,
            // An expression may be nothing but a number or a truth value.
            Kind::Bool(_) | Kind::Number => node.text()?,
            _ => {
                reader.wrong_type(node, "an expression (CEL)");
                return None;
            }
        };
        if text.len() > LONGEST {
            let message = format!("the expression `{}` is longer than {LONGEST} bytes", reader.name());
            reader.report("manifest/expression", node.span(), message, Some("shorten it".to_owned()));
            return None;
        }
        let starts = places(node.raw(), text, node.style(), node.span().start);
        let pointer = reader.place(node.span()).pointer;
        Some(Formula { text: text.into(), span: node.span(), pointer, starts })
    }
}

impl JsonSchema for Formula {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Expression".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "An expression in CEL, the Common Expression Language.",
            "type": ["string", "number", "boolean"], "maxLength": LONGEST
        })
    }
}

/// Walks the decoded text and what is written side by side: what was only spelling is passed over.
fn places(raw: &str, text: &str, style: ScalarStyle, base: u32) -> Vec<u32> {
    let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
    let mut at = match style {
        ScalarStyle::Plain => 0,
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => 1,
        ScalarStyle::Literal | ScalarStyle::Folded => raw.find('\n').map_or(raw.len(), |end| end + 1),
    };
    let indent = raw.get(at..).map_or(0, |body| body.len() - body.trim_start_matches([' ', '\n', '\r']).len());
    let indent = raw.get(at..at + indent).map_or(0, |white| white.rsplit('\n').next().unwrap_or_default().len());
    let mut starts = Vec::with_capacity(text.len() + 1);
    let mut line_begins = block;
    for c in text.chars() {
        let rest = |at: usize| raw.get(at..).unwrap_or_default();
        if line_begins {
            let white = rest(at).len() - rest(at).trim_start_matches(' ').len();
            at += white.min(indent);
            line_begins = false;
        }
        let escape = match (style, rest(at).as_bytes()) {
            (ScalarStyle::DoubleQuoted, [b'\\', kind, ..]) => match kind {
                b'x' => 4,
                b'u' => 6,
                b'U' => 10,
                _ => 2,
            },
            (ScalarStyle::SingleQuoted, [b'\'', b'\'', ..]) => 2,
            _ => 0,
        };
        if escape > 0 {
            starts.push(base + at as u32);
            at = (at + escape).min(raw.len());
            continue;
        }
        // Folded lines: one space, or fewer line breaks, for what is written with more white space.
        while rest(at).chars().next().is_some_and(|there| there != c && there.is_whitespace() && !c.is_whitespace()) {
            at += 1;
        }
        starts.push(base + at as u32);
        if let Some(there) = rest(at).chars().next() {
            at += there.len_utf8();
            line_begins = block && (c == '\n' || there == '\n');
        }
    }
    starts.push(base + at.min(raw.len()) as u32);
    starts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::FileId;
    use crate::document::tree;

    fn formula(yaml: &str) -> Formula {
        let parsed = tree::parse(yaml, false);
        let root = parsed.roots().next().unwrap();
        let (_, value) = root.entries().next().unwrap();
        Formula::read(value, &mut Reader::new(FileId(0))).unwrap()
    }

    #[test]
    fn every_character_is_found_where_it_is_written() {
        for yaml in [
            "k: item.wrong + 1\n",
            "k: 'item.wrong + 1'\n",
            "k: \"item.wrong + 1\"\n",
            "k: \"\\\"\\u00e9\\\" + item.wrong\"\n",
            "k: 'x == ''y'' ? item.wrong : 1'\n",
            "k: |\n  item.a +\n    item.wrong\n",
            "k: |-\n    a\n    + item.wrong\n",
            "k: >-\n  item.a\n  + item.wrong\n",
            "k: item.a +\n  item.wrong\n",
            "k: item['é'] + item.wrong\n",
        ] {
            let formula = formula(yaml);
            let text: Vec<char> = formula.text.chars().collect();
            let word: Vec<char> = "wrong".chars().collect();
            let at = text.windows(5).position(|window| window == word.as_slice()).unwrap();
            let span = formula.part(at, at + 5);
            assert_eq!(&yaml[span.start as usize..span.end as usize], "wrong", "{yaml:?}");
            let part = formula.within(at, at + 5);
            assert_eq!((part.text.as_str(), part.span), ("wrong", span));
        }
    }
}
