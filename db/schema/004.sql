-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Schema 4: every key that the station has ever seen, by its number, and what only the whole
-- fleet shows of them. key_type(), key_number() and key_sha256() take a certificate and are
-- Keycradle's own (db/key-functions.c): they stand in this script only, not in the schema.

-- A key is here from the moment at which its device has proven that it holds it, certificate or not.
-- The number decides: neither another exponent nor a point negated makes another key. `keys` stays
-- beside it: it knows the encodings under which certificates carry keys.
CREATE TABLE seen_keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  number_sha256 BLOB NOT NULL UNIQUE CHECK (length (number_sha256) = 32),
  type TEXT NOT NULL CHECK (type IN ('rsa', 'p-256', 'p-384', 'p-521')),
  -- RSA: the modulus; EC: X and Y.
  number BLOB NOT NULL CHECK (length (number) BETWEEN 64 AND 4096),
  device INTEGER NOT NULL REFERENCES devices (id),
  seen_at INTEGER NOT NULL
) STRICT;

-- Two keys that tell of each other; `device` has the later one. A key that two devices have
-- is its own partner: that can only be found in what is older than this schema.
CREATE TABLE key_findings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  key INTEGER NOT NULL REFERENCES seen_keys (id),
  device INTEGER NOT NULL REFERENCES devices (id),
  partner INTEGER NOT NULL REFERENCES seen_keys (id),
  partner_device INTEGER NOT NULL REFERENCES devices (id),
  found_at INTEGER NOT NULL
) STRICT;

CREATE INDEX findings_of_key ON key_findings (key);
CREATE INDEX findings_of_partner ON key_findings (partner);

-- Every key up to this one was held against all before it. And: up to here keys are on the disk;
-- nothing outside the ledger may be built from later ones.
INSERT INTO meta VALUES ('keys_checked', 0), ('keys_on_disk', 0);

-- The keys of schemas 1 to 3, in the order of the signer's log.
INSERT INTO seen_keys (number_sha256, type, number, device, seen_at)
  SELECT key_sha256 (der), key_type (der), key_number (der), device, issued_at FROM certificates
  WHERE key_type (der) IS NOT NULL
  ORDER BY void_reason IS 'duplicate-key', log_index
  ON CONFLICT (number_sha256) DO NOTHING;

INSERT INTO key_findings (kind, key, device, partner, partner_device, found_at)
  SELECT 'duplicate-key', seen_keys.id, certificates.device, seen_keys.id, seen_keys.device,
    certificates.issued_at
  FROM certificates JOIN seen_keys ON seen_keys.number_sha256 = key_sha256 (der)
  WHERE certificates.state <> 'void' AND certificates.device <> seen_keys.device;

-- Revocation lists are told of what is void in the order in which it became so.
CREATE INDEX certificates_void ON certificates (void_event) WHERE void_event IS NOT NULL;

-- What is written stays written.

CREATE TRIGGER seen_keys_no_update BEFORE UPDATE ON seen_keys
BEGIN
  SELECT RAISE (ABORT, 'a key that was seen stays seen');
END;
CREATE TRIGGER seen_keys_no_delete BEFORE DELETE ON seen_keys
BEGIN
  SELECT RAISE (ABORT, 'a key that was seen stays seen');
END;
CREATE TRIGGER seen_keys_no_replace BEFORE INSERT ON seen_keys
WHEN EXISTS (SELECT 1 FROM seen_keys WHERE id = NEW.id OR number_sha256 = NEW.number_sha256)
BEGIN
  SELECT RAISE (ABORT, 'a key that was seen stays seen');
END;
CREATE TRIGGER key_findings_no_update BEFORE UPDATE ON key_findings
BEGIN
  SELECT RAISE (ABORT, 'a finding is never taken back');
END;
CREATE TRIGGER key_findings_no_delete BEFORE DELETE ON key_findings
BEGIN
  SELECT RAISE (ABORT, 'a finding is never taken back');
END;
CREATE TRIGGER key_findings_no_replace BEFORE INSERT ON key_findings
WHEN EXISTS (SELECT 1 FROM key_findings WHERE id = NEW.id)
BEGIN
  SELECT RAISE (ABORT, 'a finding is never replaced');
END;
CREATE TRIGGER keys_checked_forward BEFORE UPDATE OF value ON meta
WHEN OLD.name IN ('keys_checked', 'keys_on_disk') AND NEW.value < OLD.value
BEGIN
  SELECT RAISE (ABORT, 'a check is never taken back');
END;
