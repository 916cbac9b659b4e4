-- How far the announcement of MCP came with each person: when it was first seen, followed, led to an agent, and put away.

CREATE TABLE rollout_people (
    user_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    seen_at BIGINT,
    opened_at BIGINT,
    connected_at BIGINT,
    dismissed_at BIGINT
);

-- The picture that stands beside the name, as Portal has made it; served by its name, the hash of its bytes. One row, or none.
CREATE TABLE branding_logos (
    slot TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    png BYTEA NOT NULL,
    changed_at BIGINT NOT NULL
);
