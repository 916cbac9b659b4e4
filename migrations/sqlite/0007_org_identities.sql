-- Who the people of directories are, whichever run told it last; and whose an account or a static token is.

-- One person as one provider knows them, kept after they have gone. standing is active, gone or why they are left out;
-- entity_ref is the user entity that they are, or would be. linked_* is the person of another provider that they are too.
CREATE TABLE directory_identities (
    provider TEXT NOT NULL,
    subject TEXT NOT NULL,
    entity_ref TEXT NOT NULL,
    standing TEXT NOT NULL,
    vendor_status TEXT NOT NULL,
    login TEXT NOT NULL,
    email TEXT,
    email_key TEXT,
    email_verified INTEGER NOT NULL,
    display_name TEXT,
    annotations TEXT NOT NULL,
    linked_provider TEXT,
    linked_subject TEXT,
    first_seen_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (provider, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX directory_identities_by_ref ON directory_identities (entity_ref);
CREATE INDEX directory_identities_by_email ON directory_identities (provider, email_key);
CREATE INDEX directory_identities_by_link ON directory_identities (linked_provider, linked_subject);

-- Values of the annotations by which people of two providers are recognised as one.
CREATE TABLE directory_identity_keys (
    provider TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (provider, key, value, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX directory_identity_keys_by_subject ON directory_identity_keys (provider, subject);

-- The person of a directory whose account this is, where it is a local one tied to their entity.
ALTER TABLE users ADD COLUMN person_provider TEXT;
ALTER TABLE users ADD COLUMN person_subject TEXT;
-- Whether the admin role comes from a group of the provider.
ALTER TABLE users ADD COLUMN admin_by_group INTEGER NOT NULL DEFAULT 0;
CREATE INDEX users_by_person ON users (person_provider, person_subject);

-- The person of a directory whose token this is.
ALTER TABLE static_tokens ADD COLUMN owner_provider TEXT;
ALTER TABLE static_tokens ADD COLUMN owner_subject TEXT;
CREATE INDEX static_tokens_by_person ON static_tokens (owner_provider, owner_subject);
