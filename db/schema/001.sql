-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Schema 1. A released schema is never edited: the next change is 002.sql.
-- Times are microseconds since 1970, UTC; not_before and not_after are seconds.
-- Counts in batches are kept by triggers, so that reading one costs the same with ten
-- devices and with ten million.

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The first index of the signer's log that is not stored here yet.
INSERT INTO meta VALUES ('next_log_index', 0);

CREATE TABLE audit_events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;

CREATE TABLE batches (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE CHECK (length (name) BETWEEN 1 AND 64),
  product TEXT NOT NULL,
  profile TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('created', 'running', 'paused', 'closed')),
  target INTEGER NOT NULL CHECK (target >= 0),
  serial_prefix TEXT,
  serial_first INTEGER NOT NULL CHECK (serial_first >= 0),
  serial_last INTEGER NOT NULL CHECK (serial_last >= serial_first),
  serial_width INTEGER NOT NULL CHECK (serial_width BETWEEN 0 AND 20),
  serial_next INTEGER NOT NULL CHECK (serial_next >= serial_first),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  passed INTEGER NOT NULL DEFAULT 0 CHECK (passed >= 0),
  failed INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
  attempts INTEGER NOT NULL DEFAULT 0,
  live INTEGER NOT NULL DEFAULT 0 CHECK (live >= 0)
) STRICT;

CREATE TABLE devices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  serial TEXT NOT NULL UNIQUE CHECK (length (serial) BETWEEN 1 AND 64),
  chip_id TEXT UNIQUE,
  batch INTEGER NOT NULL REFERENCES batches (id),
  driver TEXT NOT NULL,
  model TEXT,
  firmware TEXT,
  state TEXT NOT NULL CHECK (state IN ('started', 'certified', 'passed', 'failed')),
  retry_allowed INTEGER NOT NULL DEFAULT 0 CHECK (retry_allowed IN (0, 1)),
  attempts INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_of_batch ON devices (batch, id);

CREATE TABLE attempts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  slot TEXT NOT NULL,
  batch INTEGER REFERENCES batches (id),
  device INTEGER REFERENCES devices (id),
  driver TEXT,
  operator_name TEXT,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  result TEXT NOT NULL CHECK (result IN ('running', 'passed', 'failed', 'interrupted')),
  step TEXT NOT NULL,
  reason TEXT,
  detail TEXT,
  transcript TEXT,
  CHECK ((result = 'running') = (ended_at IS NULL)),
  CHECK ((result = 'failed') = (reason IS NOT NULL))
) STRICT;
CREATE INDEX attempts_of_batch ON attempts (batch, id);
CREATE INDEX attempts_of_device ON attempts (device, id);
CREATE UNIQUE INDEX one_running_attempt ON attempts (device) WHERE result = 'running';
CREATE INDEX running_attempts ON attempts (batch) WHERE result = 'running';

-- A public key belongs to one device, for ever.
CREATE TABLE keys (
  spki_sha256 BLOB PRIMARY KEY CHECK (length (spki_sha256) = 32),
  device INTEGER NOT NULL REFERENCES devices (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_of_device ON keys (device);

CREATE TABLE certificates (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  device INTEGER NOT NULL REFERENCES devices (id),
  batch INTEGER NOT NULL REFERENCES batches (id),
  profile TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('issued', 'verified', 'void')),
  void_reason TEXT,
  log_index INTEGER NOT NULL UNIQUE CHECK (log_index >= 0),
  issued_at INTEGER NOT NULL,
  verified_at INTEGER,
  -- The audit events that made it ACTIVE and void: their order is the manifests' order.
  verified_event INTEGER REFERENCES audit_events (id),
  void_event INTEGER REFERENCES audit_events (id),
  serial_number BLOB NOT NULL UNIQUE CHECK (length (serial_number) BETWEEN 1 AND 20),
  sha256 BLOB NOT NULL UNIQUE CHECK (length (sha256) = 32),
  sha1 BLOB NOT NULL CHECK (length (sha1) = 20),
  spki_sha256 BLOB NOT NULL CHECK (length (spki_sha256) = 32),
  subject TEXT NOT NULL,
  common_name TEXT,
  not_before INTEGER NOT NULL,
  not_after INTEGER NOT NULL,
  der BLOB NOT NULL CHECK (length (der) BETWEEN 1 AND 65536),
  CHECK ((state = 'void') = (void_reason IS NOT NULL)),
  CHECK ((state = 'void') = (void_event IS NOT NULL)),
  CHECK ((verified_at IS NULL) = (verified_event IS NULL)),
  CHECK (state <> 'verified' OR verified_event IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX one_live_certificate ON certificates (device) WHERE state <> 'void';
CREATE INDEX certificates_of_device ON certificates (device, log_index);
CREATE INDEX certificates_of_batch ON certificates (batch, id);
CREATE INDEX certificates_by_name ON certificates (batch, common_name);
CREATE INDEX certificates_verified ON certificates (batch, verified_event)
  WHERE verified_event IS NOT NULL;

CREATE TABLE exports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  batch INTEGER NOT NULL REFERENCES batches (id),
  format TEXT NOT NULL,
  format_version INTEGER NOT NULL,
  -- The last audit event that the export knew of: with it the same bytes can be made again.
  through INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 BLOB NOT NULL CHECK (length (sha256) = 32),
  ca_certificate BLOB NOT NULL
) STRICT;
CREATE INDEX exports_by_digest ON exports (sha256);
CREATE INDEX exports_of_batch ON exports (batch, format, id);

-- What the clouds were told; filled by the registration of a later release.
CREATE TABLE registrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  certificate INTEGER NOT NULL REFERENCES certificates (id),
  registry TEXT NOT NULL,
  at INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (
    status IN ('ACTIVE', 'INACTIVE', 'REVOKED', 'PENDING_TRANSFER', 'PENDING_ACTIVATION')),
  detail TEXT
) STRICT;
CREATE INDEX registrations_of_certificate ON registrations (certificate, id);

-- Counts.

CREATE TRIGGER count_device AFTER INSERT ON devices
BEGIN
  UPDATE batches SET passed = passed + (NEW.state = 'passed'),
    failed = failed + (NEW.state = 'failed') WHERE id = NEW.batch;
END;
CREATE TRIGGER count_device_state AFTER UPDATE OF state ON devices WHEN OLD.state <> NEW.state
BEGIN
  UPDATE batches SET passed = passed + (NEW.state = 'passed') - (OLD.state = 'passed'),
    failed = failed + (NEW.state = 'failed') - (OLD.state = 'failed') WHERE id = NEW.batch;
END;
CREATE TRIGGER count_live_certificate AFTER INSERT ON certificates WHEN NEW.state <> 'void'
BEGIN
  UPDATE batches SET live = live + 1 WHERE id = NEW.batch;
END;
CREATE TRIGGER count_void_certificate AFTER UPDATE OF state ON certificates
WHEN OLD.state <> 'void' AND NEW.state = 'void'
BEGIN
  UPDATE batches SET live = live - 1 WHERE id = NEW.batch;
END;
CREATE TRIGGER count_attempt AFTER INSERT ON attempts WHEN NEW.batch IS NOT NULL
BEGIN
  UPDATE batches SET attempts = attempts + 1 WHERE id = NEW.batch;
END;
CREATE TRIGGER count_device_attempt AFTER UPDATE OF device ON attempts
WHEN OLD.device IS NULL AND NEW.device IS NOT NULL
BEGIN
  UPDATE devices SET attempts = attempts + 1 WHERE id = NEW.device;
END;

-- What is written stays written.

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE (ABORT, 'audit events are never changed');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_events
BEGIN
  SELECT RAISE (ABORT, 'audit events are never deleted');
END;
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id)
BEGIN
  SELECT RAISE (ABORT, 'audit events are never replaced');
END;

CREATE TRIGGER batches_no_delete BEFORE DELETE ON batches
BEGIN
  SELECT RAISE (ABORT, 'batches are never deleted');
END;
CREATE TRIGGER batches_range_forward BEFORE UPDATE OF serial_next ON batches
WHEN NEW.serial_next < OLD.serial_next
BEGIN
  SELECT RAISE (ABORT, 'a serial is never used twice');
END;

CREATE TRIGGER devices_no_delete BEFORE DELETE ON devices
BEGIN
  SELECT RAISE (ABORT, 'devices are never deleted');
END;
CREATE TRIGGER devices_keep_name BEFORE UPDATE OF id, serial ON devices
BEGIN
  SELECT RAISE (ABORT, 'a device keeps its serial');
END;
CREATE TRIGGER devices_keep_chip BEFORE UPDATE OF chip_id ON devices
WHEN OLD.chip_id IS NOT NULL AND OLD.chip_id IS NOT NEW.chip_id
BEGIN
  SELECT RAISE (ABORT, 'a device keeps its chip');
END;

CREATE TRIGGER attempts_no_delete BEFORE DELETE ON attempts
BEGIN
  SELECT RAISE (ABORT, 'attempts are never deleted');
END;
CREATE TRIGGER attempts_ended_stay BEFORE UPDATE ON attempts WHEN OLD.result <> 'running'
BEGIN
  SELECT RAISE (ABORT, 'an attempt that ended is never changed');
END;

CREATE TRIGGER keys_no_update BEFORE UPDATE ON keys
BEGIN
  SELECT RAISE (ABORT, 'a key belongs to one device for ever');
END;
CREATE TRIGGER keys_no_delete BEFORE DELETE ON keys
BEGIN
  SELECT RAISE (ABORT, 'a key belongs to one device for ever');
END;

CREATE TRIGGER certificates_no_delete BEFORE DELETE ON certificates
BEGIN
  SELECT RAISE (ABORT, 'certificates are never deleted');
END;
CREATE TRIGGER certificates_keep_facts
BEFORE UPDATE OF id, device, batch, profile, log_index, issued_at, serial_number, sha256, sha1,
  spki_sha256, subject, common_name, not_before, not_after, der ON certificates
BEGIN
  SELECT RAISE (ABORT, 'an issued certificate is never changed');
END;
CREATE TRIGGER certificates_void_stays BEFORE UPDATE ON certificates WHEN OLD.state = 'void'
BEGIN
  SELECT RAISE (ABORT, 'a void certificate stays void');
END;
CREATE TRIGGER certificates_keep_verification BEFORE UPDATE OF verified_event, verified_at
ON certificates WHEN OLD.verified_event IS NOT NULL
BEGIN
  SELECT RAISE (ABORT, 'a verification is never changed');
END;
CREATE TRIGGER certificates_state_forward BEFORE UPDATE OF state ON certificates
WHEN OLD.state = 'verified' AND NEW.state = 'issued'
BEGIN
  SELECT RAISE (ABORT, 'a verification is never taken back');
END;
CREATE TRIGGER certificates_own_key BEFORE INSERT ON certificates
WHEN NEW.state <> 'void'
  AND NOT EXISTS (SELECT 1 FROM keys WHERE spki_sha256 = NEW.spki_sha256 AND device = NEW.device)
BEGIN
  SELECT RAISE (ABORT, 'a live certificate needs a key of its own device');
END;

CREATE TRIGGER exports_no_update BEFORE UPDATE ON exports
BEGIN
  SELECT RAISE (ABORT, 'exports are never changed');
END;
CREATE TRIGGER exports_no_delete BEFORE DELETE ON exports
BEGIN
  SELECT RAISE (ABORT, 'exports are never deleted');
END;
