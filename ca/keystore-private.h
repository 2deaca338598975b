/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What keystore.c asks of each kind of store: the key as OpenSSL holds it.
 */
#pragma once

#include "ca/keystore.h"

typedef struct {
  EVP_PKEY *key;
  OSSL_LIB_CTX *library; /* where it lives; NULL is OpenSSL's default */
  gboolean alone;        /* it signs for one thread at a time */
  gboolean token;        /* a failure to sign means that the token is gone */
  gpointer state;        /* of the kind */
  void (*close) (gpointer state);
} KeystoreKey;

/* `rest` is the URI behind its scheme. CA_ERROR_CA_TOKEN where the token may still come,
 * CA_ERROR_CA_KEY where it will not do. */
typedef gboolean (*KeystoreOpen) (const KeystoreSource *source, const char *rest, KeystoreKey *key,
                                  GError **error);

/* Encrypted PKCS#8 with scrypt, in PEM. */
gboolean keystore_file_open (const KeystoreSource *source, const char *path, KeystoreKey *key,
                             GError **error);
