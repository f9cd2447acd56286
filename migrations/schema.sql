-- Made by scripts/dump_schema.py --write from the migrations: do not edit.
CREATE SCHEMA ledger;
CREATE FUNCTION ledger.append(p_tenant text, p_streams text[], p_versions integer[], p_names text[], p_states bytea[], p_key text, p_fingerprint bytea, p_answer bytea) RETURNS TABLE(ordinal integer, fact_position bigint, leaf bytea, fact_recorded_at timestamp with time zone)
    LANGUAGE plpgsql
    AS $$
-- All or nothing. The order of the checks is the order of the verdicts: tenant, key, versions.
DECLARE
    fact_count CONSTANT integer := cardinality(p_streams);
    before bigint;
    moment timestamptz;
    stamp text;
BEGIN
    UPDATE ledger.head AS h
    SET position = h.position + fact_count,
        recorded_at = greatest(h.recorded_at, clock_timestamp())
    WHERE h.tenant_id = p_tenant
    RETURNING h.position - fact_count, h.recorded_at INTO before, moment;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tenant % is not open', p_tenant
            USING ERRCODE = 'no_data_found', CONSTRAINT = 'head_pkey',
                  HINT = 'Open it with ledger.open_tenant.';
    END IF;
    IF p_key IS NOT NULL THEN
        INSERT INTO ledger.idempotency
            (tenant_id, key, fingerprint, answer, first_position, last_position)
        VALUES (p_tenant, p_key, p_fingerprint, coalesce(p_answer, ''),
                CASE WHEN fact_count > 0 THEN before + 1 END,
                CASE WHEN fact_count > 0 THEN before + fact_count END);
    END IF;
    PERFORM ledger.refuse_wrong_versions(p_tenant, p_streams, p_versions);
    stamp := to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
    RETURN QUERY
    INSERT INTO ledger.fact AS f
        (tenant_id, position, stream_id, version, name, recorded_at, envelope)
    SELECT p_tenant, before + a.ordinal, a.stream, a.version, a.name, moment,
        convert_to(
            '{"format":1,"name":' || to_json(a.name)
            || ',"position":' || (before + a.ordinal)
            || ',"recorded_at":"' || stamp
            || '","stream":' || to_json(a.stream)
            || ',"tenant":' || to_json(p_tenant)
            || ',"version":' || a.version || E'}\n',
            'UTF8'
        ) || a.state
    FROM unnest(p_streams, p_versions, p_names, p_states)
        WITH ORDINALITY AS a (stream, version, name, state, ordinal)
    ORDER BY a.ordinal
    RETURNING (f.position - before)::integer, f.position,
        sha256('\x00'::bytea || f.envelope), f.recorded_at;
END
$$;
COMMENT ON FUNCTION ledger.append(p_tenant text, p_streams text[], p_versions integer[], p_names text[], p_states bytea[], p_key text, p_fingerprint bytea, p_answer bytea) IS 'The one way into ledger.fact: positions without gaps, in the order of the commits.';
CREATE FUNCTION ledger.open_tenant(p_tenant text) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
-- True where the tenant is new; a tenant that is open already stays as it is.
BEGIN
    INSERT INTO ledger.head (tenant_id) VALUES (p_tenant) ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;
CREATE FUNCTION ledger.position_at(p_tenant text, p_moment timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $$
-- The last position recorded at or before a moment, by halving: recorded time never falls as
-- positions rise, so this needs no index of its own. NULL where the tenant is not open.
DECLARE
    low bigint := 0;
    high bigint;
    middle bigint;
    recorded timestamptz;
BEGIN
    SELECT h.position INTO high FROM ledger.head AS h WHERE h.tenant_id = p_tenant;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    WHILE low < high LOOP
        middle := (low + high + 1) / 2;
        SELECT f.recorded_at INTO recorded FROM ledger.fact AS f
        WHERE f.tenant_id = p_tenant AND f.position = middle;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'position % of tenant % is missing', middle, p_tenant
                USING ERRCODE = 'data_corrupted';
        END IF;
        IF recorded <= p_moment THEN
            low := middle;
        ELSE
            high := middle - 1;
        END IF;
    END LOOP;
    RETURN low;
END
$$;
CREATE FUNCTION ledger.refuse_backwards() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the head of tenant % would go backwards: from % at % to % at %',
        OLD.tenant_id, OLD.position, OLD.recorded_at, NEW.position, NEW.recorded_at
        USING ERRCODE = 'restrict_violation', HINT = 'Only ledger.append moves a head, and only on.';
END
$$;
CREATE FUNCTION ledger.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% of ledger.% is refused: what is recorded stays recorded',
        TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'Record a new fact that corrects the old one.';
END
$$;
CREATE FUNCTION ledger.refuse_wrong_versions(p_tenant text, p_streams text[], p_versions integer[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
-- The versions of each stream go on by one from the present one. Streams begin at 1; the library
-- begins its own at 0. Called under the lock of the head row, so what it sees is the last word.
DECLARE
    wrong record;
BEGIN
    SELECT given.stream, given.version, coalesce(given.before, stored.version) AS present
    INTO wrong
    FROM (
        SELECT a.stream, a.version,
            lag(a.version) OVER (PARTITION BY a.stream ORDER BY a.ordinal) AS before
        FROM unnest(p_streams, p_versions) WITH ORDINALITY AS a (stream, version, ordinal)
    ) AS given
    LEFT JOIN LATERAL (
        SELECT f.version FROM ledger.fact AS f
        WHERE given.before IS NULL AND f.tenant_id = p_tenant AND f.stream_id = given.stream
        ORDER BY f.version DESC LIMIT 1
    ) AS stored ON true
    WHERE given.version <> coalesce(given.before, stored.version, least(given.version, 1) - 1) + 1
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'version % of stream % does not follow the present version %',
            wrong.version, wrong.stream, coalesce(wrong.present, 0)
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'fact_stream_version',
                  DETAIL = json_build_object('stream', wrong.stream, 'given', wrong.version,
                                             'present', coalesce(wrong.present, 0))::text;
    END IF;
END
$$;
CREATE TABLE ledger.fact (
    tenant_id text NOT NULL,
    "position" bigint NOT NULL,
    stream_id text NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    envelope bytea NOT NULL,
    CONSTRAINT fact_position_counts CHECK (("position" > 0)),
    CONSTRAINT fact_version_counts CHECK ((version >= 0))
);
COMMENT ON TABLE ledger.fact IS 'Every fact of every tenant, in one order for each tenant.';
COMMENT ON COLUMN ledger.fact.envelope IS 'Three lines: place, act, payload. Leaf hash: SHA-256(0x00 || envelope), RFC 6962.';
CREATE TABLE ledger.head (
    tenant_id text NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT head_position_counts CHECK (("position" >= 0)),
    CONSTRAINT head_tenant_named CHECK ((tenant_id <> ''::text))
);
COMMENT ON TABLE ledger.head IS 'Last position and recorded time of each tenant; an append advances the row and so waits its turn.';
CREATE TABLE ledger.idempotency (
    tenant_id text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    answer bytea NOT NULL,
    first_position bigint,
    last_position bigint,
    CONSTRAINT idempotency_range CHECK ((first_position <= last_position))
);
COMMENT ON TABLE ledger.idempotency IS 'What was asked under a key, and its answer: the facts from first to last position.';
CREATE TABLE ledger.person_key (
    tenant_id text NOT NULL,
    person_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    retention text NOT NULL
);
COMMENT ON TABLE ledger.person_key IS 'The data key of each person, wrapped by a master key that is never in the database.';
CREATE TABLE ledger.tracking (
    tenant_id text NOT NULL,
    application text NOT NULL,
    "position" bigint NOT NULL
);
COMMENT ON TABLE ledger.tracking IS 'How far a process has followed another application (the library''s tracking recorder).';
CREATE TABLE public.tallystick_migration (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
ALTER TABLE ONLY ledger.fact
    ADD CONSTRAINT fact_pkey PRIMARY KEY (tenant_id, "position");
ALTER TABLE ONLY ledger.fact
    ADD CONSTRAINT fact_stream_version UNIQUE (tenant_id, stream_id, version);
ALTER TABLE ONLY ledger.head
    ADD CONSTRAINT head_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY ledger.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (tenant_id, key);
ALTER TABLE ONLY ledger.person_key
    ADD CONSTRAINT person_key_pkey PRIMARY KEY (tenant_id, person_id);
ALTER TABLE ONLY ledger.tracking
    ADD CONSTRAINT tracking_pkey PRIMARY KEY (tenant_id, application);
ALTER TABLE ONLY public.tallystick_migration
    ADD CONSTRAINT tallystick_migration_pkey PRIMARY KEY (number);
CREATE INDEX fact_name ON ledger.fact USING btree (tenant_id, name, "position");
CREATE TRIGGER fact_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.fact FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.fact ENABLE ALWAYS TRIGGER fact_stays;
CREATE TRIGGER head_goes_on BEFORE UPDATE ON ledger.head FOR EACH ROW WHEN (((new."position" < old."position") OR (new.recorded_at < old.recorded_at) OR (new.tenant_id <> old.tenant_id))) EXECUTE FUNCTION ledger.refuse_backwards();
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_goes_on;
CREATE TRIGGER head_stays BEFORE DELETE OR TRUNCATE ON ledger.head FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_stays;
CREATE TRIGGER idempotency_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.idempotency FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.idempotency ENABLE ALWAYS TRIGGER idempotency_stays;
ALTER TABLE ONLY ledger.person_key
    ADD CONSTRAINT person_key_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES ledger.head(tenant_id);
