//! The words of spreadsheets in English, German, Dutch and French: yes and no, states, kinds, headers, titles of roles.

mod headers;

pub use headers::*;

/// A word as it is compared: lower case, without accents, blanks and signs.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'a'..='z' | '0'..='9' => folded.push(c),
            'A'..='Z' => folded.push(c.to_ascii_lowercase()),
            _ if c.is_ascii() => {}
            _ => c.to_lowercase().for_each(|c| fold_letter(c, &mut folded)),
        }
    }
    folded
}

fn fold_letter(c: char, folded: &mut String) {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => folded.push('a'),
        'ç' => folded.push('c'),
        'è' | 'é' | 'ê' | 'ë' => folded.push('e'),
        'ì' | 'í' | 'î' | 'ï' => folded.push('i'),
        'ñ' => folded.push('n'),
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => folded.push('o'),
        'ù' | 'ú' | 'û' | 'ü' => folded.push('u'),
        'ý' | 'ÿ' => folded.push('y'),
        'ß' => folded.push_str("ss"),
        'æ' => folded.push_str("ae"),
        'œ' => folded.push_str("oe"),
        c if c.is_alphanumeric() => folded.push(c),
        _ => {}
    }
}

/// Yes.
pub const YES: &[&str] =
    &["yes", "y", "true", "1", "x", "on", "ok", "checked", "ja", "j", "wahr", "waar", "oui", "o", "vrai", "si"];
/// No. An empty cell is no as well.
pub const NO: &[&str] =
    &["no", "n", "false", "0", "off", "none", "unchecked", "nein", "falsch", "nee", "onwaar", "non", "faux"];

/// Has access.
pub const ACTIVE: &[&str] = &[
    "active",
    "activated",
    "enabled",
    "inuse",
    "aktiv",
    "aktiviert",
    "actief",
    "geactiveerd",
    "ingeschakeld",
    "actif",
    "active",
    "activee",
    "confirmed",
    "accepted",
];
/// Has an account and no access.
pub const DEACTIVATED: &[&str] = &[
    "inactive",
    "deactivated",
    "disabled",
    "blocked",
    "inaktiv",
    "deaktiviert",
    "gesperrt",
    "inactief",
    "gedeactiveerd",
    "uitgeschakeld",
    "geblokkeerd",
    "inactif",
    "inactive",
    "desactive",
    "desactivee",
    "bloque",
];
/// Is invited and has not accepted.
pub const PENDING: &[&str] = &[
    "pending",
    "invited",
    "invitationsent",
    "awaitingacceptance",
    "eingeladen",
    "ausstehend",
    "einladungversendet",
    "uitgenodigd",
    "inafwachting",
    "openstaand",
    "invite",
    "invitee",
    "enattente",
    "invitationenvoyee",
];
/// Headers of columns in which yes means that somebody has no access.
pub const INVERTED: &[&str] = &[
    "inactive",
    "deactivated",
    "disabled",
    "blocked",
    "locked",
    "inaktiv",
    "deaktiviert",
    "gesperrt",
    "inactief",
    "gedeactiveerd",
    "uitgeschakeld",
    "geblokkeerd",
    "inactif",
    "desactive",
    "bloque",
];

/// A user.
pub const USER: &[&str] = &[
    "user",
    "users",
    "portaluser",
    "benutzer",
    "nutzer",
    "anwender",
    "gebruiker",
    "utilisateur",
    "usercontact",
    "userandcontact",
];
/// A contact.
pub const CONTACT: &[&str] = &[
    "contact",
    "contacts",
    "contactperson",
    "contactonly",
    "kontakt",
    "kontaktperson",
    "ansprechpartner",
    "contactpersoon",
    "personnedecontact",
];
/// A distribution list.
pub const LIST: &[&str] = &[
    "distributionlist",
    "mailinglist",
    "list",
    "verteiler",
    "verteilerliste",
    "distributielijst",
    "verzendlijst",
    "listededistribution",
    "listedediffusion",
];

/// Levels of access by the ids that they usually have.
pub const LEVELS: &[(&str, &[&str])] = &[
    ("read", &["readonly", "view", "viewer", "lesen", "nurlesen", "lezen", "alleenlezen", "lecture", "lectureseule"]),
    (
        "full",
        &[
            "fullaccess",
            "fullcontrol",
            "write",
            "readwrite",
            "admin",
            "voll",
            "vollzugriff",
            "volledig",
            "volledigetoegang",
            "complet",
            "accescomplet",
        ],
    ),
];

/// Titles of roles in other languages, by the ids of the roles.
pub const TITLES: &[(&str, &[&str])] = &[
    (
        "technical",
        &[
            "technischerkontakt",
            "technischeransprechpartner",
            "technik",
            "technischcontact",
            "technischcontactpersoon",
            "contacttechnique",
            "technique",
            "technisch",
            "techcontact",
            "tech",
        ],
    ),
    (
        "commercial",
        &[
            "kaufmannischerkontakt",
            "kaufmannischeransprechpartner",
            "kaufmannisch",
            "kommerziellerkontakt",
            "kommerziell",
            "commercieelcontact",
            "commercieelcontactpersoon",
            "commercieel",
            "contactcommercial",
            "salescontact",
        ],
    ),
    (
        "dpo",
        &[
            "datenschutzbeauftragter",
            "datenschutzbeauftragte",
            "datenschutz",
            "dsb",
            "functionarisgegevensbescherming",
            "fg",
            "gegevensbescherming",
            "deleguealaprotectiondesdonnees",
            "dpd",
        ],
    ),
    (
        "watchlist",
        &["beobachter", "beobachterliste", "watcher", "cc", "volglijst", "listedesurveillance", "observateur"],
    ),
    (
        "security-incident-escalation",
        &[
            "eskalationskontakt",
            "sicherheitseskalation",
            "eskalationskontaktfursicherheitsvorfalle",
            "siec",
            "securityescalation",
            "escalatiecontact",
            "contactdescalade",
            "escaladesecurite",
        ],
    ),
];

/// Names of attributes in other languages, by the names of the attributes.
pub const ATTRIBUTES: &[(&str, &[&str])] = &[
    (
        "serviceNow",
        &[
            "servicenowaccess",
            "servicenowaccount",
            "servicenowuser",
            "servicenowzugang",
            "servicenowtoegang",
            "accesservicenow",
        ],
    ),
    (
        "signingAuthority",
        &[
            "zeichnungsberechtigt",
            "zeichnungsberechtigung",
            "tekenbevoegd",
            "tekenbevoegdheid",
            "pouvoirdesignature",
            "signatory",
            "authorisedsignatory",
            "authorizedsignatory",
        ],
    ),
    (
        "responsibilities",
        &[
            "responsibility",
            "zustandigkeit",
            "zustandigkeiten",
            "verantwortung",
            "verantwoordelijkheid",
            "verantwoordelijkheden",
            "responsabilites",
        ],
    ),
    (
        "directoryRoles",
        &["directoryrole", "entraroles", "entrarole", "azureadroles", "verzeichnisrollen", "directoryrollen"],
    ),
    ("controlGroups", &["controlgroup"]),
    ("designatedBy", &["delegatedby"]),
    ("apiToken", &["apitokens", "hasapitoken"]),
    ("primaryFor", &["primary", "primarycontactfor"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_case_accents_and_signs() {
        assert_eq!(fold("E-Mail-Adresse"), "emailadresse");
        assert_eq!(fold("Délégué à la protection"), "delegueala".to_owned() + "protection");
        assert_eq!(fold("Kaufmännischer Kontakt"), "kaufmannischerkontakt");
        assert_eq!(fold("STRASSE / Straße"), "strassestrasse");
        assert_eq!(fold(" - "), "");
    }

    #[test]
    fn every_word_is_folded_and_means_one_thing() {
        let folded = |word: &str| assert_eq!(fold(word), word, "is not as `fold` writes it");
        let lists = [NAME, FIRST_NAME, LAST_NAME, EMAIL, PHONE, KIND, STATE, ID, ROLES, GROUPS, ORGANISATION, TAKEN];
        lists
            .iter()
            .chain(&[YES, NO, ACTIVE, DEACTIVATED, PENDING, INVERTED, USER, CONTACT, LIST])
            .flat_map(|list| list.iter())
            .for_each(|word| folded(word));
        for tables in [TITLES, ATTRIBUTES, LEVELS] {
            tables.iter().flat_map(|(_, words)| words.iter()).for_each(|word| folded(word));
        }
        for exclusive in [&[YES, NO][..], &[ACTIVE, DEACTIVATED, PENDING], &[USER, CONTACT, LIST]] {
            let mut all: Vec<&str> = Vec::new();
            for list in exclusive {
                let mut own = list.to_vec();
                own.sort_unstable();
                own.dedup();
                all.extend(own);
            }
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count, "a word means two things");
        }
    }
}
