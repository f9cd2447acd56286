-- Which teams a business lead answers for: what a lead may look at and decide on.

CREATE TABLE access.actor_team (
    tenant_id text NOT NULL REFERENCES ledger.head (tenant_id),
    actor text NOT NULL,
    team text NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT actor_team_pkey PRIMARY KEY (tenant_id, actor, team),
    CONSTRAINT actor_team_named CHECK (actor <> '' AND team <> '')
);
COMMENT ON TABLE access.actor_team IS
    'Teams of business leads, for their accounts and keys alike; the team * stands for all teams.';
