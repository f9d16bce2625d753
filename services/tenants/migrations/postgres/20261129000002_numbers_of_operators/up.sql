ALTER TABLE numbers ADD COLUMN suspended_by_operator boolean NOT NULL DEFAULT FALSE;
-- Two numbers cannot be the same one at Twilio; the older keeps its word.
UPDATE numbers SET sid = NULL
WHERE sid IS NOT NULL AND status <> 'released' AND EXISTS (
    SELECT 1 FROM numbers AS other
    WHERE other.sid = numbers.sid AND other.status <> 'released'
      AND (other.created_at < numbers.created_at OR (other.created_at = numbers.created_at AND other.id < numbers.id))
);
CREATE UNIQUE INDEX numbers_sid ON numbers (sid) WHERE status <> 'released' AND sid IS NOT NULL;
