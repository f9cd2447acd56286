-- The log: an RFC 6962 tree over each tenant's envelopes, and the checkpoints signed over it.
--
-- A full tile (C2SP tlog-tiles: 256 hashes of 32 bytes) is written once. The hashes of the tiles
-- that are not full yet stand in log_state, one array member a level, and move with every seal.

CREATE TABLE ledger.log_state (
    tenant_id text NOT NULL REFERENCES ledger.head (tenant_id),
    origin text NOT NULL,
    size bigint NOT NULL DEFAULT 0,
    edges bytea[] NOT NULL DEFAULT '{}',
    CONSTRAINT log_state_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT log_state_size_counts CHECK (size >= 0)
);
ALTER TABLE ledger.log_state ALTER COLUMN edges SET STORAGE EXTERNAL;
COMMENT ON TABLE ledger.log_state IS
    'How many facts of each tenant stand in its tree, and the tiles that are not full yet.';

CREATE TABLE ledger.tile (
    tenant_id text NOT NULL,
    level smallint NOT NULL,
    number bigint NOT NULL,
    hashes bytea NOT NULL,
    CONSTRAINT tile_pkey PRIMARY KEY (tenant_id, level, number),
    CONSTRAINT tile_level_is_one CHECK (level BETWEEN 0 AND 7),
    CONSTRAINT tile_number_counts CHECK (number >= 0),
    CONSTRAINT tile_is_full CHECK (octet_length(hashes) = 8192)
);
ALTER TABLE ledger.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
COMMENT ON TABLE ledger.tile IS 'Full tiles: 256 consecutive hashes of one level of the tree.';

CREATE TABLE ledger.log_key (
    tenant_id text NOT NULL,
    number integer NOT NULL,
    vkey text NOT NULL,
    from_size bigint NOT NULL,
    statement text NOT NULL,
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT log_key_pkey PRIMARY KEY (tenant_id, number),
    CONSTRAINT log_key_number_counts CHECK (number > 0)
);
COMMENT ON TABLE ledger.log_key IS
    'Public keys of each log; the statement is a note signed by the key before and this one.';

CREATE TABLE ledger.checkpoint (
    tenant_id text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    key_number integer NOT NULL,
    note text NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT checkpoint_pkey PRIMARY KEY (tenant_id, size),
    CONSTRAINT checkpoint_key FOREIGN KEY (tenant_id, key_number)
        REFERENCES ledger.log_key (tenant_id, number),
    CONSTRAINT checkpoint_root_is_a_sha256 CHECK (octet_length(root) = 32)
);
COMMENT ON TABLE ledger.checkpoint IS
    'Every checkpoint that was signed (C2SP tlog-checkpoint); the columns are an index of the note.';

CREATE TABLE ledger.cosignature (
    tenant_id text NOT NULL,
    size bigint NOT NULL,
    witness text NOT NULL,
    line text NOT NULL,
    CONSTRAINT cosignature_pkey PRIMARY KEY (tenant_id, size, witness),
    CONSTRAINT cosignature_checkpoint FOREIGN KEY (tenant_id, size)
        REFERENCES ledger.checkpoint (tenant_id, size)
);
COMMENT ON TABLE ledger.cosignature IS
    'What witnesses signed under a checkpoint (C2SP tlog-cosignature), a signature line each.';

CREATE FUNCTION ledger.refuse_smaller() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log of tenant % would shrink from % to %',
        OLD.tenant_id, OLD.size, NEW.size
        USING ERRCODE = 'restrict_violation', HINT = 'A tree only grows.';
END
$$;

CREATE TRIGGER tile_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.tile
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER log_key_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.log_key
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER checkpoint_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER cosignature_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.cosignature
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER log_state_stays BEFORE DELETE OR TRUNCATE ON ledger.log_state
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER log_state_grows BEFORE UPDATE ON ledger.log_state
    FOR EACH ROW WHEN (
        NEW.size < OLD.size OR NEW.origin <> OLD.origin OR NEW.tenant_id <> OLD.tenant_id
    ) EXECUTE FUNCTION ledger.refuse_smaller();

-- ALWAYS: they fire under session_replication_role = replica too.
ALTER TABLE ledger.tile ENABLE ALWAYS TRIGGER tile_stays;
ALTER TABLE ledger.log_key ENABLE ALWAYS TRIGGER log_key_stays;
ALTER TABLE ledger.checkpoint ENABLE ALWAYS TRIGGER checkpoint_stays;
ALTER TABLE ledger.cosignature ENABLE ALWAYS TRIGGER cosignature_stays;
ALTER TABLE ledger.log_state ENABLE ALWAYS TRIGGER log_state_stays;
ALTER TABLE ledger.log_state ENABLE ALWAYS TRIGGER log_state_grows;
