-- Read models: everything here is computed from ledger.fact and can be thrown away and rebuilt.
--
-- The tenant comes first in every key. A row of `progress` is the position to which one read
-- model of one tenant has been filled; it is saved in the transaction that writes the rows.

CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE SCHEMA projections;

CREATE TABLE projections.progress (
    tenant_id text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    halted_at timestamptz,
    error text,
    CONSTRAINT progress_pkey PRIMARY KEY (tenant_id, name),
    CONSTRAINT progress_halt_has_error CHECK ((halted_at IS NULL) = (error IS NULL))
);
COMMENT ON TABLE projections.progress IS
    'How far each read model has come; halted where the next fact could not be applied.';

-- contract_terms: contracts and their clauses over two times ---------------------------------

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
    expiry_decision text,
    CONSTRAINT contract_header_pkey PRIMARY KEY (tenant_id, contract_id, version),
    CONSTRAINT contract_header_one_at_a_time
        EXCLUDE USING gist (tenant_id WITH =, contract_id WITH =, known WITH &&)
);
CREATE INDEX contract_header_person ON projections.contract_header (tenant_id, person_id);
COMMENT ON TABLE projections.contract_header IS
    'A contract as known over a range of positions: parties, term, status.';

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
    position bigint NOT NULL,
    version integer NOT NULL,
    CONSTRAINT clause_version_pkey
        PRIMARY KEY (tenant_id, contract_id, clause_key, known, effective),
    CONSTRAINT clause_version_one_at_a_time EXCLUDE USING gist (
        tenant_id WITH =, contract_id WITH =, clause_key WITH =, effective WITH &&, known WITH &&
    )
);
COMMENT ON TABLE projections.clause_version IS
    'What a clause says on a range of days, as known over a range of positions.';

-- pay_register: runs, payslips, lines ---------------------------------------------------------

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
    started_at timestamptz NOT NULL,
    started_position bigint NOT NULL,
    posted_position bigint,
    CONSTRAINT pay_run_pkey PRIMARY KEY (tenant_id, run_id)
);
CREATE INDEX pay_run_month ON projections.pay_run (tenant_id, month);
COMMENT ON TABLE projections.pay_run IS 'Pay runs with their sums, who computed and who approved.';

CREATE TABLE projections.payslip (
    tenant_id text NOT NULL,
    run_id text NOT NULL,
    contract_id text NOT NULL,
    person_id text NOT NULL,
    month text NOT NULL,
    pay_date date NOT NULL,
    character text NOT NULL,
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
    position bigint NOT NULL,
    version integer NOT NULL,
    CONSTRAINT payslip_pkey PRIMARY KEY (tenant_id, run_id, contract_id)
);
CREATE INDEX payslip_contract ON projections.payslip (tenant_id, contract_id, month);
CREATE INDEX payslip_person ON projections.payslip (tenant_id, person_id, pay_date);
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
    lineage jsonb NOT NULL,
    CONSTRAINT payslip_line_pkey PRIMARY KEY (tenant_id, run_id, contract_id, line)
);
CREATE INDEX payslip_line_period ON projections.payslip_line (tenant_id, contract_id, period);
COMMENT ON TABLE projections.payslip_line IS
    'Every line of every payslip; period is the earning month, lineage what it was made of.';

-- payout_ledger -------------------------------------------------------------------------------

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
    first_instructed_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    position bigint NOT NULL,
    version integer NOT NULL,
    CONSTRAINT payout_pkey PRIMARY KEY (tenant_id, payout_id)
);
CREATE INDEX payout_run ON projections.payout (tenant_id, run_id);
CREATE INDEX payout_status ON projections.payout (tenant_id, status);
CREATE INDEX payout_contract ON projections.payout (tenant_id, contract_id);
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
    position bigint NOT NULL,
    CONSTRAINT payout_attempt_pkey PRIMARY KEY (tenant_id, end_to_end_id)
);
CREATE INDEX payout_attempt_payout ON projections.payout_attempt (tenant_id, payout_id);
COMMENT ON TABLE projections.payout_attempt IS
    'Every instruction to the bank under its end-to-end id, and what the bank answered.';

-- audit_history -------------------------------------------------------------------------------

CREATE TABLE projections.audit_entry (
    tenant_id text NOT NULL,
    position bigint NOT NULL,
    stream_id text NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    contract_id text,
    person_id text,
    actor text NOT NULL,
    recorded_at timestamptz NOT NULL,
    reason text NOT NULL,
    correlation text NOT NULL,
    effective date,
    zh text NOT NULL,
    en text NOT NULL,
    before jsonb,
    after jsonb,
    CONSTRAINT audit_entry_pkey PRIMARY KEY (tenant_id, position)
);
CREATE INDEX audit_entry_stream ON projections.audit_entry (tenant_id, stream_id, position);
CREATE INDEX audit_entry_contract ON projections.audit_entry (tenant_id, contract_id, position)
    WHERE contract_id IS NOT NULL;
CREATE INDEX audit_entry_person ON projections.audit_entry (tenant_id, person_id, position)
    WHERE person_id IS NOT NULL;
CREATE INDEX audit_entry_actor ON projections.audit_entry (tenant_id, actor, position);
CREATE INDEX audit_entry_words ON projections.audit_entry
    USING gin ((zh || ' ' || en || ' ' || reason) gin_trgm_ops);
COMMENT ON TABLE projections.audit_entry IS
    'One row a fact: who, when, what changed from what to what, and why, in words.';

CREATE TABLE projections.audit_state (
    tenant_id text NOT NULL,
    stream_id text NOT NULL,
    state text NOT NULL,
    CONSTRAINT audit_state_pkey PRIMARY KEY (tenant_id, stream_id)
);
COMMENT ON TABLE projections.audit_state IS
    'The last state of each stream, so that the next entry can say what was before.';

-- expiry_watch --------------------------------------------------------------------------------

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
    decided_at timestamptz,
    position bigint NOT NULL,
    version integer NOT NULL,
    CONSTRAINT expiry_pkey PRIMARY KEY (tenant_id, contract_id)
);
CREATE INDEX expiry_ends ON projections.expiry (tenant_id, ends) WHERE status = 'active';
COMMENT ON TABLE projections.expiry IS
    'When each contract ends and what was decided about it.';

-- directory -----------------------------------------------------------------------------------

CREATE TABLE projections.directory_entry (
    tenant_id text NOT NULL,
    kind text NOT NULL,
    id text NOT NULL,
    title text NOT NULL,
    status text NOT NULL,
    position bigint NOT NULL,
    version integer NOT NULL,
    data jsonb NOT NULL,
    CONSTRAINT directory_entry_pkey PRIMARY KEY (tenant_id, kind, id)
);
COMMENT ON TABLE projections.directory_entry IS
    'Lists of what there is: persons (no personal data), templates, schemes, metrics, tables.';
