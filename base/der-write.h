/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing DER: values are appended to a byte array, and what has been appended becomes the content
 * of an enclosing value by der_wrap().
 */
#pragma once

#include <glib.h>

/* One value. */
void der_put (GByteArray *out, guint8 tag, const void *content, gsize length);

/* Everything from `from` to the end becomes the content of one value. */
void der_wrap (GByteArray *out, guint from, guint8 tag);

/* A time as RFC 5280 wants it: UTCTime through 2049, GeneralizedTime from 2050 on. `seconds`
 * since 1970, from 1950 to 9999. */
void der_put_time (GByteArray *out, gint64 seconds);
