-- Permissions to upload an object with a temporary key. plan is the video to come; without one the video
-- exists already.
CREATE TABLE uploads (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    dialect TEXT NOT NULL,
    media_id INTEGER NOT NULL,
    video_id TEXT NOT NULL,
    object_key TEXT NOT NULL,
    key_id TEXT NOT NULL UNIQUE,
    secret TEXT NOT NULL,
    token TEXT NOT NULL,
    key_expires_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'committed', 'expired')),
    plan TEXT, -- json
    object TEXT, -- json
    created_ms INTEGER NOT NULL,
    keep_until_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX uploads_of_object ON uploads (object_key);
CREATE INDEX uploads_by_end ON uploads (keep_until_ms);

-- Uploads in parts. They belong to an object, not to the permission that began them, so that a client whose
-- key has expired goes on with a new one.
CREATE TABLE multiparts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    object_key TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX multiparts_of_object ON multiparts (object_key, seq);

-- crc64 holds the 64 bits of the sum as a signed number.
CREATE TABLE parts (
    multipart_seq INTEGER NOT NULL REFERENCES multiparts (seq) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    part_key TEXT NOT NULL,
    md5 TEXT NOT NULL,
    crc64 INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (multipart_seq, number)
) STRICT, WITHOUT ROWID;
