CREATE TABLE reviews (
    id              text NOT NULL PRIMARY KEY,
    interview_id    text NOT NULL REFERENCES interviews (id) ON DELETE CASCADE,
    question_number bigint NOT NULL,
    note            text NOT NULL,
    score           bigint,
    recommendation  text,
    author          text NOT NULL,
    at              timestamptz NOT NULL
);
CREATE INDEX reviews_by_interview ON reviews (interview_id, at, id);
CREATE TABLE figures (
    interview_id      text NOT NULL PRIMARY KEY REFERENCES interviews (id) ON DELETE CASCADE,
    day               bigint NOT NULL,
    asked             bigint NOT NULL,
    answered          bigint NOT NULL,
    score             bigint,
    tasks             bigint NOT NULL,
    cost_micro_usd    double precision NOT NULL,
    prompt_tokens     double precision NOT NULL,
    completion_tokens double precision NOT NULL
);
