/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The issuing CA: its certificate, its chain, and (once it is unlocked) its key. Everything
 * that makes a CA unfit to issue is found when it is loaded. Read-only afterwards, so threads
 * share it.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ca/der.h"
#include "ca/error.h"
#include "ca/keystore/keystore.h"
#include "ca/signature.h"

typedef struct {
  char *name;       /* in signer.conf */
  GPtrArray *chain; /* of GBytes DER, the issuing CA first */
  GBytes *subject;  /* DER of its name, byte for byte */
  GBytes *key_id;   /* its subjectKeyIdentifier */
  char *subject_text;
  char *key_text;
  char *fingerprint; /* lower-case hex SHA-256 */
  guint8 origin[32]; /* SHA-256 of its SubjectPublicKeyInfo */
  gint64 not_before; /* seconds since 1970 */
  gint64 not_after;
  gboolean demo;
  char *times_problem; /* why it may not issue at the time when it was loaded, or NULL */
  EVP_PKEY *public_key;
  const SignatureAlgorithm *signature;
  Keystore *keystore; /* NULL until authority_unlock() */
  guint crl_days;     /* how long a revocation list is good for */
} Authority;

/* Reads the PEM file: the issuing CA first, then its chain. `signature` is a word of
 * ca/signature.h, or NULL for what suits the key. CA_ERROR_CA_CERTIFICATE. */
Authority *authority_load (const char *name, const char *path, const char *signature,
                           GError **error);
void authority_free (Authority *authority);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Authority, authority_free)

/* CA_ERROR_CA_CERTIFICATE where it or a CA above it had expired, or was not valid yet, when it was
 * loaded. */
gboolean authority_check_times (const Authority *authority, GError **error);

/* CA_ERROR_DEMO_CA where `production` and the CA is a demo CA. */
gboolean authority_check_mode (const Authority *authority, gboolean production, GError **error);

/* Opens the keystore behind `uri`. CA_ERROR_CA_KEY. */
gboolean authority_unlock (Authority *authority, const char *uri,
                           const PassphraseSource *passphrase, GError **error);
