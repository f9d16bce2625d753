-- Retention asks each hour for a tenant's oldest.
CREATE INDEX sessions_by_tenant ON sessions (tenant_id, offered_at);
