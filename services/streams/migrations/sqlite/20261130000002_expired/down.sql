DROP INDEX sessions_by_tenant;
