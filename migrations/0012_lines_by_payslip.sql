-- Lines are found by their payslip: a contract's by those of its payslips. One index less for
-- the table that grows most.
DROP INDEX projections.payslip_line_period;
