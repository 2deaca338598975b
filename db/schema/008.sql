-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Schema 8: what needs two people, badges of auditors, and the CAs that a person has accepted.

-- ---- requests of one supervisor that wait for another ----

CREATE TABLE approvals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- The word of DualControl= for it, the method of the API, and what it was called with (a GVariant
  -- of that type, little endian).
  control TEXT NOT NULL,
  method TEXT NOT NULL,
  type TEXT NOT NULL,
  parameters BLOB NOT NULL CHECK (length (parameters) <= 131072),
  -- What it would change, as it was when it was asked for.
  about TEXT NOT NULL,
  -- Who asked: the person alone, and as whom the audit trail has them.
  person TEXT NOT NULL,
  actor TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'granted', 'refused', 'expired')),
  decider TEXT,
  decider_actor TEXT,
  decided_at INTEGER,
  reason TEXT,
  -- What became of a granted one: 'done', or why not.
  outcome TEXT,
  CHECK ((state = 'waiting') = (decided_at IS NULL)),
  CHECK ((state = 'waiting') = (decider IS NULL)),
  CHECK (state <> 'granted' OR lower (decider) <> lower (person)),
  CHECK (outcome IS NULL OR state = 'granted')
) STRICT;
CREATE INDEX approvals_waiting ON approvals (id) WHERE state = 'waiting';

CREATE TRIGGER approvals_no_delete BEFORE DELETE ON approvals
BEGIN
  SELECT RAISE (ABORT, 'a request is never deleted');
END;
CREATE TRIGGER approvals_no_replace BEFORE INSERT ON approvals
WHEN EXISTS (SELECT 1 FROM approvals WHERE id = NEW.id)
BEGIN
  SELECT RAISE (ABORT, 'a request is never replaced');
END;
CREATE TRIGGER approvals_keep_facts
BEFORE UPDATE OF id, control, method, type, parameters, about, person, actor, asked_at ON approvals
BEGIN
  SELECT RAISE (ABORT, 'a request stays what was asked');
END;
CREATE TRIGGER approvals_decided_once
BEFORE UPDATE OF state, decider, decider_actor, decided_at, reason ON approvals
WHEN OLD.state <> 'waiting'
BEGIN
  SELECT RAISE (ABORT, 'a request is decided once');
END;
CREATE TRIGGER approvals_one_outcome BEFORE UPDATE OF outcome ON approvals
WHEN OLD.outcome IS NOT NULL
BEGIN
  SELECT RAISE (ABORT, 'a request has one outcome');
END;

-- ---- operators: auditors have badges too ----

CREATE TABLE operators_8 (
  name TEXT PRIMARY KEY CHECK (length (name) BETWEEN 1 AND 64),
  role TEXT NOT NULL CHECK (role IN ('auditor', 'operator', 'supervisor')),
  language TEXT,
  badge_digest BLOB NOT NULL UNIQUE CHECK (length (badge_digest) BETWEEN 16 AND 64),
  pin_digest BLOB CHECK (length (pin_digest) BETWEEN 16 AND 64),
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO operators_8 (name, role, language, badge_digest, pin_digest, enabled, created_at,
    created_by)
  SELECT name, role, language, badge_digest, pin_digest, enabled, created_at, created_by
  FROM operators;
DROP TABLE operators;
ALTER TABLE operators_8 RENAME TO operators;

-- As in schema 2; and nobody becomes another kind of person.
CREATE TRIGGER operators_no_delete BEFORE DELETE ON operators
BEGIN
  SELECT RAISE (ABORT, 'operators are never deleted');
END;
CREATE TRIGGER operators_no_replace BEFORE INSERT ON operators
WHEN EXISTS (SELECT 1 FROM operators WHERE name = NEW.name OR badge_digest = NEW.badge_digest)
BEGIN
  SELECT RAISE (ABORT, 'operators are never replaced');
END;
CREATE TRIGGER operators_keep_name
BEFORE UPDATE OF name, role, badge_digest, created_at, created_by ON operators
BEGIN
  SELECT RAISE (ABORT, 'an operator keeps name, role and badge');
END;

-- ---- CAs that may issue here ----

CREATE TABLE accepted_authorities (
  sha256 BLOB PRIMARY KEY CHECK (length (sha256) = 32),
  at INTEGER NOT NULL,
  actor TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Those that issued before anybody was asked.
INSERT INTO accepted_authorities
  SELECT sha256, CAST (strftime ('%s', 'now') AS INTEGER) * 1000000, 'station' FROM authorities;

CREATE TRIGGER accepted_no_update BEFORE UPDATE ON accepted_authorities
BEGIN
  SELECT RAISE (ABORT, 'what was accepted stays accepted');
END;
CREATE TRIGGER accepted_no_delete BEFORE DELETE ON accepted_authorities
BEGIN
  SELECT RAISE (ABORT, 'what was accepted stays accepted');
END;
CREATE TRIGGER accepted_no_replace BEFORE INSERT ON accepted_authorities
WHEN EXISTS (SELECT 1 FROM accepted_authorities WHERE sha256 = NEW.sha256)
BEGIN
  SELECT RAISE (ABORT, 'what was accepted stays accepted');
END;
