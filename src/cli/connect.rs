//! A target opened as the workspace describes it, and what commands ask of it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smol_str::SmolStr;

use super::manifest;
use super::output::Output;
use super::platform::platform;
use crate::apply::past;
use crate::clock::Hook;
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::record::Text;
use crate::document::source::read_text;
use crate::document::workspace::{Address, Auth as AuthText, ContactsAs, SecretRef, Target as TargetText};
use crate::document::workspace::{TargetKind, Webhook};
use crate::error::Error;
use crate::http::{Auth, Http, HttpError, Secret, Settings, Url};
use crate::live::rest::{Applied, Counted, Known};
use crate::live::scim::{Capabilities, Config};
use crate::live::{Embedded, Listed, Live, LiveError, Portal, Read, Resource, Rest, Scim, Snapshot, snapshot};
use crate::model::{Day, Organisation};
use crate::plan::document::{Action, TargetRef};
use crate::plan::unseen::settle;

/// A target that has been opened.
#[derive(Debug)]
pub struct Target {
    /// The name and kind.
    pub reference: TargetRef,
    /// The person to whom the credentials belong.
    pub actor: Option<SmolStr>,
    /// The portal itself.
    pub portal: Portal,
    /// Where what the portal was seen to do is kept, of portals on the network.
    pub capabilities: Option<PathBuf>,
    /// Where the trail of what was applied is kept.
    pub audit: PathBuf,
    /// Whether the trail tells what is personal.
    pub personal: bool,
}

impl Target {
    /// The embedded portal; an error where the target is of another kind.
    pub fn embedded(&self) -> Result<&Embedded, Error> {
        self.portal.embedded().ok_or_else(|| not_embedded(&self.reference))
    }

    /// The embedded portal alone; an error where the target is of another kind.
    pub fn into_embedded(self) -> Result<Embedded, Error> {
        match self.portal {
            Portal::Embedded(portal) => Ok(*portal),
            Portal::Scim(_) | Portal::Snapshot(_) | Portal::Rest(_) => Err(not_embedded(&self.reference)),
        }
    }

    /// What it has of an organisation; of a list that does not say everything, who is who is told by the rosters, now and
    /// at an earlier revision.
    pub async fn live(&self, organisation: &Organisation, before: Option<&Organisation>) -> Result<Live, LiveError> {
        let mut live = self.portal.read(&organisation.id, &organisation.platform).await?;
        settle(&mut live, organisation, before);
        Ok(live)
    }

    /// Opens a target. Paths are relative to `base`; a snapshot is as old as it is on `today`.
    pub fn open(name: &str, target: &TargetText, base: &Path, today: Day) -> Result<Target, Error> {
        let mut opened = Target::of_kind(name, target, base, today)?;
        if let Some(audit) = &target.audit {
            if let Some(path) = &audit.path {
                opened.audit = base.join(path.value.as_str());
            }
            opened.personal = audit.personal.as_ref().is_some_and(|personal| personal.value);
        }
        match opened.is_new() && opened.audit.metadata().is_ok_and(|trail| trail.len() > 0) {
            true => Err(gone(&opened.reference, &opened.audit)),
            false => Ok(opened),
        }
    }

    /// Whether it is an embedded portal that nothing was ever written to: there is no file.
    pub fn is_new(&self) -> bool {
        self.portal.embedded().is_some_and(|portal| !portal.is_there())
    }

    /// Tells people, before they believe that everybody is missing, that there is no portal yet.
    pub fn newness(&self) -> Option<Diagnostic> {
        let message =
            format!("`{}` has no portal yet: there is no file `{}`", self.reference.name, self.reference.identity);
        let help = "the first `apply` makes it; where there should be one, mend `path` of the target";
        self.is_new().then(|| Diagnostic::new("plan/new-portal", Severity::Info, message).help(help))
    }

    fn of_kind(name: &str, target: &TargetText, base: &Path, today: Day) -> Result<Target, Error> {
        let actor = target.actor.as_ref().map(|actor| actor.value.0.clone());
        match (target.kind.0.as_ref().map(|kind| kind.value), &target.path, &target.url) {
            (Some(TargetKind::Embedded), Some(path), _) => Target::in_file(name, &path.value, base, actor),
            (Some(TargetKind::Scim), _, Some(url)) => Target::scim(name, url, target, base, actor),
            (Some(TargetKind::Snapshot), Some(path), _) => Target::snapshot(name, &path.value, target, base, today),
            (Some(TargetKind::Rest), _, Some(url)) => Target::rest(name, url, target, base, actor),
            (kind, ..) => {
                let kind = kind.map_or("unknown", TargetKind::as_str);
                let message = format!("the target `{name}` of kind `{kind}` does not say where it is");
                Err(Error::failed(message, "add `path` or `url` to it"))
            }
        }
    }

    /// Says with `-v` how many requests a portal on the network was sent.
    pub fn tell_requests(&self, output: &Output) {
        if let Some(portal) = self.portal.network().filter(|_| output.style.verbose > 0) {
            let (all, writes) = portal.sent();
            output.remark(&format!("`{}` was sent {all} requests, {writes} to change something", self.reference.name));
        }
    }

    /// Opens a portal in a file.
    pub fn in_file(name: &str, path: &str, base: &Path, actor: Option<SmolStr>) -> Result<Target, Error> {
        let portal = Portal::Embedded(Box::new(Embedded::open(&base.join(path))?));
        let reference = TargetRef { name: name.to_owned(), kind: "embedded".to_owned(), identity: path.to_owned() };
        Ok(Target { reference, actor, portal, capabilities: None, audit: usual_audit(name, base), personal: false })
    }

    fn snapshot(name: &str, path: &str, target: &TargetText, base: &Path, today: Day) -> Result<Target, Error> {
        let clock = jiff::Zoned::now();
        // On another day than this one, it is the end of that day.
        let end = || today.0.at(23, 59, 59, 0).to_zoned(clock.time_zone().clone()).ok();
        let now = if today.0 == clock.date() { None } else { end() }.unwrap_or(clock.clone()).timestamp();
        let config = snapshot::Config {
            name: name.to_owned(),
            path: base.join(path),
            shown: path.to_owned(),
            base: base.to_owned(),
            keys: target.snapshot.clone(),
            organisation: target.organisation.as_ref().map(|organisation| organisation.value.0.clone()),
            platform: target.platform.as_ref().map(|word| listed(&word.value, base)).transpose()?,
            now,
        };
        let portal = Portal::Snapshot(Box::new(Snapshot::new(config)));
        let reference = TargetRef { name: name.to_owned(), kind: "snapshot".to_owned(), identity: path.to_owned() };
        let actor = target.actor.as_ref().map(|actor| actor.value.0.clone());
        Ok(Target { reference, actor, portal, capabilities: None, audit: usual_audit(name, base), personal: false })
    }

    fn scim(name: &str, url: &Text, target: &TargetText, base: &Path, actor: Option<SmolStr>) -> Result<Target, Error> {
        let file = capabilities_file(name, target, base);
        let mut capabilities = Capabilities::load(&file)?;
        // What another address was seen to do says nothing of this one.
        capabilities = capabilities.filter(|known| known.url.trim_end_matches('/') == url.value.trim_end_matches('/'));
        if let Some(known) = &mut capabilities {
            contacts(name, target, known)?;
        }
        let platform = target.platform.as_ref().map(|word| listed(&word.value, base)).transpose()?;
        let seen = capabilities.as_ref().map(|known| (known.learned.users, known.learned.at.clone()));
        let http = Http::new(settings(name, url, target, base)?).map_err(unusable(name))?;
        let identity = http.base().as_str().trim_end_matches('/').to_owned();
        let organisation = target.organisation.as_ref().map(|organisation| organisation.value.0.clone());
        let config = Config { name: name.to_owned(), capabilities, organisation, platform, seen };
        let portal = Portal::Scim(Box::new(Scim::new(Arc::new(http), config)));
        let reference = TargetRef { name: name.to_owned(), kind: "scim".to_owned(), identity };
        let audit = usual_audit(name, base);
        Ok(Target { reference, actor, portal, capabilities: Some(file), audit, personal: false })
    }

    fn rest(name: &str, url: &Text, target: &TargetText, base: &Path, actor: Option<SmolStr>) -> Result<Target, Error> {
        let api = manifest::open(name, target, base)?;
        let file = capabilities_file(name, target, base);
        let platform = target.platform.as_ref().map(|word| listed(&word.value, base)).transpose()?;
        let mut settings = settings(name, url, target, base)?;
        settings.later.clone_from(&api.later);
        if let Some(header) = &api.wait {
            settings.wait_header = header.to_lowercase();
        }
        let http = Http::new(settings).map_err(unusable(name))?;
        let identity = http.base().as_str().trim_end_matches('/').to_owned();
        // What another address had says nothing of this one.
        let probed = Counted::load(&file).filter(|counted| counted.url.trim_end_matches('/') == identity);
        let organisation = target.organisation.as_ref().map(|organisation| organisation.value.0.clone());
        let config = Config { name: name.to_owned(), capabilities: None, organisation, platform, seen: None };
        let named = target.audit.as_ref().and_then(|audit| audit.path.as_ref());
        let audit = named.map_or_else(|| usual_audit(name, base), |path| base.join(path.value.as_str()));
        let known = Known { probed, applied: Some(applied(audit.clone(), api.contacts.is_none())) };
        let portal = Portal::Rest(Box::new(Rest::new(Arc::new(http), api, config, known)));
        let reference = TargetRef { name: name.to_owned(), kind: "rest".to_owned(), identity };
        Ok(Target { reference, actor, portal, capabilities: Some(file), audit, personal: false })
    }
}

/// Tells from a trail how many people were applied after a moment and not deleted again. Contacts count where they are
/// users without access. A trail that cannot be read tells nothing: it is only ever a reason for doubt.
fn applied(trail: PathBuf, contacts: bool) -> Applied {
    Box::new(move |since| {
        let mut there: HashSet<(String, String)> = HashSet::new();
        let told = past::each(&trail, |step| {
            let person = step.resource == Resource::User || step.resource == Resource::Contact && contacts;
            if !person || since.is_some_and(|since| step.at < since) {
                return;
            }
            let who = (step.organisation, step.key);
            match step.action {
                Action::Delete => there.remove(&who),
                _ => there.insert(who),
            };
        });
        if told.is_ok() { there.len() } else { 0 }
    })
}

/// A portal that was applied to, and whose file is not there any more, is not an empty one.
fn gone(target: &TargetRef, trail: &Path) -> Error {
    let message = format!(
        "the portal of the target `{}` is gone: there is no file `{}`, and the trail `{}` says that it was applied to",
        target.name,
        target.identity,
        trail.display()
    );
    Error::failed(message, "put the file back or mend `path`; to begin with an empty portal, move the trail away")
}

fn not_embedded(target: &TargetRef) -> Error {
    let message =
        format!("the target `{}` is of kind `{}`: this is for embedded portals only", target.name, target.kind);
    Error::usage(message, "name an embedded target with --target")
}

fn usual_audit(name: &str, base: &Path) -> PathBuf {
    base.join(".rosterctl").join("audit").join(format!("{name}.jsonl"))
}

/// Where contacts are kept, as the workspace says.
fn contacts(name: &str, target: &TargetText, known: &mut Capabilities) -> Result<(), Error> {
    match target.contacts.as_ref().map(|contacts| contacts.value) {
        Some(ContactsAs::InactiveUsers) => known.contacts = None,
        Some(ContactsAs::ResourceType) if known.contacts.is_none() => {
            let message = format!("the target `{name}` has no resource type for contacts that is known");
            let hint = "write `contacts: inactive-users`, or learn anew with `rosterctl target probe --write`";
            return Err(Error::failed(message, hint));
        }
        _ => {}
    }
    Ok(())
}

fn listed(word: &str, base: &Path) -> Result<Listed, Error> {
    let platform = platform(word, base)?;
    Ok(Listed { id: SmolStr::default(), platform: word.into(), platform_text: platform.text })
}

fn settings(name: &str, url: &Text, target: &TargetText, base: &Path) -> Result<Settings, Error> {
    let address = address(name, "url", &url.value)?;
    let auth = match &target.auth {
        None => Auth::None,
        Some(auth) => sign_in(name, auth, base)?,
    };
    let mut settings = Settings::new(address, auth);
    settings.ca = target.ca.as_ref().map(|file| base.join(file.value.as_str()));
    if let Some(concurrency) = &target.concurrency {
        settings.concurrency = concurrency.value as usize;
    }
    settings.requests_per_second = target.requests_per_second.as_ref().map(|rate| rate.value);
    Ok(settings)
}

fn sign_in(name: &str, auth: &AuthText, base: &Path) -> Result<Auth, Error> {
    match (&auth.bearer, &auth.basic, &auth.oauth2_client_credentials) {
        (Some(token), None, None) => Ok(Auth::Bearer(secret(token, base)?)),
        (None, Some(basic), None) => {
            let (Some(user), Some(password)) = (&basic.user.0, &basic.password.0) else {
                return Err(one_of_three(name));
            };
            Ok(Auth::Basic { user: user.value.to_string(), password: secret(password, base)? })
        }
        (None, None, Some(client)) => {
            let (Some(token_url), Some(id), Some(own)) =
                (&client.token_url.0, &client.client_id.0, &client.client_secret.0)
            else {
                return Err(one_of_three(name));
            };
            Ok(Auth::ClientCredentials {
                token_url: address(name, "tokenUrl", &token_url.value)?,
                client_id: id.value.to_string(),
                client_secret: secret(own, base)?,
                scope: client.scope.as_ref().map(|scope| scope.value.to_string()),
            })
        }
        _ => Err(one_of_three(name)),
    }
}

fn one_of_three(name: &str) -> Error {
    let message = format!("`auth` of the target `{name}` must be one of three");
    Error::failed(message, "write either `bearer`, `basic` or `oauth2ClientCredentials`")
}

/// The file with what a target was seen to do.
pub fn capabilities_file(name: &str, target: &TargetText, base: &Path) -> PathBuf {
    match &target.capabilities {
        Some(file) => base.join(file.value.as_str()),
        None => base.join("capabilities").join(format!("{name}.yaml")),
    }
}

/// A secret from where the workspace says that it is.
fn secret(reference: &SecretRef, base: &Path) -> Result<Secret, Error> {
    secret_text(reference, base).map(Secret::new)
}

/// Where the workspace has drift told, if anywhere.
pub fn webhook(webhook: &Webhook, base: &Path) -> Result<Hook, Error> {
    let bad = |why: String| {
        let hint = "write the address whole, such as https://hooks.example/drift, or name it: { env: NAME }";
        Error::failed(format!("`drift.webhook` cannot be used: {why}"), hint)
    };
    let text = match &webhook.url.0 {
        None => return Err(bad("it has no `url`".to_owned())),
        Some(Address::Plain(text)) => text.value.to_string(),
        Some(Address::Named(reference)) => secret_text(reference, base)?,
    };
    // The address may be a secret: what is wrong with it is said, the address is not.
    let url = Url::parse(&text).map_err(|error| bad(format!("`url` is no address: {error}")))?;
    let secret = webhook.secret.as_ref().map(|own| secret(own, base)).transpose()?;
    let personal = webhook.personal.as_ref().is_some_and(|personal| personal.value);
    Hook::new(url, secret, personal).map_err(|error| bad(error.message))
}

/// The text of a secret, or of an address that is one.
fn secret_text(reference: &SecretRef, base: &Path) -> Result<String, Error> {
    let (text, place) = match reference {
        SecretRef::Env(name) => {
            let text = std::env::var(name.as_str()).map_err(|_| {
                let message = format!("the environment variable `{name}` that holds a secret is not set");
                Error::failed(message, format!("set it for this command: export {name}=…"))
            })?;
            (text, format!("the environment variable `{name}`"))
        }
        SecretRef::File(path) => {
            let text = read_text(&base.join(path.as_str())).map_err(|why| {
                let message = format!("the file `{path}` that holds a secret {}", why.message);
                Error::failed(message, "make it readable for you and nobody else")
            })?;
            (text, format!("the file `{path}`"))
        }
    };
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        let message = format!("{place} does not hold a secret: it is empty, or has several lines");
        return Err(Error::failed(message, "put the secret alone into it"));
    }
    Ok(text.to_owned())
}

fn address(name: &str, key: &str, text: &str) -> Result<Url, Error> {
    Url::parse(text).map_err(|error| {
        let message = format!("`{key}` of the target `{name}` is no address: {error}");
        Error::failed(message, "write it whole, such as https://portal.example/scim/v2")
    })
}

fn unusable(name: &str) -> impl Fn(HttpError) -> Error {
    move |error| {
        let message = format!("the target `{name}` cannot be used: {}", error.message);
        Error { message, hint: error.hint, exit: crate::error::Exit::Findings }
    }
}
