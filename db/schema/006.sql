-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Schema 6: what devices brought to show where their keys were made, and what was made of it. It is
-- kept before the signer is asked, whatever the verdict, so that it can be judged again by others.

CREATE TABLE attestations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  attempt INTEGER NOT NULL REFERENCES attempts (id),
  device INTEGER NOT NULL REFERENCES devices (id),
  format TEXT NOT NULL,
  -- Kept: nothing speaks against it, but nobody here could check it.
  verdict TEXT NOT NULL CHECK (verdict IN ('verified', 'kept', 'refused')),
  -- The key that it is about, as certificates and requests carry it.
  spki_sha256 BLOB NOT NULL CHECK (length (spki_sha256) = 32),
  nonce BLOB NOT NULL CHECK (length (nonce) = 32),
  -- What the TPM had to open; the request, unless the device had its key from before.
  secret BLOB CHECK (length (secret) = 32),
  request BLOB,
  -- The format's parts, each behind its length (32 bits, big endian).
  evidence BLOB NOT NULL CHECK (length (evidence) BETWEEN 4 AND 131072),
  detail TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX attestations_of_device ON attestations (device, id);
CREATE INDEX attestations_of_attempt ON attestations (attempt);
CREATE INDEX attestations_of_key ON attestations (spki_sha256, id);

-- What is written stays written.

CREATE TRIGGER attestations_no_update BEFORE UPDATE ON attestations
BEGIN
  SELECT RAISE (ABORT, 'evidence is never changed');
END;
CREATE TRIGGER attestations_no_delete BEFORE DELETE ON attestations
BEGIN
  SELECT RAISE (ABORT, 'evidence is never deleted');
END;
CREATE TRIGGER attestations_no_replace BEFORE INSERT ON attestations
WHEN EXISTS (SELECT 1 FROM attestations WHERE id = NEW.id)
BEGIN
  SELECT RAISE (ABORT, 'evidence is never replaced');
END;
