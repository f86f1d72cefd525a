//! When a snapshot was taken, and whether it is too old to remove anybody on its word.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::grid::{Grid, place};
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::record::visible;
use crate::document::workspace::snapshot::{Age, Taken as TakenText};
use crate::live::{LiveError, Taken};

/// How old a snapshot may be where the workspace does not say, in hours.
const USUAL_AGE: u32 = 7 * 24;

/// A point in time as a file writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A day.
    Day(Date),
    /// A time on this machine's clock.
    Local(DateTime),
    /// A time anywhere.
    Exact(Timestamp),
}

impl Moment {
    /// The time, where a day means its end, but not later than now.
    fn at(self, now: Timestamp) -> Option<Timestamp> {
        let zone = TimeZone::system();
        let local = |time: DateTime| time.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp());
        match self {
            Moment::Exact(time) => Some(time),
            Moment::Local(time) => local(time),
            Moment::Day(day) => {
                let today = now.to_zoned(zone.clone()).date();
                if day == today { Some(now) } else { local(day.at(23, 59, 59, 0)) }
            }
        }
    }
}

/// A moment from a text. `format`: how the file writes it, as strftime has it. Else why it is none.
pub fn moment(text: &str, format: Option<&str>) -> Result<Moment, String> {
    let text = text.trim();
    if let Some(format) = format {
        let timed = ["%H", "%I", "%T", "%R", "%k", "%l", "%X"].iter().any(|part| format.contains(part));
        if let Some(time) = DateTime::strptime(format, text).ok().filter(|_| timed) {
            return Ok(Moment::Local(time));
        }
        return Date::strptime(format, text)
            .map(Moment::Day)
            .map_err(|_| format!("`{}` is not written as `dateFormat` says (`{}`)", visible(text), visible(format)));
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(Moment::Exact(time));
    }
    let (day, time) = match text.split_once(['T', ' ']) {
        Some((day, time)) => (day, Some(time.trim())),
        None => (text, None),
    };
    let day = calendar(day.trim_end_matches(','))?;
    let Some(time) = time.filter(|time| !time.is_empty()) else { return Ok(Moment::Day(day)) };
    let clock: jiff::civil::Time = match time.parse() {
        Ok(clock) => clock,
        Err(_) => return Err(format!("`{}` is no time that is known", visible(text))),
    };
    Ok(Moment::Local(day.to_datetime(clock)))
}

/// A day: 2027-06-30, 30.06.2027, 30/06/2027, 06/30/2027 where only one reading is a day.
fn calendar(text: &str) -> Result<Date, String> {
    let unknown = || format!("`{}` is no day that is known", visible(text));
    let sign = text.chars().find(|c| !c.is_ascii_digit()).ok_or_else(unknown)?;
    let numbers: Vec<&str> = text.split(sign).collect();
    let [a, b, c] = numbers.as_slice() else { return Err(unknown()) };
    let number = |text: &str| text.parse::<i16>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let (Some(first), Some(second), Some(third)) = (number(a), number(b), number(c)) else { return Err(unknown()) };
    let date = |year: i16, month: i16, day: i16| Date::new(year, month as i8, day as i8).ok();
    let found = match sign {
        '-' | '/' | '.' if a.len() == 4 => date(first, second, third),
        '.' if c.len() == 4 => date(third, second, first),
        '/' | '-' if c.len() == 4 => match (date(third, second, first), date(third, first, second)) {
            (Some(one), Some(other)) if one != other => {
                return Err(format!("`{text}` may be two days: {one} and {other}"));
            }
            (one, other) => one.or(other),
        },
        _ => None,
    };
    found.ok_or_else(unknown)
}

/// What tells when a snapshot was taken.
pub struct Clues<'a> {
    /// The file.
    pub path: &'a Path,
    /// As it is shown.
    pub shown: &'a str,
    /// Its rows, where it has such.
    pub grid: Option<&'a Grid>,
    /// What stands in the column that has it, oldest and newest of them differing.
    pub column: Vec<String>,
    /// What stands at the pointer that has it.
    pub pointer: Option<String>,
    /// What the workspace says.
    pub said: Option<&'a TakenText>,
    /// How days are written.
    pub format: Option<&'a str>,
    /// Asks when it was committed, and whether the history begins late.
    pub committed: &'a dyn Fn() -> Option<(Timestamp, bool)>,
}

impl Clues<'_> {
    /// When it was taken: what the workspace says, else a date in the file's name, what the file says of itself, the
    /// commit that it stands in unchanged, the time at which it was written.
    pub fn taken(&self, now: Timestamp) -> Result<Taken, LiveError> {
        let read = |text: &str, by: String| -> Result<Taken, LiveError> {
            let found = moment(text, self.format)
                .and_then(|moment| moment.at(now).ok_or_else(|| format!("`{}` is no time", visible(text))));
            match found {
                Ok(at) => Ok(Taken { at, by }),
                Err(why) => {
                    let message = format!(
                        "it is not known when the snapshot `{}` was taken: {by} says so, and {why}",
                        self.shown
                    );
                    Err(LiveError::new(
                        message,
                        "write the day as 2027-06-30, or say how it is written: `dateFormat: \"%d/%m/%Y\"` at the target",
                    ))
                }
            }
        };
        match self.said {
            Some(TakenText::At(text)) => {
                // The workspace's own days are written one way only.
                let moment = moment(&text.value, None).ok().and_then(|moment| moment.at(now));
                let unusable =
                    || LiveError::new(format!("`taken: {}` is no day", text.value), "write it as 2027-06-30");
                return Ok(Taken { at: moment.ok_or_else(unusable)?, by: "`taken` of the target".to_owned() });
            }
            Some(TakenText::Column(name)) => {
                let by = format!("the column `{}`", visible(&name.value));
                let all: Result<Vec<Taken>, LiveError> =
                    self.column.iter().map(|text| read(text, by.clone())).collect();
                let missing = || {
                    let message =
                        format!("it is not known when the snapshot `{}` was taken: {by} is empty", self.shown);
                    LiveError::new(message, "export it again, or write the day: `taken: 2027-06-30` at the target")
                };
                return all?.into_iter().min_by_key(|taken| taken.at).ok_or_else(missing);
            }
            Some(TakenText::Cell(name)) => {
                let text = place(&name.value).zip(self.grid).and_then(|((row, column), grid)| {
                    let row = grid.rows.iter().find(|one| one.line == row + 1)?;
                    Some(row.cell(column)).filter(|text| !text.is_empty())
                });
                let missing = || {
                    let message = format!(
                        "the snapshot `{}` has nothing in {}, where `taken` says that its day is",
                        self.shown,
                        visible(&name.value)
                    );
                    LiveError::new(message, "name the right cell, such as B1, or write the day: `taken: 2027-06-30`")
                };
                return read(text.ok_or_else(missing)?, format!("the cell {}", visible(&name.value)));
            }
            Some(TakenText::Pointer(name)) => {
                let missing = || {
                    let message = format!(
                        "the snapshot `{}` has nothing at `{}`, where `taken` says that its day is",
                        self.shown,
                        visible(&name.value)
                    );
                    LiveError::new(
                        message,
                        "name the right place, such as /meta/exportedAt, or write the day: `taken: 2027-06-30`",
                    )
                };
                let text = self.pointer.as_deref().ok_or_else(missing)?;
                return read(text, format!("`{}`", visible(&name.value)));
            }
            None => {}
        }
        if let Some(text) = self.column.first() {
            return read(text, "its column with the day of the export".to_owned());
        }
        let stem = self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(at) = day_in(&stem).and_then(|day| Moment::Day(day).at(now)) {
            return Ok(Taken { at, by: "the date in its name".to_owned() });
        }
        if let Some((text, by)) = self.grid.and_then(|grid| grid.stamp.as_ref())
            && let Some(at) = moment(text, None).ok().and_then(|moment| moment.at(now))
        {
            return Ok(Taken { at, by: by.clone() });
        }
        if let Some((at, shallow)) = (self.committed)() {
            let note = if shallow { " (a shallow clone: it may be older)" } else { "" };
            return Ok(Taken { at, by: format!("the commit that it stands in{note}") });
        }
        let written = std::fs::metadata(self.path).and_then(|metadata| metadata.modified()).ok();
        let at = written.and_then(|time| Timestamp::try_from(time).ok()).unwrap_or(now);
        Ok(Taken { at, by: "the time at which the file was written".to_owned() })
    }
}

/// The only day in a file's name: 2027-06-30, 20270630, 30.06.2027.
fn day_in(stem: &str) -> Option<Date> {
    let mut days = Vec::new();
    let bytes = stem.as_bytes();
    for length in [10, 8] {
        for start in 0..=bytes.len().checked_sub(length)? {
            let Some(text) = stem.get(start..start + length) else { continue };
            let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
            if digit(start + length) || start.checked_sub(1).is_some_and(digit) {
                continue;
            }
            let day = match length {
                8 if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                    calendar(&format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))
                }
                10 => calendar(&text.replace('_', "-")),
                _ => continue,
            };
            days.extend(day.ok().filter(|day| (2000..2200).contains(&day.year())));
        }
        if !days.is_empty() {
            break;
        }
    }
    days.dedup();
    match days.as_slice() {
        [day] => Some(*day),
        _ => None,
    }
}

/// What is wrong with the age of a snapshot: the finding, and why nothing is removed on it.
pub fn judge(taken: &Taken, age: Option<&Age>, shown: &str, now: Timestamp) -> Option<(Diagnostic, String)> {
    let limit = age.map_or(USUAL_AGE, |age| age.hours);
    let limit_text = age.map_or("7d", |age| age.text.as_str());
    let day = taken.at.to_zoned(TimeZone::system()).date();
    let seconds = now.as_second() - taken.at.as_second();
    let days = now.to_zoned(TimeZone::system()).date().since(day).map_or(0, |span| span.get_days());
    // Clocks differ a little.
    if seconds < -300 {
        let message =
            format!("the snapshot `{shown}` is from the future: {} says that it was taken on {day}", taken.by);
        let help = "correct the day, or `dateFormat`, or this machine's clock; nothing is removed on it";
        let finding = Diagnostic::new("snapshot/from-the-future", Severity::Warning, message).help(help);
        return Some((finding, format!("`{shown}` seems to be from the future ({day})")));
    }
    if seconds <= i64::from(limit) * 3600 {
        return None;
    }
    let message = format!(
        "the snapshot `{shown}` was taken on {day}, {} ago ({} says so), and `maxAge` is {limit_text}",
        ago(seconds, days),
        taken.by
    );
    let help = "export it from the portal again; nothing is removed on one that old";
    let finding = Diagnostic::new("snapshot/too-old", Severity::Warning, message).help(help);
    Some((finding, format!("`{shown}` is {} old, and `maxAge` is {limit_text}", ago(seconds, days))))
}

/// How long ago, by the hours, or by the days of the calendar.
fn ago(seconds: i64, days: i32) -> String {
    match days {
        0 | 1 => format!("{} hours", seconds / 3600),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_read_as_they_are_written_and_never_guessed() {
        for text in ["2027-06-30", "30.06.2027", "30.6.2027", "30-06-2027", "30/06/2027", "06/30/2027", "2027/06/30"] {
            assert_eq!(moment(text, None), Ok(Moment::Day(date("2027-06-30"))), "{text}");
        }
        let why = moment("06/07/2027", None).unwrap_err();
        assert!(why.contains("2027-07-06") && why.contains("2027-06-07"), "{why}");
        assert_eq!(moment("06/07/2027", Some("%m/%d/%Y")), Ok(Moment::Day(date("2027-06-07"))));
        assert!(moment("2027-06-07", Some("%d.%m.%Y")).unwrap_err().contains("dateFormat"));
        assert_eq!(moment("30.06.2027 12:30", None), Ok(Moment::Local(date("2027-06-30").at(12, 30, 0, 0))));
        assert_eq!(moment("2027-06-30T12:30:00Z", None), Ok(Moment::Exact("2027-06-30T12:30:00Z".parse().unwrap())));
        for wrong in ["", "soon", "30.06.27", "31.02.2027", "2027-06", "45000"] {
            assert!(moment(wrong, None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_in_a_name_is_found_where_it_is_the_only_one() {
        let day = Some(date("2027-06-30"));
        for name in ["acme-2027-06-30", "2027_06_30 users", "export_20270630", "acme 30.06.2027", "20270630T1200"] {
            assert_eq!(day_in(name), day, "{name}");
        }
        for name in ["acme", "acme-2027-06-30-2027-07-01", "id-120270630", "19990630", "20271340", "ac"] {
            assert_eq!(day_in(name), None, "{name}");
        }
    }

    #[test]
    fn too_old_and_too_new_are_told_with_who_says_so() {
        let now: Timestamp = "2027-06-30T12:00:00Z".parse().unwrap();
        let taken = |text: &str| Taken { at: text.parse().unwrap(), by: "the date in its name".to_owned() };
        assert!(judge(&taken("2027-06-24T12:00:00Z"), None, "a.csv", now).is_none());
        let (old, _) = judge(&taken("2027-06-20T12:00:00Z"), None, "a.csv", now).unwrap();
        assert_eq!(old.rule, "snapshot/too-old");
        assert!(old.message.contains("10 days ago (the date in its name says so)"), "{}", old.message);
        let day = Age { text: "1d".into(), hours: 24 };
        assert!(judge(&taken("2027-06-29T10:00:00Z"), Some(&day), "a.csv", now).is_some());
        let (new, _) = judge(&taken("2027-07-02T12:00:00Z"), None, "a.csv", now).unwrap();
        assert_eq!(new.rule, "snapshot/from-the-future");
    }
}
