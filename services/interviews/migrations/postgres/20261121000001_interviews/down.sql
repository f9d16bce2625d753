DROP TABLE speech;
DROP TABLE interview_calls;
DROP TABLE interviews;
DROP TABLE flows;
DROP TABLE jobs;
DROP TABLE candidates;
