-- Static tokens, and tool calls that are made with them.

CREATE TABLE static_tokens (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL,
    ending TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    owner_ref TEXT COLLATE "C" NOT NULL,
    search_key TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    sources TEXT COLLATE "C",
    ranges TEXT COLLATE "C" NOT NULL,
    personal BOOLEAN NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    used_from TEXT COLLATE "C",
    owner_missing_since BIGINT,
    ended_at BIGINT,
    end_reason TEXT COLLATE "C"
);
CREATE UNIQUE INDEX static_tokens_by_hash ON static_tokens (hash);
CREATE INDEX static_tokens_by_creation ON static_tokens (created_at, id);
CREATE INDEX static_tokens_by_owner ON static_tokens (owner_ref, created_at);
CREATE INDEX static_tokens_by_expiry ON static_tokens (expires_at);

-- A call has a session or a static token, and an account where there is one.
ALTER TABLE tool_calls ALTER COLUMN user_id DROP NOT NULL;
ALTER TABLE tool_calls ALTER COLUMN session_id DROP NOT NULL;
ALTER TABLE tool_calls ADD COLUMN token_id TEXT COLLATE "C";
