-- Bytes of a video that lie in the store, for the quota of its app; 0 while they do not.
ALTER TABLE media ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE media SET stored_bytes = coalesce(facts ->> '$.value.size_bytes', 0)
    WHERE source ->> '$.value.object' IS NOT NULL;
CREATE INDEX media_stored_of_app ON media (app_id, stored_bytes);
