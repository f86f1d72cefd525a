//! `rosterctl export`: live state as a roster.

use super::args::{Common, ExportArgs};
use super::context::{Context, Settings, block_on};
use super::output::Output;
use super::progress::Waiting;
use crate::diagnostic::nearest;
use crate::document::record::{Text, id_problem, is_kebab, visible};
use crate::document::workspace::{Target, TargetKind};
use crate::document::write;
use crate::error::{Error, Exit};
use crate::live::{Listed, Read};
use crate::platform::Platform;
use crate::report::{Plain, export, json};

/// Runs the command.
pub fn run(args: &ExportArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    block_on(work(args, common, output))?
}

async fn work(args: &ExportArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let mut context = Context::open(common)?;
    if !context.diagnostics.is_empty() {
        return output.refuse(&context.diagnostics, &context.sources);
    }
    // The workspace is the first file that is read.
    let file = context.file().and_then(|_| context.sources.ids().next());
    let sources = std::mem::take(&mut context.sources);
    let settings = Settings::from(context);
    let chosen = settings.chosen(common)?;
    if let Some(((name, described), file)) = chosen.zip(file) {
        let at = sources.position(file, name.span.start);
        knows_platform(name, described, &format!("{}:{}:{}", sources.path(file), at.line, at.column))?;
    }
    let own = chosen.and_then(|(_, target)| target.organisation.as_ref()).map(|own| own.value.0.clone());
    let target = settings.target(common)?;
    let mut listed = target.portal.organisations().await?;
    if let (Some(portal), Some(wanted)) = (target.portal.network(), args.organisation.as_deref())
        && !listed.iter().any(|one| one.id == wanted)
    {
        if !is_kebab(wanted) {
            let (message, help) = id_problem(wanted);
            return Err(Error::usage(message, help));
        }
        // Portals on the network know no organisations: whoever is there and managed by nobody may be of this one.
        let others: Vec<&str> = listed.iter().map(|one| one.id.as_str()).collect();
        if !others.is_empty() {
            output.remark(&format!(
                "note: nobody there is of `{wanted}` yet (but of {}): what follows are people whom no roster manages",
                others.join(", ")
            ));
        }
        listed.push(portal.organisation(wanted));
    }
    if let (Some(portal), Some(own)) = (target.portal.network(), own.as_deref().filter(|_| listed.is_empty())) {
        listed.push(portal.organisation(own));
    }
    if let (Some(portal), Some(wanted)) = (target.portal.snapshot(), args.organisation.as_deref())
        && listed.is_empty()
    {
        listed.push(portal.organisation(wanted));
    }
    let organisation = choose(&listed, args.organisation.as_deref(), &target.reference.name)?;
    if target.portal.snapshot().is_some() && organisation.platform.is_empty() {
        let message = format!("it is not known of which platform `{}` is: a snapshot does not tell", organisation.id);
        return Err(Error::failed(message, "add `platform: arxus` (or another) to the target in rosterctl.yaml"));
    }
    let platform = platform(organisation)?;
    let waiting = Waiting::new(common.quiet, &format!("reading {}", target.reference.name));
    let live = target.portal.read(&organisation.id, &platform).await?;
    drop(waiting);
    // An old snapshot is exported all the same: it is all that the file has.
    live.gaps.iter().filter(|_| live.taken.is_some()).for_each(|gap| output.remark(&format!("note: {gap}")));
    if live.taken.is_none() && live.proof.read + live.unread.len() != live.proof.announced {
        let message =
            format!("the portal announced {} objects and {} were read", live.proof.announced, live.proof.read);
        return Err(Error::failed(message, "nothing was exported, since it would not be all; try again"));
    }
    if let (Some(suspect), Some(cure)) = (&live.suspect, &live.cure) {
        return Err(Error::failed(format!("the portal is not believed, so nothing was exported: {suspect}"), cure));
    }
    // A roster without names is none; that the snapshot has them elsewhere is likelier than that nobody has one.
    let nameless = live.people.iter().filter(|entry| entry.object.name.value.is_empty()).count();
    if live.taken.is_some() && nameless > 0 && nameless == live.people.len() {
        let message = format!("the snapshot does not say the names of its {nameless} people, so nothing was exported");
        return Err(Error::failed(message, "name their column: `columns: { name: … }` at the target"));
    }
    output.print(&match output.format {
        Plain::Text => write::roster(&export::roster(&organisation.id, &platform, &live)),
        Plain::Json => json::to_json(&export::as_json(&organisation.id, &platform, &live)),
    })?;
    let unseen = live.unseen.words(&platform);
    if !unseen.is_empty() {
        output
            .remark(&format!("note: the snapshot does not say these, so the roster lacks them: {}", unseen.join(", ")));
    }
    if live.unread.is_empty() {
        return Ok(Exit::Clean);
    }
    let missing: Vec<String> = live.unread.iter().map(|unread| visible(&unread.to_string())).collect();
    let message = format!("the roster is not complete: what follows is missing\n  {}", missing.join("\n  "));
    let hint = "correct it on the portal and export again; applied as it is, the roster would name too few";
    output.complain(&Error::failed(message, hint));
    Ok(Exit::Findings)
}

/// A portal on the network does not tell of which platform its organisations are: said before it is asked for anything,
/// and not where the roster goes.
fn knows_platform(name: &Text, target: &Target, place: &str) -> Result<(), Error> {
    let kind = target.kind.0.as_ref().map(|kind| kind.value);
    let network = kind.filter(|kind| matches!(kind, TargetKind::Rest | TargetKind::Scim));
    let Some(kind) = network.filter(|_| target.platform.is_none()) else { return Ok(()) };
    let also = match &target.organisation {
        Some(_) => "",
        None => " and, where the portal has but one organisation, `organisation: ID`",
    };
    let message =
        format!("{place}: the target `{}` of kind {kind} does not say of which platform its people are", name.value);
    Err(Error::failed(message, format!("add `platform: arxus` (or another) to it{also}: the portal does not tell")))
}

/// The organisation that is named, or the only one.
pub(super) fn choose<'l>(listed: &'l [Listed], wanted: Option<&str>, target: &str) -> Result<&'l Listed, Error> {
    let ids: Vec<&str> = listed.iter().map(|one| one.id.as_str()).collect();
    match (wanted, listed) {
        (_, []) => {
            let message = format!("the target `{target}` has no organisation yet");
            let hint = "name the organisation with --organisation, or as `organisation` at the target; a portal in a file has one once a roster was applied";
            Err(Error::failed(message, hint))
        }
        (None, [only]) => Ok(only),
        (None, _) => {
            let message = format!("the target `{target}` has several organisations: {}", ids.join(", "));
            Err(Error::usage(message, "name one with --organisation"))
        }
        (Some(wanted), _) => listed.iter().find(|one| one.id == wanted).ok_or_else(|| {
            let hint = match nearest(wanted, ids.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has: {}", ids.join(", ")),
            };
            Error::failed(format!("the target `{target}` has no organisation `{}`", visible(wanted)), hint)
        }),
    }
}

/// The platform that the portal has for an organisation.
pub(super) fn platform(listed: &Listed) -> Result<Platform, Error> {
    Ok(listed.load()?)
}
