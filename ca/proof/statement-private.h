/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What statement.c (signers, making) and statement-open.c (reading) share.
 */
#pragma once

#include "ca/proof/statement.h"
#include "ca/signature.h"

/* OBJECT IDENTIFIERs of RFC 5652, with header. */
extern const Span statement_oid_data;           /* 4 */
extern const Span statement_oid_signed_data;    /* 5.1 */
extern const Span statement_oid_content_type;   /* 11.1 */
extern const Span statement_oid_message_digest; /* 11.2 */

/* A digest, its AlgorithmIdentifier without parameters (RFC 5754, section 2), and the algorithm
 * that is meant where a signer writes rsaEncryption (RFC 3370, section 3.2). */
typedef struct {
  const char *name; /* as in SignatureAlgorithm */
  GChecksumType type;
  Span oid;
  const char *rsa;
} StatementDigest;

extern const StatementDigest statement_digests[3]; /* SHA-256 first */

/* `issuer` and serial number as an IssuerAndSerialNumber (RFC 5652, section 10.2.4). */
GByteArray *statement_issuer_and_serial (X509 *certificate);
