-- Appends of many facts: a group whose streams are named once, and rows that come by COPY.

CREATE FUNCTION ledger.append_gathered(
    p_tenant text,
    p_streams text[], p_versions integer[], p_names text[], p_states bytea[],
    p_begun text[], p_first_versions integer[],
    p_keys text[], p_fingerprints bytea[], p_answers bytea[],
    p_starts integer[], p_ends integer[]
) RETURNS TABLE (fact_position bigint, leaf bytea, fact_recorded_at timestamptz)
LANGUAGE plpgsql AS $$
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
COMMENT ON FUNCTION ledger.append_gathered IS
    'The requests of one tenant in one transaction where none of them is refused.';

CREATE FUNCTION ledger.advance(
    p_tenant text,
    p_count integer,
    p_begun text[], p_first_versions integer[],
    p_key text, p_fingerprint bytea, p_answer bytea,
    OUT before bigint, OUT moment timestamptz
) LANGUAGE plpgsql AS $$
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
COMMENT ON FUNCTION ledger.advance IS
    'The beginning of an append whose rows come by COPY in the same transaction.';
