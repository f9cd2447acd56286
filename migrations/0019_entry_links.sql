-- Links that let one person in without a password: random, few uses, an end, revocable.

CREATE TABLE access.entry_link (
    tenant_id text NOT NULL REFERENCES ledger.head (tenant_id),
    link_id text NOT NULL,
    secret_hash bytea NOT NULL,
    person text NOT NULL,
    uses integer NOT NULL,
    used integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    last_once text,
    revoked_at timestamptz,
    revoked_by text,
    CONSTRAINT entry_link_pkey PRIMARY KEY (tenant_id, link_id),
    CONSTRAINT entry_link_secret_is_a_sha256 CHECK (octet_length(secret_hash) = 32),
    CONSTRAINT entry_link_uses CHECK (uses > 0 AND used >= 0 AND used <= uses),
    CONSTRAINT entry_link_ends CHECK (expires_at > created_at)
);
CREATE INDEX entry_link_of_person ON access.entry_link (tenant_id, person, created_at);
COMMENT ON TABLE access.entry_link IS
    'Links for streamers: SHA-256 of a random secret that stands in the link alone.';
COMMENT ON COLUMN access.entry_link.last_once IS
    'The form that used it last: the same form sent twice counts once.';

ALTER TABLE access.session ADD COLUMN link_id text;
COMMENT ON COLUMN access.session.link_id IS
    'The link the session was begun with; it ends when the link is revoked.';
