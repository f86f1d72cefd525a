-- Version 2 of the portal: what a portal that is served over a protocol needs besides its objects.
-- A version counts the changes of a row, by whatever program; `beside` is JSON that clients said and the portal does not
-- model, `foreign_id` an external id that is not one of rosterctl's; `created` is NULL for what was made before or by another program.

ALTER TABLE person ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE person ADD COLUMN created TEXT;
ALTER TABLE person ADD COLUMN modified TEXT;
ALTER TABLE person ADD COLUMN user_name TEXT;
ALTER TABLE person ADD COLUMN foreign_id TEXT;
ALTER TABLE person ADD COLUMN beside TEXT;
ALTER TABLE permission_group ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE permission_group ADD COLUMN created TEXT;
ALTER TABLE permission_group ADD COLUMN modified TEXT;
ALTER TABLE permission_group ADD COLUMN foreign_id TEXT;
ALTER TABLE permission_group ADD COLUMN beside TEXT;

CREATE UNIQUE INDEX person_user_name ON person (user_name COLLATE NOCASE) WHERE user_name IS NOT NULL;
CREATE INDEX person_foreign_id ON person (foreign_id) WHERE foreign_id IS NOT NULL;
CREATE INDEX permission_group_foreign_id ON permission_group (foreign_id) WHERE foreign_id IS NOT NULL;
CREATE INDEX person_section ON person (section);
CREATE INDEX person_name ON person (name COLLATE NOCASE);
CREATE INDEX permission_group_name ON permission_group (name COLLATE NOCASE);

-- Mail addresses in `person.beside`.
CREATE TABLE address (
    value TEXT NOT NULL COLLATE NOCASE,
    person INTEGER NOT NULL,
    PRIMARY KEY (value, person)
) WITHOUT ROWID;
CREATE INDEX address_person ON address (person);
CREATE TRIGGER person_address_goes AFTER DELETE ON person WHEN old.beside IS NOT NULL BEGIN
    DELETE FROM address WHERE person = old.id;
END;

-- Who is in which group, by the words in `person.groups`.
CREATE TABLE membership (
    organisation TEXT NOT NULL,
    word TEXT NOT NULL,
    person INTEGER NOT NULL,
    PRIMARY KEY (organisation, word, person)
) WITHOUT ROWID;
INSERT OR IGNORE INTO membership SELECT person.organisation, trim(word.value), person.id
    FROM person, json_each('[' || replace(json_quote(CAST(person.groups AS TEXT)), ',', '","') || ']') AS word
    WHERE trim(word.value) <> '';

CREATE TRIGGER person_joins AFTER INSERT ON person WHEN new.groups <> '' BEGIN
    INSERT OR IGNORE INTO membership SELECT new.organisation, trim(value), new.id
        FROM json_each('[' || replace(json_quote(CAST(new.groups AS TEXT)), ',', '","') || ']') WHERE trim(value) <> '';
END;
CREATE TRIGGER person_leaves AFTER DELETE ON person WHEN old.groups <> '' BEGIN
    DELETE FROM membership WHERE organisation = old.organisation AND person = old.id AND word IN
        (SELECT trim(value) FROM json_each('[' || replace(json_quote(CAST(old.groups AS TEXT)), ',', '","') || ']'));
END;
CREATE TRIGGER person_moves AFTER UPDATE OF groups, organisation ON person
WHEN new.groups IS NOT old.groups OR new.organisation IS NOT old.organisation BEGIN
    DELETE FROM membership WHERE organisation = old.organisation AND person = old.id
        AND word IN
        (SELECT trim(value) FROM json_each('[' || replace(json_quote(CAST(old.groups AS TEXT)), ',', '","') || ']'))
        AND (new.organisation IS NOT old.organisation OR word NOT IN
        (SELECT trim(value) FROM json_each('[' || replace(json_quote(CAST(new.groups AS TEXT)), ',', '","') || ']')));
    INSERT OR IGNORE INTO membership SELECT new.organisation, trim(value), new.id
        FROM json_each('[' || replace(json_quote(CAST(new.groups AS TEXT)), ',', '","') || ']') WHERE trim(value) <> '';
END;

-- A group is another one when its members are others.
CREATE TRIGGER membership_begins AFTER INSERT ON membership BEGIN
    UPDATE permission_group SET version = version + 1, modified = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
        WHERE external_id = new.organisation || '/' || new.word;
    UPDATE permission_group SET version = version + 1, modified = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
        WHERE new.word LIKE 'g-%' AND id = CAST(substr(new.word, 3) AS INTEGER) AND external_id IS NULL;
END;
CREATE TRIGGER membership_ends AFTER DELETE ON membership BEGIN
    UPDATE permission_group SET version = version + 1, modified = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
        WHERE external_id = old.organisation || '/' || old.word;
    UPDATE permission_group SET version = version + 1, modified = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
        WHERE old.word LIKE 'g-%' AND id = CAST(substr(old.word, 3) AS INTEGER) AND external_id IS NULL;
END;

CREATE TRIGGER person_changes AFTER UPDATE OF section, external_id, name, email, phone, type, state, roles, groups,
    attributes, user_name, foreign_id, beside ON person
WHEN new.section IS NOT old.section OR new.external_id IS NOT old.external_id OR new.name IS NOT old.name
    OR new.email IS NOT old.email OR new.phone IS NOT old.phone OR new.type IS NOT old.type
    OR new.state IS NOT old.state OR new.roles IS NOT old.roles OR new.groups IS NOT old.groups
    OR new.attributes IS NOT old.attributes OR new.user_name IS NOT old.user_name
    OR new.foreign_id IS NOT old.foreign_id OR new.beside IS NOT old.beside BEGIN
    UPDATE person SET version = version + 1, modified = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = new.id;
END;
CREATE TRIGGER permission_group_changes AFTER UPDATE OF external_id, name, applications, foreign_id, beside ON permission_group
WHEN new.external_id IS NOT old.external_id OR new.name IS NOT old.name OR new.applications IS NOT old.applications
    OR new.foreign_id IS NOT old.foreign_id OR new.beside IS NOT old.beside BEGIN
    UPDATE permission_group SET version = version + 1, modified = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
        WHERE id = new.id;
END;
