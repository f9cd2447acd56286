-- A return counts on the day of the order it names: returns are found by the day they came back,
-- and by their order where that is recorded after them.
CREATE INDEX metric_row_return ON ledger.metric_row (tenant_id, day)
    WHERE value < 0 AND order_ref <> '';
CREATE INDEX metric_row_return_order ON ledger.metric_row (tenant_id, source, order_ref)
    WHERE value < 0 AND order_ref <> '';
