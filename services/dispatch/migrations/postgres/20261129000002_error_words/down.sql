ALTER TABLE deliveries DROP COLUMN error_message;
ALTER TABLE messages DROP COLUMN error_message;
