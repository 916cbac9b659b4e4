-- Static tokens, and tool calls that are made with them.

CREATE TABLE static_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    hash BLOB NOT NULL,
    ending TEXT NOT NULL,
    name TEXT NOT NULL,
    owner_ref TEXT NOT NULL,
    search_key TEXT NOT NULL,
    scope TEXT NOT NULL,
    sources TEXT,
    ranges TEXT NOT NULL,
    personal INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    used_from TEXT,
    owner_missing_since INTEGER,
    ended_at INTEGER,
    end_reason TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX static_tokens_by_hash ON static_tokens (hash);
CREATE INDEX static_tokens_by_creation ON static_tokens (created_at, id);
CREATE INDEX static_tokens_by_owner ON static_tokens (owner_ref, created_at);
CREATE INDEX static_tokens_by_expiry ON static_tokens (expires_at);

-- A call has a session or a static token, and an account where there is one. SQLite cannot let a column be null later.
CREATE TABLE tool_calls_new (
    id INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    user_id TEXT,
    session_id TEXT,
    source TEXT NOT NULL,
    tool TEXT NOT NULL,
    outcome TEXT NOT NULL,
    duration_us INTEGER NOT NULL,
    address TEXT,
    token_id TEXT
) STRICT;
INSERT INTO tool_calls_new (id, at, user_id, session_id, source, tool, outcome, duration_us, address)
    SELECT id, at, user_id, session_id, source, tool, outcome, duration_us, address FROM tool_calls;
DROP TABLE tool_calls;
ALTER TABLE tool_calls_new RENAME TO tool_calls;
CREATE INDEX tool_calls_by_user ON tool_calls (user_id, at);
CREATE INDEX tool_calls_by_time ON tool_calls (at, source, outcome);
