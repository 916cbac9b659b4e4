-- Sign-ins with a provider whose browsers have not come back yet.

CREATE TABLE provider_sign_ins (
    state_hash BYTEA NOT NULL PRIMARY KEY,
    browser_hash BYTEA NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    return_to TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX provider_sign_ins_by_expiry ON provider_sign_ins (expires_at);
