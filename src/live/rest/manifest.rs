//! A manifest as its author wrote it: how a portal's REST API lists, shows and changes people and groups.

use super::formula::Formula;
use super::template::TemplateText;
use crate::diagnostic::Located;
use crate::document::record::{Map, Required, Text, record, words};
use crate::document::roster::Version;

record! {
    /// How a portal with a REST API of its own is read and written.
    pub struct Manifest as "a manifest" {
        /// The version of this language: 1.
        "version" => version: Version,
        /// What the API is called.
        "name" => name: Required<Text>,
        /// What whoever connects it has to know: said by `rosterctl target probe`.
        "about" => about: Option<Text>,
        /// What the credentials must be allowed to do, and where they are made: said where they are refused.
        "signIn" => sign_in: Option<Text>,
        /// Headers that every request carries.
        "headers" => headers: Option<Map<Text, false>>,
        /// How the portal says that it has too much to do.
        "limits" => limits: Option<LimitsText>,
        /// What answers mean.
        "answers" => answers: Option<AnswersText>,
        /// People with access.
        "users" => users: Required<AccountsText>,
        /// People without access, where the portal keeps them apart; default: users who are not active.
        "contacts" => contacts: Option<AccountsText>,
        /// Groups.
        "groups" => groups: Option<GroupsText>,
        /// Roles, where they are a resource of their own.
        "roles" => roles: Option<RolesText>,
    }
}

record! {
    /// How the portal says that it has too much to do.
    pub struct LimitsText as "`limits`" {
        /// Statuses by which the portal refuses to begin: nothing was done, and it is asked again later. Default 429.
        "later" => later: Option<Vec<Located<u32>>>,
        /// The header that says how long to wait: seconds, a date, or seconds since 1970. Default Retry-After.
        "header" => header: Option<Text>,
    }
}

record! {
    /// What answers mean: conditions on `answer`.
    pub struct AnswersText as "`answers`" {
        /// What was to be created is there already. Default `answer.status == 409`.
        "exists" => exists: Option<Formula>,
        /// It is not there, or no longer. Default `answer.status == 404 || answer.status == 410`.
        "gone" => gone: Option<Formula>,
        /// It has changed since it was read. Default `answer.status == 412`.
        "changed" => changed: Option<Formula>,
        /// What the portal says, for messages. Default: the beginning of the answer.
        "message" => message: Option<Formula>,
    }
}

record! {
    /// Users, or contacts.
    pub struct AccountsText as "a resource of people" {
        /// How all of them are listed.
        "list" => list: Required<ListText>,
        /// How one of them is read.
        "one" => one: Required<OneText>,
        /// What of an `item` is what of a person.
        "fields" => fields: Required<PersonFields>,
        /// Whether the portal keeps the case of letters in mail addresses; default kept.
        "mailCase" => mail_case: Option<Located<MailCase>>,
        /// How one is created.
        "create" => create: Option<CallText>,
        /// How one is changed.
        "update" => update: Option<CallText>,
        /// How one loses access, where `update` cannot do that.
        "deactivate" => deactivate: Option<CallText>,
        /// How one gets access again.
        "reactivate" => reactivate: Option<CallText>,
        /// How one is deleted.
        "delete" => delete: Option<CallText>,
    }
}

words! {
    /// What a portal does to mail addresses.
    pub enum MailCase {
        /// They stay as they are written.
        Kept = "kept",
        /// They become lower-case, or of a case of its own.
        Folded = "folded",
    }
}

record! {
    /// What of an `item` is what of a person. What an item does not have is empty.
    pub struct PersonFields as "`fields`" {
        /// The portal's own name for it.
        "id" => id: Required<Formula>,
        /// Where rosterctl keeps the id of the roster, `organisation/id`.
        "externalId" => external_id: Required<Formula>,
        /// What the person signs in with; default the mail address.
        "userName" => user_name: Option<Formula>,
        /// The whole name.
        "name" => name: Option<Formula>,
        /// The given name, where the portal has no whole one.
        "givenName" => given_name: Option<Formula>,
        /// The family name, where the portal has no whole one.
        "familyName" => family_name: Option<Formula>,
        /// The mail address.
        "email" => email: Option<Formula>,
        /// The telephone number.
        "phone" => phone: Option<Formula>,
        /// Whether the person has access; default: everybody has.
        "active" => active: Option<Formula>,
        /// A list of roles; default: roles are groups.
        "roles" => roles: Option<Formula>,
        /// A list of attributes, one `name=value` each; default: attributes are groups.
        "attributes" => attributes: Option<Formula>,
        /// The kind of entry, as it was written; goes with `attributes`.
        "type" => entry_type: Option<Formula>,
        /// When the portal changed it last (RFC 3339).
        "modified" => modified: Option<Formula>,
        /// The version, which `ifMatch` sends back; default the `ETag`.
        "version" => version: Option<Formula>,
    }
}

record! {
    /// Groups.
    pub struct GroupsText as "`groups`" {
        /// How all of them are listed.
        "list" => list: Required<ListText>,
        /// How one of them is read.
        "one" => one: Required<OneText>,
        /// What of an `item` is what of a group.
        "fields" => fields: Required<GroupFields>,
        /// Whether the portal refuses two groups of one name; default no.
        "uniqueNames" => unique_names: Option<Located<bool>>,
        /// Who is in them.
        "members" => members: Required<MembersText>,
        /// How one is created.
        "create" => create: Option<CallText>,
        /// How one is changed.
        "update" => update: Option<CallText>,
        /// How one is deleted.
        "delete" => delete: Option<CallText>,
    }
}

record! {
    /// What of an `item` is what of a group.
    pub struct GroupFields as "`fields`" {
        /// The portal's own name for it.
        "id" => id: Required<Formula>,
        /// Where rosterctl keeps the identity of the group; default: in its name, in parentheses.
        "externalId" => external_id: Option<Formula>,
        /// The name.
        "name" => name: Required<Formula>,
        /// A list of what the group gives access to, one `application=level` each; default: more groups.
        "access" => access: Option<Formula>,
        /// The version, which `ifMatch` sends back; default the `ETag`.
        "version" => version: Option<Formula>,
    }
}

record! {
    /// Who is in groups.
    pub struct MembersText as "`members`" {
        /// Where it stands.
        "in" => place: Required<Located<MembersIn>>,
        /// The ids of the members in an `item` that is a group; for `in: group`.
        "members" => members: Option<Formula>,
        /// The members of one group, whose `id` is given; for `in: list`. All memberships there are; for `in: table`.
        "list" => list: Option<ListText>,
        /// The memberships of one group, whose `id` is given; for `in: table`.
        "of" => of: Option<ListText>,
        /// The id of the group in an `item` that is a membership; for `in: table`.
        "group" => group: Option<Formula>,
        /// The id of the member in an `item`; for `in: list` and `in: table`.
        "member" => member: Option<Formula>,
        /// The id of the membership itself, which `remove` may name as `link`; for `in: table`.
        "link" => link: Option<Formula>,
        /// How somebody joins; without it the group is updated with all its members.
        "add" => add: Option<CallText>,
        /// How somebody leaves.
        "remove" => remove: Option<CallText>,
        /// How many `members` join by one request; default 1.
        "together" => together: Option<Located<u32>>,
    }
}

words! {
    /// Where it stands who is in which group.
    pub enum MembersIn {
        /// In the groups.
        Group = "group",
        /// In a list for each group.
        List = "list",
        /// In a list of all memberships.
        Table = "table",
    }
}

record! {
    /// Roles that are a resource of their own: which there are, who holds them, and how they are given and taken.
    pub struct RolesText as "`roles`" {
        /// How all of them are listed.
        "list" => list: Required<ListText>,
        /// What of an `item` names a role in paths.
        "id" => id: Required<Formula>,
        /// What an `item` is called.
        "name" => name: Required<Formula>,
        /// What the role `key` of rosters is called there; default the same word.
        "called" => called: Option<Formula>,
        /// Who holds one role, whose `id` is given: one list for each role.
        "holders" => holders: Option<ListText>,
        /// The id of the person in an `item` of `holders`.
        "holder" => holder: Option<Formula>,
        /// Whether such an `item` is a group, whose members hold the role then.
        "through" => through: Option<Formula>,
        /// The roles of one person, whose `id` is given; without `holders` one list for each person.
        "of" => of: Option<ListText>,
        /// How a role is given: `role` is its item, `id` its id, `member` the id of the person.
        "add" => add: Option<CallText>,
        /// How it is taken.
        "remove" => remove: Option<CallText>,
        /// Where roles are made there: said where one is missing.
        "about" => about: Option<Text>,
        /// What of other people's rosters they are evidence of, by the word in `evidence` of a platform file: they are
        /// only read then, when a target `provides` it, and are no roles of rosters. `name` gives the words of it.
        "feeds" => feeds: Option<Text>,
    }
}

record! {
    /// How a list is read to its end.
    pub struct ListText as "a list" {
        /// The path below the target's `url`; what stands in braces is an expression.
        "get" => get: Required<Formula>,
        /// What follows the question mark: names and expressions. Null leaves a name out.
        "query" => query: Option<TemplateText>,
        /// Where in the `answer` the items are.
        "items" => items: Required<Formula>,
        /// How many items there are in all, by the `answer`.
        "total" => total: Option<Formula>,
        /// How many items there are in all, by another request; asked before and after.
        "count" => count: Option<CountText>,
        /// How pages follow each other; default: everything comes at once.
        "paging" => paging: Option<PagingText>,
    }
}

record! {
    /// A request that tells how many items there are.
    pub struct CountText as "`count`" {
        /// The path below the target's `url`.
        "get" => get: Required<Formula>,
        /// What follows the question mark.
        "query" => query: Option<TemplateText>,
        /// The number in the `answer`.
        "value" => value: Required<Formula>,
    }
}

record! {
    /// How pages follow each other, and how the end is known.
    pub struct PagingText as "`paging`" {
        /// What names the next page.
        "by" => by: Required<Located<PagingBy>>,
        /// How many items a page is asked to have: `page.size`.
        "size" => size: Option<Located<u32>>,
        /// The number of the first page, or of the first item; default 1 for pages, 0 for items.
        "first" => first: Option<Located<u32>>,
        /// Where the next page begins; for `by: offset`; default received.
        "advance" => advance: Option<Located<Advance>>,
        /// The cursor or the address of the next page, by the `answer`; for `by: cursor` and `by: next`.
        "next" => next: Option<Formula>,
        /// How the end is known.
        "end" => end: Required<Located<End>>,
    }
}

words! {
    /// What names the next page.
    pub enum PagingBy {
        /// How many items come before it: `page.offset`.
        Offset = "offset",
        /// Its number: `page.number`.
        Page = "page",
        /// A word that the page before it tells: `page.cursor`.
        Cursor = "cursor",
        /// An address that the page before it tells.
        Next = "next",
        /// The header `Link` with `rel="next"` (RFC 8288).
        Link = "link",
    }
}

words! {
    /// Where the next page begins.
    pub enum Advance {
        /// After as many items as were asked for: portals that hide rows count them all the same.
        Asked = "asked",
        /// After as many items as came.
        Received = "received",
    }
}

words! {
    /// How the end of a list is known.
    pub enum End {
        /// As many places were gone through as the total says.
        Total = "total",
        /// A page has no items.
        EmptyPage = "empty-page",
        /// A page has fewer items than were asked for. Say so only where the portal promises it.
        ShortPage = "short-page",
        /// A page names no next one.
        NoNext = "no-next",
    }
}

record! {
    /// How one item is read.
    pub struct OneText as "`one`" {
        /// The path below the target's `url`; `{id}` stands for the item's id.
        "get" => get: Required<Formula>,
        /// What follows the question mark.
        "query" => query: Option<TemplateText>,
        /// Where in the `answer` the item is; default `answer.body`.
        "item" => item: Option<Formula>,
    }
}

record! {
    /// A request that changes something.
    pub struct CallText as "a request" {
        /// The method.
        "method" => method: Required<Located<Verb>>,
        /// The path below the target's `url`; what stands in braces is an expression.
        "path" => path: Required<Formula>,
        /// What follows the question mark.
        "query" => query: Option<TemplateText>,
        /// What `body` is laid over: `item` keeps what others wrote, where the whole object is sent.
        "keep" => keep: Option<Formula>,
        /// Keys of `keep` that are not sent.
        "without" => without: Option<Vec<Text>>,
        /// What is sent.
        "body" => body: Option<TemplateText>,
        /// The version that the object must still have, sent as `If-Match`; null: none.
        "ifMatch" => if_match: Option<Formula>,
        /// The id of what was created, by the `answer`; for `create`.
        "id" => id: Option<Formula>,
    }
}

words! {
    /// A method that changes something.
    pub enum Verb {
        /// POST.
        Post = "POST",
        /// PUT.
        Put = "PUT",
        /// PATCH.
        Patch = "PATCH",
        /// DELETE.
        Delete = "DELETE",
    }
}
