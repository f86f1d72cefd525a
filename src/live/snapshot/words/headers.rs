//! The headers of columns, clearest words first: of several columns the one with the clearest word is meant.

/// Headers of names.
pub const NAME: &[&str] = &[
    "name",
    "fullname",
    "displayname",
    "username",
    "user",
    "person",
    "contactname",
    "vollername",
    "anzeigename",
    "benutzername",
    "naam",
    "volledigenaam",
    "weergavenaam",
    "nomcomplet",
    "nom",
    "nometprenom",
    "nomaffiche",
    "vorundnachname",
];
/// Headers of first names.
pub const FIRST_NAME: &[&str] = &["firstname", "givenname", "vorname", "voornaam", "prenom"];
/// Headers of family names.
pub const LAST_NAME: &[&str] = &[
    "lastname",
    "surname",
    "familyname",
    "nachname",
    "familienname",
    "achternaam",
    "familienaam",
    "nomdefamille",
    "nom",
    "name",
    "naam",
];
/// Headers of mail addresses.
pub const EMAIL: &[&str] = &[
    "email",
    "mail",
    "emailaddress",
    "mailaddress",
    "emailadresse",
    "mailadresse",
    "emailadres",
    "mailadres",
    "adresseemail",
    "adressemail",
    "courriel",
    "userprincipalname",
    "upn",
    "workemail",
    "businessemail",
    "contactemail",
    "useremail",
];
/// Headers of telephone numbers.
pub const PHONE: &[&str] = &[
    "phone",
    "phonenumber",
    "telephone",
    "telephonenumber",
    "tel",
    "telno",
    "mobile",
    "mobilephone",
    "mobilenumber",
    "telefon",
    "telefonnummer",
    "mobil",
    "mobiltelefon",
    "mobilnummer",
    "handy",
    "rufnummer",
    "telefoon",
    "telefoonnummer",
    "gsm",
    "mobiel",
    "mobielnummer",
    "numerodetelephone",
    "portable",
    "workphone",
    "businessphone",
];
/// Headers of what an entry is.
pub const KIND: &[&str] = &[
    "kind",
    "type",
    "usertype",
    "entrytype",
    "usercontact",
    "userorcontact",
    "art",
    "typ",
    "benutzertyp",
    "kontaktart",
    "soort",
    "gebruikerstype",
    "genre",
    "typedutilisateur",
];
/// Headers of states.
pub const STATE: &[&str] = &[
    "status",
    "state",
    "accountstatus",
    "userstatus",
    "active",
    "enabled",
    "accountenabled",
    "zustand",
    "kontostatus",
    "aktiv",
    "actief",
    "statut",
    "etat",
    "actif",
    "inactive",
    "disabled",
    "deaktiviert",
    "gesperrt",
];
/// Headers of the ids that rosters have: never of numbers that the portal or a payroll gave.
pub const ID: &[&str] = &["externalid", "rosterid", "rosterctlid"];
/// Headers of roles.
pub const ROLES: &[&str] = &[
    "role",
    "roles",
    "userrole",
    "userroles",
    "contactrole",
    "contactroles",
    "rolle",
    "rollen",
    "kontaktrolle",
    "kontaktrollen",
    "benutzerrolle",
    "rol",
    "contactrol",
    "contactrollen",
    "rolesducontact",
    "profile",
    "profiles",
];
/// Headers of permission groups.
pub const GROUPS: &[&str] = &[
    "group",
    "groups",
    "permissiongroup",
    "permissiongroups",
    "securitygroup",
    "gruppe",
    "gruppen",
    "berechtigungsgruppe",
    "berechtigungsgruppen",
    "groep",
    "groepen",
    "rechtengroep",
    "rechtengroepen",
    "machtigingsgroep",
    "machtigingsgroepen",
    "groupe",
    "groupes",
    "groupedautorisations",
    "groupesdautorisations",
];
/// Headers of organisations.
pub const ORGANISATION: &[&str] = &[
    "organisation",
    "organization",
    "company",
    "companyname",
    "customer",
    "customername",
    "firma",
    "unternehmen",
    "kunde",
    "bedrijf",
    "klant",
    "organisatie",
    "societe",
    "entreprise",
    "client",
];
/// Headers of when the export was made.
pub const TAKEN: &[&str] = &[
    "exportedat",
    "exportedon",
    "exportdate",
    "exportdatum",
    "exportiertam",
    "geexporteerdop",
    "datedexport",
    "exportele",
];
/// Headers of applications.
pub const APPLICATION: &[&str] = &[
    "application",
    "applications",
    "app",
    "service",
    "anwendung",
    "applikation",
    "dienst",
    "toepassing",
    "applicatie",
];
/// Headers of levels of access.
pub const LEVEL: &[&str] =
    &["level", "access", "accesslevel", "permission", "stufe", "zugriff", "berechtigung", "niveau", "toegang", "acces"];
