-- Clients that are registered here, by an admin or by themselves, and client assertions that were seen.

CREATE TABLE registered_clients (
    client_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    search_key TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    auth_method TEXT NOT NULL,
    secret_hash BLOB,
    refresh_grant INTEGER NOT NULL,
    dynamic INTEGER NOT NULL,
    registered_by TEXT,
    created_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX registered_clients_by_time ON registered_clients (created_at, client_id);

CREATE TABLE client_assertions (
    hash BLOB NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX client_assertions_by_end ON client_assertions (expires_at);
