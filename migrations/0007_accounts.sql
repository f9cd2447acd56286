-- Who may log in to the pages: accounts, their sessions, and a brake on guessing passwords.

CREATE TABLE access.account (
    tenant_id text NOT NULL REFERENCES ledger.head (tenant_id),
    account text NOT NULL,
    password_hash text NOT NULL,
    roles text[] NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    password_at timestamptz NOT NULL,
    disabled_at timestamptz,
    disabled_by text,
    CONSTRAINT account_pkey PRIMARY KEY (tenant_id, account),
    CONSTRAINT account_named CHECK (account <> ''),
    CONSTRAINT account_has_roles CHECK (cardinality(roles) > 0)
);
COMMENT ON TABLE access.account IS
    'Accounts of the pages; the account is the actor its acts are recorded under.';
COMMENT ON COLUMN access.account.password_hash IS 'Argon2id, with its parameters and salt.';

CREATE TABLE access.session (
    tenant_id text NOT NULL,
    session_id text NOT NULL,
    secret_hash bytea NOT NULL,
    account text NOT NULL,
    device text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_by text,
    CONSTRAINT session_pkey PRIMARY KEY (tenant_id, session_id),
    CONSTRAINT session_account_fkey FOREIGN KEY (tenant_id, account)
        REFERENCES access.account (tenant_id, account),
    CONSTRAINT session_secret_is_a_sha256 CHECK (octet_length(secret_hash) = 32)
);
CREATE INDEX session_of_account ON access.session (tenant_id, account, created_at);
COMMENT ON TABLE access.session IS
    'Logins: SHA-256 of a random secret that only the browser has; a revoked one opens nothing.';

CREATE TABLE access.login_failure (
    tenant_id text NOT NULL REFERENCES ledger.head (tenant_id),
    subject text NOT NULL,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    CONSTRAINT login_failure_pkey PRIMARY KEY (tenant_id, subject)
);
COMMENT ON TABLE access.login_failure IS
    'Wrong passwords in a row by account and by address: each more makes the next try wait longer.';
