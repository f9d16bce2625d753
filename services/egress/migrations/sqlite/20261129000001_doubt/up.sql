-- Until when an effect of unknown outcome is looked for before it is repeated.
ALTER TABLE effects ADD COLUMN doubt_until text;
-- What Twilio's own callback calls it.
ALTER TABLE effects ADD COLUMN witness text;
ALTER TABLE effects ADD COLUMN repeated integer NOT NULL DEFAULT 0;
CREATE INDEX effects_settled ON effects (settled_at);
