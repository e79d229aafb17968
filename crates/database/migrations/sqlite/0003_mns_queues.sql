-- Queues that callers fill and empty themselves. AUTOINCREMENT: a waiting receive knows its queue by the
-- number, which must not become another queue's.
CREATE TABLE message_queues (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    name TEXT NOT NULL,
    visibility_timeout_ms INTEGER NOT NULL,
    body_bytes_max INTEGER NOT NULL,
    retention_ms INTEGER NOT NULL,
    delay_ms INTEGER NOT NULL,
    polling_wait_ms INTEGER NOT NULL,
    is_logging_enabled INTEGER NOT NULL,
    event_body TEXT NOT NULL CHECK (event_body IN ('base64', 'raw')),
    created_ms INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL,
    UNIQUE (app_id, name)
) STRICT;

-- hidden_until_ms is when a message that is delayed, or was received, is visible again; none means that it
-- is visible. A handle is valid as long as its message is hidden. So what can be received stands in an index
-- of its own, in the order of receiving, however many messages are hidden.
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    queue_id INTEGER NOT NULL REFERENCES message_queues (id) ON DELETE CASCADE,
    priority INTEGER NOT NULL,
    sent_ms INTEGER NOT NULL,
    hidden_until_ms INTEGER,
    handle TEXT,
    first_received_ms INTEGER,
    receive_count INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX messages_visible ON messages (queue_id, priority, seq) WHERE hidden_until_ms IS NULL;
CREATE INDEX messages_hidden ON messages (queue_id, hidden_until_ms) WHERE hidden_until_ms IS NOT NULL;
CREATE INDEX messages_by_age ON messages (queue_id, sent_ms);
CREATE UNIQUE INDEX messages_by_handle ON messages (handle) WHERE handle IS NOT NULL;
