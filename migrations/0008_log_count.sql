-- How many checkpoints a log has signed: one that is removed from the table is missed.

ALTER TABLE ledger.log_state ADD COLUMN checkpoints bigint NOT NULL DEFAULT 0;
UPDATE ledger.log_state AS s SET checkpoints =
    (SELECT count(*) FROM ledger.checkpoint AS c WHERE c.tenant_id = s.tenant_id);
