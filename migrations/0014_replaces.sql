-- How many rows of a batch replace a row of an earlier one, counted when it is recorded.
--
-- Where no later batch of a source replaces anything, which is the usual month, figures are read
-- without looking for a correction of every single row.

ALTER TABLE ledger.metric_batch ADD COLUMN replaces integer;
COMMENT ON COLUMN ledger.metric_batch.replaces IS
    'Rows that replace one of an earlier batch; NULL: not counted, so it has to be looked for.';
