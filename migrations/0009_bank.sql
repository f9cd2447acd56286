-- Bank statements: every line of every file that came in, and the statements themselves.
--
-- A statement is one fact (bank.statement_recorded.v1) that holds the SHA-256 of its lines; the
-- lines stand here. Both tables are written in the transaction that appends the fact. Names and
-- accounts of other parties are keyed digests.

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
    CONSTRAINT bank_line_pkey PRIMARY KEY (tenant_id, statement, line_no),
    CONSTRAINT bank_line_no_counts CHECK (line_no > 0),
    CONSTRAINT bank_line_fate CHECK (fate IN ('taken', 'repeated', 'conflicting', 'unreadable')),
    CONSTRAINT bank_line_taken_is_whole CHECK (
        fate <> 'taken' OR (booked_on IS NOT NULL AND amount > '-Infinity' AND amount < 'Infinity')
    )
);
-- A line counts once, in however many files it stands.
CREATE UNIQUE INDEX bank_line_once ON ledger.bank_line (tenant_id, account, line_ref)
    WHERE fate = 'taken';
CREATE INDEX bank_line_end_to_end ON ledger.bank_line (tenant_id, end_to_end_id)
    WHERE fate = 'taken' AND end_to_end_id <> '';
COMMENT ON TABLE ledger.bank_line IS
    'Lines of bank statements as they came; one that stood already counts where it came first.';

CREATE TABLE ledger.bank_statement (
    tenant_id text NOT NULL,
    statement text NOT NULL,
    position bigint NOT NULL,
    account text NOT NULL,
    CONSTRAINT bank_statement_pkey PRIMARY KEY (tenant_id, statement),
    CONSTRAINT bank_statement_position UNIQUE (tenant_id, position),
    CONSTRAINT bank_statement_fact FOREIGN KEY (tenant_id, position)
        REFERENCES ledger.fact (tenant_id, position)
);
COMMENT ON TABLE ledger.bank_statement IS
    'Where each statement stands in its tenant''s ledger; a line whose statement is not here is not there.';

CREATE TRIGGER bank_line_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.bank_line
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER bank_statement_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.bank_statement
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- ALWAYS: they fire under session_replication_role = replica too.
ALTER TABLE ledger.bank_line ENABLE ALWAYS TRIGGER bank_line_stays;
ALTER TABLE ledger.bank_statement ENABLE ALWAYS TRIGGER bank_statement_stays;
