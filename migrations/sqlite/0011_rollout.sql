-- How far the announcement of MCP came with each person: when it was first seen, followed, led to an agent, and put away.

CREATE TABLE rollout_people (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    seen_at INTEGER,
    opened_at INTEGER,
    connected_at INTEGER,
    dismissed_at INTEGER
) STRICT, WITHOUT ROWID;

-- The picture that stands beside the name, as Portal has made it; served by its name, the hash of its bytes. One row, or none.
CREATE TABLE branding_logos (
    slot TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    png BLOB NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
