//! `rosterctl who`: who is notified, who may, who holds, who somebody is, and why.

use std::collections::BTreeSet;

use super::args::{Common, Looking, Question, Reach, WhoArgs};
use super::connect::Target;
use super::context::{Context, block_on};
use super::output::Output;
use super::progress::Waiting;
use super::rosters::Rosters;
use crate::diagnostic::{Severity, nearest};
use crate::document::record::visible;
use crate::error::{Error, Exit};
use crate::live::Read;
use crate::model::{Roll, View};
use crate::plan::sides::Side;
use crate::plan::{Options, Outcome, outcome};
use crate::report::who::{Answers, Asked, Seen, Standpoint};
use crate::report::{Plain, REPORT_VERSION, json, text};

/// Runs the command.
pub fn run(args: &WhoArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let (asked, word, looking) = match &args.question {
        Question::Notified { event, looking } => (Some(Asked::Notified), event, looking),
        Question::Can { permission, looking } => (Some(Asked::Can), permission, looking),
        Question::Holds { role, looking } => (Some(Asked::Holds), role, looking),
        Question::Is { person, looking } => (None, person, looking),
    };
    let from = looking.standpoint();
    let (rosters, settings) = Context::open(common)?.rosters(&looking.paths, output)?;
    let broken = rosters.diagnostics.iter().filter(|finding| finding.severity == Severity::Error).count();
    if broken > 0 && matches!(from, Standpoint::Before | Standpoint::After) {
        return output.refuse(&rosters.diagnostics, &rosters.sources);
    }
    if rosters.organisations.is_empty() && broken == 0 {
        return Err(Error::usage("no organisation is declared here", "name the files of a roster"));
    }
    let target = if from == Standpoint::Rosters { None } else { Some(settings.target(common)?) };
    let actor = target.as_ref().and_then(|target| target.actor.clone());
    let options = settings.options(&Reach::default(), &rosters.levels, actor);
    let ground = Ground { rosters: &rosters, target: target.as_ref(), options, from, sound: broken == 0, output };
    let (page, complete) = match asked {
        Some(asked) => {
            let answers = ground.ask(|seen| Some(seen.reply(asked, word)))?;
            if !answers.answers.is_empty() && answers.answers.iter().all(|reply| !reply.known) {
                return Err(unknown_word(asked, word, &rosters));
            }
            let page = match output.format {
                Plain::Text => text::replies(asked, word, &answers),
                Plain::Json => json::to_json(&answers),
            };
            (page, answers.complete)
        }
        None => {
            let answers = ground.ask(|seen| seen.portrait(word))?;
            if answers.answers.is_empty() && !rosters.organisations.is_empty() {
                return Err(unknown_person(word, &ground.ask(|seen| seen.nearest(word))?.answers, &rosters));
            }
            let page = match output.format {
                Plain::Text => text::portraits(&answers),
                Plain::Json => json::to_json(&answers),
            };
            (page, answers.complete)
        }
    };
    if broken > 0 {
        output.remark(&format!(
            "the rosters have errors ({broken}): the answer is only as good as they are (rosterctl validate)"
        ));
    }
    output.print(&page)?;
    Ok(if complete { Exit::Clean } else { Exit::Findings })
}

/// What a question looks at.
struct Ground<'a> {
    rosters: &'a Rosters,
    target: Option<&'a Target>,
    options: Options,
    from: Standpoint,
    sound: bool,
    output: &'a Output,
}

impl Ground<'_> {
    /// Asks every organisation, one after the other.
    fn ask<T>(&self, question: impl Fn(&Seen<'_>) -> Option<T>) -> Result<Answers<T>, Error> {
        let _waiting = self
            .target
            .map(|target| Waiting::new(self.output.style.quiet, &format!("reading {}", target.reference.name)));
        let (answers, complete) = block_on(async {
            let mut answers = Vec::with_capacity(self.rosters.organisations.len());
            let mut complete = self.sound;
            for organisation in &self.rosters.organisations {
                let planned = matches!(self.from, Standpoint::Rosters | Standpoint::After);
                let seen = |roll| Seen { organisation, roll, sources: &self.rosters.sources, planned };
                let Some(target) = self.target else {
                    answers.extend(question(&seen(Roll::new(View::of(organisation), &organisation.people))));
                    continue;
                };
                let live = target.portal.read(&organisation.id, &organisation.platform).await?;
                complete &= live.proof.holds();
                for unread in &live.unread {
                    let message = format!("somebody is left out of the answer: {}", visible(&unread.to_string()));
                    self.output.complain(&Error::failed(message, "correct it on the portal and ask again"));
                }
                let Outcome { changes, renamed } = match self.from {
                    Standpoint::Live => Outcome::default(),
                    _ => outcome(organisation, &live, &self.options),
                };
                let changes: Vec<_> = changes.iter().collect();
                let side = match self.from {
                    Standpoint::After => Side::after(&live, &changes, &renamed),
                    _ => Side::before(&live, &changes, &renamed),
                };
                answers.extend(question(&seen(side.roll(organisation))));
            }
            Ok::<_, Error>((answers, complete))
        })??;
        let target = self.target.map(|target| target.reference.name.clone());
        Ok(Answers { version: REPORT_VERSION, from: self.from, target, complete, answers })
    }
}

impl Looking {
    fn standpoint(&self) -> Standpoint {
        match (self.live, self.before, self.after) {
            (true, ..) => Standpoint::Live,
            (_, true, _) => Standpoint::Before,
            (_, _, true) => Standpoint::After,
            _ => Standpoint::Rosters,
        }
    }
}

/// No platform of the run has the word.
fn unknown_word(asked: Asked, word: &str, rosters: &Rosters) -> Error {
    let (mut names, mut words) = (BTreeSet::new(), Vec::new());
    for organisation in &rosters.organisations {
        if names.insert(organisation.platform.name.as_str()) {
            words.extend(asked.words(&organisation.platform));
        }
    }
    let names: Vec<&str> = names.into_iter().collect();
    let hint = match nearest(word, words.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            words.retain(|word| !word.contains(':'));
            let levels = if asked == Asked::Can { "; and APPLICATION:LEVEL" } else { "" };
            format!("there are: {}{levels}", words.join(", "))
        }
    };
    let message = match names.as_slice() {
        [only] => format!("{only} has no {} `{}`", asked.noun(), visible(word)),
        several => format!("none of {} has the {} `{}`", several.join(", "), asked.noun(), visible(word)),
    };
    Error::failed(message, hint)
}

/// No organisation of the run has the person.
fn unknown_person(word: &str, near: &[String], rosters: &Rosters) -> Error {
    let expired = rosters.organisations.iter().flat_map(|one| one.expired.iter().map(move |person| (one, person)));
    let left = expired.filter(|(_, person)| person.id == word).find_map(|(one, person)| Some((one, person.until?)));
    if let Some((organisation, until)) = left {
        let message = format!(
            "`{}` is no longer at {}: the last day was {} (`until`)",
            visible(word),
            organisation.id,
            until.value.0
        );
        return Error::failed(message, "--as-of asks about another day");
    }
    let hint = match nearest(word, near.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "give an id, an earlier id or an e-mail address".to_owned(),
    };
    Error::failed(format!("nobody here has the id or e-mail address `{}`", visible(word)), hint)
}
