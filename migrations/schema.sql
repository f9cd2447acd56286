-- Made by scripts/dump_schema.py --write from the migrations: do not edit.
CREATE SCHEMA access;
CREATE SCHEMA ledger;
CREATE SCHEMA projections;
CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;
COMMENT ON EXTENSION btree_gin IS 'support for indexing common datatypes in GIN';
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';
CREATE FUNCTION ledger.advance(p_tenant text, p_count integer, p_begun text[], p_first_versions integer[], p_key text, p_fingerprint bytea, p_answer bytea, OUT before bigint, OUT moment timestamp with time zone) RETURNS record
    LANGUAGE plpgsql
    AS $$
-- Takes p_count positions after `before`, for which the caller must put facts in before it
-- commits; p_begun and p_first_versions name each stream once, with the first version that it
-- gets. The order of the checks is that of ledger.append: tenant, key, versions.
BEGIN
    UPDATE ledger.head AS h
    SET position = h.position + p_count,
        recorded_at = greatest(h.recorded_at, clock_timestamp())
    WHERE h.tenant_id = p_tenant
    RETURNING h.position - p_count, h.recorded_at INTO before, moment;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tenant % is not open', p_tenant
            USING ERRCODE = 'no_data_found', CONSTRAINT = 'head_pkey',
                  HINT = 'Open it with ledger.open_tenant.';
    END IF;
    IF p_key IS NOT NULL THEN
        INSERT INTO ledger.idempotency
            (tenant_id, key, fingerprint, answer, first_position, last_position)
        VALUES (p_tenant, p_key, p_fingerprint, coalesce(p_answer, ''),
                before + 1, before + p_count);
    END IF;
    PERFORM ledger.refuse_wrong_versions(p_tenant, p_begun, p_first_versions);
END
$$;
COMMENT ON FUNCTION ledger.advance(p_tenant text, p_count integer, p_begun text[], p_first_versions integer[], p_key text, p_fingerprint bytea, p_answer bytea, OUT before bigint, OUT moment timestamp with time zone) IS 'The beginning of an append whose rows come by COPY in the same transaction.';
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
CREATE FUNCTION ledger.append_gathered(p_tenant text, p_streams text[], p_versions integer[], p_names text[], p_states bytea[], p_begun text[], p_first_versions integer[], p_keys text[], p_fingerprints bytea[], p_answers bytea[], p_starts integer[], p_ends integer[]) RETURNS TABLE(fact_position bigint, leaf bytea, fact_recorded_at timestamp with time zone)
    LANGUAGE plpgsql
    AS $$
-- All or nothing: the facts of many requests as one. p_begun and p_first_versions name each stream
-- once, with the first version that it gets: the caller has seen that the others follow. Each key
-- stands for the facts after its start, up to its end. The order of the checks is that of
-- ledger.append: tenant, key, versions.
DECLARE
    fact_count CONSTANT integer := cardinality(p_streams);
    before bigint;
    moment timestamptz;
    stamp text;
    wrong record;
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
    INSERT INTO ledger.idempotency
        (tenant_id, key, fingerprint, answer, first_position, last_position)
    SELECT p_tenant, a.key, a.fingerprint, a.answer,
        CASE WHEN a.stop > a.start THEN before + a.start + 1 END,
        CASE WHEN a.stop > a.start THEN before + a.stop END
    FROM unnest(p_keys, p_fingerprints, p_answers, p_starts, p_ends)
        AS a (key, fingerprint, answer, start, stop);
    SELECT a.stream, a.version, stored.version AS present INTO wrong
    FROM unnest(p_begun, p_first_versions) AS a (stream, version)
    LEFT JOIN LATERAL (
        SELECT f.version FROM ledger.fact AS f
        WHERE f.tenant_id = p_tenant AND f.stream_id = a.stream
        ORDER BY f.version DESC LIMIT 1
    ) AS stored ON true
    WHERE a.version <> coalesce(stored.version, least(a.version, 1) - 1) + 1
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'version % of stream % does not follow the present version %',
            wrong.version, wrong.stream, coalesce(wrong.present, 0)
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'fact_stream_version',
                  DETAIL = json_build_object('stream', wrong.stream, 'given', wrong.version,
                                             'present', coalesce(wrong.present, 0))::text;
    END IF;
    stamp := to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
    RETURN QUERY
    INSERT INTO ledger.fact AS f
        (tenant_id, position, stream_id, version, name, recorded_at, envelope)
    SELECT p_tenant, before + a.ordinal, a.stream, a.version, a.name, moment,
        ledger.envelope(p_tenant, before + a.ordinal, stamp, a.stream, a.version, a.name, a.state)
    FROM unnest(p_streams, p_versions, p_names, p_states)
        WITH ORDINALITY AS a (stream, version, name, state, ordinal)
    ORDER BY a.ordinal
    RETURNING f.position, sha256('\x00'::bytea || f.envelope), f.recorded_at;
END
$$;
COMMENT ON FUNCTION ledger.append_gathered(p_tenant text, p_streams text[], p_versions integer[], p_names text[], p_states bytea[], p_begun text[], p_first_versions integer[], p_keys text[], p_fingerprints bytea[], p_answers bytea[], p_starts integer[], p_ends integer[]) IS 'The requests of one tenant in one transaction where none of them is refused.';
CREATE FUNCTION ledger.append_group(p_tenant text, p_streams text[], p_versions integer[], p_names text[], p_states bytea[], p_keys text[], p_fingerprints bytea[], p_answers bytea[], p_ends integer[]) RETURNS TABLE(ordinal integer, fact_position bigint, leaf bytea, fact_recorded_at timestamp with time zone, refusal text)
    LANGUAGE plpgsql
    AS $$
-- Each request for itself, in the order given: rows of facts bear the ordinal of the fact, rows of
-- refusals the number of the request and why it is refused.
DECLARE
    start integer := 1;
    refusal_constraint text;
    refusal_detail text;
BEGIN
    BEGIN
        RETURN QUERY
        SELECT t.ordinal, t.fact_position, t.leaf, t.fact_recorded_at, NULL::text
        FROM ledger.append_together(p_tenant, p_streams, p_versions, p_names, p_states,
            p_keys, p_fingerprints, p_answers, p_ends) AS t;
        RETURN;
    EXCEPTION WHEN integrity_constraint_violation OR data_exception OR program_limit_exceeded THEN
        NULL;  -- one of them is refused: each by itself, to see which
    END;
    FOR request IN 1 .. cardinality(p_ends) LOOP
        BEGIN
            RETURN QUERY
            SELECT start - 1 + t.ordinal, t.fact_position, t.leaf, t.fact_recorded_at, NULL::text
            FROM ledger.append(p_tenant,
                p_streams[start:p_ends[request]], p_versions[start:p_ends[request]],
                p_names[start:p_ends[request]], p_states[start:p_ends[request]],
                nullif(p_keys[request], ''), p_fingerprints[request], p_answers[request]) AS t;
        EXCEPTION WHEN integrity_constraint_violation OR data_exception OR program_limit_exceeded
        THEN
            GET STACKED DIAGNOSTICS refusal_constraint = CONSTRAINT_NAME,
                refusal_detail = PG_EXCEPTION_DETAIL;
            RETURN QUERY SELECT request, NULL::bigint, NULL::bytea, NULL::timestamptz,
                json_build_object('constraint', refusal_constraint,
                                  'detail', refusal_detail)::text;
        END;
        start := p_ends[request] + 1;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ledger.append_group(p_tenant text, p_streams text[], p_versions integer[], p_names text[], p_states bytea[], p_keys text[], p_fingerprints bytea[], p_answers bytea[], p_ends integer[]) IS 'Many requests of one tenant in one transaction, each with its own verdict.';
CREATE FUNCTION ledger.append_one(p_tenant text, p_stream text, p_version integer, p_name text, p_state bytea, p_key text, p_fingerprint bytea, p_answer bytea, OUT fact_position bigint, OUT leaf bytea, OUT fact_recorded_at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql
    AS $$
-- ledger.append for one fact, without arrays.
DECLARE
    present integer;
BEGIN
    UPDATE ledger.head AS h
    SET position = h.position + 1, recorded_at = greatest(h.recorded_at, clock_timestamp())
    WHERE h.tenant_id = p_tenant
    RETURNING h.position, h.recorded_at INTO fact_position, fact_recorded_at;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tenant % is not open', p_tenant
            USING ERRCODE = 'no_data_found', CONSTRAINT = 'head_pkey',
                  HINT = 'Open it with ledger.open_tenant.';
    END IF;
    IF p_key IS NOT NULL THEN
        INSERT INTO ledger.idempotency
            (tenant_id, key, fingerprint, answer, first_position, last_position)
        VALUES (p_tenant, p_key, p_fingerprint, coalesce(p_answer, ''), fact_position, fact_position);
    END IF;
    SELECT f.version INTO present FROM ledger.fact AS f
    WHERE f.tenant_id = p_tenant AND f.stream_id = p_stream ORDER BY f.version DESC LIMIT 1;
    IF p_version <> coalesce(present, least(p_version, 1) - 1) + 1 THEN
        RAISE EXCEPTION 'version % of stream % does not follow the present version %',
            p_version, p_stream, coalesce(present, 0)
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'fact_stream_version',
                  DETAIL = json_build_object('stream', p_stream, 'given', p_version,
                                             'present', coalesce(present, 0))::text;
    END IF;
    INSERT INTO ledger.fact AS f
        (tenant_id, position, stream_id, version, name, recorded_at, envelope)
    VALUES (p_tenant, fact_position, p_stream, p_version, p_name, fact_recorded_at,
        ledger.envelope(p_tenant, fact_position,
            to_char(fact_recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            p_stream, p_version, p_name, p_state))
    RETURNING sha256('\x00'::bytea || f.envelope) INTO leaf;
END
$$;
CREATE FUNCTION ledger.append_together(p_tenant text, p_streams text[], p_versions integer[], p_names text[], p_states bytea[], p_keys text[], p_fingerprints bytea[], p_answers bytea[], p_ends integer[]) RETURNS TABLE(ordinal integer, fact_position bigint, leaf bytea, fact_recorded_at timestamp with time zone)
    LANGUAGE plpgsql
    AS $$
-- All or nothing: the facts of many requests in one row; p_ends has the last ordinal of each
-- request. A request without a key has the key ''.
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
    INSERT INTO ledger.idempotency
        (tenant_id, key, fingerprint, answer, first_position, last_position)
    SELECT p_tenant, r.key, r.fingerprint, r.answer,
        CASE WHEN r.stop > r.start THEN before + r.start + 1 END,
        CASE WHEN r.stop > r.start THEN before + r.stop END
    FROM (
        SELECT a.*, coalesce(p_ends[a.request - 1], 0) AS start
        FROM unnest(p_keys, p_fingerprints, p_answers, p_ends)
            WITH ORDINALITY AS a (key, fingerprint, answer, stop, request)
    ) AS r
    WHERE r.key <> '';
    PERFORM ledger.refuse_wrong_versions(p_tenant, p_streams, p_versions);
    stamp := to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
    RETURN QUERY
    INSERT INTO ledger.fact AS f
        (tenant_id, position, stream_id, version, name, recorded_at, envelope)
    SELECT p_tenant, before + a.ordinal, a.stream, a.version, a.name, moment,
        ledger.envelope(p_tenant, before + a.ordinal, stamp, a.stream, a.version, a.name, a.state)
    FROM unnest(p_streams, p_versions, p_names, p_states)
        WITH ORDINALITY AS a (stream, version, name, state, ordinal)
    ORDER BY a.ordinal
    RETURNING (f.position - before)::integer, f.position,
        sha256('\x00'::bytea || f.envelope), f.recorded_at;
END
$$;
CREATE FUNCTION ledger.envelope(p_tenant text, p_position bigint, p_stamp text, p_stream text, p_version integer, p_name text, p_state bytea) RETURNS bytea
    LANGUAGE sql STABLE
    AS $$
    -- The place, line 1 of an envelope, before the lines that the program wrote.
    SELECT convert_to(
        '{"format":1,"name":' || to_json(p_name)
        || ',"position":' || p_position
        || ',"recorded_at":"' || p_stamp
        || '","stream":' || to_json(p_stream)
        || ',"tenant":' || to_json(p_tenant)
        || ',"version":' || p_version || E'}\n',
        'UTF8'
    ) || p_state
$$;
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
CREATE FUNCTION ledger.refuse_revival() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the key of % of tenant % was destroyed: the row stays as it is',
        OLD.person_id, OLD.tenant_id
        USING ERRCODE = 'restrict_violation', HINT = 'An erased person is registered anew, under another id.';
END
$$;
CREATE FUNCTION ledger.refuse_smaller() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the log of tenant % would shrink from % to %',
        OLD.tenant_id, OLD.size, NEW.size
        USING ERRCODE = 'restrict_violation', HINT = 'A tree only grows.';
END
$$;
CREATE FUNCTION ledger.refuse_turned_master() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION ledger.turn_master_key(p_tenant text, p_master bytea) RETURNS void
    LANGUAGE plpgsql
    AS $$
-- Waits for those who are making a key at this moment: what they write is seen afterwards.
BEGIN
    PERFORM 1 FROM ledger.head WHERE tenant_id = p_tenant FOR UPDATE;
    INSERT INTO ledger.master_key_turned (tenant_id, master_id)
    VALUES (p_tenant, p_master) ON CONFLICT DO NOTHING;
END
$$;
CREATE TABLE access.account (
    tenant_id text NOT NULL,
    account text NOT NULL,
    password_hash text NOT NULL,
    roles text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    password_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone,
    disabled_by text,
    CONSTRAINT account_has_roles CHECK ((cardinality(roles) > 0)),
    CONSTRAINT account_named CHECK ((account <> ''::text))
);
COMMENT ON TABLE access.account IS 'Accounts of the pages; the account is the actor its acts are recorded under.';
COMMENT ON COLUMN access.account.password_hash IS 'Argon2id, with its parameters and salt.';
CREATE TABLE access.actor_team (
    tenant_id text NOT NULL,
    actor text NOT NULL,
    team text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT actor_team_named CHECK (((actor <> ''::text) AND (team <> ''::text)))
);
COMMENT ON TABLE access.actor_team IS 'Teams of business leads, for their accounts and keys alike; the team * stands for all teams.';
CREATE TABLE access.api_key (
    tenant_id text NOT NULL,
    key_id text NOT NULL,
    key_hash bytea NOT NULL,
    actor text NOT NULL,
    roles text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by text,
    CONSTRAINT api_key_actor_named CHECK ((actor <> ''::text)),
    CONSTRAINT api_key_has_roles CHECK ((cardinality(roles) > 0)),
    CONSTRAINT api_key_is_a_sha256 CHECK ((octet_length(key_hash) = 32))
);
COMMENT ON TABLE access.api_key IS 'Keys of the HTTP interface: SHA-256 of a random secret that is shown once and kept nowhere.';
CREATE TABLE access.entry_link (
    tenant_id text NOT NULL,
    link_id text NOT NULL,
    secret_hash bytea NOT NULL,
    person text NOT NULL,
    uses integer NOT NULL,
    used integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    last_once text,
    revoked_at timestamp with time zone,
    revoked_by text,
    CONSTRAINT entry_link_ends CHECK ((expires_at > created_at)),
    CONSTRAINT entry_link_secret_is_a_sha256 CHECK ((octet_length(secret_hash) = 32)),
    CONSTRAINT entry_link_uses CHECK (((uses > 0) AND (used >= 0) AND (used <= uses)))
);
COMMENT ON TABLE access.entry_link IS 'Links for streamers: SHA-256 of a random secret that stands in the link alone.';
COMMENT ON COLUMN access.entry_link.last_once IS 'The form that used it last: the same form sent twice counts once.';
CREATE TABLE access.login_failure (
    tenant_id text NOT NULL,
    subject text NOT NULL,
    failures integer NOT NULL,
    last_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE access.login_failure IS 'Wrong passwords in a row by account and by address: each more makes the next try wait longer.';
COMMENT ON COLUMN access.login_failure.subject IS 'SHA-256 of the account or the address.';
CREATE TABLE access.session (
    tenant_id text NOT NULL,
    session_id text NOT NULL,
    secret_hash bytea NOT NULL,
    account text NOT NULL,
    device text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by text,
    link_id text,
    CONSTRAINT session_secret_is_a_sha256 CHECK ((octet_length(secret_hash) = 32))
);
COMMENT ON TABLE access.session IS 'Logins: SHA-256 of a random secret that only the browser has; a revoked one opens nothing.';
COMMENT ON COLUMN access.session.link_id IS 'The link the session was begun with; it ends when the link is revoked.';
CREATE TABLE ledger.bank_line (
    tenant_id text NOT NULL,
    statement text NOT NULL,
    line_no integer NOT NULL,
    fate text NOT NULL,
    account text NOT NULL,
    line_ref text NOT NULL,
    booked_on date,
    amount numeric,
    end_to_end_id text NOT NULL,
    party_account text NOT NULL,
    party_name text NOT NULL,
    reason_code text NOT NULL,
    problem text NOT NULL,
    CONSTRAINT bank_line_fate CHECK ((fate = ANY (ARRAY['taken'::text, 'repeated'::text, 'conflicting'::text, 'unreadable'::text]))),
    CONSTRAINT bank_line_no_counts CHECK ((line_no > 0)),
    CONSTRAINT bank_line_taken_is_whole CHECK (((fate <> 'taken'::text) OR ((booked_on IS NOT NULL) AND (amount > '-Infinity'::numeric) AND (amount < 'Infinity'::numeric))))
);
COMMENT ON TABLE ledger.bank_line IS 'Lines of bank statements as they came; one that stood already counts where it came first.';
CREATE TABLE ledger.bank_statement (
    tenant_id text NOT NULL,
    statement text NOT NULL,
    "position" bigint NOT NULL,
    account text NOT NULL
);
COMMENT ON TABLE ledger.bank_statement IS 'Where each statement stands in its tenant''s ledger; a line whose statement is not here is not there.';
CREATE TABLE ledger.checkpoint (
    tenant_id text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    key_number integer NOT NULL,
    note text NOT NULL,
    signed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT checkpoint_root_is_a_sha256 CHECK ((octet_length(root) = 32))
);
COMMENT ON TABLE ledger.checkpoint IS 'Every checkpoint that was signed (C2SP tlog-checkpoint); the columns are an index of the note.';
CREATE TABLE ledger.cosignature (
    tenant_id text NOT NULL,
    size bigint NOT NULL,
    witness text NOT NULL,
    line text NOT NULL
);
COMMENT ON TABLE ledger.cosignature IS 'What witnesses signed under a checkpoint (C2SP tlog-cosignature), a signature line each.';
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
CREATE TABLE ledger.log_key (
    tenant_id text NOT NULL,
    number integer NOT NULL,
    vkey text NOT NULL,
    from_size bigint NOT NULL,
    statement text NOT NULL,
    added_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT log_key_number_counts CHECK ((number > 0))
);
COMMENT ON TABLE ledger.log_key IS 'Public keys of each log; the statement is a note signed by the key before and this one.';
CREATE TABLE ledger.log_state (
    tenant_id text NOT NULL,
    origin text NOT NULL,
    size bigint DEFAULT 0 NOT NULL,
    edges bytea[] DEFAULT '{}'::bytea[] NOT NULL,
    checkpoints bigint DEFAULT 0 NOT NULL,
    CONSTRAINT log_state_size_counts CHECK ((size >= 0))
);
ALTER TABLE ONLY ledger.log_state ALTER COLUMN edges SET STORAGE EXTERNAL;
COMMENT ON TABLE ledger.log_state IS 'How many facts of each tenant stand in its tree, and the tiles that are not full yet.';
CREATE TABLE ledger.master_key_turned (
    tenant_id text NOT NULL,
    master_id bytea NOT NULL,
    turned_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT master_key_turned_has_an_id CHECK ((octet_length(master_id) = 8))
);
COMMENT ON TABLE ledger.master_key_turned IS 'Master keys, by id, that wrap nothing more in a tenant.';
CREATE TABLE ledger.metric_batch (
    tenant_id text NOT NULL,
    batch text NOT NULL,
    "position" bigint NOT NULL,
    source text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    rows integer NOT NULL,
    rejected integer NOT NULL,
    rows_sha256 text NOT NULL,
    rejected_sha256 text NOT NULL,
    replaces integer
);
COMMENT ON TABLE ledger.metric_batch IS 'Where each batch stands in its tenant''s ledger; a row whose batch is not here is not there.';
COMMENT ON COLUMN ledger.metric_batch.replaces IS 'Rows that replace one of an earlier batch; NULL: not counted, so it has to be looked for.';
CREATE TABLE ledger.metric_row (
    tenant_id text NOT NULL,
    batch text NOT NULL,
    row_no integer NOT NULL,
    source text NOT NULL,
    row_id text NOT NULL,
    person text NOT NULL,
    metric text NOT NULL,
    day date NOT NULL,
    category text DEFAULT ''::text NOT NULL,
    value numeric NOT NULL,
    order_ref text DEFAULT ''::text NOT NULL,
    CONSTRAINT metric_row_no_counts CHECK ((row_no > 0)),
    CONSTRAINT metric_row_value_is_number CHECK (((value > '-Infinity'::numeric) AND (value < 'Infinity'::numeric)))
);
COMMENT ON TABLE ledger.metric_row IS 'Figures as they came: a correction is a new row of the same source and row_id in a later batch.';
CREATE TABLE ledger.person_key (
    tenant_id text NOT NULL,
    person_id text NOT NULL,
    wrapped_key bytea,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    retention text NOT NULL,
    destroyed_at timestamp with time zone,
    CONSTRAINT person_key_there_or_destroyed CHECK (((wrapped_key IS NULL) = (destroyed_at IS NOT NULL)))
);
COMMENT ON TABLE ledger.person_key IS 'The data key of each person, wrapped by a master key that is never in the database.';
CREATE TABLE ledger.read_log (
    tenant_id text NOT NULL,
    read_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    read_id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    act text NOT NULL,
    actor text NOT NULL,
    via text NOT NULL,
    about text NOT NULL,
    persons text[] NOT NULL,
    fields text[] NOT NULL,
    purpose text NOT NULL,
    correlation text NOT NULL,
    CONSTRAINT read_log_actor_named CHECK ((actor <> ''::text)),
    CONSTRAINT read_log_kind CHECK ((kind = ANY (ARRAY['personal'::text, 'pay'::text]))),
    CONSTRAINT read_log_via CHECK ((via = ANY (ARRAY['api'::text, 'page'::text, 'cli'::text])))
);
COMMENT ON TABLE ledger.read_log IS 'Who read whose personal data or pay, when, where and for what. No value that was read.';
CREATE TABLE ledger.rejected_row (
    tenant_id text NOT NULL,
    batch text NOT NULL,
    row_no integer NOT NULL,
    code text NOT NULL,
    reason_zh text NOT NULL,
    reason_en text NOT NULL,
    raw text NOT NULL
);
COMMENT ON TABLE ledger.rejected_row IS 'Rows that were not taken, and why: with metric_row they are every row that came in.';
CREATE TABLE ledger.tile (
    tenant_id text NOT NULL,
    level smallint NOT NULL,
    number bigint NOT NULL,
    hashes bytea NOT NULL,
    CONSTRAINT tile_is_full CHECK ((octet_length(hashes) = 8192)),
    CONSTRAINT tile_level_is_one CHECK (((level >= 0) AND (level <= 7))),
    CONSTRAINT tile_number_counts CHECK ((number >= 0))
);
ALTER TABLE ONLY ledger.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
COMMENT ON TABLE ledger.tile IS 'Full tiles: 256 consecutive hashes of one level of the tree.';
CREATE TABLE ledger.tracking (
    tenant_id text NOT NULL,
    application text NOT NULL,
    "position" bigint NOT NULL
);
COMMENT ON TABLE ledger.tracking IS 'How far a process has followed another application (the library''s tracking recorder).';
CREATE TABLE projections.audit_entry (
    tenant_id text NOT NULL,
    "position" bigint NOT NULL,
    stream_id text NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    contract_id text,
    person_id text,
    actor text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    correlation text NOT NULL,
    effective date,
    zh text NOT NULL,
    en text NOT NULL,
    before jsonb,
    after jsonb
);
COMMENT ON TABLE projections.audit_entry IS 'One row a fact: who, when, what changed from what to what, and why, in words.';
CREATE TABLE projections.audit_state (
    tenant_id text NOT NULL,
    stream_id text NOT NULL,
    state text NOT NULL
);
COMMENT ON TABLE projections.audit_state IS 'The last state of each stream, so that the next entry can say what was before.';
CREATE TABLE projections.audit_words (
    tenant_id text NOT NULL,
    block bigint NOT NULL,
    words text NOT NULL
);
COMMENT ON TABLE projections.audit_words IS 'The words of the audit entries of a block of positions, each once: where a search looks.';
CREATE TABLE projections.clause_version (
    tenant_id text NOT NULL,
    contract_id text NOT NULL,
    clause_key text NOT NULL,
    effective daterange NOT NULL,
    known int8range NOT NULL,
    kind text NOT NULL,
    params jsonb NOT NULL,
    text_zh text NOT NULL,
    text_en text NOT NULL,
    "position" bigint NOT NULL,
    version integer NOT NULL
);
COMMENT ON TABLE projections.clause_version IS 'What a clause says on a range of days, as known over a range of positions.';
CREATE TABLE projections.contract_header (
    tenant_id text NOT NULL,
    contract_id text NOT NULL,
    version integer NOT NULL,
    known int8range NOT NULL,
    status text NOT NULL,
    person_id text NOT NULL,
    number text NOT NULL,
    engagement text NOT NULL,
    team text NOT NULL,
    track text NOT NULL,
    starts date NOT NULL,
    ends date,
    template text,
    template_version integer,
    characters jsonb NOT NULL,
    document_sha256 text NOT NULL,
    signed_by jsonb NOT NULL,
    activated_on date,
    fixed_terms integer NOT NULL,
    amended_by jsonb NOT NULL,
    expiry_decision text
);
COMMENT ON TABLE projections.contract_header IS 'A contract as known over a range of positions: parties, term, status.';
CREATE TABLE projections.directory_entry (
    tenant_id text NOT NULL,
    kind text NOT NULL,
    id text NOT NULL,
    title text NOT NULL,
    status text NOT NULL,
    "position" bigint NOT NULL,
    version integer NOT NULL,
    data jsonb NOT NULL
);
COMMENT ON TABLE projections.directory_entry IS 'Lists of what there is: persons (no personal data), templates, schemes, metrics, tables.';
CREATE TABLE projections.expiry (
    tenant_id text NOT NULL,
    contract_id text NOT NULL,
    person_id text NOT NULL,
    number text NOT NULL,
    engagement text NOT NULL,
    team text NOT NULL,
    track text NOT NULL,
    status text NOT NULL,
    starts date NOT NULL,
    ends date,
    months integer,
    fixed_terms integer NOT NULL,
    decision text,
    decided_by text,
    decided_at timestamp with time zone,
    "position" bigint NOT NULL,
    version integer NOT NULL
);
COMMENT ON TABLE projections.expiry IS 'When each contract ends and what was decided about it.';
CREATE TABLE projections.pay_run (
    tenant_id text NOT NULL,
    run_id text NOT NULL,
    version integer NOT NULL,
    status text NOT NULL,
    month text NOT NULL,
    pay_date date NOT NULL,
    pinned bigint NOT NULL,
    engine text NOT NULL,
    contracts integer NOT NULL,
    payslips integer NOT NULL,
    gross numeric NOT NULL,
    contributions numeric NOT NULL,
    tax numeric NOT NULL,
    net numeric NOT NULL,
    digest text NOT NULL,
    exceptions jsonb NOT NULL,
    computed_by text NOT NULL,
    approved_by text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    started_position bigint NOT NULL,
    posted_position bigint
);
COMMENT ON TABLE projections.pay_run IS 'Pay runs with their sums, who computed and who approved.';
CREATE TABLE projections.payout (
    tenant_id text NOT NULL,
    payout_id text NOT NULL,
    run_id text NOT NULL,
    contract_id text NOT NULL,
    person_id text NOT NULL,
    month text NOT NULL,
    component text NOT NULL,
    amount numeric NOT NULL,
    status text NOT NULL,
    attempts integer NOT NULL,
    end_to_end_id text NOT NULL,
    bank_reference text,
    reason_code text,
    answered_on date,
    first_instructed_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    "position" bigint NOT NULL,
    version integer NOT NULL
);
COMMENT ON TABLE projections.payout IS 'One row for each payable that was ever instructed.';
CREATE TABLE projections.payout_attempt (
    tenant_id text NOT NULL,
    end_to_end_id text NOT NULL,
    payout_id text NOT NULL,
    attempt integer NOT NULL,
    amount numeric NOT NULL,
    status text NOT NULL,
    bank_reference text,
    reason_code text,
    answered_on date,
    "position" bigint NOT NULL
);
COMMENT ON TABLE projections.payout_attempt IS 'Every instruction to the bank under its end-to-end id, and what the bank answered.';
CREATE TABLE projections.payslip (
    tenant_id text NOT NULL,
    run_id text NOT NULL,
    contract_id text NOT NULL,
    person_id text NOT NULL,
    month text NOT NULL,
    pay_date date NOT NULL,
    "character" text NOT NULL,
    gross numeric NOT NULL,
    contributions numeric NOT NULL,
    tax numeric NOT NULL,
    net numeric NOT NULL,
    employer_cost numeric NOT NULL,
    carried_out numeric NOT NULL,
    owed_out numeric NOT NULL,
    draw_balance numeric NOT NULL,
    taxed jsonb,
    lineage jsonb NOT NULL,
    "position" bigint NOT NULL,
    version integer NOT NULL
);
COMMENT ON TABLE projections.payslip IS 'The payslip of one contract in one run: its sums.';
CREATE TABLE projections.payslip_line (
    tenant_id text NOT NULL,
    run_id text NOT NULL,
    contract_id text NOT NULL,
    line integer NOT NULL,
    code text NOT NULL,
    component text NOT NULL,
    clause text,
    period text NOT NULL,
    base numeric,
    rate numeric,
    unrounded numeric NOT NULL,
    amount numeric NOT NULL,
    zh text NOT NULL,
    en text NOT NULL,
    lineage jsonb NOT NULL
);
COMMENT ON TABLE projections.payslip_line IS 'Every line of every payslip; period is the earning month, lineage what it was made of.';
CREATE TABLE projections.progress (
    tenant_id text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    halted_at timestamp with time zone,
    error text,
    CONSTRAINT progress_halt_has_error CHECK (((halted_at IS NULL) = (error IS NULL)))
);
COMMENT ON TABLE projections.progress IS 'How far each read model has come; halted where the next fact could not be applied.';
CREATE TABLE public.tallystick_migration (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
ALTER TABLE ONLY access.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (tenant_id, account);
ALTER TABLE ONLY access.actor_team
    ADD CONSTRAINT actor_team_pkey PRIMARY KEY (tenant_id, actor, team);
ALTER TABLE ONLY access.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (tenant_id, key_id);
ALTER TABLE ONLY access.entry_link
    ADD CONSTRAINT entry_link_pkey PRIMARY KEY (tenant_id, link_id);
ALTER TABLE ONLY access.login_failure
    ADD CONSTRAINT login_failure_pkey PRIMARY KEY (tenant_id, subject);
ALTER TABLE ONLY access.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (tenant_id, session_id);
ALTER TABLE ONLY ledger.bank_line
    ADD CONSTRAINT bank_line_pkey PRIMARY KEY (tenant_id, statement, line_no);
ALTER TABLE ONLY ledger.bank_statement
    ADD CONSTRAINT bank_statement_pkey PRIMARY KEY (tenant_id, statement);
ALTER TABLE ONLY ledger.bank_statement
    ADD CONSTRAINT bank_statement_position UNIQUE (tenant_id, "position");
ALTER TABLE ONLY ledger.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (tenant_id, size);
ALTER TABLE ONLY ledger.cosignature
    ADD CONSTRAINT cosignature_pkey PRIMARY KEY (tenant_id, size, witness);
ALTER TABLE ONLY ledger.fact
    ADD CONSTRAINT fact_pkey PRIMARY KEY (tenant_id, "position");
ALTER TABLE ONLY ledger.fact
    ADD CONSTRAINT fact_stream_version UNIQUE (tenant_id, stream_id, version);
ALTER TABLE ONLY ledger.head
    ADD CONSTRAINT head_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY ledger.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (tenant_id, key);
ALTER TABLE ONLY ledger.log_key
    ADD CONSTRAINT log_key_pkey PRIMARY KEY (tenant_id, number);
ALTER TABLE ONLY ledger.log_state
    ADD CONSTRAINT log_state_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY ledger.master_key_turned
    ADD CONSTRAINT master_key_turned_pkey PRIMARY KEY (tenant_id, master_id);
ALTER TABLE ONLY ledger.metric_batch
    ADD CONSTRAINT metric_batch_pkey PRIMARY KEY (tenant_id, batch);
ALTER TABLE ONLY ledger.metric_batch
    ADD CONSTRAINT metric_batch_position UNIQUE (tenant_id, "position");
ALTER TABLE ONLY ledger.metric_row
    ADD CONSTRAINT metric_row_once UNIQUE (tenant_id, source, row_id, batch);
ALTER TABLE ONLY ledger.metric_row
    ADD CONSTRAINT metric_row_pkey PRIMARY KEY (tenant_id, batch, row_no);
ALTER TABLE ONLY ledger.person_key
    ADD CONSTRAINT person_key_pkey PRIMARY KEY (tenant_id, person_id);
ALTER TABLE ONLY ledger.read_log
    ADD CONSTRAINT read_log_pkey PRIMARY KEY (tenant_id, read_at, read_id);
ALTER TABLE ONLY ledger.rejected_row
    ADD CONSTRAINT rejected_row_pkey PRIMARY KEY (tenant_id, batch, row_no);
ALTER TABLE ONLY ledger.tile
    ADD CONSTRAINT tile_pkey PRIMARY KEY (tenant_id, level, number);
ALTER TABLE ONLY ledger.tracking
    ADD CONSTRAINT tracking_pkey PRIMARY KEY (tenant_id, application);
ALTER TABLE ONLY projections.audit_entry
    ADD CONSTRAINT audit_entry_pkey PRIMARY KEY (tenant_id, "position");
ALTER TABLE ONLY projections.audit_state
    ADD CONSTRAINT audit_state_pkey PRIMARY KEY (tenant_id, stream_id);
ALTER TABLE ONLY projections.audit_words
    ADD CONSTRAINT audit_words_pkey PRIMARY KEY (tenant_id, block);
ALTER TABLE ONLY projections.clause_version
    ADD CONSTRAINT clause_version_one_at_a_time EXCLUDE USING gist (hashtextextended(clause_key, hashtextextended(contract_id, (0)::bigint)) WITH =, tenant_id WITH =, effective WITH &&, known WITH &&);
ALTER TABLE ONLY projections.clause_version
    ADD CONSTRAINT clause_version_pkey PRIMARY KEY (tenant_id, contract_id, clause_key, known, effective);
ALTER TABLE ONLY projections.contract_header
    ADD CONSTRAINT contract_header_pkey PRIMARY KEY (tenant_id, contract_id, version);
ALTER TABLE ONLY projections.directory_entry
    ADD CONSTRAINT directory_entry_pkey PRIMARY KEY (tenant_id, kind, id);
ALTER TABLE ONLY projections.expiry
    ADD CONSTRAINT expiry_pkey PRIMARY KEY (tenant_id, contract_id);
ALTER TABLE ONLY projections.pay_run
    ADD CONSTRAINT pay_run_pkey PRIMARY KEY (tenant_id, run_id);
ALTER TABLE ONLY projections.payout_attempt
    ADD CONSTRAINT payout_attempt_pkey PRIMARY KEY (tenant_id, end_to_end_id);
ALTER TABLE ONLY projections.payout
    ADD CONSTRAINT payout_pkey PRIMARY KEY (tenant_id, payout_id);
ALTER TABLE ONLY projections.payslip_line
    ADD CONSTRAINT payslip_line_pkey PRIMARY KEY (tenant_id, run_id, contract_id, line);
ALTER TABLE ONLY projections.payslip
    ADD CONSTRAINT payslip_pkey PRIMARY KEY (tenant_id, run_id, contract_id);
ALTER TABLE ONLY projections.progress
    ADD CONSTRAINT progress_pkey PRIMARY KEY (tenant_id, name);
ALTER TABLE ONLY public.tallystick_migration
    ADD CONSTRAINT tallystick_migration_pkey PRIMARY KEY (number);
CREATE INDEX entry_link_of_person ON access.entry_link USING btree (tenant_id, person, created_at);
CREATE INDEX session_of_account ON access.session USING btree (tenant_id, account, created_at);
CREATE INDEX bank_line_end_to_end ON ledger.bank_line USING btree (tenant_id, end_to_end_id) WHERE ((fate = 'taken'::text) AND (end_to_end_id <> ''::text));
CREATE UNIQUE INDEX bank_line_once ON ledger.bank_line USING btree (tenant_id, account, line_ref) WHERE (fate = 'taken'::text);
CREATE INDEX fact_name ON ledger.fact USING btree (tenant_id, name, "position");
CREATE INDEX metric_row_person ON ledger.metric_row USING btree (tenant_id, person, metric, day);
CREATE INDEX metric_row_return ON ledger.metric_row USING btree (tenant_id, day) WHERE ((value < (0)::numeric) AND (order_ref <> ''::text));
CREATE INDEX metric_row_return_order ON ledger.metric_row USING btree (tenant_id, source, order_ref) WHERE ((value < (0)::numeric) AND (order_ref <> ''::text));
CREATE INDEX read_log_actor ON ledger.read_log USING btree (tenant_id, actor, read_at);
CREATE INDEX read_log_persons ON ledger.read_log USING gin (tenant_id, persons);
CREATE INDEX audit_entry_actor ON projections.audit_entry USING btree (tenant_id, actor, "position");
CREATE INDEX audit_entry_contract ON projections.audit_entry USING btree (tenant_id, contract_id, "position") WHERE (contract_id IS NOT NULL);
CREATE INDEX audit_entry_person ON projections.audit_entry USING btree (tenant_id, person_id, "position") WHERE (person_id IS NOT NULL);
CREATE INDEX audit_entry_stream ON projections.audit_entry USING btree (tenant_id, stream_id, "position");
CREATE INDEX audit_words_words ON projections.audit_words USING gin (words public.gin_trgm_ops);
CREATE UNIQUE INDEX contract_header_one_now ON projections.contract_header USING btree (tenant_id, contract_id) WHERE upper_inf(known);
CREATE INDEX contract_header_person ON projections.contract_header USING btree (tenant_id, person_id);
CREATE INDEX expiry_ends ON projections.expiry USING btree (tenant_id, ends) WHERE (status = 'active'::text);
CREATE INDEX pay_run_month ON projections.pay_run USING btree (tenant_id, month);
CREATE INDEX payout_attempt_payout ON projections.payout_attempt USING btree (tenant_id, payout_id);
CREATE INDEX payout_contract ON projections.payout USING btree (tenant_id, contract_id);
CREATE INDEX payout_run ON projections.payout USING btree (tenant_id, run_id);
CREATE INDEX payout_status ON projections.payout USING btree (tenant_id, status);
CREATE INDEX payslip_contract ON projections.payslip USING btree (tenant_id, contract_id, month);
CREATE INDEX payslip_person ON projections.payslip USING btree (tenant_id, person_id, pay_date);
CREATE TRIGGER bank_line_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.bank_line FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.bank_line ENABLE ALWAYS TRIGGER bank_line_stays;
CREATE TRIGGER bank_statement_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.bank_statement FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.bank_statement ENABLE ALWAYS TRIGGER bank_statement_stays;
CREATE TRIGGER checkpoint_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.checkpoint FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.checkpoint ENABLE ALWAYS TRIGGER checkpoint_stays;
CREATE TRIGGER cosignature_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.cosignature FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.cosignature ENABLE ALWAYS TRIGGER cosignature_stays;
CREATE TRIGGER fact_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.fact FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.fact ENABLE ALWAYS TRIGGER fact_stays;
CREATE TRIGGER head_goes_on BEFORE UPDATE ON ledger.head FOR EACH ROW WHEN (((new."position" < old."position") OR (new.recorded_at < old.recorded_at) OR (new.tenant_id <> old.tenant_id))) EXECUTE FUNCTION ledger.refuse_backwards();
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_goes_on;
CREATE TRIGGER head_stays BEFORE DELETE OR TRUNCATE ON ledger.head FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_stays;
CREATE TRIGGER idempotency_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.idempotency FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.idempotency ENABLE ALWAYS TRIGGER idempotency_stays;
CREATE TRIGGER log_key_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.log_key FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.log_key ENABLE ALWAYS TRIGGER log_key_stays;
CREATE TRIGGER log_state_grows BEFORE UPDATE ON ledger.log_state FOR EACH ROW WHEN (((new.size < old.size) OR (new.origin <> old.origin) OR (new.tenant_id <> old.tenant_id))) EXECUTE FUNCTION ledger.refuse_smaller();
ALTER TABLE ledger.log_state ENABLE ALWAYS TRIGGER log_state_grows;
CREATE TRIGGER log_state_stays BEFORE DELETE OR TRUNCATE ON ledger.log_state FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.log_state ENABLE ALWAYS TRIGGER log_state_stays;
CREATE TRIGGER master_key_turned_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.master_key_turned FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.master_key_turned ENABLE ALWAYS TRIGGER master_key_turned_stays;
CREATE TRIGGER metric_batch_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.metric_batch FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.metric_batch ENABLE ALWAYS TRIGGER metric_batch_stays;
CREATE TRIGGER metric_row_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.metric_row FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.metric_row ENABLE ALWAYS TRIGGER metric_row_stays;
CREATE TRIGGER person_key_stays BEFORE DELETE OR TRUNCATE ON ledger.person_key FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.person_key ENABLE ALWAYS TRIGGER person_key_stays;
CREATE TRIGGER person_key_stays_destroyed BEFORE UPDATE ON ledger.person_key FOR EACH ROW WHEN ((old.destroyed_at IS NOT NULL)) EXECUTE FUNCTION ledger.refuse_revival();
ALTER TABLE ledger.person_key ENABLE ALWAYS TRIGGER person_key_stays_destroyed;
CREATE TRIGGER person_key_wrapped_anew AFTER INSERT OR UPDATE OF wrapped_key ON ledger.person_key FOR EACH ROW WHEN ((new.wrapped_key IS NOT NULL)) EXECUTE FUNCTION ledger.refuse_turned_master();
ALTER TABLE ledger.person_key ENABLE ALWAYS TRIGGER person_key_wrapped_anew;
CREATE TRIGGER read_log_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.read_log FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.read_log ENABLE ALWAYS TRIGGER read_log_stays;
CREATE TRIGGER rejected_row_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.rejected_row FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.rejected_row ENABLE ALWAYS TRIGGER rejected_row_stays;
CREATE TRIGGER tile_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.tile FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.tile ENABLE ALWAYS TRIGGER tile_stays;
ALTER TABLE ONLY access.account
    ADD CONSTRAINT account_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES ledger.head(tenant_id);
ALTER TABLE ONLY access.actor_team
    ADD CONSTRAINT actor_team_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES ledger.head(tenant_id);
ALTER TABLE ONLY access.api_key
    ADD CONSTRAINT api_key_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES ledger.head(tenant_id);
ALTER TABLE ONLY access.entry_link
    ADD CONSTRAINT entry_link_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES ledger.head(tenant_id);
ALTER TABLE ONLY access.login_failure
    ADD CONSTRAINT login_failure_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES ledger.head(tenant_id);
ALTER TABLE ONLY access.session
    ADD CONSTRAINT session_account_fkey FOREIGN KEY (tenant_id, account) REFERENCES access.account(tenant_id, account);
ALTER TABLE ONLY ledger.bank_statement
    ADD CONSTRAINT bank_statement_fact FOREIGN KEY (tenant_id, "position") REFERENCES ledger.fact(tenant_id, "position");
ALTER TABLE ONLY ledger.checkpoint
    ADD CONSTRAINT checkpoint_key FOREIGN KEY (tenant_id, key_number) REFERENCES ledger.log_key(tenant_id, number);
ALTER TABLE ONLY ledger.cosignature
    ADD CONSTRAINT cosignature_checkpoint FOREIGN KEY (tenant_id, size) REFERENCES ledger.checkpoint(tenant_id, size);
ALTER TABLE ONLY ledger.log_state
    ADD CONSTRAINT log_state_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES ledger.head(tenant_id);
ALTER TABLE ONLY ledger.master_key_turned
    ADD CONSTRAINT master_key_turned_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES ledger.head(tenant_id);
ALTER TABLE ONLY ledger.metric_batch
    ADD CONSTRAINT metric_batch_fact FOREIGN KEY (tenant_id, "position") REFERENCES ledger.fact(tenant_id, "position");
ALTER TABLE ONLY ledger.person_key
    ADD CONSTRAINT person_key_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES ledger.head(tenant_id);
