//! `rosterctl explain`: what a word of a platform is, why, and where it comes from.

use std::fmt::Write;
use std::path::Path;

use serde_json::json;

use super::args::{Common, ExplainArgs};
use super::output::Output;
use super::platform::platform;
use crate::diagnostic::nearest;
use crate::document::record::visible;
use crate::error::{Error, Exit};
use crate::platform::{BUILT_IN, Event, Permission, Platform, RoleIx, Rule, Test};
use crate::report::text::{self, Style};
use crate::report::{Plain, json as as_json};
use crate::rules::{PLAN_RULES, ROSTER_RULES};

/// A word and what is said of it.
struct Page {
    word: String,
    what: String,
    text: String,
}

impl Page {
    /// Whether it is about a word: its id, the id without the platform, or the number of a statement.
    fn answers(&self, word: &str) -> bool {
        let numbered = || {
            self.text
                .lines()
                .next()
                .is_some_and(|head| head.contains(&format!("({word} ")) || head.contains(&format!("(rule {word},")))
        };
        self.word == word || self.word.ends_with(&format!("/{word}")) || !word.is_empty() && numbered()
    }
}

/// Runs the command.
pub fn run(args: &ExplainArgs, _common: &Common, output: &Output) -> Result<Exit, Error> {
    let platforms = match &args.platform {
        None => BUILT_IN.iter().filter_map(|(id, _)| Platform::built_in(id)).collect(),
        Some(named) => vec![platform(named, Path::new(""))?],
    };
    let Some(word) = &args.word else { return list(&platforms, output) };
    let pages = pages(&platforms, &output.style);
    let found: Vec<&Page> = pages.iter().filter(|page| page.answers(word)).collect();
    if found.is_empty() {
        let words = pages.iter().map(|page| page.word.as_str());
        let short = pages.iter().filter_map(|page| page.word.split_once('/').map(|(_, short)| short));
        let hint = match nearest(word, words.chain(short)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`rosterctl explain` lists the rules".to_owned(),
        };
        return Err(Error::failed(format!("nothing here is called `{}`", visible(word)), hint));
    }
    output.print(&match output.format {
        Plain::Text => found.iter().map(|page| page.text.as_str()).collect::<Vec<_>>().join("\n"),
        Plain::Json => {
            let pages = found.iter().map(|page| json!({ "word": page.word, "kind": page.what, "text": page.text }));
            as_json::to_json(&json!({ "version": 1, "pages": pages.collect::<Vec<_>>() }))
        }
    })?;
    Ok(Exit::Clean)
}

fn list(platforms: &[Platform], output: &Output) -> Result<Exit, Error> {
    let rows = platforms.iter().flat_map(|platform| &platform.rules).map(|rule| {
        let level = rule.level.map_or("off".to_owned(), |level| level.to_string());
        (rule.id.to_string(), level, rule.title.to_string())
    });
    let language = ROSTER_RULES.iter().map(|(id, title)| ((*id).to_owned(), "error".to_owned(), (*title).to_owned()));
    let language = language.map(|(id, level, title)| {
        let level = if id == "roster/waiver-unused" { "warning".to_owned() } else { level };
        (id, level, title)
    });
    let rows: Vec<(String, String, String)> = rows.chain(language).collect();
    output.print(&match output.format {
        Plain::Json => {
            let rules = rows.iter().map(|(id, level, title)| json!({ "rule": id, "level": level, "title": title }));
            as_json::to_json(&json!({ "version": 1, "rules": rules.collect::<Vec<_>>() }))
        }
        Plain::Text => {
            let longest = rows.iter().map(|(id, ..)| id.len()).max().unwrap_or(0);
            let mut page = String::new();
            for (id, level, title) in &rows {
                let room = output.style.width.saturating_sub(longest + 11).max(30);
                let title: String = match title.char_indices().nth(room).filter(|_| output.style.fitted) {
                    Some(_) => title.chars().take(room - 1).chain(['…']).collect(),
                    None => title.clone(),
                };
                let _ = writeln!(page, "{id:longest$}  {level:7}  {title}");
            }
            page.push('\n');
            let hint = "`rosterctl explain RULE` tells why a rule is there, where it comes from and how to meet it";
            page.push_str(&text::paragraph(hint, 0, 0, &output.style));
            page
        }
    })?;
    Ok(Exit::Clean)
}

fn pages(platforms: &[Platform], style: &Style) -> Vec<Page> {
    let mut pages = Vec::new();
    for platform in platforms {
        for rule in &platform.rules {
            pages.push(Page { word: rule.id.to_string(), what: "rule".to_owned(), text: rule_page(rule, style) });
        }
        for fact in &platform.facts {
            let mut text = format!("{} ({} of {}, a fact: nothing to report)\n\n", fact.id, fact.number, platform.name);
            paragraph(&mut text, &fact.title, style);
            quote(&mut text, &fact.source, style);
            pages.push(Page { word: fact.id.to_string(), what: "fact".to_owned(), text });
        }
        for role in &platform.roles {
            let holders: Vec<&str> = role.held_by.iter().map(|holder| holder.as_str()).collect();
            let mut text = format!("{} (role of {}): {}\n\n", role.id, platform.name, role.name);
            paragraph(&mut text, &role.summary, style);
            row(&mut text, "held by", holders.into_iter(), style);
            role_rows(&mut text, platform, role, style);
            text.push('\n');
            quote(&mut text, &role.source, style);
            pages.push(Page { word: role.id.to_string(), what: "role".to_owned(), text });
        }
        for event in &platform.events {
            let mut text = format!("{} (event of {})\n\n", event.id, platform.name);
            paragraph(&mut text, &event.summary, style);
            let ids = |roles: &'_ [RoleIx]| roles.iter().map(|role| platform[*role].id.as_str()).collect::<Vec<_>>();
            row(&mut text, "reaches", ids(&event.to).into_iter(), style);
            row(&mut text, "falls back, while nobody holds one of these, to", ids(&event.fallback).into_iter(), style);
            row(&mut text, "always told besides", ids(&event.always).into_iter(), style);
            row(&mut text, "copied to", ids(&event.copy).into_iter(), style);
            condition(&mut text, event.when.as_ref(), "arises", "notified", style);
            text.push('\n');
            quote(&mut text, &event.source, style);
            for dispute in &event.disputed {
                let said = format!(
                    "whether it reaches {} is disputed; the platform's documentation says both \"{}\" and \"{}\"",
                    platform[dispute.role].id, dispute.pro, dispute.contra
                );
                paragraph(&mut text, &said, style);
            }
            pages.push(Page { word: event.id.to_string(), what: "event".to_owned(), text });
        }
        for permission in &platform.permissions {
            let mut text = format!("{} (permission of {})\n\n", permission.id, platform.name);
            paragraph(&mut text, &permission.summary, style);
            row(
                &mut text,
                "given by the roles",
                permission.roles.iter().map(|role| platform[*role].id.as_str()),
                style,
            );
            for (role, attribute) in &permission.within {
                let (role, attribute) = (&platform[*role].id, &platform[*attribute].name);
                let part = format!("given in part by the role {role}: within the person's {attribute} only");
                text.push_str(&text::paragraph(&part, 2, 4, style));
            }
            if let Some((application, level)) = permission.application {
                let application = &platform[application];
                let level = &application.levels[level.0 as usize];
                let _ = writeln!(text, "  given by a permission group with `{}: {level}`", application.id);
            }
            condition(&mut text, permission.when.as_ref(), "exists", "can", style);
            text.push('\n');
            quote(&mut text, &permission.source, style);
            pages.push(Page { word: permission.id.to_string(), what: "permission".to_owned(), text });
        }
        for application in &platform.applications {
            let mut text = format!("{} (application of {}): {}\n\n", application.id, platform.name, application.name);
            paragraph(&mut text, &application.summary, style);
            row(&mut text, "levels", application.levels.iter().map(|level| level.as_str()), style);
            row(&mut text, "called for by", application.responsibilities.iter().map(|word| word.as_str()), style);
            pages.push(Page { word: application.id.to_string(), what: "application".to_owned(), text });
        }
        for attribute in &platform.attributes {
            let mut text = format!("{} (attribute of {}, {})\n\n", attribute.name, platform.name, attribute.value_type);
            paragraph(&mut text, &attribute.summary, style);
            row(&mut text, "words", attribute.values.iter().map(|word| word.as_str()), style);
            pages.push(Page { word: attribute.name.to_string(), what: "attribute".to_owned(), text });
        }
        for service in &platform.services {
            let mut text = format!("{} (service of {}): {}\n\n", service.id, platform.name, service.name);
            paragraph(&mut text, &service.summary, style);
            pages.push(Page { word: service.id.to_string(), what: "service".to_owned(), text });
        }
    }
    for (id, title) in PLAN_RULES {
        let text = format!("{id} (a rule of plans)\n\n{}", text::paragraph(title, 2, 2, style));
        pages.push(Page { word: (*id).to_owned(), what: "rule".to_owned(), text });
    }
    for (id, title) in ROSTER_RULES {
        let text = format!("{id} (a rule of the language itself: it always holds)\n\n  {title}\n");
        pages.push(Page { word: (*id).to_owned(), what: "rule".to_owned(), text });
    }
    pages
}

/// What a role is told and what it may do.
fn role_rows(text: &mut String, platform: &Platform, role: &crate::platform::Role, style: &Style) {
    let is = |ix: &RoleIx| platform[*ix].id == role.id;
    let mut events = |label: &str, of: &dyn Fn(&Event) -> bool| {
        row(text, label, platform.events.iter().filter(|event| of(event)).map(|event| event.id.as_str()), style);
    };
    events("notified of", &|event| event.to.iter().chain(&event.copy).chain(&event.always).any(is));
    events("notified, while nobody else is there for it, of", &|event| event.fallback.iter().any(is));
    events("notified, which is disputed, of", &|event| event.disputed.iter().any(|dispute| is(&dispute.role)));
    let may = platform.permissions.iter().filter(|permission| permission.roles.iter().any(is));
    row(text, "may", may.map(|permission| permission.id.as_str()), style);
    let part = |permission: &Permission| {
        let (_, attribute) = permission.within.iter().find(|(role, _)| is(role))?;
        Some(format!("{} (within {})", permission.id, platform[*attribute].name))
    };
    let parts: Vec<String> = platform.permissions.iter().filter_map(part).collect();
    row(text, "may in part", parts.iter().map(String::as_str), style);
}

/// For which organisations something is there at all.
fn condition(text: &mut String, when: Option<&Test>, verb: &str, question: &str, style: &Style) {
    let said = match when {
        None => return,
        Some(Test::Services(services)) => {
            format!("it {verb} only for organisations with the service {}", services.join(" or "))
        }
        Some(_) => format!("it {verb} only for some organisations: ask `rosterctl who {question}`"),
    };
    text.push_str(&text::paragraph(&said, 2, 4, style));
}

fn rule_page(rule: &Rule, style: &Style) -> String {
    let level = rule.level.map_or("off by default".to_owned(), |level| level.to_string());
    let number = if rule.number.is_empty() { String::new() } else { format!(" {}", rule.number) };
    let mut text = format!("{} (rule{number}, {level})\n\n", rule.id);
    paragraph(&mut text, &rule.title, style);
    paragraph(&mut text, &rule.cure, style);
    quote(&mut text, &rule.source, style);
    example(&mut text, "breaks it", &rule.breaks);
    example(&mut text, "holds", &rule.holds);
    text
}

fn paragraph(text: &mut String, paragraph: &str, style: &Style) {
    if !paragraph.is_empty() {
        text.push_str(&text::paragraph(paragraph.trim(), 2, 2, style));
        text.push('\n');
    }
}

fn quote(text: &mut String, source: &str, style: &Style) {
    if !source.is_empty() {
        paragraph(text, &format!("the platform's documentation: \"{}\"", source.trim()), style);
    }
}

fn row<'w>(text: &mut String, label: &str, words: impl Iterator<Item = &'w str>, style: &Style) {
    let words: Vec<&str> = words.collect();
    if !words.is_empty() {
        text.push_str(&text::paragraph(&format!("{label}: {}", words.join(", ")), 2, 4, style));
    }
}

fn example(text: &mut String, label: &str, roster: &str) {
    if !roster.trim().is_empty() {
        let _ = writeln!(text, "  {label}:");
        for line in roster.trim_end().lines() {
            let _ = writeln!(text, "    {line}");
        }
        text.push('\n');
    }
}
