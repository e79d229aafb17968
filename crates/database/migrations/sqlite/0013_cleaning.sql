-- Finds jobs and events that are old enough to be forgotten.
CREATE INDEX jobs_by_end ON jobs (finished_ms) WHERE finished_ms IS NOT NULL;
CREATE INDEX events_by_creation ON events (created_ms);
