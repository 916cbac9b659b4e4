-- The chain over the audit log: a row is sealed when it has a sequence number and a hash.

ALTER TABLE audit_events ADD COLUMN sequence BIGINT;
ALTER TABLE audit_events ADD COLUMN hash TEXT COLLATE "C";
CREATE UNIQUE INDEX audit_events_by_sequence ON audit_events (sequence);
CREATE INDEX audit_events_unsealed ON audit_events (at, id) WHERE sequence IS NULL;

-- The seal of the last row that retention deleted; one row or none.
CREATE TABLE audit_anchor (
    id BIGINT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL
);

-- Who does a job that only one node may do at a time.
CREATE TABLE leases (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL
);
