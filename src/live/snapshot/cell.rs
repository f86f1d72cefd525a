//! What a cell says by itself: its words, whether it is an address, whether it can be read at all.

use super::grid::ITEM;
use super::nested::NESTED;
use super::people::Trouble;
use crate::document::record::{deceptive, visible};

/// What stands between the words of a cell where the workspace does not say.
const SEPARATORS: [char; 5] = [',', ';', '|', '\n', ITEM];

/// The words of a cell.
pub fn parts<'t>(text: &'t str, separator: Option<&'t str>) -> impl Iterator<Item = &'t str> {
    let apart: Vec<&str> = match separator {
        Some(separator) if !separator.is_empty() => text.split(separator).collect(),
        _ => text.split(SEPARATORS).collect(),
    };
    apart.into_iter().map(str::trim).filter(|part| !part.is_empty())
}

/// What no cell may hold: a formula that was not calculated, an error of the spreadsheet, a letter that was lost.
pub fn unreadable(text: &str, place: impl Fn() -> String) -> Option<Trouble> {
    let first = text.bytes().next()?;
    let problem = match first {
        _ if text.contains(NESTED) => Some((
            "snapshot/nested",
            "holds an object or a list where other entries have a plain value",
            "export it plain, or name what is below it under `columns` of the target, such as `/phone/value`",
        )),
        b'=' => Some((
            "snapshot/formula",
            "holds a formula and not what it gives",
            "export values: in a spreadsheet, paste as values, then save",
        )),
        b'#' if is_error(text) => {
            Some(("snapshot/formula", "holds an error of the spreadsheet", "mend the cell, or export the file again"))
        }
        _ if text.is_ascii()
            && !text.bytes().any(|byte| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\r' | b'\t' | 0x1f)) =>
        {
            None
        }
        _ if text.contains(char::REPLACEMENT_CHARACTER) || is_garbled(text) => {
            let help = "it was saved in another encoding than it was read in: export it again as UTF-8 or XLSX, or name the right `encoding`";
            Some(("snapshot/lost-letter", "has letters that were lost", help))
        }
        _ if is_of_dos(text) => {
            let help = "it seems to be in a code page of DOS: name it (`encoding: cp850` at the target; cp437 in the US), or export it again as UTF-8 or XLSX";
            Some(("snapshot/lost-letter", "has signs where letters should be", help))
        }
        _ if text.chars().any(|c| deceptive(c) && !matches!(c, '\n' | '\r' | '\t' | ITEM | '\u{ad}')) => Some((
            "snapshot/invisible-character",
            "holds an invisible character, which can hide what it says",
            "take it out on the portal, then export again",
        )),
        _ => None,
    };
    problem.map(|(rule, what, help)| Trouble {
        rule,
        message: format!("{} {what}: `{}`", place(), shown(text)),
        help: help.to_owned(),
    })
}

fn is_error(text: &str) -> bool {
    ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#NV", "#BEZUG!", "#WERT!"].contains(&text)
}

/// UTF-8 that was read as one byte a letter: `Ã` or `Â` before a sign that follows it only there.
fn is_garbled(text: &str) -> bool {
    let mut before = ' ';
    text.chars().any(|c| {
        let garbled = matches!(before, 'Ã' | 'Â') && ('\u{80}'..='\u{bf}').contains(&c)
            || before == 'Ã' && "¼¶¤Ÿ©¨«ª®¯§±³²´µ¹º»½¾¿€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œž".contains(c);
        before = c;
        garbled
    })
}

/// Letters of DOS that were read as Windows-1252: signs that stand between letters, or close a word, in no language.
fn is_of_dos(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let letter = |at: usize| letters.get(at).is_some_and(|c| c.is_alphabetic());
    letters.iter().enumerate().any(|(at, sign)| {
        let after = at > 0 && letter(at - 1);
        match sign {
            '\u{80}'..='\u{9f}' => after || letter(at + 1),
            '‚' | '„' | 'ˆ' | '‰' | '‡' | '†' => after,
            '”' | '“' | '™' | '…' | '›' | '‹' | '•' | '˜' => after && letter(at + 1),
            _ => false,
        }
    })
}

/// Whether a telephone number was made a number of: `3.2E+10`.
pub fn is_mangled(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    mantissa.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
        && mantissa.bytes().any(|byte| byte.is_ascii_digit())
        && exponent.strip_prefix('+').is_some_and(digits)
}

/// Whether a text has the shape of a mail address.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = !text.contains(|c: char| c.is_whitespace() || c.is_control() || ",;<>\"()".contains(c));
    plain
        && !local.is_empty()
        && !local.contains('@')
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
}

/// A cell, short and safe to print.
pub fn shown(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{}{more}", visible(&short))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_dos_are_told_from_signs_of_texts() {
        for (letters, read) in [("Jörg", "J”rg"), ("Müller", "M\u{81}ller"), ("René", "Ren‚"), ("Käthe", "K„the")]
        {
            assert!(is_of_dos(read), "{letters}");
            assert!(!is_of_dos(letters), "{letters}");
        }
        for text in ["„Ada“ Peeters", "“Ada” Peeters", "d’Artagnan", "Product™", "A – B", "Ada…", "Šime Žižek", "5 ‰"]
        {
            assert!(!is_of_dos(text), "{text}");
        }
    }
}
