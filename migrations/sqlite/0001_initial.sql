-- The tables of Portal on SQLite. migrations/postgres has the same, under the same names; a test compares them.
-- Times are Unix milliseconds, UTC. Hashes are SHA-256, 32 bytes. Columns named *_key hold a text in lower case.

CREATE TABLE change_counters (
    topic TEXT NOT NULL PRIMARY KEY,
    counter INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    subject TEXT NOT NULL,
    entity_ref TEXT NOT NULL,
    email TEXT,
    email_key TEXT,
    display_name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    search_key TEXT NOT NULL,
    status TEXT NOT NULL,
    admin INTEGER NOT NULL,
    password_hash TEXT,
    revocation_epoch INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_sign_in_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX users_by_subject ON users (provider, subject);
CREATE UNIQUE INDEX users_by_email ON users (provider, email_key);
CREATE INDEX users_by_entity_ref ON users (entity_ref);
CREATE INDEX users_by_name ON users (name_key, id);

CREATE TABLE browser_sessions (
    hash BLOB NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    epoch INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    address TEXT,
    user_agent TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX browser_sessions_by_user ON browser_sessions (user_id);
CREATE INDEX browser_sessions_by_expiry ON browser_sessions (expires_at);

CREATE TABLE one_time_links (
    hash BLOB NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    user_id TEXT REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    consumed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_links_by_user ON one_time_links (user_id, purpose);
CREATE INDEX one_time_links_by_expiry ON one_time_links (expires_at);

CREATE TABLE attempts (
    bucket TEXT NOT NULL,
    window_start INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (bucket, window_start)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_by_window ON attempts (window_start);

CREATE TABLE known_browsers (
    user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    hash BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_browsers_by_seen ON known_browsers (seen_at);

CREATE TABLE authorization_requests (
    hash BLOB NOT NULL PRIMARY KEY,
    browser_hash BLOB NOT NULL,
    client TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    scope TEXT NOT NULL,
    state TEXT,
    resource TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    prompt_consent INTEGER NOT NULL,
    prompt_login INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    answered_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX authorization_requests_by_expiry ON authorization_requests (expires_at);

-- session_id has no foreign key: a code is marked as used before its session is added.
CREATE TABLE authorization_codes (
    hash BLOB NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    epoch INTEGER NOT NULL,
    client TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    scope TEXT NOT NULL,
    resource TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    consumed_at INTEGER,
    session_id TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);

CREATE TABLE agent_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    epoch INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    client TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    scope TEXT NOT NULL,
    resource TEXT NOT NULL,
    refreshable INTEGER NOT NULL,
    token_lifetime_days INTEGER NOT NULL,
    session_lifetime_days INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER,
    used_from TEXT,
    ended_at INTEGER,
    end_reason TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_sessions_by_creation ON agent_sessions (created_at, id);
CREATE INDEX agent_sessions_by_user ON agent_sessions (user_id, created_at);
CREATE INDEX agent_sessions_by_client ON agent_sessions (client_id, created_at);
CREATE INDEX agent_sessions_by_end ON agent_sessions (ended_at);

CREATE TABLE access_tokens (
    hash BLOB NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES agent_sessions (id) DEFERRABLE INITIALLY DEFERRED,
    scope TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    refresh_hash BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX access_tokens_by_session ON access_tokens (session_id);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

-- A row is rotated when rotated_at and successor are there. sealed_answer is the answer given at the rotation, sealed
-- under a key derived from this row's token; it goes once the successor is confirmed.
CREATE TABLE refresh_tokens (
    hash BLOB NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES agent_sessions (id) DEFERRABLE INITIALLY DEFERRED,
    created_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    rotated_at INTEGER,
    successor BLOB,
    sealed_answer BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_rotation ON refresh_tokens (rotated_at);
CREATE INDEX refresh_tokens_sealed ON refresh_tokens (successor) WHERE sealed_answer IS NOT NULL;

CREATE TABLE client_documents (
    client_id TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    fetched_at INTEGER NOT NULL,
    fresh_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE consents (
    user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    client_id TEXT NOT NULL,
    redirect_uris_hash TEXT NOT NULL,
    scope TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE locations (
    id TEXT NOT NULL PRIMARY KEY,
    target_kind TEXT NOT NULL,
    target TEXT NOT NULL,
    allowed_kinds TEXT,
    origin TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    published_run TEXT,
    last_outcome TEXT,
    failed_at INTEGER,
    failure TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX locations_by_target ON locations (target_kind, target);

-- Every run that has staged or rejected anything. What no location points at is deleted by and by.
CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    location_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rejections (
    id INTEGER NOT NULL PRIMARY KEY,
    run_id TEXT NOT NULL,
    file TEXT NOT NULL,
    line INTEGER,
    path TEXT,
    entity TEXT,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX rejections_by_run ON rejections (run_id, file, line);

-- Documents have a table of their own, so that a scan of this one stays small.
CREATE TABLE entities (
    id INTEGER NOT NULL PRIMARY KEY,
    run_id TEXT NOT NULL,
    location_id TEXT NOT NULL,
    entity_ref TEXT NOT NULL,
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX entities_by_run ON entities (run_id, entity_ref);
CREATE INDEX entities_by_ref ON entities (entity_ref);
CREATE INDEX entities_by_name ON entities (name);

CREATE TABLE entity_documents (
    entity_id INTEGER NOT NULL PRIMARY KEY,
    document TEXT NOT NULL
) STRICT;

CREATE TABLE entity_search (
    entity_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (entity_id, key, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX entity_search_by_value ON entity_search (key, value, entity_id);

CREATE TABLE relations (
    stated_by INTEGER NOT NULL,
    source_ref TEXT NOT NULL,
    type TEXT NOT NULL,
    type_key TEXT NOT NULL,
    target_ref TEXT NOT NULL,
    PRIMARY KEY (stated_by, source_ref, type, target_ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX relations_by_source ON relations (source_ref, type_key, target_ref);
CREATE INDEX relations_by_target ON relations (type_key, target_ref, source_ref);

-- References that rows of two locations have. It may hold more than are published twice, never fewer.
CREATE TABLE entity_twins (
    entity_ref TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Its row is locked while a batch is staged, so that two batches cannot miss each other's twins.
CREATE TABLE staging_turns (
    id INTEGER NOT NULL PRIMARY KEY,
    turn INTEGER NOT NULL
) STRICT;
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
    id TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT,
    outcome TEXT NOT NULL,
    address TEXT,
    request_id TEXT,
    details TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_events_by_time ON audit_events (at, id);
CREATE INDEX audit_events_by_target ON audit_events (target, at);

CREATE TABLE tool_calls (
    id INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    source TEXT NOT NULL,
    tool TEXT NOT NULL,
    outcome TEXT NOT NULL,
    duration_us INTEGER NOT NULL,
    address TEXT
) STRICT;
CREATE INDEX tool_calls_by_user ON tool_calls (user_id, at);
CREATE INDEX tool_calls_by_time ON tool_calls (at, source, outcome);
