/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A PKCS#10 request (RFC 2986) for chips that only sign: the driver builds what is to be signed
 * from the public key that the chip showed, the chip signs its digest, and both become the request.
 * Pure: DER in, DER out.
 */
#pragma once

#include "drivers/driver.h"

/* A SubjectPublicKeyInfo (RFC 5480, 2) for the uncompressed point `point` (04 X Y) on the curve of
 * `kind`; NULL where the length is not the curve's or the kind is no EC kind. */
GBytes *request_ec_key (KeyKind kind, const guint8 *point, gsize length);

/* A SubjectPublicKeyInfo (RFC 3279, 2.3.1) for modulus and exponent, unsigned, big endian. */
GBytes *request_rsa_key (const guint8 *modulus, gsize modulus_length, const guint8 *exponent,
                         gsize exponent_length);

/* CertificationRequestInfo: version 0, subject CN=`common_name` (UTF8String), the key, no
 * attributes. */
GBytes *request_info (const char *common_name, GBytes *key);

typedef enum {
  REQUEST_ECDSA_SHA256,
  REQUEST_ECDSA_SHA384,
  REQUEST_RSA_SHA256,
} RequestAlgorithm;

/* The request: `info` as request_info() made it, `signature` as the algorithm has it in X.509 (an
 * Ecdsa-Sig-Value in DER, or RSA's octets). */
GBytes *request_new (GBytes *info, RequestAlgorithm algorithm, GBytes *signature);

/* Ecdsa-Sig-Value (RFC 3279, 2.2.3) from r and s of equal width, which follow each other. */
GBytes *request_signature_from_raw (const guint8 *raw, gsize length);

/* EMSA-PKCS1-v1_5 (RFC 8017, 9.2) of a SHA-256 digest, `length` bytes long, for chips that do the
 * bare RSA operation. */
GBytes *request_pkcs1_block (const guint8 digest[32], gsize length);
