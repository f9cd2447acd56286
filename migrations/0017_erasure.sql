-- A person's key is destroyed in place: the row stays and says when, so that nobody makes a new
-- key under the name of somebody who was erased. The old key's bytes go when the table is written
-- anew (VACUUM FULL), which the program does right after.

ALTER TABLE ledger.person_key ALTER COLUMN wrapped_key DROP NOT NULL;
ALTER TABLE ledger.person_key ADD COLUMN destroyed_at timestamptz;
ALTER TABLE ledger.person_key ADD CONSTRAINT person_key_there_or_destroyed
    CHECK ((wrapped_key IS NULL) = (destroyed_at IS NOT NULL));

CREATE FUNCTION ledger.refuse_revival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the key of % of tenant % was destroyed: the row stays as it is',
        OLD.person_id, OLD.tenant_id
        USING ERRCODE = 'restrict_violation', HINT = 'An erased person is registered anew, under another id.';
END
$$;
CREATE TRIGGER person_key_stays BEFORE DELETE OR TRUNCATE ON ledger.person_key
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER person_key_stays_destroyed BEFORE UPDATE ON ledger.person_key
    FOR EACH ROW WHEN (OLD.destroyed_at IS NOT NULL) EXECUTE FUNCTION ledger.refuse_revival();
-- ALWAYS: they fire under session_replication_role = replica too.
ALTER TABLE ledger.person_key ENABLE ALWAYS TRIGGER person_key_stays;
ALTER TABLE ledger.person_key ENABLE ALWAYS TRIGGER person_key_stays_destroyed;
