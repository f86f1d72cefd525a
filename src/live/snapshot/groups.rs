//! Permission groups: of a table of their own, or as far as people are said to be in them.

use std::collections::{BTreeMap, HashMap};

use smol_str::SmolStr;

use super::cell::shown;
use super::columns::{Lookup, clearest, header, headers, listed};
use super::grid::Grid;
use super::merge::not_understood;
use super::people::Trouble;
use super::vocabulary::{Places, Vocabulary, unknown};
use super::words::{self, fold};
use crate::diagnostic::{FileId, Located, Span, nearest};
use crate::document::workspace::snapshot::GroupColumns;
use crate::live::{Applied, Entry, Live, LiveError, Resource, Unread};
use crate::model::Group;
use crate::platform::{ApplicationIx, LevelIx, Platform};

/// The columns of a table of permission groups, counted from 0.
struct Columns {
    group: usize,
    application: Option<usize>,
    level: Option<usize>,
    each: Vec<(usize, ApplicationIx)>,
    organisation: Option<usize>,
}

/// A group as its rows tell it.
#[derive(Default)]
struct Told {
    name: SmolStr,
    applications: BTreeMap<ApplicationIx, LevelIx>,
    troubles: Vec<Trouble>,
}

/// Reads a table of permission groups into a live state. Says whether it tells what they give.
pub fn read(
    grid: &Grid,
    said: (Option<&GroupColumns>, Places<'_>),
    organisation: &str,
    platform: &Platform,
    words: &Vocabulary,
    live: &mut Live,
) -> Result<bool, LiveError> {
    let (header, columns) = columns(grid, said, platform, words)?;
    let titles = headers(grid, header);
    let mut groups: BTreeMap<SmolStr, Told> = BTreeMap::new();
    for row in grid.rows.iter().skip(header + 1) {
        let cell = |column: usize| row.cell(column);
        if columns.organisation.is_some_and(|column| words.organisation(cell(column)) != organisation) {
            continue;
        }
        let name = cell(columns.group);
        let id = words.group(name);
        let told = groups.entry(id).or_insert_with(|| Told { name: name.into(), ..Told::default() });
        let trouble = |rule, column: usize, what: String, help: String| {
            let message =
                format!("{}: {what}", grid.cell(row.line, column, titles.get(column).map_or("", |title| title)));
            Trouble { rule, message, help }
        };
        if name.is_empty() {
            let help = "write the group's name into every row; merged cells are empty but for the first".to_owned();
            told.troubles.push(trouble(
                "snapshot/unknown-group",
                columns.group,
                "the row has no group".to_owned(),
                help,
            ));
            continue;
        }
        let mut access: Vec<(ApplicationIx, usize, &str)> =
            columns.each.iter().map(|(column, application)| (*application, *column, cell(*column))).collect();
        if let Some(column) = columns.application.filter(|column| !cell(*column).is_empty()) {
            match words.application(cell(column)) {
                Some(application) => {
                    access.push((application, columns.level.unwrap_or(column), columns.level.map_or("yes", cell)))
                }
                None => {
                    let word = cell(column);
                    let near = nearest(word, platform.applications.iter().map(|application| application.name.as_str()));
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!(
                            "say which one it is: `words: {{ applications: {{ {}: … }} }}` of the target",
                            shown(word)
                        ),
                    };
                    let what = format!("{} has no application `{}`", platform.name, shown(word));
                    told.troubles.push(trouble("snapshot/unknown-application", column, what, help));
                }
            }
        }
        for (application, column, word) in access {
            if words.yes(word) == Some(false) {
                continue;
            }
            match words.level(platform, application, word) {
                None => {
                    let levels = platform[application].levels.join(", ");
                    let what = format!("`{}` is no level of `{}`", shown(word), platform[application].id);
                    let help =
                        format!("its levels are {levels}; add the word under `words: {{ levels: … }}` of the target");
                    told.troubles.push(trouble("snapshot/unknown-word", column, what, help));
                }
                Some(level) => {
                    let known = told.applications.insert(application, level);
                    if let Some(known) = known.filter(|known| *known != level) {
                        let levels = &platform[application].levels;
                        let [one, other] = [known, level].map(|level| levels[level.0 as usize].clone());
                        let message = format!(
                            "{}: `{}` gives {} both {one} and {other}",
                            grid.row(row.line),
                            shown(&told.name),
                            platform[application].id
                        );
                        let help = "correct it on the portal, or in the list".to_owned();
                        told.troubles.push(Trouble { rule: "snapshot/contradiction", message, help });
                    }
                }
            }
        }
    }
    if groups.is_empty() {
        let message = format!(
            "{} has no permission group of `{organisation}`, which does not mean that there is none",
            grid.shown
        );
        return Err(LiveError::new(message, "export the groups again, or take `groups` out of the target"));
    }
    for (id, told) in groups {
        if told.troubles.is_empty() {
            let access =
                told.applications.into_iter().map(|(application, level)| (application, level, Span::default()));
            live.groups.push(entry(id, told.name, access.collect()));
            continue;
        }
        not_understood(live, a_group(id, Some(told.name).filter(|name| !name.is_empty())), told.troubles);
    }
    Ok(!columns.each.is_empty() || columns.application.is_some())
}

/// The groups that people are in and that are not known yet. Where a table was to name all of them, one that it does not
/// name is not understood.
pub fn of_members(names: &HashMap<SmolStr, SmolStr>, table: Option<&str>, live: &mut Live) {
    let mut known: std::collections::HashSet<SmolStr> =
        live.groups.iter().map(|entry| entry.object.id.clone()).collect();
    known.extend(live.unread.iter().filter(|unread| unread.is_group()).filter_map(|unread| unread.id.clone()));
    let mut met: Vec<SmolStr> = Vec::new();
    for group in live.people.iter().flat_map(|entry| &entry.object.groups) {
        if known.insert(group.value.clone()) {
            met.push(group.value.clone());
        }
    }
    met.sort_unstable();
    for id in met {
        let name = names.get(&id).unwrap_or(&id).clone();
        let Some(table) = table else {
            live.groups.push(entry(id, name, Vec::new()));
            continue;
        };
        let message = format!("people are in the permission group `{}`, and {table} does not list it", shown(&name));
        let help = "export both at the same time; where the names differ, give one its id: `words: { groups: … }` of the target";
        let trouble = Trouble { rule: "snapshot/unknown-group", message, help: help.to_owned() };
        not_understood(live, a_group(id, Some(name)), vec![trouble]);
    }
}

/// A permission group that is not understood.
pub fn a_group(id: SmolStr, name: Option<SmolStr>) -> Unread {
    let (handle, resource) = (id.clone(), Some(Resource::PermissionGroup));
    Unread { handle, resource, id: Some(id), name, email: None, reason: String::new() }
}

fn entry(id: SmolStr, name: SmolStr, applications: Vec<(ApplicationIx, LevelIx, Span)>) -> Entry<Group> {
    let (file, key, previously) = (FileId::NONE, Span::default(), Vec::new());
    let object = Group { id: id.clone(), name: Located::nowhere(name), applications, previously, file, key };
    Entry { object, handle: id, managed: false, applied: Applied::Unknown }
}

fn columns(
    grid: &Grid,
    (said, place): (Option<&GroupColumns>, Places<'_>),
    platform: &Platform,
    words: &Vocabulary,
) -> Result<(usize, Columns), LiveError> {
    if let Some(said) = said {
        let named: Vec<String> = [said.group.0.as_ref(), said.application.as_ref(), said.level.as_ref()]
            .into_iter()
            .flatten()
            .map(|name| fold(&name.value))
            .collect();
        let header = header(grid, |cells| cells.iter().filter(|cell| named.contains(&fold(cell))).count());
        let titles = headers(grid, header);
        let mut lookup = Lookup { grid, header, headers: &titles, problems: Vec::new(), place };
        let group = said.group.0.as_ref().and_then(|name| lookup.find(name));
        let application = said.application.as_ref().and_then(|name| lookup.find(name));
        let level = said.level.as_ref().and_then(|name| lookup.find(name));
        let organisation = said.organisation.as_ref().and_then(|name| lookup.find(name));
        let mut each = Vec::new();
        for (word, name) in said.applications.iter().flat_map(|map| &map.entries) {
            let all = || platform.applications.iter().map(|application| application.id.as_str());
            let unknown = || unknown("the target", "application", word, all(), place);
            let application = platform.application(&word.value).ok_or_else(unknown)?;
            each.extend(lookup.find(name).map(|column| (column, application)));
        }
        lookup.finish()?;
        return Ok((header, Columns { group: group.unwrap_or_default(), application, level, each, organisation }));
    }
    let header = header(grid, |cells| {
        let known = [words::GROUPS, words::NAME, words::APPLICATION, words::LEVEL];
        cells
            .iter()
            .filter(|cell| {
                known.iter().any(|list| list.contains(&fold(cell).as_str())) || words.application(cell).is_some()
            })
            .count()
    });
    let titles = headers(grid, header);
    let folded: Vec<String> = titles.iter().map(|title| fold(title)).collect();
    let find = |list: &[&str]| clearest(&folded, list);
    let Some(group) = find(words::GROUPS).or_else(|| find(words::NAME)) else {
        let message = format!("no column of {} is known to hold permission groups", grid.shown);
        return Err(LiveError::new(
            message,
            format!("name it: `groups: {{ columns: {{ group: … }} }}`; the columns are {}", listed(&titles)),
        ));
    };
    let application = find(words::APPLICATION).filter(|column| *column != group);
    let each = titles.iter().enumerate().filter(|(column, _)| application.is_none() && *column != group);
    let each = each.filter_map(|(column, title)| Some((column, words.application(title)?))).collect();
    let level = find(words::LEVEL).filter(|column| *column != group);
    Ok((header, Columns { group, application, level, each, organisation: find(words::ORGANISATION) }))
}
