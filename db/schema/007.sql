-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Schema 7: what an owner can prove afterwards. The ledger has a name, its audit events are a chain
-- of hashes, and reports and manifests' statements are kept as the signer signed them.
-- ledger_event_hash() is Keycradle's own (db/event-chain.c): it stands in this script only, not in
-- the schema. docs/evidence.md has its bytes.

-- ---- who this ledger is ----

CREATE TABLE identity (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  value BLOB NOT NULL CHECK (length (value) = 16)
) STRICT;

INSERT INTO identity VALUES (1, randomblob (16));

CREATE TRIGGER identity_no_update BEFORE UPDATE ON identity
BEGIN
  SELECT RAISE (ABORT, 'a ledger is the same for ever');
END;
CREATE TRIGGER identity_no_delete BEFORE DELETE ON identity
BEGIN
  SELECT RAISE (ABORT, 'a ledger is the same for ever');
END;
CREATE TRIGGER identity_no_replace BEFORE INSERT ON identity WHEN EXISTS (SELECT 1 FROM identity)
BEGIN
  SELECT RAISE (ABORT, 'a ledger is the same for ever');
END;

-- ---- the chain of events ----

ALTER TABLE audit_events ADD COLUMN hash BLOB CHECK (length (hash) = 32);

-- The one change that an event ever sees: its place in the chain, for those of schemas 1 to 6.
DROP TRIGGER audit_no_update;
WITH RECURSIVE chain (id, hash) AS (
  SELECT 0, ledger_event_hash ((SELECT value FROM identity))
  UNION ALL
  SELECT event.id,
    ledger_event_hash (chain.hash, event.id, event.at, event.actor, event.kind, event.subject,
      event.detail)
  FROM chain CROSS JOIN audit_events AS event
    ON event.id = (SELECT min (id) FROM audit_events WHERE id > chain.id)
)
UPDATE audit_events SET hash = chain.hash FROM chain WHERE audit_events.id = chain.id;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE (ABORT, 'audit events are never changed');
END;

CREATE TRIGGER audit_in_chain BEFORE INSERT ON audit_events WHEN NEW.hash IS NULL
BEGIN
  SELECT RAISE (ABORT, 'an audit event stands in the chain');
END;
-- AUTOINCREMENT has left no gap so far: what is rolled back takes its numbers back.
CREATE TRIGGER audit_dense BEFORE INSERT ON audit_events
WHEN NEW.id <> 1 + coalesce ((SELECT max (id) FROM audit_events), 0)
BEGIN
  SELECT RAISE (ABORT, 'audit events are counted without a gap');
END;

-- ---- reports ----

CREATE TABLE reports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  batch INTEGER NOT NULL REFERENCES batches (id),
  -- Its own entry in the signer's log.
  log_index INTEGER NOT NULL UNIQUE CHECK (log_index >= 0),
  -- Of a closed batch: the last word about it, unless something came to light later.
  final INTEGER NOT NULL CHECK (final IN (0, 1)),
  sha256 BLOB NOT NULL UNIQUE CHECK (length (sha256) = 32),
  der BLOB NOT NULL CHECK (length (der) BETWEEN 1 AND 65536)
) STRICT;
CREATE INDEX reports_of_batch ON reports (batch, id);

CREATE TRIGGER reports_no_update BEFORE UPDATE ON reports
BEGIN
  SELECT RAISE (ABORT, 'a report is never changed');
END;
CREATE TRIGGER reports_no_delete BEFORE DELETE ON reports
BEGIN
  SELECT RAISE (ABORT, 'a report is never deleted');
END;
CREATE TRIGGER reports_no_replace BEFORE INSERT ON reports
WHEN EXISTS (SELECT 1 FROM reports
  WHERE id = NEW.id OR log_index = NEW.log_index OR sha256 = NEW.sha256)
BEGIN
  SELECT RAISE (ABORT, 'a report is never replaced');
END;

-- A closed batch whose final report is to be made. Batches that were closed before schema 7 have
-- none, and get one when they are asked for it.
ALTER TABLE batches ADD COLUMN report_due INTEGER NOT NULL DEFAULT 0 CHECK (report_due IN (0, 1));
CREATE INDEX batches_due ON batches (id) WHERE report_due;

CREATE TRIGGER batch_closed AFTER UPDATE OF state ON batches
WHEN OLD.state <> 'closed' AND NEW.state = 'closed'
BEGIN
  UPDATE batches SET report_due = 1 WHERE id = NEW.id;
END;
-- The signer's log knew more than the ledger when the batch was closed: it is reported once more.
CREATE TRIGGER certificate_came_late AFTER INSERT ON certificates
WHEN EXISTS (SELECT 1 FROM batches WHERE id = NEW.batch AND state = 'closed')
BEGIN
  UPDATE batches SET report_due = 1 WHERE id = NEW.batch;
END;
CREATE TRIGGER report_came AFTER INSERT ON reports WHEN NEW.final
BEGIN
  UPDATE batches SET report_due = 0 WHERE id = NEW.batch;
END;

-- What a report counts, without reading a certificate.
CREATE INDEX certificates_open ON certificates (batch, state) WHERE state = 'issued';
CREATE INDEX certificates_void_of_batch ON certificates (batch, state, log_index, void_reason)
  WHERE state = 'void';

-- ---- exports ----

-- What the station signed about the file, and its entry in the signer's log. It comes behind the
-- export, and never changes.
ALTER TABLE exports ADD COLUMN statement BLOB CHECK (length (statement) BETWEEN 1 AND 65536);
ALTER TABLE exports ADD COLUMN statement_index INTEGER
  CHECK ((statement_index IS NULL) = (statement IS NULL));
CREATE UNIQUE INDEX exports_by_statement ON exports (statement_index)
  WHERE statement_index IS NOT NULL;

CREATE TRIGGER exports_keep_statement BEFORE UPDATE OF statement, statement_index ON exports
WHEN OLD.statement IS NOT NULL
BEGIN
  SELECT RAISE (ABORT, 'a statement is never changed');
END;
