-- Who may call: API keys, each of one tenant, kept as digests alone.

CREATE SCHEMA access;

CREATE TABLE access.api_key (
    tenant_id text NOT NULL REFERENCES ledger.head (tenant_id),
    key_id text NOT NULL,
    key_hash bytea NOT NULL,
    actor text NOT NULL,
    roles text[] NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    revoked_at timestamptz,
    revoked_by text,
    CONSTRAINT api_key_pkey PRIMARY KEY (tenant_id, key_id),
    CONSTRAINT api_key_is_a_sha256 CHECK (octet_length(key_hash) = 32),
    CONSTRAINT api_key_actor_named CHECK (actor <> ''),
    CONSTRAINT api_key_has_roles CHECK (cardinality(roles) > 0)
);
COMMENT ON TABLE access.api_key IS
    'Keys of the HTTP interface: SHA-256 of a random secret that is shown once and kept nowhere.';
