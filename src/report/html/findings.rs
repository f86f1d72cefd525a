//! Findings with their source lines, as a terminal draws them.

use maud::{Markup, html};

use super::shell::{Part, owner};
use super::text::{T, at, prose, who};
use crate::diagnostic::Severity;
use crate::plan::document::Finding;
use crate::report::review::Review;
use crate::report::text::{self, Style};

/// Findings beyond this many are shown without their lines.
const MOST_DRAWN: usize = 300;

/// How findings are drawn.
const DRAWN: Style = Style { color: false, width: 100, fitted: true, verbose: 0, quiet: false };

/// The findings, the gravest first.
pub(super) fn findings(review: &Review<'_>) -> Option<Part> {
    let mut all: Vec<_> = review.diagnostics.iter().collect();
    all.sort_by_key(|finding| match finding.severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    });
    let rest = all.split_off(all.len().min(MOST_DRAWN));
    let drawn = |finding: &_| text::findings(std::slice::from_ref(finding), review.sources, &DRAWN);
    let number = review.diagnostics.len();
    (number > 0).then(|| Part {
        id: "findings",
        title: "Findings".to_owned(),
        number: Some(number),
        body: html! {
            ul class="findings" data-group {
                @for finding in all {
                    @let found = Finding::of(finding, review.sources);
                    li data-who=(who(found.subject.as_deref())) {
                        p {
                            (badge(found.severity)) " " (owner(review, found.organisation.as_deref().unwrap_or_default()))
                            code { (T(&found.rule)) } " "
                            @if let Some(location) = &found.location { (at(location, review.web.as_ref())) }
                        }
                        pre tabindex="0" role="group" aria-label={ "Finding " (T(&found.rule)) } { (Lines(drawn(finding).trim_end())) }
                    }
                }
            }
            @if !rest.is_empty() {
                details data-group {
                    summary { (rest.len()) " more, without their lines" }
                    ul {
                        @for finding in rest {
                            @let found = Finding::of(finding, review.sources);
                            li data-who=(who(found.subject.as_deref())) {
                                (badge(found.severity)) " " (prose(&found.message)) " " code { (T(&found.rule)) } " "
                                @if let Some(location) = &found.location { (at(location, review.web.as_ref())) }
                            }
                        }
                    }
                }
            }
        },
    })
}

/// A drawing: lines that were made visible when they were drawn.
struct Lines<'a>(&'a str);

impl maud::Render for Lines<'_> {
    fn render(&self) -> Markup {
        html! { @for line in self.0.lines() { (T(line)) "\n" } }
    }
}

fn badge(severity: Severity) -> Markup {
    let class = match severity {
        Severity::Error => "badge loss",
        Severity::Warning => "badge change",
        Severity::Info => "badge",
    };
    html! { strong class=(class) { (severity.to_string()) } }
}
