ALTER TABLE sessions ADD COLUMN engine text NOT NULL DEFAULT 'media';
