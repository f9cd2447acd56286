"""Acts that span streams: pay runs, payouts, cohort amendments, imports, what-if."""
