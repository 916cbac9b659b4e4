-- What directories say about people and groups, run by run, and where each provider stands.

CREATE TABLE directory_providers (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    published_run BIGINT,
    active_run BIGINT,
    held_run BIGINT,
    watermark BIGINT,
    delta_cursor TEXT COLLATE "C",
    full_due_at BIGINT NOT NULL,
    delta_due_at BIGINT,
    request TEXT COLLATE "C",
    failures BIGINT NOT NULL,
    lease_holder TEXT COLLATE "C",
    lease_until BIGINT NOT NULL,
    fence BIGINT NOT NULL
);

-- Numbers are never used again: rows of a deleted run may still be there.
CREATE TABLE directory_runs (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    caused_by TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    ended_at BIGINT,
    waiting_until BIGINT,
    attempts BIGINT NOT NULL,
    reads_from TEXT COLLATE "C",
    delta_cursor TEXT COLLATE "C",
    counts TEXT COLLATE "C" NOT NULL,
    error TEXT COLLATE "C",
    hold TEXT COLLATE "C",
    has_rows BOOLEAN NOT NULL
);
CREATE INDEX directory_runs_by_provider ON directory_runs (provider, number);
CREATE INDEX directory_runs_with_rows ON directory_runs (number) WHERE has_rows;

-- standing is active, gone (in a delta), or why someone is left out. own tells whether the entity is this provider's.
CREATE TABLE directory_people (
    run BIGINT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    entity_ref TEXT COLLATE "C" NOT NULL,
    own BOOLEAN NOT NULL,
    standing TEXT COLLATE "C" NOT NULL,
    vendor_status TEXT COLLATE "C" NOT NULL,
    reread_at BIGINT,
    record TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run, subject)
);
CREATE INDEX directory_people_by_name ON directory_people (run, standing, name, subject);
CREATE INDEX directory_people_by_ref ON directory_people (entity_ref, run);
CREATE INDEX directory_people_reread ON directory_people (run, subject) WHERE reread_at IS NOT NULL;

-- standing is active, gone (in a delta), or rejected (the name is taken).
CREATE TABLE directory_groups (
    run BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    entity_ref TEXT COLLATE "C" NOT NULL,
    standing TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    parent TEXT COLLATE "C",
    record TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run, id)
);
CREATE INDEX directory_groups_by_name ON directory_groups (run, standing, name, id);
CREATE INDEX directory_groups_by_parent ON directory_groups (run, parent) WHERE parent IS NOT NULL;

-- gone marks what a delta takes away.
CREATE TABLE directory_memberships (
    run BIGINT NOT NULL,
    member_kind TEXT COLLATE "C" NOT NULL,
    member TEXT COLLATE "C" NOT NULL,
    group_id TEXT COLLATE "C" NOT NULL,
    gone BOOLEAN NOT NULL,
    PRIMARY KEY (run, member_kind, member, group_id)
);
CREATE INDEX directory_memberships_by_group ON directory_memberships (run, group_id, member_kind);

-- Groups of a delta whose memberships come anew and complete.
CREATE TABLE directory_replacements (
    run BIGINT NOT NULL,
    group_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run, group_id)
);

-- What is still to be done: of a full run, people whose ref or standing differs from what is published; of a delta,
-- people and groups whose entities are to be made anew.
CREATE TABLE directory_changes (
    run BIGINT NOT NULL,
    member_kind TEXT COLLATE "C" NOT NULL,
    member TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run, member_kind, member)
);

-- People to be read again.
CREATE TABLE directory_rereads (
    provider TEXT COLLATE "C" NOT NULL,
    key_kind TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    queued_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    PRIMARY KEY (provider, key_kind, key)
);
CREATE INDEX directory_rereads_by_due ON directory_rereads (provider, due_at);
