-- Turning the master key: which ones wrap nothing more.
--
-- A process that still has the old key must not wrap a new person's key with it after everything
-- was wrapped anew: the old key is gone by then. So each tenant says which are turned, and a key
-- wrapped by one of them is refused.

CREATE TABLE ledger.master_key_turned (
    tenant_id text NOT NULL REFERENCES ledger.head (tenant_id),
    master_id bytea NOT NULL,
    turned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT master_key_turned_pkey PRIMARY KEY (tenant_id, master_id),
    CONSTRAINT master_key_turned_has_an_id CHECK (octet_length(master_id) = 8)
);
COMMENT ON TABLE ledger.master_key_turned IS
    'Master keys, by id, that wrap nothing more in a tenant.';
CREATE TRIGGER master_key_turned_stays BEFORE UPDATE OR DELETE OR TRUNCATE
    ON ledger.master_key_turned FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE FUNCTION ledger.turn_master_key(p_tenant text, p_master bytea) RETURNS void
LANGUAGE plpgsql AS $$
-- Waits for those who are making a key at this moment: what they write is seen afterwards.
BEGIN
    PERFORM 1 FROM ledger.head WHERE tenant_id = p_tenant FOR UPDATE;
    INSERT INTO ledger.master_key_turned (tenant_id, master_id)
    VALUES (p_tenant, p_master) ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION ledger.refuse_turned_master() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM ledger.head WHERE tenant_id = NEW.tenant_id FOR KEY SHARE;
    IF EXISTS (
        SELECT 1 FROM ledger.master_key_turned
        WHERE tenant_id = NEW.tenant_id AND master_id = substring(NEW.wrapped_key FROM 2 FOR 8)
    ) THEN
        RAISE EXCEPTION 'the master key of % of tenant % was turned: it wraps nothing more',
            NEW.person_id, NEW.tenant_id
            USING ERRCODE = 'restrict_violation', HINT = 'Use the present master key.';
    END IF;
    RETURN NULL;
END
$$;
-- AFTER: the lock it takes comes before what it looks at.
CREATE TRIGGER person_key_wrapped_anew AFTER INSERT OR UPDATE OF wrapped_key ON ledger.person_key
    FOR EACH ROW WHEN (NEW.wrapped_key IS NOT NULL) EXECUTE FUNCTION ledger.refuse_turned_master();
-- ALWAYS: they fire under session_replication_role = replica too.
ALTER TABLE ledger.master_key_turned ENABLE ALWAYS TRIGGER master_key_turned_stays;
ALTER TABLE ledger.person_key ENABLE ALWAYS TRIGGER person_key_wrapped_anew;
