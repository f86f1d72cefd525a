//! From a file to text: its size, its kind and its encoding, as spreadsheets really write them.

use std::fs;
use std::io::Read;
use std::path::Path;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use oem_cp::code_table::DECODING_TABLE_CP_MAP;
use oem_cp::code_table_type::TableType;

use crate::live::LiveError;

/// Larger files are refused.
const MAX_BYTES: u64 = 100 << 20;

/// What a file is, told by its first bytes and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text with delimiters.
    Delimited,
    /// An XLSX workbook.
    Workbook,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// The bytes of a file of at most 100 MB.
pub fn read(path: &Path, shown: &str) -> Result<Vec<u8>, LiveError> {
    let failed = |error: std::io::Error| {
        let message = format!("the snapshot `{shown}` cannot be read: {error}");
        LiveError::new(message, "export it from the portal and put it there, or mend `path` of the target")
    };
    // Before it is opened: that would wait for whoever writes into a pipe.
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "a folder" } else { "a pipe or a device" };
        let message = format!("the snapshot `{shown}` is no file but {what}");
        return Err(LiveError::new(message, "name one file under `path` of the target"));
    }
    let file = fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::with_capacity(metadata.len().min(MAX_BYTES) as usize + 1);
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("the snapshot `{shown}` is larger than 100 MB");
        return Err(LiveError::new(message, "export fewer columns, or one organisation at a time"));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        let message = format!("the snapshot `{shown}` is empty, which does not mean that the portal has nobody");
        return Err(LiveError::new(message, "export it again"));
    }
    Ok(bytes)
}

/// What the file is; an error where it is something that cannot be read.
pub fn form(bytes: &[u8], path: &Path, shown: &str) -> Result<Form, LiveError> {
    let refused = |what: &str, hint: &str| Err(LiveError::new(format!("the snapshot `{shown}` is {what}"), hint));
    if bytes.starts_with(b"PK\x03\x04") {
        return Ok(Form::Workbook);
    }
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return refused(
            "an old Excel workbook, or one with a password",
            "save it as .xlsx without a password, or as CSV",
        );
    }
    if bytes.starts_with(b"%PDF") {
        return refused("a PDF", "export it as CSV or XLSX");
    }
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    if extension.as_deref() == Some("xlsx") {
        return refused("no workbook, or the beginning of it is missing", "export it again");
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).trim_start_matches('\u{feff}').to_lowercase();
    if ["<!doctype html", "<html"].iter().any(|tag| start.trim_start().starts_with(tag)) {
        return refused("a web page, perhaps the sign-in page of the portal", "sign in and export it again");
    }
    Ok(match extension.as_deref() {
        Some("json") => Form::Json,
        Some("yaml" | "yml") => Form::Yaml,
        _ => Form::Delimited,
    })
}

/// The text of a file and the encoding that it is in. Where the workspace names none, the bytes tell.
pub fn decode(bytes: &[u8], named: Option<&str>, shown: &str) -> Result<(String, &'static str), LiveError> {
    if let Some((table, name)) = named.and_then(code_page) {
        let text = table.decode_string_checked(bytes).ok_or_else(|| {
            let message = format!("the snapshot `{shown}` is not {name}: it has bytes that mean nothing there");
            LiveError::new(message, "export it again, or name the right one under `encoding`")
        })?;
        return Ok((text, name));
    }
    let encoding = match named {
        Some(label) => Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            let message = format!("there is no encoding `{label}`, in which the snapshot `{shown}` is said to be");
            LiveError::new(
                message,
                "write utf-8, utf-16le, windows-1252, cp850 or another label of the Encoding Standard",
            )
        })?,
        None => guessed(bytes),
    };
    let (text, used, broken) = encoding.decode(bytes);
    if broken {
        let good = match used == UTF_8 {
            true => std::str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to()),
            false => text.find(char::REPLACEMENT_CHARACTER).unwrap_or_default(),
        };
        let line = 1 + bytes[..good.min(bytes.len())].iter().filter(|byte| **byte == b'\n').count();
        let message =
            format!("the snapshot `{shown}` is not {}: line {line} has bytes that mean nothing there", used.name());
        let hint = "it was cut off or is in another encoding: export it again, or name the right one under `encoding`";
        return Err(LiveError::new(message, hint));
    }
    let text = text.into_owned();
    if let Some(at) = text.find('\0') {
        let line = 1 + text[..at].matches('\n').count();
        let message = format!("the snapshot `{shown}` is no text: line {line} has a zero byte");
        return Err(LiveError::new(message, "export it again as CSV, XLSX, JSON or YAML; or name its `encoding`"));
    }
    Ok((text, used.name()))
}

/// The code page of DOS with a label such as cp850 or ibm437. Where the Encoding Standard has the label, that counts.
fn code_page(label: &str) -> Option<(&'static TableType, &'static str)> {
    const NAMES: [(u16, &str); 8] = [
        (437, "cp437"),
        (850, "cp850"),
        (852, "cp852"),
        (857, "cp857"),
        (858, "cp858"),
        (860, "cp860"),
        (863, "cp863"),
        (865, "cp865"),
    ];
    let label = label.trim().to_ascii_lowercase();
    let digits = ["cp", "ibm", "oem", "dos"].iter().find_map(|start| label.strip_prefix(start)).unwrap_or(&label);
    let number: u16 = digits.trim_start_matches(['-', '_']).parse().ok()?;
    let (_, name) = NAMES.iter().find(|(known, _)| *known == number)?;
    Some((DECODING_TABLE_CP_MAP.get(&number)?, name))
}

fn guessed(bytes: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    // Letters of western languages are every second byte of UTF-16; the other one is zero.
    let start = &bytes[..bytes.len().min(1000)];
    let zeros = |odd: usize| start.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count() * 3 > start.len();
    match (zeros(1), zeros(0)) {
        (true, false) => UTF_16LE,
        (false, true) => UTF_16BE,
        _ if std::str::from_utf8(bytes).is_ok() => UTF_8,
        // A character cut in two at the very end is still UTF-8.
        _ if std::str::from_utf8(bytes).is_err_and(|error| {
            let multibyte = bytes[..error.valid_up_to()].iter().any(|byte| *byte >= 0x80);
            error.error_len().is_none() && multibyte
        }) =>
        {
            UTF_8
        }
        _ => WINDOWS_1252,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
        let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        let text = "Name;Ort\r\nJörg Müller;Köln\r\n";
        let one_byte = WINDOWS_1252.encode(text).0.into_owned();
        let marked = format!("\u{feff}{text}").into_bytes();
        let all = [
            (text.as_bytes().to_vec(), "UTF-8"),
            (marked, "UTF-8"),
            (utf16(text, false, true), "UTF-16LE"),
            (utf16(text, true, true), "UTF-16BE"),
            (utf16(text, false, false), "UTF-16LE"),
            (utf16(text, true, false), "UTF-16BE"),
            (one_byte, "windows-1252"),
        ];
        for (bytes, name) in all {
            assert_eq!(decode(&bytes, None, "x").unwrap(), (text.to_owned(), name));
        }
    }

    #[test]
    fn code_pages_of_dos_are_read_by_name() {
        let bytes = b"Name;Ort\r\nJ\x94rg M\x81ller;Ren\x82 \xe1\r\n";
        for label in ["cp850", "CP850", "ibm850", "850", "cp-850"] {
            let text = "Name;Ort\r\nJörg Müller;René ß\r\n".to_owned();
            assert_eq!(decode(bytes, Some(label), "x").unwrap(), (text, "cp850"), "{label}");
        }
        assert_eq!(decode(b"\xe1", Some("cp437"), "x").unwrap().0, "ß");
        assert_eq!(decode(b"\xd5", Some("cp858"), "x").unwrap().0, "€");
        // Those that browsers know are theirs.
        assert_eq!(decode(b"\x8f", Some("ibm866"), "x").unwrap().0, "П");
        assert!(decode(b"\xd5", Some("cp999"), "x").unwrap_err().message.contains("cp999"));
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        let cut = &"a\nJö".as_bytes()[.."a\nJö".len() - 1];
        let error = decode(cut, Some("utf-8"), "live/a.csv").unwrap_err();
        assert!(error.message.contains("line 2"), "{error}");
        assert!(decode(b"a", Some("klingon"), "x").unwrap_err().message.contains("klingon"));
        assert!(decode(b"a\nb\0c", None, "x").unwrap_err().message.contains("line 2"));
        let odd = [utf16("Ada", false, true), vec![0x41]].concat();
        assert!(decode(&odd, None, "x").is_err(), "half a character is left over");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let form = |bytes: &[u8], name: &str| form(bytes, Path::new(name), name).map_err(|error| error.message);
        assert_eq!(form(b"PK\x03\x04..", "a.csv"), Ok(Form::Workbook));
        assert_eq!(form(b"[]", "a.JSON"), Ok(Form::Json));
        assert_eq!(form(b"a;b", "a.txt"), Ok(Form::Delimited));
        assert!(form(b"a;b", "a.xlsx").unwrap_err().contains("no workbook"));
        assert!(form(b"\n <!DOCTYPE html><p>", "a.csv").unwrap_err().contains("web page"));
        assert!(form(&[0xD0, 0xCF, 0x11, 0xE0, 0], "a.xls").unwrap_err().contains("old Excel"));
    }
}
