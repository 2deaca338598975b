-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Schema 2: what an operator's screen asks for. Serials that are scanned, first-pass yield,
-- rates, failures by reason and slot, operators with badges, exports of what is new.
-- What can be told from the rows of schema 1 is filled in here.

-- ---- batches and devices ----

ALTER TABLE batches ADD COLUMN serial_scan INTEGER NOT NULL DEFAULT 0
  CHECK (serial_scan IN (0, 1) AND (serial_scan = 0 OR serial_prefix IS NULL));
ALTER TABLE batches ADD COLUMN serial_pattern TEXT
  CHECK (serial_pattern IS NULL OR (serial_scan = 1 AND length (serial_pattern) <= 200));
ALTER TABLE batches ADD COLUMN devices INTEGER NOT NULL DEFAULT 0 CHECK (devices >= 0);
ALTER TABLE batches ADD COLUMN first_passed INTEGER NOT NULL DEFAULT 0 CHECK (first_passed >= 0);
ALTER TABLE batches ADD COLUMN first_failed INTEGER NOT NULL DEFAULT 0 CHECK (first_failed >= 0);

-- Of the first attempt that came to a result; an interrupted one did not.
ALTER TABLE devices ADD COLUMN first_result TEXT CHECK (first_result IN ('passed', 'failed'));
-- Its verified certificate was voided outside a run: only a supervisor lets it in again.
ALTER TABLE devices ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1));

UPDATE devices SET first_result =
  (SELECT result FROM attempts WHERE attempts.device = devices.id
     AND result IN ('passed', 'failed') ORDER BY attempts.id LIMIT 1);
UPDATE batches SET
  devices = (SELECT count (*) FROM devices WHERE devices.batch = batches.id),
  first_passed = (SELECT count (*) FROM devices WHERE devices.batch = batches.id
    AND first_result = 'passed'),
  first_failed = (SELECT count (*) FROM devices WHERE devices.batch = batches.id
    AND first_result = 'failed');

CREATE TRIGGER count_batch_device AFTER INSERT ON devices
BEGIN
  UPDATE batches SET devices = devices + 1 WHERE id = NEW.batch;
END;
CREATE TRIGGER note_first_result AFTER UPDATE OF result ON attempts
WHEN NEW.result IN ('passed', 'failed') AND NEW.device IS NOT NULL
BEGIN
  UPDATE devices SET first_result = NEW.result WHERE id = NEW.device AND first_result IS NULL;
END;
CREATE TRIGGER count_first_result AFTER UPDATE OF first_result ON devices
WHEN OLD.first_result IS NULL AND NEW.first_result IS NOT NULL
BEGIN
  UPDATE batches SET first_passed = first_passed + (NEW.first_result = 'passed'),
    first_failed = first_failed + (NEW.first_result = 'failed') WHERE id = NEW.batch;
END;
CREATE TRIGGER devices_keep_first_result BEFORE UPDATE OF first_result ON devices
WHEN OLD.first_result IS NOT NULL AND OLD.first_result IS NOT NEW.first_result
BEGIN
  SELECT RAISE (ABORT, 'there is only one first result');
END;

-- ---- rate and failures ----

CREATE INDEX attempts_passed ON attempts (batch, ended_at) WHERE result = 'passed';

CREATE TABLE failures (
  batch INTEGER NOT NULL REFERENCES batches (id),
  reason TEXT NOT NULL,
  slot TEXT NOT NULL,
  count INTEGER NOT NULL CHECK (count > 0),
  last_at INTEGER NOT NULL,
  PRIMARY KEY (batch, reason, slot)
) STRICT, WITHOUT ROWID;

INSERT INTO failures SELECT batch, reason, slot, count (*), max (ended_at) FROM attempts
  WHERE result = 'failed' AND batch IS NOT NULL GROUP BY batch, reason, slot;

CREATE TRIGGER count_failure AFTER UPDATE OF result ON attempts
WHEN NEW.result = 'failed' AND NEW.batch IS NOT NULL
BEGIN
  INSERT INTO failures VALUES (NEW.batch, NEW.reason, NEW.slot, 1, NEW.ended_at)
    ON CONFLICT (batch, reason, slot) DO UPDATE SET count = count + 1, last_at = excluded.last_at;
END;

-- ---- slots ----

-- What a slot shows after a restart: its last attempt, and whether somebody has seen that FAIL.
CREATE INDEX attempts_of_slot ON attempts (slot, id);
CREATE INDEX acknowledgements ON audit_events (subject) WHERE kind = 'fail-acknowledged';

-- ---- operators ----

CREATE TABLE operators (
  name TEXT PRIMARY KEY CHECK (length (name) BETWEEN 1 AND 64),
  role TEXT NOT NULL CHECK (role IN ('operator', 'supervisor')),
  language TEXT,
  badge_digest BLOB NOT NULL UNIQUE CHECK (length (badge_digest) BETWEEN 16 AND 64),
  pin_digest BLOB CHECK (length (pin_digest) BETWEEN 16 AND 64),
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER operators_no_delete BEFORE DELETE ON operators
BEGIN
  SELECT RAISE (ABORT, 'operators are never deleted');
END;
CREATE TRIGGER operators_no_replace BEFORE INSERT ON operators
WHEN EXISTS (SELECT 1 FROM operators WHERE name = NEW.name OR badge_digest = NEW.badge_digest)
BEGIN
  SELECT RAISE (ABORT, 'operators are never replaced');
END;
CREATE TRIGGER operators_keep_name BEFORE UPDATE OF name, badge_digest, created_at, created_by
ON operators
BEGIN
  SELECT RAISE (ABORT, 'an operator keeps name and badge');
END;

-- What the digests of badges and PINs are made with.
CREATE TABLE salt (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  value BLOB NOT NULL CHECK (length (value) = 16)
) STRICT;

INSERT INTO salt VALUES (1, randomblob (16));

CREATE TRIGGER salt_no_update BEFORE UPDATE ON salt
BEGIN
  SELECT RAISE (ABORT, 'the salt is the same for ever');
END;
CREATE TRIGGER salt_no_delete BEFORE DELETE ON salt
BEGIN
  SELECT RAISE (ABORT, 'the salt is the same for ever');
END;
CREATE TRIGGER salt_no_replace BEFORE INSERT ON salt WHEN EXISTS (SELECT 1 FROM salt)
BEGIN
  SELECT RAISE (ABORT, 'the salt is the same for ever');
END;

-- ---- exports ----

-- The audit event behind which rows count: 0 for a whole export, else the `through` of the one
-- before it.
ALTER TABLE exports ADD COLUMN since INTEGER NOT NULL DEFAULT 0 CHECK (since >= 0);
