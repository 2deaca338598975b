-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Schema 10: devices that come back. Batches that renew certificates, or roots and endpoint alone;
-- what each device was given to trust; and by what date which of that ends.

-- ---- batches of devices that come back ----

ALTER TABLE batches ADD COLUMN order_kind TEXT NOT NULL DEFAULT 'new'
  CHECK (order_kind IN ('new', 'renew', 'refresh') AND (order_kind = 'new' OR serial_prefix IS NULL));
-- How many units stand on its list; NULL where it has none and takes each unit that has passed.
ALTER TABLE batches ADD COLUMN listed INTEGER
  CHECK (listed IS NULL OR (order_kind <> 'new' AND listed >= 0));
CREATE TRIGGER batches_keep_kind BEFORE UPDATE OF order_kind ON batches
BEGIN
  SELECT RAISE (ABORT, 'a batch stays of its kind');
END;
CREATE TRIGGER batches_keep_list BEFORE UPDATE OF listed ON batches
WHEN OLD.listed IS NULL OR NEW.listed IS NULL OR NEW.listed < OLD.listed
BEGIN
  SELECT RAISE (ABORT, 'a list of units only grows');
END;

CREATE TABLE batch_units (
  batch INTEGER NOT NULL REFERENCES batches (id),
  device INTEGER NOT NULL REFERENCES devices (id),
  PRIMARY KEY (batch, device)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER count_batch_unit AFTER INSERT ON batch_units
BEGIN
  UPDATE batches SET listed = listed + 1 WHERE id = NEW.batch;
END;
CREATE TRIGGER batch_units_no_delete BEFORE DELETE ON batch_units
BEGIN
  SELECT RAISE (ABORT, 'a list of units only grows');
END;

-- A device stands in the batch that had it last. What it was in those before stays in their counts.
-- Its key may be another one by now: it proved the one before in this batch, or a supervisor
-- let it in without.
ALTER TABLE devices ADD COLUMN renewing INTEGER NOT NULL DEFAULT 0 CHECK (renewing IN (0, 1));

CREATE TRIGGER devices_batch_forward BEFORE UPDATE OF batch ON devices
WHEN NEW.batch < OLD.batch
  OR (NEW.batch <> OLD.batch AND (SELECT order_kind FROM batches WHERE id = NEW.batch) = 'new')
BEGIN
  SELECT RAISE (ABORT, 'a device goes on to later batches that take it back, and to no others');
END;
CREATE TRIGGER count_device_batch AFTER UPDATE OF batch ON devices WHEN OLD.batch <> NEW.batch
BEGIN
  UPDATE batches SET devices = devices + 1, passed = passed + (NEW.state = 'passed'),
    failed = failed + (NEW.state = 'failed') WHERE id = NEW.batch;
END;

DROP TRIGGER count_device_state;
CREATE TRIGGER count_device_state AFTER UPDATE OF state ON devices
WHEN OLD.state <> NEW.state AND OLD.batch = NEW.batch
BEGIN
  UPDATE batches SET passed = passed + (NEW.state = 'passed') - (OLD.state = 'passed'),
    failed = failed + (NEW.state = 'failed') - (OLD.state = 'failed') WHERE id = NEW.batch;
END;
-- The first result is one in each batch.
DROP TRIGGER devices_keep_first_result;
CREATE TRIGGER devices_keep_first_result BEFORE UPDATE OF first_result ON devices
WHEN OLD.first_result IS NOT NULL AND OLD.first_result IS NOT NEW.first_result
  AND OLD.batch = NEW.batch
BEGIN
  SELECT RAISE (ABORT, 'there is only one first result');
END;
-- A batch whose device got its next certificate in another one keeps the place: it did make as
-- many as were ordered.
DROP TRIGGER count_void_certificate;
CREATE TRIGGER count_void_certificate AFTER UPDATE OF state ON certificates
WHEN OLD.state <> 'void' AND NEW.state = 'void' AND (NEW.void_reason <> 'superseded'
  OR (SELECT batch FROM devices WHERE id = NEW.device) = NEW.batch)
BEGIN
  UPDATE batches SET live = live - 1 WHERE id = NEW.batch;
END;

-- ---- what devices were given to trust ----

CREATE TABLE server_roots (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sha256 BLOB NOT NULL UNIQUE CHECK (length (sha256) = 32),
  subject TEXT NOT NULL,
  not_after INTEGER NOT NULL -- seconds since 1970
) STRICT;
CREATE TRIGGER server_roots_no_update BEFORE UPDATE ON server_roots
BEGIN
  SELECT RAISE (ABORT, 'what was installed is never changed');
END;
CREATE TRIGGER server_roots_no_delete BEFORE DELETE ON server_roots
BEGIN
  SELECT RAISE (ABORT, 'what was installed is never changed');
END;

-- An endpoint with roots, as devices have it: ten million of them share a few such rows.
CREATE TABLE trusts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Over the endpoint, a NUL, and the roots' SHA-256 in their order.
  sha256 BLOB NOT NULL UNIQUE CHECK (length (sha256) = 32),
  endpoint TEXT,   -- NULL: none was installed
  ends INTEGER     -- when the first of its roots does; NULL: it has none
) STRICT;
CREATE TABLE trust_roots (
  trust INTEGER NOT NULL REFERENCES trusts (id),
  place INTEGER NOT NULL CHECK (place >= 0),
  root INTEGER NOT NULL REFERENCES server_roots (id),
  PRIMARY KEY (trust, place)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER trusts_no_update BEFORE UPDATE ON trusts
BEGIN
  SELECT RAISE (ABORT, 'what was installed is never changed');
END;
CREATE TRIGGER trusts_no_delete BEFORE DELETE ON trusts
BEGIN
  SELECT RAISE (ABORT, 'what was installed is never changed');
END;
CREATE TRIGGER trust_roots_no_update BEFORE UPDATE ON trust_roots
BEGIN
  SELECT RAISE (ABORT, 'what was installed is never changed');
END;
CREATE TRIGGER trust_roots_no_delete BEFORE DELETE ON trust_roots
BEGIN
  SELECT RAISE (ABORT, 'what was installed is never changed');
END;

-- What the attempt installed, and what the device has now. NULL: before schema 10, or it was
-- not written in this attempt.
ALTER TABLE attempts ADD COLUMN trust INTEGER REFERENCES trusts (id)
  CHECK (trust IS NULL OR result = 'passed');
ALTER TABLE devices ADD COLUMN trust INTEGER REFERENCES trusts (id);
CREATE INDEX devices_of_trust ON devices (trust, id) WHERE trust IS NOT NULL;

-- ---- who signed, and what ends ----

-- Issuer's name and key identifier (empty where it has none) as certificates have them, in DER.
CREATE TABLE issuers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name BLOB NOT NULL,
  key_id BLOB NOT NULL,
  UNIQUE (name, key_id)
) STRICT;
CREATE TRIGGER issuers_no_update BEFORE UPDATE ON issuers
BEGIN
  SELECT RAISE (ABORT, 'who signed is never changed');
END;
CREATE TRIGGER issuers_no_delete BEFORE DELETE ON issuers
BEGIN
  SELECT RAISE (ABORT, 'who signed is never changed');
END;

-- NULL: it was void before schema 10.
ALTER TABLE certificates ADD COLUMN issuer INTEGER REFERENCES issuers (id);

INSERT INTO issuers (name, key_id)
  SELECT DISTINCT issuer_name (der), issuer_key_id (der) FROM certificates
  WHERE state <> 'void' AND issuer_name (der) IS NOT NULL;
UPDATE certificates SET issuer = (SELECT id FROM issuers
    WHERE name = issuer_name (der) AND key_id = issuer_key_id (der))
  WHERE state <> 'void';

CREATE TRIGGER certificates_keep_issuer BEFORE UPDATE OF issuer ON certificates
BEGIN
  SELECT RAISE (ABORT, 'an issued certificate is never changed');
END;

CREATE INDEX certificates_ending ON certificates (not_after, id) WHERE state = 'verified';
CREATE INDEX certificates_of_issuer ON certificates (issuer, id) WHERE state = 'verified';
