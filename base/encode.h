/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bytes as text and back: lower-case hex, PEM (RFC 7468, strict form) and the
 * fingerprints by which certificates and keys are named everywhere.
 */
#pragma once

#include <glib.h>

/* Lower-case hex of `length` bytes, no separators. Free with g_free(). */
char *hex_encode (const guint8 *data, gsize length);

/* The bytes of an even number of hex digits (either case), or NULL where
 * `text` is anything else. */
GBytes *hex_decode (const char *text);

/* The bytes of base64 (RFC 4648, section 4) in its one form, padded and without line ends, or NULL
 * where `text` is anything else. */
GBytes *base64_read (const char *text, gsize length);

/* RFC 4648, section 5, without padding, as JWS and JWT have it. Free with g_free(). */
char *base64url_encode (const guint8 *data, gsize length);

/* The bytes of that in its one form, or NULL where `text` is anything else. */
GBytes *base64url_decode (const char *text);

/* Raw SHA-256 (32 bytes) of `data`. */
GBytes *sha256_of (const guint8 *data, gsize length);

/* Lower-case hex of SHA-256 of `data`. Free with g_free(). */
char *sha256_hex (const guint8 *data, gsize length);

/* RFC 7468 text of one DER object: "-----BEGIN `label`-----", base64 in lines
 * of 64, LF line ends, a final LF. Free with g_free(). */
char *pem_encode (const char *label, const guint8 *der, gsize length);

/* The DER of the first "-----BEGIN `label`-----" block in `text` (CR, LF or CRLF
 * line ends), or NULL where there is none or its base64 is damaged. When `end`
 * is not NULL it receives the place just behind the END line, so that a chain
 * can be read block by block. */
GBytes *pem_decode (const char *text, const char *label, const char **end);
