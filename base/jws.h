/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JWS (RFC 7515) with ES256 (RFC 7518, section 3.4) in flattened JSON serialization, as Microchip's
 * manifests have one a device: whoever signs, writes, compares and verifies does it alike.
 */
#pragma once

#include <glib.h>

/* {"payload":...,"protected":...,"header":{"uniqueId":...},"signature":...}: `payload` is put into
 * base64url here; `protected_header` and `signature` are that already. Free with g_free(). */
char *jws_flattened (const char *payload, const char *protected_header, const char *unique_id,
                     const char *signature);

/* The protected header that goes with a signer's certificate (DER), in base64url: alg ES256, typ
 * JWT, kid its subjectKeyIdentifier, x5t#S256 (RFC 7515, section 4.1.8). NULL where it has no
 * subjectKeyIdentifier. Free with g_free(). */
char *jws_es256_header (GBytes *certificate);

/* R and S of an ECDSA-Sig-Value for P-256 as 64 bytes, in base64url. NULL where it is none. Free
 * with g_free(). */
char *jws_es256_signature (const guint8 *der, gsize length);

/* TRUE where header and signature over `payload` (all base64url) are those of the certificate (DER)
 * with a P-256 key. */
gboolean jws_es256_verify (GBytes *certificate, const char *protected_header, const char *payload,
                           const char *signature);
