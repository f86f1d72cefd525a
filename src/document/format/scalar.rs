//! Scalars as their author wrote them, at another indentation.

use crate::document::tree::{Node, ScalarStyle};

/// A scalar in print.
pub(super) struct Written {
    /// What stands on the line of the key; for quotes and plain text over several lines, all of it.
    pub(super) head: String,
    /// The lines of a block, each after a line break.
    pub(super) body: String,
    /// Whether line breaks that follow would become part of the text.
    pub(super) keeps: bool,
}

/// A scalar whose further lines are indented by `indent`.
pub(super) fn write(text: &str, node: Node<'_>, indent: usize) -> Written {
    let source = &text[node.span().start as usize..node.span().end as usize];
    match node.style() {
        ScalarStyle::Literal | ScalarStyle::Folded => block(source, node, indent),
        style => Written { head: lines(source, style, indent), body: String::new(), keeps: false },
    }
}

/// Plain or quoted text: white space around its line breaks means nothing.
fn lines(source: &str, style: ScalarStyle, indent: usize) -> String {
    if !source.contains('\n') {
        return source.to_owned();
    }
    let mut written = String::with_capacity(source.len());
    for (index, line) in source.split('\n').enumerate() {
        let line = if index > 0 { line.trim_start_matches([' ', '\t']) } else { line };
        let mut end = line.trim_end_matches([' ', '\t']).len();
        let backslashes = line[..end].bytes().rev().take_while(|byte| *byte == b'\\').count();
        if style == ScalarStyle::DoubleQuoted && backslashes % 2 == 1 && end < line.len() {
            end += 1; // an escaped space
        }
        if index > 0 {
            written.push('\n');
            written.extend(std::iter::repeat_n(' ', if end > 0 { indent } else { 0 }));
        }
        written.push_str(&line[..end]);
    }
    written
}

fn block(source: &str, node: Node<'_>, indent: usize) -> Written {
    let text = node.text().unwrap_or_default();
    let content = match node.style() {
        ScalarStyle::Folded => unfolded(source, text),
        _ => text.to_owned(),
    };
    let indicators = source.split(|c: char| c.is_whitespace() || c == '#').next().unwrap_or_default();
    let keeps = indicators.contains('+');
    let strips = indicators.contains('-');
    let leading = content.split('\n').find(|line| !line.is_empty()).is_some_and(|line| line.starts_with(' '));
    let mut head = String::from(if node.style() == ScalarStyle::Folded { ">" } else { "|" });
    if leading || indicators.contains(|c: char| c.is_ascii_digit()) {
        head.push('2');
    }
    if keeps || strips {
        head.push(if keeps { '+' } else { '-' });
    }
    let mut body = String::with_capacity(content.len() + content.len() / 8);
    let lines = if strips { content.as_str() } else { content.strip_suffix('\n').unwrap_or(&content) };
    for line in lines.split('\n').filter(|_| !content.is_empty()) {
        body.push('\n');
        body.extend(std::iter::repeat_n(' ', if line.is_empty() { 0 } else { indent }));
        body.push_str(line);
    }
    Written { head, body, keeps }
}

/// The lines of a folded block as written, without their indentation.
fn unfolded(source: &str, text: &str) -> String {
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let visible = |line: &&str| !line.trim_ascii().is_empty();
    let raw = source.split_once('\n').map_or("", |(_, raw)| raw);
    let (Some(first), Some(read)) = (raw.split('\n').find(visible), text.split('\n').find(visible)) else {
        return text.to_owned();
    };
    let indent = blanks(first).saturating_sub(blanks(read));
    let stripped: Vec<&str> = raw.split('\n').map(|line| line.get(indent..).unwrap_or_default()).collect();
    let tail = &text[text.trim_ascii_end().len()..];
    stripped.join("\n") + tail
}
