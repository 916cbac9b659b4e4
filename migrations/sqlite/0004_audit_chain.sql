-- The chain over the audit log: a row is sealed when it has a sequence number and a hash.

ALTER TABLE audit_events ADD COLUMN sequence INTEGER;
ALTER TABLE audit_events ADD COLUMN hash TEXT;
CREATE UNIQUE INDEX audit_events_by_sequence ON audit_events (sequence);
CREATE INDEX audit_events_unsealed ON audit_events (at, id) WHERE sequence IS NULL;

-- The seal of the last row that retention deleted; one row or none.
CREATE TABLE audit_anchor (
    id INTEGER NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;

-- Who does a job that only one node may do at a time.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
