/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A signed statement: CMS SignedData (RFC 5652) with the text inside, DER, one signer, signed
 * attributes, SHA-256. `openssl cms -verify -inform DER -in X -certfile C -CAfile C -purpose any`
 * reads it anywhere. Tickets are signed by the owner, reports and manifests' statements by the
 * station. Whom one trusts is pinned: a statement's signer is one of the certificates given, byte
 * for byte, whatever certificates it brings along. Pure; errors are CA_ERROR_PROOF.
 *
 * The texts are in the form of configuration files: groups, keys, UTF-8, no key twice.
 * docs/evidence.md names them.
 */
#pragma once

#include <openssl/x509.h>

#include "ca/der.h"
#include "ca/error.h"

#define STATEMENT_MOST                                                                             \
  (48 * 1024) /* bytes of DER; fits an entry of the log and a frame of the wire */

/* Certificates in PEM: GPtrArray of X509. At least one, with P-256, P-384, P-521 or RSA from 2048
 * bits. */
GPtrArray *statement_signers_load (const char *path, GError **error);
GPtrArray *statement_signers_read (const char *pem, gsize length, GError **error);

/* The text, once the signature of one of `signers` (X509) over it was verified; `signer` (may be
 * NULL) receives which one, lent. Free with g_free(). */
char *statement_open (Span der, const GPtrArray *signers, X509 **signer, GError **error);

/* The text without any verification: only to show it. */
char *statement_peek (Span der, GError **error);

/* Signs with a private key in memory: the owner's, offline. */
GBytes *statement_sign (const char *text, X509 *certificate, EVP_PKEY *key, GError **error);

/* The same in two steps, for a key that is elsewhere: the bytes to be signed (a DER SET OF
 * attributes), then the whole. `signature` as keystore_sign() makes it. */
GBytes *statement_attributes (const char *text, gint64 signing_time, GError **error);
GBytes *statement_assemble (const char *text, X509 *certificate, GBytes *attributes, Span signature,
                            GError **error);

/* SHA-256 of a certificate's SubjectPublicKeyInfo. */
void statement_key_sha256 (X509 *certificate, guint8 hash[32]);
