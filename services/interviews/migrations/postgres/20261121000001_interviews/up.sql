CREATE TABLE candidates (
    id         text PRIMARY KEY,
    tenant_id  text NOT NULL,
    name       text NOT NULL,
    phone      text NOT NULL,
    email      text,
    timezone   text,
    language   text,
    resume     text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX candidates_newest ON candidates (created_at DESC, id DESC);
CREATE INDEX candidates_by_tenant ON candidates (tenant_id, created_at DESC, id DESC);
CREATE TABLE jobs (
    id          text PRIMARY KEY,
    tenant_id   text NOT NULL,
    title       text NOT NULL,
    description text NOT NULL,
    questions   jsonb NOT NULL,
    flow        text,
    language    text,
    created_at  timestamptz NOT NULL
);
CREATE INDEX jobs_newest ON jobs (created_at DESC, id DESC);
CREATE INDEX jobs_by_tenant ON jobs (tenant_id, created_at DESC, id DESC);
CREATE TABLE flows (
    tenant_id  text NOT NULL,
    name       text NOT NULL,
    version    bigint NOT NULL,
    kind       text NOT NULL,
    definition jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, name, version)
);
CREATE TABLE interviews (
    id             text PRIMARY KEY,
    tenant_id      text NOT NULL,
    kind           text NOT NULL,
    flow_name      text NOT NULL,
    flow_version   bigint NOT NULL,
    definition     jsonb NOT NULL,
    candidate_id   text REFERENCES candidates (id),
    job_id         text REFERENCES jobs (id),
    call_sid       text,
    account_sid    text NOT NULL,
    number         text NOT NULL,
    person         text NOT NULL,
    direction      text NOT NULL,
    language       text NOT NULL,
    settings       jsonb NOT NULL,
    status         text NOT NULL,
    outcome        text NOT NULL,
    failure_reason text,
    attempt        bigint NOT NULL,
    progress       jsonb NOT NULL,
    result         jsonb,
    waiting        jsonb,
    created_at     timestamptz NOT NULL,
    started_at     timestamptz,
    ended_at       timestamptz,
    evaluated_at   timestamptz
);
CREATE INDEX interviews_newest ON interviews (created_at DESC, id DESC);
CREATE INDEX interviews_by_tenant ON interviews (tenant_id, created_at DESC, id DESC);
CREATE INDEX interviews_by_person ON interviews (tenant_id, person, kind, evaluated_at DESC);
CREATE TABLE interview_calls (
    call_sid     text PRIMARY KEY,
    interview_id text NOT NULL REFERENCES interviews (id),
    attempt      bigint NOT NULL
);
CREATE INDEX interview_calls_by_interview ON interview_calls (interview_id);
CREATE TABLE speech (
    key   text PRIMARY KEY,
    state text NOT NULL,
    file  text NOT NULL,
    at    timestamptz NOT NULL
);
