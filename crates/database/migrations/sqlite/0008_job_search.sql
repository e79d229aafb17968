-- Finds the jobs of the last days among all that an app ever asked for.
CREATE INDEX jobs_by_creation ON jobs (app_id, created_ms);
