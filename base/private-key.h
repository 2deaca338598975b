/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finds a private key in a stream of bytes, byte by byte, before its secret part has come: in DER
 * (PKCS#8 and its encrypted form, RFC 5958; SEC 1 as of RFC 5915; PKCS#1, RFC 8017 A.1.2), plain,
 * as hex digits or as base64 in either alphabet, however the text is cut into lines; and by the
 * marks of PEM. It knows the few bytes with which each of these begins and no public structure
 * does: certificates, requests and revocation lists make no alarm.
 */
#pragma once

#include <glib.h>

#define PRIVATE_KEY_WINDOW 32u

/* The last bytes of a stream in one reading of it. */
typedef struct {
  guint8 bytes[PRIVATE_KEY_WINDOW];
  guint length;
} PrivateKeyWindow;

/* All zero at first. */
typedef struct {
  PrivateKeyWindow plain;
  PrivateKeyWindow hex[2];    /* a digit may be a byte's first or second */
  PrivateKeyWindow base64[4]; /* a character may be any of a group of four */
  guint digits;
  guint characters;
  guint8 last_digit;
  guint32 last_characters;
} PrivateKeySearch;

/* TRUE where a private key begins to be told with this byte. */
gboolean private_key_search (PrivateKeySearch *search, guint8 byte);

/* The same for all of `data`. */
gboolean holds_private_key (const guint8 *data, gsize length);
