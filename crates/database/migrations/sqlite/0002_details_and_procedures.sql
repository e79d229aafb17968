-- What people say of a video, and its owner's own id for it.
ALTER TABLE media ADD COLUMN details TEXT NOT NULL DEFAULT '{"version":1,"value":{}}'; -- json
ALTER TABLE media ADD COLUMN reference_id TEXT;
CREATE UNIQUE INDEX media_by_reference ON media (app_id, reference_id) WHERE reference_id IS NOT NULL;
CREATE INDEX media_by_creation ON media (app_id, created_ms, seq);

-- Named lists of what is to be made of a video.
CREATE TABLE procedures (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    key TEXT NOT NULL,
    title TEXT NOT NULL,
    comment TEXT NOT NULL,
    steps TEXT NOT NULL, -- json
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (app_id, key)
) STRICT;
