/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the station's key signs in a JWS (RFC 7515) with ES256 (RFC 7518, section 3.4): the entries
 * of Microchip's manifest, one a device. The payload is the station's word; the protected header
 * is the signer's own, so nobody else chooses how the signed bytes begin.
 *
 * That no such signature can pass for another kind follows from the first byte of what is signed:
 * here it is the "e" of "eyJ" (base64url of `{"`), and no byte is outside of base64url and the dot.
 * A statement's signed attributes are a DER SET and begin with 0x31, a certificate's matter is a
 * SEQUENCE and begins with 0x30, a checkpoint begins with "keycradle-log/" and has line ends. So it
 * is the header that must never be taken from a request. Pure; errors are CA_ERROR_PROOF.
 */
#pragma once

#include <openssl/x509.h>

#include "ca/der.h"
#include "ca/error.h"

#define JWS_PAYLOAD_MOST (32 * 1024) /* bytes; fits a frame of the wire */

/* TRUE for one JSON object (RFC 8259) in valid UTF-8, without control characters: in one line. */
gboolean jws_payload_check (const char *payload, gsize length, GError **error);

/* jws_es256_header() of base/jws.h. CA_ERROR_CA_CERTIFICATE where the certificate has no
 * subjectKeyIdentifier. Free with g_free(). */
char *jws_protected_header (X509 *certificate, GError **error);

/* What is signed (RFC 7515, section 5.1): both in base64url, with a dot between. */
char *jws_signing_input (const char *protected_header, const char *payload);

/* jws_es256_signature() of base/jws.h. CA_ERROR_PROOF. Free with g_free(). */
char *jws_signature_text (Span der, GError **error);
