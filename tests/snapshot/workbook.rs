//! Workbooks as Excel writes them: numbers, days, hidden sheets, titles, merged cells, far-out cells, cut and blown up.

use std::io::Write;

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};

use crate::common::{Project, words};
use crate::scene::{ACME_CSV, with_keys};

fn fill(sheet: &mut Worksheet, from: u32) {
    for (row, line) in ACME_CSV.lines().enumerate() {
        for (column, cell) in line.split(';').enumerate() {
            sheet.write(from + row as u32, column as u16, cell).expect("a cell");
        }
    }
}

fn project(keys: &str, book: &mut Workbook) -> Project {
    let project = with_keys("", keys);
    project.edit("rosterctl.yaml", "live/acme.csv", "live/acme.xlsx");
    project.write("live/acme.xlsx", book.save_to_buffer().expect("a workbook"));
    project
}

fn steps(project: &Project) -> Vec<String> {
    words(&project.run("plan --format json").exits(0).json()["steps"])
}

#[test]
fn the_first_sheet_that_is_not_hidden_is_read() {
    let mut book = Workbook::new();
    let hidden = book.add_worksheet();
    hidden.write(0, 0, "nothing").expect("a cell");
    let people = book.add_worksheet();
    people.set_name("People").expect("a name");
    people.set_active(true);
    people.merge_range(0, 0, 0, 5, "Users of Acme", &Format::new()).expect("a title");
    fill(people, 2);
    // A note at the side is no part of the table.
    people.write(5, 30, "checked by Ada").expect("a cell");
    book.worksheets_mut()[0].set_hidden(true);
    let project = project("maxAge: 7d", &mut book);
    assert_eq!(steps(&project), [] as [String; 0]);
    project.edit("rosterctl.yaml", "maxAge: 7d", "sheet: Peoples");
    project.run("plan").exits(1).complains("did you mean `People`?");
}

#[test]
fn numbers_days_and_truth_are_words() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    fill(sheet, 0);
    sheet.write(1, 2, 32_470_000_001_f64).expect("a number");
    sheet.write(1, 6, true).expect("a truth");
    sheet.write(0, 10, "Exported on").expect("a cell");
    let day = ExcelDateTime::from_ymd(2026, 11, 1).expect("a day");
    for row in 1..4 {
        sheet.write_with_format(row, 10, &day, &Format::new().set_num_format("dd.mm.yyyy")).expect("a day");
    }
    let project = project("taken: { column: Exported on }", &mut book);
    let ran = project.run("plan --format json --as-of 2026-11-22").exits(0);
    assert_eq!(words(&ran.json()["steps"]), [] as [String; 0], "a number without its plus is the same number");
    assert!(ran.finding("snapshot/too-old").message.contains("2026-11-01"));
}

#[test]
fn what_is_wrong_is_told_with_the_name_of_the_cell() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    fill(sheet, 0);
    sheet.write(2, 4, "Emperor").expect("a cell");
    let finding = project("maxAge: 7d", &mut book).run("plan --format json").exits(0).finding("snapshot/unknown-role");
    assert!(finding.message.contains("live/acme.xlsx, sheet `Sheet1`, E3 (`Contact roles`)"), "{}", finding.message);
}

#[test]
fn groups_stand_in_a_second_sheet() {
    let mut book = Workbook::new();
    fill(book.add_worksheet(), 0);
    let groups = book.add_worksheet();
    groups.set_name("Groups").expect("a name");
    for (row, cells) in [
        ["Group", "Application", "Level"],
        ["IT operations", "ServiceDesk Support", "full"],
        ["IT operations", "Users & Permissions", "read"],
    ]
    .iter()
    .enumerate()
    {
        for (column, cell) in cells.iter().enumerate() {
            groups.write(row as u32, column as u16, *cell).expect("a cell");
        }
    }
    let project = project("groups: { sheet: Groups }", &mut book);
    assert_eq!(steps(&project), ["update permission-group it-operations"]);
}

#[test]
fn a_cut_file_and_cells_far_out_are_errors() {
    let mut book = Workbook::new();
    fill(book.add_worksheet(), 0);
    let project = project("maxAge: 7d", &mut book);
    let whole = std::fs::read(project.path("live/acme.xlsx")).expect("a file");
    for length in [whole.len() / 2, whole.len() - 30] {
        project.write("live/acme.xlsx", &whole[..length]);
        project.run("plan").exits(1).complains("cannot be read as a workbook");
    }
    let mut far = Workbook::new();
    let sheet = far.add_worksheet();
    fill(sheet, 0);
    sheet.write(1_048_575, 16_383, "x").expect("the last cell");
    project.write("live/acme.xlsx", far.save_to_buffer().expect("a workbook"));
    project.run("plan").within_megabytes(2000).exits(1).complains("XFD1048576 is beyond");
}

#[test]
fn a_bomb_is_not_unpacked() {
    let mut book = Workbook::new();
    fill(book.add_worksheet(), 0);
    let project = project("maxAge: 7d", &mut book);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    archive.start_file("xl/worksheets/sheet1.xml", options).expect("an entry");
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..1100 {
        archive.write_all(&zeros).expect("room");
    }
    project.write("live/acme.xlsx", archive.finish().expect("an archive").into_inner());
    project.run("plan").within_megabytes(2000).exits(1).complains("unpacks to more than 1 GB");
}
