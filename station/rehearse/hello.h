/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading what a ClientHello says: its extensions as they stand on the wire. Pure; hostile bytes
 * are read as far as they make sense.
 */
#pragma once

#include "station/rehearse/facts.h"

/* The extensions that hello_take_extension() knows (IANA, "TLS ExtensionType Values"). */
enum {
  HELLO_SERVER_NAME = 0,
  HELLO_SUPPORTED_GROUPS = 10,
  HELLO_SIGNATURE_ALGORITHMS = 13,
  HELLO_ALPN = 16,
  HELLO_SUPPORTED_VERSIONS = 43,
  HELLO_SIGNATURE_ALGORITHMS_CERT = 50,
};

/* Takes the content of one extension into `hello`; others are passed over. FALSE where it is not
 * what its RFC says; what could be read of it is there then. */
gboolean hello_take_extension (Hello *hello, guint type, const guint8 *data, gsize length);

/* The cipher suites: two bytes each. */
gboolean hello_take_suites (Hello *hello, const guint8 *data, gsize length);

/* The newest version that it offers, GREASE and what is newer than TLS 1.3 aside; 0 where it says
 * none. */
guint16 hello_newest_version (const Hello *hello);

/* "TLS 1.2"; free with g_free(). */
char *tls_version_text (guint16 version);
