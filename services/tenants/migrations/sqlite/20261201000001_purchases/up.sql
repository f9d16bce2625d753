-- A digest of what was asked for when a number was bought: another order with the same Idempotency-Key is refused.
ALTER TABLE numbers ADD COLUMN asked text;
