CREATE TABLE candidates (
    id         text NOT NULL PRIMARY KEY,
    tenant_id  text NOT NULL,
    name       text NOT NULL,
    phone      text NOT NULL,
    email      text,
    timezone   text,
    language   text,
    resume     text NOT NULL,
    created_at text NOT NULL
) STRICT;
CREATE INDEX candidates_newest ON candidates (created_at DESC, id DESC);
CREATE INDEX candidates_by_tenant ON candidates (tenant_id, created_at DESC, id DESC);
CREATE TABLE jobs (
    id          text NOT NULL PRIMARY KEY,
    tenant_id   text NOT NULL,
    title       text NOT NULL,
    description text NOT NULL,
    questions   text NOT NULL,
    flow        text,
    language    text,
    created_at  text NOT NULL
) STRICT;
CREATE INDEX jobs_newest ON jobs (created_at DESC, id DESC);
CREATE INDEX jobs_by_tenant ON jobs (tenant_id, created_at DESC, id DESC);
CREATE TABLE flows (
    tenant_id  text NOT NULL,
    name       text NOT NULL,
    version    integer NOT NULL,
    kind       text NOT NULL,
    definition text NOT NULL,
    created_at text NOT NULL,
    PRIMARY KEY (tenant_id, name, version)
) STRICT;
CREATE TABLE interviews (
    id             text NOT NULL PRIMARY KEY,
    tenant_id      text NOT NULL,
    kind           text NOT NULL,
    flow_name      text NOT NULL,
    flow_version   integer NOT NULL,
    definition     text NOT NULL,
    candidate_id   text REFERENCES candidates (id),
    job_id         text REFERENCES jobs (id),
    call_sid       text,
    account_sid    text NOT NULL,
    number         text NOT NULL,
    person         text NOT NULL,
    direction      text NOT NULL,
    language       text NOT NULL,
    settings       text NOT NULL,
    status         text NOT NULL,
    outcome        text NOT NULL,
    failure_reason text,
    attempt        integer NOT NULL,
    progress       text NOT NULL,
    result         text,
    waiting        text,
    created_at     text NOT NULL,
    started_at     text,
    ended_at       text,
    evaluated_at   text
) STRICT;
CREATE INDEX interviews_newest ON interviews (created_at DESC, id DESC);
CREATE INDEX interviews_by_tenant ON interviews (tenant_id, created_at DESC, id DESC);
CREATE INDEX interviews_by_person ON interviews (tenant_id, person, kind, evaluated_at DESC);
CREATE TABLE interview_calls (
    call_sid     text NOT NULL PRIMARY KEY,
    interview_id text NOT NULL REFERENCES interviews (id),
    attempt      integer NOT NULL
) STRICT;
CREATE INDEX interview_calls_by_interview ON interview_calls (interview_id);
CREATE TABLE speech (
    key   text NOT NULL PRIMARY KEY,
    state text NOT NULL,
    file  text NOT NULL,
    at    text NOT NULL
) STRICT;
