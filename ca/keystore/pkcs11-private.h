/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Between the parts of the PKCS#11 keystore: keystore-pkcs11.c finds token and key and logs in,
 * pkcs11-sign.c makes signatures in the sessions of the token, pkcs11-public.c reads the public key
 * for which there is no certificate yet.
 */
#pragma once

#include <p11-kit/pkcs11.h>

#include "ca/keystore/keystore-private.h"

typedef struct {
  CK_FUNCTION_LIST **modules; /* as p11-kit is configured, or NULL */
  CK_FUNCTION_LIST *module;   /* the token's; loaded alone where `modules` is NULL */
  CK_SLOT_ID slot;
  CK_SESSION_HANDLE login; /* keeps the login alive; never signs */
  CK_OBJECT_HANDLE key;
  GMutex mutex; /* guards `idle` and `opened` */
  GCond released;
  GArray *idle; /* of sessions in which nobody signs */
  guint opened; /* sessions that sign */
} Pkcs11Token;

/* Sets `code` to "DOING: what PKCS#11 calls the result" and returns FALSE. */
gboolean pkcs11_refuse (GError **error, CaError code, const char *doing, CK_RV result);

/* A session of the token without its own purpose. CA_ERROR_CA_TOKEN. */
gboolean pkcs11_open_session (const Pkcs11Token *token, CK_SESSION_HANDLE *session, GError **error);

/* KeystoreKey's. */
gboolean pkcs11_sign (KeystoreKey *key, const SignatureAlgorithm *algorithm, Span data,
                      GByteArray *out, GError **error);

EVP_PKEY *pkcs11_public_half (KeystoreKey *key, GError **error);
