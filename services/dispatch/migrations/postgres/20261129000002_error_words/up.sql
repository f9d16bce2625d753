ALTER TABLE messages ADD COLUMN error_message text NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN error_message text NOT NULL DEFAULT '';
