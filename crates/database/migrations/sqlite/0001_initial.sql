-- Times are milliseconds since 1970-01-01T00:00:00Z in columns that end in _ms.
-- Columns marked "json" hold a versioned document: {"version": 1, "value": ...}.
-- seq is the order of insertion: lists and queues are ordered by it, and rows refer to each other by it.

CREATE TABLE apps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    settings TEXT NOT NULL, -- json
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key_id TEXT NOT NULL UNIQUE,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    secret TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX keys_of_app ON keys (app_id, seq);

CREATE TABLE nonces (
    scope TEXT NOT NULL,
    nonce TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (scope, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonces_expiring ON nonces (expires_ms);

CREATE TABLE media (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id INTEGER NOT NULL UNIQUE,
    video_id TEXT NOT NULL UNIQUE,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('fetching', 'stored', 'ready', 'failed')),
    added_by TEXT NOT NULL,
    source TEXT NOT NULL, -- json
    facts TEXT, -- json
    failure TEXT, -- json
    cover TEXT, -- json
    pass_through TEXT,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX media_of_app ON media (app_id, seq);

CREATE TABLE templates (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    reference TEXT NOT NULL, -- FAMILY/NUMBER or hex/DIGITS
    name TEXT NOT NULL,
    comment TEXT NOT NULL,
    spec TEXT NOT NULL, -- json
    created_ms INTEGER,
    updated_ms INTEGER,
    UNIQUE (app_id, reference)
) STRICT;

-- The job queue. due_ms is when a job may be leased next: its time, or the end of its lease.
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    media_id INTEGER NOT NULL REFERENCES media (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    origin_dialect TEXT NOT NULL,
    origin_kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('available', 'scheduled', 'running', 'retryable', 'completed', 'cancelled', 'discarded')),
    priority INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    attempt_max INTEGER NOT NULL,
    due_ms INTEGER,
    lease_token TEXT,
    worker TEXT,
    failure TEXT, -- json
    pass_through TEXT,
    callback_url TEXT,
    options TEXT NOT NULL, -- json
    created_ms INTEGER NOT NULL,
    started_ms INTEGER,
    finished_ms INTEGER,
    CHECK ((due_ms IS NULL) = (state IN ('completed', 'cancelled', 'discarded'))),
    CHECK ((lease_token IS NULL) = (state <> 'running'))
) STRICT;
CREATE INDEX jobs_in_turn ON jobs (priority DESC, seq, due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX jobs_by_due ON jobs (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX jobs_running ON jobs (seq) WHERE state = 'running';
CREATE INDEX jobs_of_app ON jobs (app_id, seq);
CREATE INDEX jobs_of_media ON jobs (media_id, seq);

-- What each set of pictures of a job asks for, and what became of it.
CREATE TABLE outputs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    job_seq INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    template TEXT, -- json
    spec TEXT NOT NULL, -- json
    is_ended INTEGER NOT NULL DEFAULT 0,
    vtt_key TEXT,
    failure TEXT -- json
) STRICT;
CREATE INDEX outputs_of_job ON outputs (job_seq, seq);

-- One row for each picture (or cell) that was asked for, in the order asked.
CREATE TABLE pictures (
    output_seq INTEGER NOT NULL REFERENCES outputs (seq) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    offset_ms INTEGER,
    status TEXT NOT NULL CHECK (status IN ('ok', 'failed')),
    code TEXT,
    message TEXT,
    pts_ms INTEGER,
    number INTEGER,
    object_key TEXT,
    width_px INTEGER,
    height_px INTEGER,
    size_bytes INTEGER,
    PRIMARY KEY (output_seq, position),
    CHECK (CASE status
        WHEN 'ok' THEN code IS NULL AND number IS NOT NULL AND object_key IS NOT NULL
        ELSE code IS NOT NULL AND object_key IS NULL
    END)
) STRICT, WITHOUT ROWID;

CREATE TABLE sheets (
    output_seq INTEGER NOT NULL REFERENCES outputs (seq) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    number INTEGER NOT NULL,
    object_key TEXT NOT NULL,
    width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    cell_width_px INTEGER NOT NULL,
    cell_height_px INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY (output_seq, position)
) STRICT, WITHOUT ROWID;

-- The outbox: facts, in the order in which they became true.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    kind TEXT NOT NULL,
    origin_dialect TEXT NOT NULL,
    origin_kind TEXT NOT NULL,
    job_id TEXT,
    created_ms INTEGER NOT NULL,
    payload TEXT NOT NULL -- json
) STRICT;
CREATE INDEX events_of_job ON events (job_id, seq) WHERE job_id IS NOT NULL;

CREATE TABLE endpoints (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    url TEXT NOT NULL,
    format TEXT NOT NULL,
    owner TEXT NOT NULL,
    event_kinds TEXT NOT NULL, -- json
    origins TEXT NOT NULL, -- json
    secret TEXT NOT NULL,
    policy TEXT NOT NULL -- json
) STRICT;
CREATE INDEX endpoints_of_app ON endpoints (app_id, seq);

-- One event to one endpoint. An endpoint's finished deliveries outlive it, so there is no reference.
-- next_ms is when the next attempt is due, or the end of the lease.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_seq INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    endpoint_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempt_count INTEGER NOT NULL DEFAULT 0,
    next_ms INTEGER NOT NULL,
    is_leased INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX deliveries_due ON deliveries (next_ms, id) WHERE state = 'pending';
CREATE INDEX deliveries_of_event ON deliveries (event_seq, id);
CREATE INDEX deliveries_to_endpoint ON deliveries (endpoint_id) WHERE state = 'pending';

CREATE TABLE attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id INTEGER NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    status INTEGER,
    duration_ms INTEGER NOT NULL,
    answer TEXT NOT NULL,
    is_success INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_of_delivery ON attempts (delivery_id, id);

CREATE TABLE queues (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    purpose TEXT NOT NULL, -- tencent
    UNIQUE (app_id, purpose)
) STRICT;

-- Events that wait to be pulled and confirmed. A message with visible_ms in the future is hidden, and
-- its handle is valid just as long.
CREATE TABLE queue_messages (
    queue_id INTEGER NOT NULL REFERENCES queues (id) ON DELETE CASCADE,
    event_seq INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    visible_ms INTEGER NOT NULL,
    queued_ms INTEGER NOT NULL,
    handle TEXT,
    receive_count INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (queue_id, event_seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX queue_messages_by_handle ON queue_messages (handle) WHERE handle IS NOT NULL;
CREATE INDEX queue_messages_of_event ON queue_messages (event_seq);
