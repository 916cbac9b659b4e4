-- The tables of Portal on PostgreSQL. migrations/sqlite has the same, under the same names; a test compares them.
-- Texts are compared byte by byte, as SQLite does. Times are Unix milliseconds, UTC. Hashes are SHA-256, 32 bytes.
-- Columns named *_key hold a text in lower case.

CREATE TABLE change_counters (
    topic TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    counter BIGINT NOT NULL
);

CREATE TABLE settings (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE users (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    entity_ref TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C",
    email_key TEXT COLLATE "C",
    display_name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    search_key TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    admin BOOLEAN NOT NULL,
    password_hash TEXT COLLATE "C",
    revocation_epoch BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_sign_in_at BIGINT
);
CREATE UNIQUE INDEX users_by_subject ON users (provider, subject);
CREATE UNIQUE INDEX users_by_email ON users (provider, email_key);
CREATE INDEX users_by_entity_ref ON users (entity_ref);
CREATE INDEX users_by_name ON users (name_key, id);

CREATE TABLE browser_sessions (
    hash BYTEA NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    epoch BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    address TEXT COLLATE "C",
    user_agent TEXT COLLATE "C" NOT NULL
);
CREATE INDEX browser_sessions_by_user ON browser_sessions (user_id);
CREATE INDEX browser_sessions_by_expiry ON browser_sessions (expires_at);

CREATE TABLE one_time_links (
    hash BYTEA NOT NULL PRIMARY KEY,
    purpose TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT
);
CREATE INDEX one_time_links_by_user ON one_time_links (user_id, purpose);
CREATE INDEX one_time_links_by_expiry ON one_time_links (expires_at);

CREATE TABLE attempts (
    bucket TEXT COLLATE "C" NOT NULL,
    window_start BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    PRIMARY KEY (bucket, window_start)
);
CREATE INDEX attempts_by_window ON attempts (window_start);

CREATE TABLE known_browsers (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    hash BYTEA NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, hash)
);
CREATE INDEX known_browsers_by_seen ON known_browsers (seen_at);

CREATE TABLE authorization_requests (
    hash BYTEA NOT NULL PRIMARY KEY,
    browser_hash BYTEA NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    redirect_uri TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C",
    resource TEXT COLLATE "C" NOT NULL,
    code_challenge TEXT COLLATE "C" NOT NULL,
    prompt_consent BOOLEAN NOT NULL,
    prompt_login BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    answered_at BIGINT
);
CREATE INDEX authorization_requests_by_expiry ON authorization_requests (expires_at);

-- session_id has no foreign key: a code is marked as used before its session is added.
CREATE TABLE authorization_codes (
    hash BYTEA NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    epoch BIGINT NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    redirect_uri TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    resource TEXT COLLATE "C" NOT NULL,
    code_challenge TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT,
    session_id TEXT COLLATE "C"
);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);

CREATE TABLE agent_sessions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    epoch BIGINT NOT NULL,
    client_id TEXT COLLATE "C" NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    redirect_uri TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    resource TEXT COLLATE "C" NOT NULL,
    refreshable BOOLEAN NOT NULL,
    token_lifetime_days BIGINT NOT NULL,
    session_lifetime_days BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    used_from TEXT COLLATE "C",
    ended_at BIGINT,
    end_reason TEXT COLLATE "C"
);
CREATE INDEX agent_sessions_by_creation ON agent_sessions (created_at, id);
CREATE INDEX agent_sessions_by_user ON agent_sessions (user_id, created_at);
CREATE INDEX agent_sessions_by_client ON agent_sessions (client_id, created_at);
CREATE INDEX agent_sessions_by_end ON agent_sessions (ended_at);

CREATE TABLE access_tokens (
    hash BYTEA NOT NULL PRIMARY KEY,
    session_id TEXT COLLATE "C" NOT NULL REFERENCES agent_sessions (id) DEFERRABLE INITIALLY DEFERRED,
    scope TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    refresh_hash BYTEA
);
CREATE INDEX access_tokens_by_session ON access_tokens (session_id);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

-- A row is rotated when rotated_at and successor are there. sealed_answer is the answer given at the rotation, sealed
-- under a key derived from this row's token; it goes once the successor is confirmed.
CREATE TABLE refresh_tokens (
    hash BYTEA NOT NULL PRIMARY KEY,
    session_id TEXT COLLATE "C" NOT NULL REFERENCES agent_sessions (id) DEFERRABLE INITIALLY DEFERRED,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    rotated_at BIGINT,
    successor BYTEA,
    sealed_answer BYTEA
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_rotation ON refresh_tokens (rotated_at);
CREATE INDEX refresh_tokens_sealed ON refresh_tokens (successor) WHERE sealed_answer IS NOT NULL;

CREATE TABLE client_documents (
    client_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    body TEXT COLLATE "C" NOT NULL,
    fetched_at BIGINT NOT NULL,
    fresh_until BIGINT NOT NULL
);

CREATE TABLE consents (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    client_id TEXT COLLATE "C" NOT NULL,
    redirect_uris_hash TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, client_id)
);

CREATE TABLE locations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    target_kind TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    allowed_kinds TEXT COLLATE "C",
    origin TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    published_run TEXT COLLATE "C",
    last_outcome TEXT COLLATE "C",
    failed_at BIGINT,
    failure TEXT COLLATE "C"
);
CREATE UNIQUE INDEX locations_by_target ON locations (target_kind, target);

-- Every run that has staged or rejected anything. What no location points at is deleted by and by.
CREATE TABLE runs (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    location_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE rejections (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id TEXT COLLATE "C" NOT NULL,
    file TEXT COLLATE "C" NOT NULL,
    line BIGINT,
    path TEXT COLLATE "C",
    entity TEXT COLLATE "C",
    reason TEXT COLLATE "C" NOT NULL
);
CREATE INDEX rejections_by_run ON rejections (run_id, file, line);

-- Documents have a table of their own, so that a scan of this one stays small.
CREATE TABLE entities (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id TEXT COLLATE "C" NOT NULL,
    location_id TEXT COLLATE "C" NOT NULL,
    entity_ref TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX entities_by_run ON entities (run_id, entity_ref);
CREATE INDEX entities_by_ref ON entities (entity_ref);
CREATE INDEX entities_by_name ON entities (name);

CREATE TABLE entity_documents (
    entity_id BIGINT NOT NULL PRIMARY KEY,
    document TEXT COLLATE "C" NOT NULL
);

CREATE TABLE entity_search (
    entity_id BIGINT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entity_id, key, value)
);
CREATE INDEX entity_search_by_value ON entity_search (key, value, entity_id);

CREATE TABLE relations (
    stated_by BIGINT NOT NULL,
    source_ref TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    type_key TEXT COLLATE "C" NOT NULL,
    target_ref TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stated_by, source_ref, type, target_ref)
);
CREATE INDEX relations_by_source ON relations (source_ref, type_key, target_ref);
CREATE INDEX relations_by_target ON relations (type_key, target_ref, source_ref);

-- References that rows of two locations have. It may hold more than are published twice, never fewer.
CREATE TABLE entity_twins (
    entity_ref TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

-- Its row is locked while a batch is staged, so that two batches cannot miss each other's twins.
CREATE TABLE staging_turns (
    id BIGINT NOT NULL PRIMARY KEY,
    turn BIGINT NOT NULL
);
INSERT INTO staging_turns (id, turn) VALUES (1, 0);

-- What readers see. Of a reference that two locations publish, the location made first has it.
CREATE VIEW published_entities AS
SELECT e.id, e.entity_ref, e.kind, e.namespace, e.name, e.location_id
FROM entities e
JOIN locations l ON l.id = e.location_id AND l.published_run = e.run_id
WHERE NOT EXISTS (
    SELECT 1
    FROM entity_twins t
    JOIN entities o ON o.entity_ref = t.entity_ref
    JOIN locations ol ON ol.id = o.location_id AND ol.published_run = o.run_id
    WHERE t.entity_ref = e.entity_ref
        AND (ol.created_at < l.created_at OR (ol.created_at = l.created_at AND ol.id < l.id))
);

CREATE VIEW published_relations AS
SELECT r.source_ref, r.type, r.type_key, r.target_ref
FROM relations r
JOIN published_entities s ON s.id = r.stated_by;

CREATE TABLE audit_events (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C",
    outcome TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C",
    request_id TEXT COLLATE "C",
    details TEXT COLLATE "C" NOT NULL
);
CREATE INDEX audit_events_by_time ON audit_events (at, id);
CREATE INDEX audit_events_by_target ON audit_events (target, at);

CREATE TABLE tool_calls (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    session_id TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    tool TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    duration_us BIGINT NOT NULL,
    address TEXT COLLATE "C"
);
CREATE INDEX tool_calls_by_user ON tool_calls (user_id, at);
CREATE INDEX tool_calls_by_time ON tool_calls (at, source, outcome);
