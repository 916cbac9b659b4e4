-- What Portal saw of agents that connect: steps and failures. Kept for a week.

CREATE TABLE connection_attempts (
    id TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    user_id TEXT,
    client_id TEXT NOT NULL,
    client_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    failed INTEGER NOT NULL,
    detail TEXT NOT NULL,
    session_id TEXT,
    token_id TEXT,
    source TEXT NOT NULL,
    address TEXT
) STRICT;
CREATE INDEX connection_attempts_by_user ON connection_attempts (user_id, at, id);
CREATE INDEX connection_attempts_by_time ON connection_attempts (at, id);
CREATE INDEX connection_attempts_by_failure ON connection_attempts (failed, at, id);

-- When a person opened the guide for an agent: what connects after that is taken for it, where nothing says better.

CREATE TABLE setup_guides (
    user_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, agent)
) STRICT;
CREATE INDEX setup_guides_by_time ON setup_guides (opened_at);
