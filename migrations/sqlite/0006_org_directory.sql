-- What directories say about people and groups, run by run, and where each provider stands.

CREATE TABLE directory_providers (
    id TEXT NOT NULL PRIMARY KEY,
    published_run INTEGER,
    active_run INTEGER,
    held_run INTEGER,
    watermark INTEGER,
    delta_cursor TEXT,
    full_due_at INTEGER NOT NULL,
    delta_due_at INTEGER,
    request TEXT,
    failures INTEGER NOT NULL,
    lease_holder TEXT,
    lease_until INTEGER NOT NULL,
    fence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Numbers are never used again: rows of a deleted run may still be there.
CREATE TABLE directory_runs (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    kind TEXT NOT NULL,
    caused_by TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    ended_at INTEGER,
    waiting_until INTEGER,
    attempts INTEGER NOT NULL,
    reads_from TEXT,
    delta_cursor TEXT,
    counts TEXT NOT NULL,
    error TEXT,
    hold TEXT,
    has_rows INTEGER NOT NULL
) STRICT;
CREATE INDEX directory_runs_by_provider ON directory_runs (provider, number);
CREATE INDEX directory_runs_with_rows ON directory_runs (number) WHERE has_rows;

-- standing is active, gone (in a delta), or why someone is left out. own tells whether the entity is this provider's.
CREATE TABLE directory_people (
    run INTEGER NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    entity_ref TEXT NOT NULL,
    own INTEGER NOT NULL,
    standing TEXT NOT NULL,
    vendor_status TEXT NOT NULL,
    reread_at INTEGER,
    record TEXT NOT NULL,
    PRIMARY KEY (run, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX directory_people_by_name ON directory_people (run, standing, name, subject);
CREATE INDEX directory_people_by_ref ON directory_people (entity_ref, run);
CREATE INDEX directory_people_reread ON directory_people (run, subject) WHERE reread_at IS NOT NULL;

-- standing is active, gone (in a delta), or rejected (the name is taken).
CREATE TABLE directory_groups (
    run INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    entity_ref TEXT NOT NULL,
    standing TEXT NOT NULL,
    reason TEXT NOT NULL,
    parent TEXT,
    record TEXT NOT NULL,
    PRIMARY KEY (run, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX directory_groups_by_name ON directory_groups (run, standing, name, id);
CREATE INDEX directory_groups_by_parent ON directory_groups (run, parent) WHERE parent IS NOT NULL;

-- gone marks what a delta takes away.
CREATE TABLE directory_memberships (
    run INTEGER NOT NULL,
    member_kind TEXT NOT NULL,
    member TEXT NOT NULL,
    group_id TEXT NOT NULL,
    gone INTEGER NOT NULL,
    PRIMARY KEY (run, member_kind, member, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX directory_memberships_by_group ON directory_memberships (run, group_id, member_kind);

-- Groups of a delta whose memberships come anew and complete.
CREATE TABLE directory_replacements (
    run INTEGER NOT NULL,
    group_id TEXT NOT NULL,
    PRIMARY KEY (run, group_id)
) STRICT, WITHOUT ROWID;

-- What is still to be done: of a full run, people whose ref or standing differs from what is published; of a delta,
-- people and groups whose entities are to be made anew.
CREATE TABLE directory_changes (
    run INTEGER NOT NULL,
    member_kind TEXT NOT NULL,
    member TEXT NOT NULL,
    PRIMARY KEY (run, member_kind, member)
) STRICT, WITHOUT ROWID;

-- People to be read again.
CREATE TABLE directory_rereads (
    provider TEXT NOT NULL,
    key_kind TEXT NOT NULL,
    key TEXT NOT NULL,
    queued_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (provider, key_kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX directory_rereads_by_due ON directory_rereads (provider, due_at);
