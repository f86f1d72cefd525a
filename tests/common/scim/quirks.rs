//! What the server does otherwise than the RFCs say: each is a thing that somebody's server was seen to do.

/// The oddities of a server. By default it has none, and knows rosterctl's extensions.
#[derive(Clone, Debug)]
pub struct Quirks {
    /// What filters find.
    pub filter: Filter,
    /// What `totalResults` says.
    pub totals: Totals,
    /// How pages follow each other.
    pub pages: Pages,
    /// The most resources of a page.
    pub page_size: usize,
    /// `count` answers 500.
    pub refuses_count: bool,
    /// Where members of groups are shown.
    pub shown: Shown,
    /// What members are called.
    pub named: Named,
    /// Forms of a change of members that answer 400 or 501.
    pub refuses: &'static [Form],
    /// The most members that a request may change, and the status for more; 0: no limit.
    pub member_limit: (usize, u16),
    /// Members need `$ref`.
    pub needs_reference: bool,
    /// `replace` of a multi-valued attribute adds.
    pub replace_merges: bool,
    /// What removes members answers success and does nothing.
    pub ignores_removal: bool,
    /// Attributes of users and groups that are accepted and not kept.
    pub drops: &'static [&'static str],
    /// Answers to writes repeat what was sent.
    pub echoes: bool,
    /// What the version of a resource is made of.
    pub versions: Versions,
    /// Which requests look at `If-Match`.
    pub if_match: IfMatch,
    /// What ids look like.
    pub ids: Ids,
    /// Ids of what was deleted are given again.
    pub reuses_ids: bool,
    /// Who was deleted cannot come back.
    pub tombstones: bool,
    /// Who is deleted stays in the groups.
    pub stale_members: bool,
    /// How PATCH is answered.
    pub patch: Patch,
    /// Neither `Location` nor `meta.location`.
    pub no_location: bool,
    /// What errors look like.
    pub errors: Errors,
    /// What is answered to a second user of one name.
    pub duplicates: Duplicates,
    /// User names that differ in case are different, in filters too.
    pub case_sensitive: bool,
    /// How `active` behaves.
    pub active: Active,
    /// At most one role and one entitlement for each `type`.
    pub one_role_per_type: bool,
    /// Extensions that are not in `/Schemas` answer 400.
    pub strict_schemas: bool,
    /// `primary` on mail addresses answers 400.
    pub refuses_primary: bool,
    /// JSON Pointers into a user or a group that is created or replaced.
    pub required: &'static [&'static str],
    /// `null` and empty lists answer 400, except for members.
    pub refuses_empty: bool,
    /// HTTP/1.0 without keep-alive.
    pub http10: bool,
    /// Two groups of one name answer 409.
    pub unique_groups: bool,
    /// External ids and mail addresses of users are unique.
    pub unique_everything: bool,
    /// What discovery answers.
    pub discovery: Discovery,
    /// What the service provider configuration says of etags, whatever is done.
    pub announces_etag: bool,
    /// rosterctl's extensions of users and groups are known and kept.
    pub extension: bool,
    /// There is a resource type for contacts.
    pub contacts: bool,
    /// What `/Bulk` does.
    pub bulk: Bulk,
}

impl Default for Quirks {
    fn default() -> Quirks {
        Quirks {
            filter: Filter::Works,
            totals: Totals::Right,
            pages: Pages::Sound,
            page_size: 100,
            refuses_count: false,
            shown: Shown::Listed,
            named: Named::Id,
            refuses: &[],
            member_limit: (0, 400),
            needs_reference: false,
            replace_merges: false,
            ignores_removal: false,
            drops: &[],
            echoes: false,
            versions: Versions::Counter,
            if_match: IfMatch::Obeyed,
            ids: Ids::Hex,
            reuses_ids: false,
            tombstones: false,
            stale_members: false,
            patch: Patch::Shown,
            no_location: false,
            errors: Errors::Scim,
            duplicates: Duplicates::Conflict,
            case_sensitive: false,
            active: Active::Flag,
            one_role_per_type: false,
            strict_schemas: false,
            refuses_primary: false,
            required: &[],
            refuses_empty: false,
            http10: false,
            unique_groups: false,
            unique_everything: false,
            discovery: Discovery::Whole,
            announces_etag: true,
            extension: true,
            contacts: true,
            bulk: Bulk::Absent,
        }
    }
}

/// What filters find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// What they say.
    Works,
    /// Everybody.
    Ignored,
    /// Nobody, with 200.
    Nobody,
    /// An error 400.
    Refused,
    /// What they say, but a value with an escaped character finds nothing.
    NoEscapes,
}

/// What `totalResults` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Totals {
    /// The truth.
    Right,
    /// Half of it.
    TooLow,
    /// Three more.
    TooHigh,
    /// Nothing.
    Unsaid,
}

/// How pages follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// As asked.
    Sound,
    /// Always the first.
    First,
    /// After the last comes the last again.
    PastTheEnd,
    /// After the last come people whom nobody knows, for ever.
    Invented,
    /// By cursor only (RFC 9865).
    Cursor,
}

/// Where members of groups are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Everywhere.
    Listed,
    /// Where `attributes` names them.
    Asked,
    /// In single groups only.
    Single,
    /// Nowhere.
    Never,
}

/// What members are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// By id.
    Id,
    /// By user name.
    UserName,
    /// By `$ref` alone.
    Reference,
}

/// A form of a change of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// PATCH `remove` with a filter in the path.
    Filter,
    /// PATCH `remove` with a list of values.
    List,
    /// PATCH `add`.
    Add,
    /// PATCH `replace`.
    Replace,
    /// PUT.
    Put,
}

/// What the version of a resource is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// A number that grows.
    Counter,
    /// The second of the last change.
    Seconds,
    /// There is none.
    Absent,
}

/// Which requests look at `If-Match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// All.
    Obeyed,
    /// None.
    Ignored,
    /// All but DELETE.
    NotOnDelete,
}

/// What ids look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// Sixteen hexadecimal digits.
    Hex,
    /// Numbers, as strings.
    Numbers,
    /// Letters, spaces and signs that addresses have to escape.
    Odd,
}

/// How PATCH is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patch {
    /// 200 with the resource.
    Shown,
    /// 204 without.
    Silent,
    /// 204 for groups and where nothing changed, else 200.
    Mixed,
    /// 501.
    Refused,
}

/// What `/Bulk` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bulk {
    /// It is not there.
    Absent,
    /// It shows what is kept.
    Shows,
    /// It shows what was sent, whatever is kept.
    Repeats,
    /// It shows where resources are and no more.
    Silent,
    /// It shows what is kept, of all but every third operation, which it does all the same.
    Forgets,
    /// It does every operation twice, and says so.
    Twice,
    /// It shows what is kept, takes two operations at most and announces a hundred.
    Small,
}

/// What errors look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errors {
    /// As RFC 7644 §3.12 has it.
    Scim,
    /// The status is a number, the type of the content JSON.
    Number,
    /// The status is an object of its own, the type of the error missing.
    Nested,
    /// The status is missing, the type of the error wrong.
    Wrong,
    /// A page for browsers.
    Html,
    /// Nothing at all.
    Empty,
}

/// What is answered to a second user of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// 409 `uniqueness`.
    Conflict,
    /// 500.
    Crash,
}

/// How `active` behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Active {
    /// As RFC 7643 has it.
    Flag,
    /// It is a string.
    Text,
    /// Who is active does not have it.
    Unsaid,
    /// A PUT without it makes active.
    DefaultsOnPut,
}

/// What discovery answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// What there is.
    Whole,
    /// The same, and addresses of endpoints are whole.
    Absolute,
    /// 404.
    Absent,
    /// 401.
    Denied,
    /// A page for browsers, with 200.
    Html,
    /// JSON that says nothing of use.
    Nonsense,
}
