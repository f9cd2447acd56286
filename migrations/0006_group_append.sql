-- Appends of one fact, and of many requests at once.
--
-- `append_group` judges every request by itself: one that is refused keeps none of the others from
-- being recorded. The order of the checks is that of ledger.append: tenant, key, versions.

CREATE FUNCTION ledger.envelope(
    p_tenant text, p_position bigint, p_stamp text, p_stream text, p_version integer,
    p_name text, p_state bytea
) RETURNS bytea LANGUAGE sql STABLE AS $$
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

CREATE FUNCTION ledger.append_one(
    p_tenant text, p_stream text, p_version integer, p_name text, p_state bytea,
    p_key text, p_fingerprint bytea, p_answer bytea,
    OUT fact_position bigint, OUT leaf bytea, OUT fact_recorded_at timestamptz
) LANGUAGE plpgsql AS $$
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

CREATE FUNCTION ledger.append_together(
    p_tenant text,
    p_streams text[], p_versions integer[], p_names text[], p_states bytea[],
    p_keys text[], p_fingerprints bytea[], p_answers bytea[], p_ends integer[]
) RETURNS TABLE (ordinal integer, fact_position bigint, leaf bytea, fact_recorded_at timestamptz)
LANGUAGE plpgsql AS $$
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
    WHERE r.key IS NOT NULL;
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

CREATE FUNCTION ledger.append_group(
    p_tenant text,
    p_streams text[], p_versions integer[], p_names text[], p_states bytea[],
    p_keys text[], p_fingerprints bytea[], p_answers bytea[], p_ends integer[]
) RETURNS TABLE (
    ordinal integer, fact_position bigint, leaf bytea, fact_recorded_at timestamptz, refusal text
) LANGUAGE plpgsql AS $$
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
COMMENT ON FUNCTION ledger.append_group IS
    'Many requests of one tenant in one transaction, each with its own verdict.';
