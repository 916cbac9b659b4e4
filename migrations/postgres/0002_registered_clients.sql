-- Clients that are registered here, by an admin or by themselves, and client assertions that were seen.

CREATE TABLE registered_clients (
    client_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    search_key TEXT COLLATE "C" NOT NULL,
    redirect_uris TEXT COLLATE "C" NOT NULL,
    auth_method TEXT COLLATE "C" NOT NULL,
    secret_hash BYTEA,
    refresh_grant BOOLEAN NOT NULL,
    dynamic BOOLEAN NOT NULL,
    registered_by TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX registered_clients_by_time ON registered_clients (created_at, client_id);

CREATE TABLE client_assertions (
    hash BYTEA NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX client_assertions_by_end ON client_assertions (expires_at);
