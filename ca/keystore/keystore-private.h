/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What keystore.c asks of each kind of store: the key as OpenSSL holds it, or what signs with it.
 */
#pragma once

#include "ca/keystore/keystore.h"

typedef struct KeystoreKey KeystoreKey;

struct KeystoreKey {
  EVP_PKEY *key;         /* NULL where `sign` needs none */
  OSSL_LIB_CTX *library; /* where it lives; NULL is OpenSSL's default */
  gboolean alone;        /* it serves one thread at a time */
  gboolean token;        /* a failure to sign means that the token is gone */
  gboolean never_again;  /* the token said no to the PIN: another try may lock it for good */
  gpointer state;        /* of the kind */
  /* NULL where signature_make() does it. CA_ERROR_CA_TOKEN, CA_ERROR_CA_KEY. */
  gboolean (*sign) (KeystoreKey *key, const SignatureAlgorithm *algorithm, Span data,
                    GByteArray *out, GError **error);
  /* Its public half, in OpenSSL's default library context; NULL where `key` has it there. */
  EVP_PKEY *(*public_half) (KeystoreKey *key, GError **error);
  /* Whether the token is still there, for a fraction of what a signature costs; or NULL. */
  gboolean (*check) (KeystoreKey *key, GError **error);
  /* Of a key whose TPM counts its signatures; else NULL. See keystore_count(). */
  gboolean (*count) (KeystoreKey *key, KeystoreCount *count, GError **error);
  gboolean (*set_limit) (KeystoreKey *key, EVP_PKEY *owner, guint32 limit, GBytes *signature,
                         GError **error);
  void (*close) (gpointer state);
};

/* "file", "pkcs11", "tpm2"; NULL for a URI of no kind. */
const char *keystore_uri_scheme (const char *uri);

/* Opens what `source` names and sees that it is the certificate's key, which is set in `source`
 * where it is NULL. `never_again` is the key's, also where it can't be used. */
KeystoreKey *keystore_key_find (KeystoreSource *source, gboolean *never_again, GError **error);

/* Signs, whatever kind it is of. */
gboolean keystore_key_sign (KeystoreKey *key, const SignatureAlgorithm *algorithm, Span data,
                            GByteArray *out, GError **error);

/* What somebody wants of the key. */
typedef gboolean (*KeystoreAct) (KeystoreKey *key, gpointer data, GError **error);

/* Calls `act` when it is this call's turn, and once more where the store had to be opened anew. */
gboolean keystore_act (Keystore *keystore, KeystoreAct act, gpointer data, GError **error);
const char *keystore_uri (const Keystore *keystore);

/* A key is an atomic rc box: the keystore and each call hold it. NULL is fine. */
void keystore_key_unref (KeystoreKey *key);

/* `rest` is the URI behind its scheme. CA_ERROR_CA_TOKEN where the token may still come,
 * CA_ERROR_CA_KEY where it will not do; what stands in `key` is let go by the caller. */
typedef gboolean (*KeystoreOpen) (const KeystoreSource *source, const char *rest, KeystoreKey *key,
                                  GError **error);

/* Encrypted PKCS#8 with scrypt, in PEM. */
gboolean keystore_file_open (const KeystoreSource *source, const char *path, KeystoreKey *key,
                             GError **error);

/* RFC 7512. */
gboolean keystore_pkcs11_open (const KeystoreSource *source, const char *rest, KeystoreKey *key,
                               GError **error);

/* "handle=0x81000001" or "file=PATH" (TSS2 PRIVATE KEY), then "?tcti=CONF". */
gboolean keystore_tpm2_open (const KeystoreSource *source, const char *rest, KeystoreKey *key,
                             GError **error);

/* Whether that is a key whose signatures the TPM counts, and then the same for it:
 * "handle=0x81000001;count=0x01800100;ref=HEX". */
gboolean keystore_tpm2_is_counted (const char *rest);
gboolean keystore_tpm2_counted_open (const KeystoreSource *source, const char *rest,
                                     KeystoreKey *key, GError **error);

/* Only then may the environment be changed. */
gboolean keystore_is_one_thread (void);
