//! The folder that the tests begin with: a roster, a workspace with one line for the portal, an export that agrees.

use crate::common::{ACME, Project};

/// The target of the contract: nothing but a kind and a path.
pub const WORKSPACE: &str = "version: 1\ntargets:\n  arxus-portal: { kind: snapshot, path: live/acme.csv }\n";

/// The header of [`ACME_CSV`].
pub const HEADER: &str = "Name;E-Mail;Phone;Type;Contact roles;Permission groups;ServiceNow;Signing authority;Responsibilities;Directory roles";

/// What the portal exports while it has what [`ACME`] asks for.
pub const ACME_CSV: &str = "Name;E-Mail;Phone;Type;Contact roles;Permission groups;ServiceNow;Signing authority;Responsibilities;Directory roles
Ada Peeters;ada@acme.example;+32 470 00 00 01;User;Technical Contact;IT operations;yes;;it-administration, security;global-administrator
Grace Lindqvist;grace@acme.example;;Contact;Commercial Contact;;;yes;;
Dana Kowalska;dana@acme.example;;Contact;Data Protection Officer (DPO);;;;;
";

/// A project with the roster, the workspace and an export.
pub fn project(export: impl AsRef<[u8]>) -> Project {
    let project = Project::with_roster(ACME).with_workspace(WORKSPACE);
    project.write("live/acme.csv", export);
    project
}

/// A project whose target has more keys, in flow style.
pub fn with_keys(export: impl AsRef<[u8]>, keys: &str) -> Project {
    let project = project(export);
    project.write(
        "rosterctl.yaml",
        format!("version: 1\ntargets:\n  arxus-portal:\n    kind: snapshot\n    path: live/acme.csv\n    {keys}\n"),
    );
    project
}

/// The export with one part replaced, which must be there.
pub fn export_with(from: &str, to: &str) -> String {
    crate::common::replaced(ACME_CSV, from, to)
}
