-- What Portal saw of agents that connect: steps and failures. Kept for a week.

CREATE TABLE connection_attempts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    user_id TEXT COLLATE "C",
    client_id TEXT COLLATE "C" NOT NULL,
    client_name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    failed BOOLEAN NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    session_id TEXT COLLATE "C",
    token_id TEXT COLLATE "C",
    source TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C"
);
CREATE INDEX connection_attempts_by_user ON connection_attempts (user_id, at, id);
CREATE INDEX connection_attempts_by_time ON connection_attempts (at, id);
CREATE INDEX connection_attempts_by_failure ON connection_attempts (failed, at, id);

-- When a person opened the guide for an agent: what connects after that is taken for it, where nothing says better.

CREATE TABLE setup_guides (
    user_id TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,
    opened_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, agent)
);
CREATE INDEX setup_guides_by_time ON setup_guides (opened_at);
