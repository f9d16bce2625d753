-- What whoever takes over hears before they are connected; empty: nothing.
ALTER TABLE sessions ADD COLUMN whisper text NOT NULL DEFAULT '';
-- What a conversation came to, as JSON, its summary with it; empty: nothing.
ALTER TABLE sessions ADD COLUMN result text NOT NULL DEFAULT '';
-- When whoever takes over was dialled, and when they have answered.
ALTER TABLE sessions ADD COLUMN dialled_at text;
ALTER TABLE sessions ADD COLUMN taken_at text;
