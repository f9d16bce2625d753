CREATE TABLE reviews (
    id              text NOT NULL PRIMARY KEY,
    interview_id    text NOT NULL REFERENCES interviews (id) ON DELETE CASCADE,
    question_number integer NOT NULL,
    note            text NOT NULL,
    score           integer,
    recommendation  text,
    author          text NOT NULL,
    at              text NOT NULL
) STRICT;
CREATE INDEX reviews_by_interview ON reviews (interview_id, at, id);
CREATE TABLE figures (
    interview_id      text NOT NULL PRIMARY KEY REFERENCES interviews (id) ON DELETE CASCADE,
    day               integer NOT NULL,
    asked             integer NOT NULL,
    answered          integer NOT NULL,
    score             integer,
    tasks             integer NOT NULL,
    cost_micro_usd    real NOT NULL,
    prompt_tokens     real NOT NULL,
    completion_tokens real NOT NULL
) STRICT;
