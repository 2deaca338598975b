-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Schema 5: every CA that ever issued here. A certificate outlives its CA's place in signer.conf:
-- its device still needs the chain, its manifest the CA.

CREATE TABLE authorities (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  sha256 BLOB NOT NULL UNIQUE CHECK (length (sha256) = 32),
  -- Its certificate and those above it as last heard of: DER, end to end.
  chain BLOB NOT NULL
) STRICT;
CREATE TRIGGER authorities_no_delete BEFORE DELETE ON authorities
BEGIN
  SELECT RAISE (ABORT, 'a CA that issued is never forgotten');
END;
