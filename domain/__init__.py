"""The business as pure functions: no clock, randomness, database, network or framework."""
