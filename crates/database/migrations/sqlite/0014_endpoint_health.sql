-- How receivers fare, and the secrets that others took the place of.
ALTER TABLE endpoints ADD COLUMN former_secrets TEXT NOT NULL DEFAULT '{"version":1,"value":[]}'; -- json
ALTER TABLE endpoints ADD COLUMN failing_since_ms INTEGER;
ALTER TABLE endpoints ADD COLUMN disabled_ms INTEGER;
ALTER TABLE endpoints ADD COLUMN disabled_reason TEXT; -- owner, gone or failing

-- attempts_before: those made before a delivery was last sent again by hand, whose schedule began anew then.
-- is_retry: its lane. is_held: its endpoint is disabled, so that it is due only once that is enabled.
ALTER TABLE deliveries ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN is_retry INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN is_held INTEGER NOT NULL DEFAULT 0;
UPDATE deliveries SET is_retry = 1 WHERE state = 'pending' AND 0 < attempt_count;
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (is_retry, next_ms, id) WHERE state = 'pending' AND is_held = 0;
DROP INDEX deliveries_to_endpoint;
CREATE INDEX deliveries_to_endpoint ON deliveries (endpoint_id, state, id);

-- Finds what is told again.
CREATE INDEX events_by_time ON events (app_id, created_ms, seq);
