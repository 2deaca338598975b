-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Schema 9: the registry. A target is one registry of one cloud; a registration is one certificate
-- in one target, with the status that it shall have there. What was done to registrations stands in
-- registry_operations, in order, and with each how far the cloud knows: that table is the outbox,
-- too. docs/registry.md has the rules.

-- Nothing was ever written here.
DROP TABLE registrations;

CREATE TABLE targets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE CHECK (length (name) BETWEEN 1 AND 64),
  kind TEXT NOT NULL CHECK (kind IN ('aws', 'azure-hub', 'azure-dps', 'nrfcloud', 'other')),
  mode TEXT NOT NULL CHECK (
    mode IN ('registered-ca', 'sni-only', 'without-ca', 'csr', 'self-signed')),
  account TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL DEFAULT '',
  endpoint TEXT NOT NULL DEFAULT '',
  policy TEXT NOT NULL DEFAULT '',
  thing_type TEXT NOT NULL DEFAULT '',
  thing_group TEXT NOT NULL DEFAULT '',
  added_at INTEGER NOT NULL,
  added_by TEXT NOT NULL,
  -- kept by triggers
  registered INTEGER NOT NULL DEFAULT 0,
  waiting INTEGER NOT NULL DEFAULT 0,
  alarms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TRIGGER targets_no_delete BEFORE DELETE ON targets
BEGIN
  SELECT RAISE (ABORT, 'targets are never deleted');
END;
-- A registry that became another one would give its certificates states that they never had.
CREATE TRIGGER targets_keep_registry BEFORE UPDATE OF id, name, kind, mode, account, region ON targets
BEGIN
  SELECT RAISE (ABORT, 'a target stays the registry that it is');
END;

-- Where the certificates of a batch are registered as they pass, and with which status.
CREATE TABLE batch_targets (
  batch INTEGER NOT NULL REFERENCES batches (id),
  target INTEGER NOT NULL REFERENCES targets (id),
  status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE')),
  PRIMARY KEY (batch, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE authority_registrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  target INTEGER NOT NULL REFERENCES targets (id),
  authority INTEGER NOT NULL REFERENCES authorities (id),
  certificate_mode TEXT NOT NULL CHECK (certificate_mode IN ('DEFAULT', 'SNI_ONLY')),
  status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE')),
  auto_registration INTEGER NOT NULL CHECK (auto_registration IN (0, 1)),
  registered_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX authority_in_target ON authority_registrations (target, authority)
  WHERE NOT ended;
CREATE TRIGGER authority_registrations_no_delete BEFORE DELETE ON authority_registrations
BEGIN
  SELECT RAISE (ABORT, 'registrations are never deleted');
END;
CREATE TRIGGER authority_registrations_keep_facts
BEFORE UPDATE OF id, target, authority, certificate_mode, registered_at ON authority_registrations
BEGIN
  SELECT RAISE (ABORT, 'a registration stays the one of its CA');
END;
CREATE TRIGGER authority_registrations_ended_stay BEFORE UPDATE ON authority_registrations
WHEN OLD.ended
BEGIN
  SELECT RAISE (ABORT, 'a registration that ended has ended');
END;

CREATE TABLE registrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  target INTEGER NOT NULL REFERENCES targets (id),
  certificate INTEGER NOT NULL REFERENCES certificates (id),
  batch INTEGER NOT NULL REFERENCES batches (id), -- the certificate's, for paging
  -- The CA under which it is registered; NULL where it is without one.
  authority INTEGER REFERENCES authority_registrations (id),
  status TEXT NOT NULL CHECK (
    status IN ('ACTIVE', 'INACTIVE', 'REVOKED', 'PENDING_TRANSFER', 'PENDING_ACTIVATION')),
  registered_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  previous_owner TEXT,  -- the account it was transferred from
  transferred_to TEXT,  -- the account it goes to, while PENDING_TRANSFER
  transfer_at INTEGER,
  transfer_message TEXT,
  reject_reason TEXT,
  ended TEXT CHECK (ended IN ('transferred', 'deleted')),
  CHECK ((status = 'PENDING_TRANSFER') = (transferred_to IS NOT NULL) OR ended IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX one_registration ON registrations (certificate, target) WHERE ended IS NULL;
CREATE INDEX registrations_of_target ON registrations (target, id) WHERE ended IS NULL;
CREATE INDEX registrations_of_batch ON registrations (batch, id) WHERE ended IS NULL;
CREATE INDEX registrations_by_authority ON registrations (authority, id)
  WHERE ended IS NULL AND authority IS NOT NULL;
CREATE INDEX registrations_rare ON registrations (target, status, id)
  WHERE ended IS NULL AND status <> 'ACTIVE';
CREATE TRIGGER registrations_no_delete BEFORE DELETE ON registrations
BEGIN
  SELECT RAISE (ABORT, 'registrations are never deleted');
END;
CREATE TRIGGER registrations_keep_facts
BEFORE UPDATE OF id, target, certificate, batch, registered_at ON registrations
BEGIN
  SELECT RAISE (ABORT, 'a registration stays the one of its certificate');
END;
CREATE TRIGGER registrations_ended_stay BEFORE UPDATE ON registrations WHEN OLD.ended IS NOT NULL
BEGIN
  SELECT RAISE (ABORT, 'a registration that ended has ended');
END;
CREATE TRIGGER registrations_revoked_stays BEFORE UPDATE OF status ON registrations
WHEN OLD.status = 'REVOKED' AND NEW.status <> 'REVOKED'
BEGIN
  SELECT RAISE (ABORT, 'a revoked certificate stays revoked');
END;
CREATE TRIGGER count_registration AFTER INSERT ON registrations WHEN NEW.ended IS NULL
BEGIN
  UPDATE targets SET registered = registered + 1 WHERE id = NEW.target;
END;
CREATE TRIGGER count_registration_end AFTER UPDATE OF ended ON registrations
WHEN OLD.ended IS NULL AND NEW.ended IS NOT NULL
BEGIN
  UPDATE targets SET registered = registered - 1 WHERE id = NEW.target;
END;

CREATE TABLE registry_operations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  target INTEGER NOT NULL REFERENCES targets (id),
  -- Of one of the two.
  certificate INTEGER REFERENCES certificates (id),
  authority INTEGER REFERENCES authority_registrations (id),
  -- NULL for a CA, and where nothing came of it here: what the rules refused as a unit passed, and
  -- a transfer that was rejected before it was there.
  registration INTEGER REFERENCES registrations (id),
  operation TEXT NOT NULL,
  from_status TEXT,      -- NULL: it was not there
  to_status TEXT,        -- NULL: it is gone
  arguments TEXT,        -- what the call needs beside the certificate, as a JSON object; or NULL
  at INTEGER NOT NULL,
  event INTEGER NOT NULL REFERENCES audit_events (id), -- who asked for it
  -- waiting: the cloud is to be told. handed: it stands in an exported list of calls.
  -- done: it answered. refused: it said no. alarm: it has another certificate under that name.
  -- parked: a person took it out for now. dropped: for good.
  state TEXT NOT NULL CHECK (
    state IN ('waiting', 'handed', 'done', 'refused', 'alarm', 'parked', 'dropped')),
  tries INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0, -- of the next try
  answered_at INTEGER,
  answer TEXT,           -- in words, for people
  CHECK ((certificate IS NULL) <> (authority IS NULL)),
  CHECK (registration IS NULL OR certificate IS NOT NULL)
) STRICT;
CREATE INDEX operations_waiting ON registry_operations (target, id) WHERE state = 'waiting';
-- What the cloud has not answered with done: it stands in the way of what comes behind it.
CREATE INDEX operations_open ON registry_operations (certificate, target, id)
  WHERE state IN ('waiting', 'handed', 'refused', 'alarm', 'parked') AND certificate IS NOT NULL;
CREATE INDEX operations_open_authority ON registry_operations (authority, id)
  WHERE state IN ('waiting', 'handed', 'refused', 'alarm', 'parked') AND authority IS NOT NULL;
CREATE INDEX operations_of_certificate ON registry_operations (certificate, id)
  WHERE certificate IS NOT NULL;
CREATE INDEX operations_in_trouble ON registry_operations (target, state, id)
  WHERE state IN ('refused', 'alarm', 'parked');
CREATE TRIGGER operations_no_delete BEFORE DELETE ON registry_operations
BEGIN
  SELECT RAISE (ABORT, 'what was done is never deleted');
END;
CREATE TRIGGER operations_keep_facts
BEFORE UPDATE OF id, target, certificate, registration, authority, operation, from_status,
  to_status, arguments, at, event ON registry_operations
BEGIN
  SELECT RAISE (ABORT, 'what was done is never changed');
END;
CREATE TRIGGER operations_ended_stay BEFORE UPDATE OF state ON registry_operations
WHEN OLD.state IN ('done', 'dropped') AND NEW.state <> OLD.state
BEGIN
  SELECT RAISE (ABORT, 'an operation that ended has ended');
END;
CREATE TRIGGER count_operation AFTER INSERT ON registry_operations
BEGIN
  UPDATE targets SET waiting = waiting + (NEW.state = 'waiting'),
    alarms = alarms + (NEW.state = 'alarm') WHERE id = NEW.target;
END;
CREATE TRIGGER count_operation_state AFTER UPDATE OF state ON registry_operations
WHEN OLD.state <> NEW.state
BEGIN
  UPDATE targets SET waiting = waiting + (NEW.state = 'waiting') - (OLD.state = 'waiting'),
    alarms = alarms + (NEW.state = 'alarm') - (OLD.state = 'alarm') WHERE id = NEW.target;
END;

-- ---- certificate requests, where a profile keeps them ----

CREATE TABLE requests (
  certificate INTEGER PRIMARY KEY REFERENCES certificates (id),
  der BLOB NOT NULL CHECK (length (der) BETWEEN 1 AND 65536)
) STRICT;

-- ---- exports in parts ----

-- As of which event certificates are void; the parts of one export share it. NULL: `through`.
ALTER TABLE exports ADD COLUMN as_of INTEGER;
-- Which part of how many files, 1 of 1 where it was not split.
ALTER TABLE exports ADD COLUMN part INTEGER NOT NULL DEFAULT 1 CHECK (part >= 1);
ALTER TABLE exports ADD COLUMN parts INTEGER NOT NULL DEFAULT 1 CHECK (parts >= 1);
-- What it was made for; NULL: for nobody in particular.
ALTER TABLE exports ADD COLUMN target INTEGER REFERENCES targets (id);
DROP TRIGGER exports_no_update;
CREATE TRIGGER exports_no_update
BEFORE UPDATE OF id, at, actor, batch, format, format_version, through, rows, bytes, sha256,
  ca_certificate, since, as_of, part, parts, target ON exports
BEGIN
  SELECT RAISE (ABORT, 'exports are never changed');
END;

-- ---- looking after the stock ----

-- What ends soon, for the audit's checks and for campaigns.
CREATE INDEX certificates_by_end ON certificates (not_after);
