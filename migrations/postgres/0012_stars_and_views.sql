-- What a person has starred, and which entities they looked at last. Entities may go and come back: no reference to them.

CREATE TABLE stars (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    entity_ref TEXT COLLATE "C" NOT NULL,
    starred_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, entity_ref)
);

CREATE TABLE entity_views (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    entity_ref TEXT COLLATE "C" NOT NULL,
    viewed_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, entity_ref)
);
