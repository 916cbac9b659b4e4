-- What a person has starred, and which entities they looked at last. Entities may go and come back: no reference to them.

CREATE TABLE stars (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    entity_ref TEXT NOT NULL,
    starred_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, entity_ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE entity_views (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    entity_ref TEXT NOT NULL,
    viewed_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, entity_ref)
) STRICT, WITHOUT ROWID;
