-- Sign-ins with a provider whose browsers have not come back yet.

CREATE TABLE provider_sign_ins (
    state_hash BLOB NOT NULL PRIMARY KEY,
    browser_hash BLOB NOT NULL,
    provider TEXT NOT NULL,
    return_to TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_sign_ins_by_expiry ON provider_sign_ins (expires_at);
