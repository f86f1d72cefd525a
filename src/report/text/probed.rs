//! What a target was seen to do, as text.

use super::Style;
use super::ink::{Ink, Page, Para};
use crate::live::scim::capabilities::{Capabilities, MemberChange, MemberReading, PagingStyle, Versions};
use crate::live::scim::mapping::{Applications, GroupIdentity, Identity, Roles, Words};

/// The column at which what was learned begins.
const COLUMN: usize = 17;

/// Below this width the second column begins on a line of its own.
const ROOM_FOR_TWO: usize = 50;

/// What was learned, what it means for rosters, and where it is kept.
pub fn probed(known: &Capabilities, remarks: &[String], file: &str, target: &str, style: &Style) -> String {
    let mut page = Page::new(style);
    if !style.quiet {
        learned(known, style, &mut page);
    }
    for remark in remarks {
        page.add(Para::new(0, 2).with(Ink::Plain, &format!("note: {remark}")));
    }
    if !style.quiet {
        page.add(Para::new(0, 2).with(Ink::Plain, &format!("written to {file}; review it and commit it")));
    }
    if !known.learned.by_writing {
        let more = format!(
            "read only, so it is not known what the target keeps: `rosterctl target probe --write --target {target}` tries it"
        );
        page.add(Para::new(0, 2).with(Ink::Plain, &more));
    }
    page.finish()
}

fn learned(known: &Capabilities, style: &Style, page: &mut Page<'_>) {
    let mut line = |what: &str, how: &str| {
        if style.width < ROOM_FOR_TWO {
            page.add(Para::new(2, 4).with(Ink::Bold, what));
            page.add(Para::new(4, 4).with(Ink::Plain, how));
            return;
        }
        let mut line = Para::new(2, COLUMN).with(Ink::Plain, what);
        line.pad(COLUMN);
        page.add(line.with(Ink::Plain, how));
    };
    line("people", &format!("{} users, {} groups", known.learned.users, known.learned.groups));
    line(
        "lists",
        &match (known.paging.style, known.paging.size) {
            (PagingStyle::Index, size) => format!("by pages of up to {size}"),
            (PagingStyle::Cursor, size) => format!("by cursor, up to {size} a page"),
            (PagingStyle::Whole, _) => "all at once".to_owned(),
        },
    );
    if known.learned.by_writing {
        let carriers = known.carriers();
        line(
            "identities",
            match carriers.identity {
                Identity::ExternalId => "in `externalId`",
                Identity::EmployeeNumber => "in `employeeNumber`",
                Identity::UserName => "in `userName`",
            },
        );
        line(
            "group ids",
            match carriers.group_identity {
                GroupIdentity::ExternalId => "in `externalId`",
                GroupIdentity::DisplayName => "in the names of groups, in parentheses",
            },
        );
        line(
            "roles",
            match carriers.roles {
                Roles::Roles => "in `roles`",
                Roles::Entitlements => "in `entitlements`",
                Roles::Groups => "as groups, one for each role",
            },
        );
        line(
            "attributes",
            match carriers.words {
                Words::Extension => "in an extension of ours that the target has",
                Words::Entitlements => "in `entitlements`",
                Words::Groups => "as groups, one for each value",
            },
        );
        line(
            "applications",
            match carriers.applications {
                Applications::Extension => "in an extension of ours that the target has",
                Applications::Groups => "as groups, one for each application of a permission group",
            },
        );
        line("phone numbers", if carriers.phone { "kept" } else { "not kept" });
        line(
            "contacts",
            &match &known.contacts {
                Some(endpoint) => format!("a resource type of their own, {endpoint}"),
                None => "as users without access".to_owned(),
            },
        );
        let members = &known.members;
        line(
            "members",
            &format!(
                "{}, added by {}, removed by {}, up to {} a request",
                match members.read {
                    MemberReading::Listed => "in lists",
                    MemberReading::Asked => "in lists that ask for them",
                    MemberReading::Single => "shown for single groups only",
                    MemberReading::Unknown => "not shown",
                },
                form(members.add),
                form(members.remove),
                members.limit
            ),
        );
        line(
            "lost changes",
            match known.versions {
                Versions::Enforced => "`If-Match` is enforced",
                Versions::Coarse => "`If-Match` is enforced, but two quick changes share a version",
                Versions::Ignored => "`If-Match` is ignored: each object is read before it is written",
                Versions::Unknown => "not tried",
            },
        );
    }
}

fn form(change: MemberChange) -> &'static str {
    match change {
        MemberChange::Filter => "a filter",
        MemberChange::List => "a list",
        MemberChange::Replace => "replacing all",
        MemberChange::Put => "writing the whole group",
        MemberChange::Unknown => "nothing that works",
    }
}
