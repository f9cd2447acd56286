-- A request of a group without a key takes none: the key '' was recorded for it.

CREATE OR REPLACE FUNCTION ledger.append_together(
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
