-- What somebody typed as an account when logging in may be anything, a name or a password: from now
-- on it is kept as a digest. What was counted until now is forgotten.

TRUNCATE access.login_failure;
COMMENT ON COLUMN access.login_failure.subject IS 'SHA-256 of the account or the address.';
