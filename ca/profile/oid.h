/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Object identifiers as people write them: "2.23.133.1.2".
 */
#pragma once

#include <glib.h>

/* Appends the OBJECT IDENTIFIER (DER, X.690 8.19). FALSE where `text` is none: two or more numbers
 * below 2^32, the first one 0 to 2, and below 0 and 1 the second one at most 39. */
gboolean oid_put (GByteArray *out, const char *text);
