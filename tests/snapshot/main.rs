//! Snapshots: what spreadsheets and exports really hold, read as live state, compared, and never believed too far.

#[path = "../common/mod.rs"]
mod common;

mod age;
mod broken;
mod layouts;
mod nested;
mod probe;
mod random;
mod round;
mod scene;
mod sharing;
mod silent;
mod workbook;
