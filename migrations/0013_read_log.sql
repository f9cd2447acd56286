-- Who read personal data in clear, and who read pay: one row for each answer that held any.
--
-- Written before the answer goes out, in a transaction of its own, which touches no row that an
-- append waits for. Persons stand here under their ids; nothing of what was read does.

CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE TABLE ledger.read_log (
    tenant_id text NOT NULL,
    read_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    read_id uuid NOT NULL DEFAULT gen_random_uuid(),
    kind text NOT NULL,
    act text NOT NULL,
    actor text NOT NULL,
    via text NOT NULL,
    about text NOT NULL,
    persons text[] NOT NULL,
    fields text[] NOT NULL,
    purpose text NOT NULL,
    correlation text NOT NULL,
    CONSTRAINT read_log_pkey PRIMARY KEY (tenant_id, read_at, read_id),
    CONSTRAINT read_log_kind CHECK (kind IN ('personal', 'pay')),
    CONSTRAINT read_log_via CHECK (via IN ('api', 'page', 'cli')),
    CONSTRAINT read_log_actor_named CHECK (actor <> '')
);
CREATE INDEX read_log_actor ON ledger.read_log (tenant_id, actor, read_at);
CREATE INDEX read_log_persons ON ledger.read_log USING gin (tenant_id, persons);
COMMENT ON TABLE ledger.read_log IS
    'Who read whose personal data or pay, when, where and for what. No value that was read.';

CREATE TRIGGER read_log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.read_log
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
-- ALWAYS: it fires under session_replication_role = replica too.
ALTER TABLE ledger.read_log ENABLE ALWAYS TRIGGER read_log_stays;
