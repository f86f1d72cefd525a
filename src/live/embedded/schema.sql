-- The embedded portal, version 1. Lists are words with commas between them, attributes are a JSON object.
-- Columns `applied_…` hold an object as rosterctl wrote it last; they are NULL where it never did.

-- What tells this portal from every other, even at the same path.
CREATE TABLE portal (id TEXT NOT NULL);
INSERT INTO portal VALUES (lower(hex(randomblob(8))));

CREATE TABLE platform (
    digest TEXT PRIMARY KEY,
    text TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE organisation (
    id TEXT PRIMARY KEY,
    platform TEXT NOT NULL,
    platform_digest TEXT NOT NULL REFERENCES platform (digest)
) WITHOUT ROWID;

-- The handle of a person is `p-000123`, that of a group `g-000123`, made of the id.
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

-- What rosterctl wrote and others deleted, by whatever program. The portal itself unmarks a row before it deletes it.
CREATE TABLE vanished (
    external_id TEXT NOT NULL,
    section TEXT NOT NULL,
    organisation TEXT NOT NULL,
    PRIMARY KEY (organisation, section, external_id)
) WITHOUT ROWID;
CREATE TRIGGER person_vanishes AFTER DELETE ON person
WHEN old.applied_name IS NOT NULL AND old.external_id IS NOT NULL BEGIN
    INSERT OR REPLACE INTO vanished (external_id, section, organisation)
    VALUES (old.external_id, old.section, old.organisation);
END;
CREATE TRIGGER permission_group_vanishes AFTER DELETE ON permission_group
WHEN old.applied_name IS NOT NULL AND old.external_id IS NOT NULL BEGIN
    INSERT OR REPLACE INTO vanished (external_id, section, organisation)
    VALUES (old.external_id, 'permissionGroups', old.organisation);
END;

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
