"""The record: stored names, codec, append and read, idempotency, keys of personal data."""
