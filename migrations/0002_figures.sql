-- Figures: the rows of metric batches, the batches themselves, and the rows that were refused.
--
-- A batch is one fact (figures.batch_recorded.v1) that holds the SHA-256 of its rows; the rows
-- stand here. All three tables are written in the transaction that appends the fact, and a row
-- counts only where its batch stands in ledger.metric_batch.

CREATE TABLE ledger.metric_row (
    tenant_id text NOT NULL,
    batch text NOT NULL,
    row_no integer NOT NULL,
    source text NOT NULL,
    row_id text NOT NULL,
    person text NOT NULL,
    metric text NOT NULL,
    day date NOT NULL,
    category text NOT NULL DEFAULT '',
    value numeric NOT NULL,
    order_ref text NOT NULL DEFAULT '',
    CONSTRAINT metric_row_pkey PRIMARY KEY (tenant_id, batch, row_no),
    -- One id counts once in a batch; a later batch may correct it.
    CONSTRAINT metric_row_once UNIQUE (tenant_id, source, row_id, batch),
    CONSTRAINT metric_row_no_counts CHECK (row_no > 0),
    CONSTRAINT metric_row_value_is_number CHECK (value > '-Infinity' AND value < 'Infinity')
);
CREATE INDEX metric_row_person ON ledger.metric_row (tenant_id, person, metric, day);
COMMENT ON TABLE ledger.metric_row IS
    'Figures as they came: a correction is a new row of the same source and row_id in a later batch.';

CREATE TABLE ledger.metric_batch (
    tenant_id text NOT NULL,
    batch text NOT NULL,
    position bigint NOT NULL,
    source text NOT NULL,
    recorded_at timestamptz NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    rows integer NOT NULL,
    rejected integer NOT NULL,
    rows_sha256 text NOT NULL,
    rejected_sha256 text NOT NULL,
    CONSTRAINT metric_batch_pkey PRIMARY KEY (tenant_id, batch),
    CONSTRAINT metric_batch_position UNIQUE (tenant_id, position),
    CONSTRAINT metric_batch_fact FOREIGN KEY (tenant_id, position)
        REFERENCES ledger.fact (tenant_id, position)
);
COMMENT ON TABLE ledger.metric_batch IS
    'Where each batch stands in its tenant''s ledger; a row whose batch is not here is not there.';

CREATE TABLE ledger.rejected_row (
    tenant_id text NOT NULL,
    batch text NOT NULL,
    row_no integer NOT NULL,
    code text NOT NULL,
    reason_zh text NOT NULL,
    reason_en text NOT NULL,
    raw text NOT NULL,
    CONSTRAINT rejected_row_pkey PRIMARY KEY (tenant_id, batch, row_no)
);
COMMENT ON TABLE ledger.rejected_row IS
    'Rows that were not taken, and why: with metric_row they are every row that came in.';

CREATE TRIGGER metric_row_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.metric_row
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER metric_batch_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.metric_batch
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER rejected_row_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.rejected_row
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- ALWAYS: they fire under session_replication_role = replica too.
ALTER TABLE ledger.metric_row ENABLE ALWAYS TRIGGER metric_row_stays;
ALTER TABLE ledger.metric_batch ENABLE ALWAYS TRIGGER metric_batch_stays;
ALTER TABLE ledger.rejected_row ENABLE ALWAYS TRIGGER rejected_row_stays;
