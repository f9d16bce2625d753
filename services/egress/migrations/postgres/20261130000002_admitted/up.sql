-- How many of a line are admitted is counted whenever one may follow, however many wait.
CREATE INDEX waiting_admitted ON waiting (kind, account_sid, tenant_id, lane, urgent, let_in, due_at);
