//! Whom events reach on both sides: a drawing for each set of events that have the same readers, and the same in words.

use maud::{Markup, html};

use super::Sides;
use super::folds::organisations;
use super::shell::Part;
use super::text::{T, code, who};
use crate::document::record::visible;
use crate::report::review::Review;
use crate::report::standing::{Reader, Route, Standing};
use crate::report::text::columns;
use crate::report::words::values::{count, names};

/// The measures of a drawing, in pixels.
const WIDTH: usize = 760;
const EVENTS: usize = 260;
const PEOPLE: usize = 380;
const ROW: usize = 34;
const LINE: usize = 20;

/// The columns of text that fit into a box.
const EVENT_COLUMNS: usize = 30;
const PERSON_COLUMNS: usize = 40;

/// The most events that one drawing names.
const MOST_EVENTS: usize = 12;

/// The drawings, of each organisation first those in which something changes.
pub(super) fn routing(review: &Review<'_>, sides: &Sides) -> Option<Part> {
    let shown: Vec<&Standing> = review.standings.iter().filter(|one| !one.routes.is_empty()).collect();
    (!shown.is_empty()).then(|| Part {
        id: "events",
        title: "Whom events reach".to_owned(),
        number: None,
        body: html! {
            (legend(sides))
            (organisations(&shown, changes, sides.still_reaches, |standing| organisation(standing, sides)))
        },
    })
}

fn changes(standing: &Standing) -> bool {
    standing.routes.iter().any(Route::changes)
}

fn legend(sides: &Sides) -> Markup {
    let line = |class: &'static str| {
        html! { svg class="key" width="34" height="12" aria-hidden="true" { path class={ "edge " (class) } d="M0 6H34" {} } }
    };
    html! {
        p { "Events are on the left, the people who are told of them on the right. Events with the same readers share a drawing." }
        ul class="legend" aria-label="Legend" {
            li { (line("gain")) " + " (sides.gained) }
            li { (line("loss")) " − " (sides.lost) }
            li { (line("kept")) " " (sides.kept) }
        }
    }
}

fn organisation(standing: &Standing, sides: &Sides) -> Markup {
    let (changed, same): (Vec<&Route>, Vec<&Route>) = standing.routes.iter().partition(|route| route.changes());
    let events: usize = same.iter().map(|route| route.events.len()).sum();
    html! {
        div data-group {
            h3 { (code(&standing.organisation)) }
            ul class="routes" { @for route in changed { (entry(route, sides)) } }
            @if !same.is_empty() {
                details data-group {
                    summary { (count(events, "event")) " " (sides.same) }
                    ul class="routes" { @for route in same { (entry(route, sides)) } }
                }
            }
        }
    }
}

fn entry(route: &Route, sides: &Sides) -> Markup {
    let people = route.readers.iter().flat_map(|reader| [reader.id.as_str(), &reader.name]);
    html! {
        li data-who=(who(people.chain(route.lost_to.iter().map(String::as_str)))) {
            figure {
                div class="scroll" tabindex="0" role="group" aria-label={ "Readers of " (T(&names(&route.events, 3))) } { (drawing(route)) }
                figcaption class="sr" { (sentence(route, sides)) }
            }
        }
    }
}

/// What a drawing shows, for those who do not see it.
fn sentence(route: &Route, sides: &Sides) -> Markup {
    let of = |before: bool, after: bool| {
        let some = route.readers.iter().filter(move |reader| (reader.before, reader.after) == (before, after));
        some.map(|reader| if reader.certain { reader.id.clone() } else { format!("{} (disputed)", reader.id) })
    };
    let lists: [(Vec<String>, usize, &str); 3] = [
        (of(false, true).collect(), route.more[1], sides.gained),
        (of(true, false).collect(), route.more[0], sides.lost),
        (of(true, true).collect(), route.more[2], sides.kept),
    ];
    html! {
        (T(&names(&route.events, usize::MAX))) ": "
        @for (people, more, word) in lists.iter().filter(|(people, ..)| !people.is_empty()) {
            (word) ": " (T(&people.join(", "))) @if *more > 0 { " and " (more) " more" } ". "
        }
        @if route.nobody[1] { "Reaches nobody" @if !route.nobody[0] { " any more" } ". " }
        @if route.nobody[0] && !route.nobody[1] { "Reached nobody before. " }
        @if !route.lost_to.is_empty() { "Assigned to " (T(&names(&route.lost_to, 8))) " only, who cannot read it." }
    }
}

/// A box on the right.
struct Pill {
    class: &'static str,
    sign: &'static str,
    label: String,
}

fn pills(route: &Route) -> Vec<Pill> {
    let pill = |reader: &Reader| {
        let (class, sign) = match (reader.before, reader.after) {
            (true, true) => ("kept", ""),
            (false, _) => ("gain", "+ "),
            (true, false) => ("loss", "− "),
        };
        let name = if reader.name.is_empty() { String::new() } else { format!(" · {}", reader.name) };
        let doubt = if reader.certain { "" } else { " (disputed)" };
        Pill { class, sign, label: format!("{}{doubt}{name}", reader.id) }
    };
    let mut pills: Vec<Pill> = route.readers.iter().map(pill).collect();
    for (more, class, sign) in
        [(route.more[0], "loss", "− "), (route.more[1], "gain", "+ "), (route.more[2], "kept", "")]
    {
        if more > 0 {
            pills.push(Pill { class, sign, label: format!("and {more} more") });
        }
    }
    if route.nobody[1] {
        let label = match route.lost_to.is_empty() {
            true => "nobody".to_owned(),
            false => format!("nobody: {} cannot read it", names(&route.lost_to, 2)),
        };
        pills.push(Pill { class: "nobody", sign: "! ", label });
    }
    pills
}

fn drawing(route: &Route) -> Markup {
    let pills = pills(route);
    let mut events: Vec<String> =
        route.events.iter().take(MOST_EVENTS).map(|event| fitted(event, EVENT_COLUMNS)).collect();
    let more = route.events.len().saturating_sub(MOST_EVENTS);
    if more > 0 {
        events.push(format!("and {more} more"));
    }
    let box_height = events.len() * LINE + 12;
    let height = (pills.len() * ROW).max(box_height) + 8;
    let (top, middle) = ((height - box_height) / 2, height / 2);
    let first = (height - pills.len() * ROW) / 2;
    let placed = || pills.iter().enumerate().map(|(place, pill)| (first + place * ROW + ROW / 2, pill));
    let bend = (EVENTS + PEOPLE) / 2;
    html! {
        svg class="route" width=(WIDTH) height=(height) viewBox={ "0 0 " (WIDTH) " " (height) } aria-hidden="true" focusable="false" {
            @for (y, pill) in placed() {
                path class={ "edge " (pill.class) } d={ "M" (EVENTS) " " (middle) "C" (bend) " " (middle) " " (bend) " " (y) " " (PEOPLE - 8) " " (y) } {}
                path class={ "tip " (pill.class) } d={ "M" (PEOPLE) " " (y) "l-9-5v10z" } {}
            }
            rect class="event" x="1" y=(top) width=(EVENTS - 1) height=(box_height) rx="6" {}
            @for (place, event) in events.iter().enumerate() {
                text x="12" y=(top + 6 + place * LINE + 14) { (event) }
            }
            @for (y, pill) in placed() {
                rect class={ "pill " (pill.class) } x=(PEOPLE) y=(y - 13) width=(WIDTH - PEOPLE - 1) height="26" rx="13" {}
                text class=(pill.class) x=(PEOPLE + 14) y=(y + 5) { (pill.sign) (fitted(&pill.label, PERSON_COLUMNS)) }
            }
        }
    }
}

/// A text, made visible and cut to so many columns.
fn fitted(text: &str, most: usize) -> String {
    let text = visible(text);
    if text.chars().map(columns).sum::<usize>() <= most {
        return text;
    }
    let mut wide = 1;
    let fits = |c: &char| {
        wide += columns(*c);
        wide <= most
    };
    text.chars().take_while(fits).chain(['…']).collect()
}
