-- Pictures of clients, as Portal has made them; served by their name, which is the hash of their bytes.

CREATE TABLE client_logos (
    client_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    uri TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    png BYTEA NOT NULL,
    fetched_at BIGINT NOT NULL,
    fresh_until BIGINT NOT NULL
);
CREATE INDEX client_logos_by_id ON client_logos (id);
CREATE INDEX client_logos_by_fetch ON client_logos (fetched_at, client_id);

-- The network from which a client registered itself: each has a share of those that nobody has used yet.
ALTER TABLE registered_clients ADD COLUMN network TEXT COLLATE "C";
CREATE INDEX registered_clients_by_network ON registered_clients (network, created_at);
