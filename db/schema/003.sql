-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Schema 3: when a batch was last started, which exports reached their file, and how many
-- units a next one would have.

-- Of the last start; rates are of the time since.
ALTER TABLE batches ADD COLUMN started_at INTEGER;
UPDATE batches SET started_at = (SELECT max (at) FROM audit_events
  WHERE kind = 'batch-start' AND subject = batches.name);

-- Whoever asked for the export has the whole file under its name. Only then what it holds is not
-- new any more. Before schema 3 that was taken for granted.
DROP TRIGGER exports_no_update;
ALTER TABLE exports ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0 CHECK (confirmed IN (0, 1));
UPDATE exports SET confirmed = 1;
CREATE TRIGGER exports_no_update
BEFORE UPDATE OF id, at, actor, batch, format, format_version, through, rows, bytes, sha256,
  ca_certificate, since ON exports
BEGIN
  SELECT RAISE (ABORT, 'exports are never changed');
END;
CREATE TRIGGER exports_stay_confirmed BEFORE UPDATE OF confirmed ON exports
WHEN NEW.confirmed < OLD.confirmed
BEGIN
  SELECT RAISE (ABORT, 'a confirmation is never taken back');
END;

-- How many verified certificates are void, without reading one.
CREATE INDEX certificates_taken_back ON certificates (batch, verified_event)
  WHERE verified_event IS NOT NULL AND void_event IS NOT NULL;
