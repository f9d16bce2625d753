DROP INDEX waiting_admitted;
