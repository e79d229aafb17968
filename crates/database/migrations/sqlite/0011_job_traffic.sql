-- What it cost to read a job's video from afar: requests and bytes, as JSON.
ALTER TABLE jobs ADD COLUMN traffic TEXT;
