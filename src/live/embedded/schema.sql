-- The embedded portal, version 1. Lists are words with commas between them, attributes are a JSON object.
-- Columns `applied_…` hold an object as rosterctl wrote it last; they are NULL where it never did.

CREATE TABLE platform (
    digest TEXT PRIMARY KEY,
    text TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE organisation (
    id TEXT PRIMARY KEY,
    platform TEXT NOT NULL,
    platform_digest TEXT NOT NULL REFERENCES platform (digest)
) WITHOUT ROWID;

-- The handle of a row is `u-000123` for a user and `c-000123` for a contact, made of the id.
CREATE TABLE person (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation TEXT NOT NULL REFERENCES organisation (id),
    section TEXT NOT NULL,
    external_id TEXT,
    name TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    type TEXT NOT NULL DEFAULT 'person',
    state TEXT NOT NULL DEFAULT 'active',
    roles TEXT NOT NULL DEFAULT '',
    groups TEXT NOT NULL DEFAULT '',
    attributes TEXT NOT NULL DEFAULT '{}',
    applied_name TEXT,
    applied_email TEXT,
    applied_phone TEXT,
    applied_type TEXT,
    applied_state TEXT,
    applied_roles TEXT,
    applied_groups TEXT,
    applied_attributes TEXT
);
CREATE INDEX person_organisation ON person (organisation);
CREATE UNIQUE INDEX person_external_id ON person (external_id, section);
CREATE UNIQUE INDEX person_email ON person (email COLLATE NOCASE, organisation);

-- `formerly` holds earlier ids, so that a plan made before a rename still finds the group.
CREATE TABLE permission_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation TEXT NOT NULL REFERENCES organisation (id),
    external_id TEXT UNIQUE,
    name TEXT NOT NULL,
    applications TEXT NOT NULL DEFAULT '',
    formerly TEXT NOT NULL DEFAULT '',
    applied_name TEXT,
    applied_applications TEXT
);
CREATE INDEX permission_group_organisation ON permission_group (organisation);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    plan_digest TEXT NOT NULL,
    step INTEGER NOT NULL,
    organisation TEXT NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    key TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_organisation ON audit (organisation);
