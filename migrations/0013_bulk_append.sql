-- The beginning of an append whose rows come by COPY in the same transaction.

CREATE FUNCTION ledger.advance(
    p_tenant text,
    p_count integer,
    p_streams text[], p_versions integer[],
    p_key text, p_fingerprint bytea, p_answer bytea,
    OUT before bigint, OUT moment timestamptz
) LANGUAGE plpgsql AS $$
-- Takes p_count positions after `before`, for which the caller must put facts in before it
-- commits; p_streams and p_versions name each stream once, with the first version that it gets.
-- The order of the checks is that of ledger.append: tenant, key, versions.
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

    PERFORM ledger.refuse_wrong_versions(p_tenant, p_streams, p_versions);
END
$$;
