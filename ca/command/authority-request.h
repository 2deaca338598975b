/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A CA is born: a key, and the certificate request with which an offline root makes it a CA.
 */
#pragma once

#include <glib.h>

#include "ca/error.h"

/* What is in a CA's folder. */
#define CA_KEY_FILE "ca.key"
#define CA_REQUEST_FILE "ca.csr"
#define CA_CERTIFICATE_FILE "ca.pem"

typedef struct {
  const char *folder;          /* made where it is absent */
  const char *subject;         /* as in a profile, without ${...} */
  const char *key;             /* a word of key-make.h: a key is made and kept in the folder */
  const char *key_uri;         /* or where the key is already */
  const char *passphrase_file; /* of the key, or the token's PIN; NULL asks for a new key's */
} AuthorityRequest;

/* Writes ca.key (where it makes one) and ca.csr, which asks for CA:TRUE, pathlen 0, keyCertSign and
 * cRLSign. Overwrites nothing. Returns the key's fingerprint, lower-case hex SHA-256 of its
 * SubjectPublicKeyInfo; free with g_free(). CA_ERROR_CA_KEY, CA_ERROR_SUBJECT, CA_ERROR_INTERNAL.
 */
char *authority_request (const AuthorityRequest *wanted, GError **error);
