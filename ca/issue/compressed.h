/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Form=compressed: certificates of which a secure element keeps 72 bytes, the signature and the
 * dates, and from which their reader makes the rest anew (Microchip, application note 20006367,
 * "compressed certificate"). So they begin with an hour, end whole years later, and have a serial
 * number that follows from key and dates.
 */
#pragma once

#include "ca/issue/authority.h"
#include "ca/profile/profile.h"

#define COMPRESSED_SERIAL_BYTES 16

/* The last moment up to `wanted` at which such a certificate may begin: a full hour, of 29 February
 * the last one of the day before, since readers add the years without looking at the calendar. */
gint64 compressed_begin (gint64 wanted);

/* SHA-256 over the key (X and Y) and the dates as the 72 bytes have them, cut to 16 bytes; the
 * first two bits are 01. `key_bits` are 04 X Y. CA_ERROR_VALIDITY where a certificate that begins
 * after 2031 does not fit, CA_ERROR_PROFILE_KEY where the key is not of P-256. */
gboolean compressed_make_serial (guint8 *serial, Span key_bits, gint64 begin, guint years,
                                 GError **error);

/* r and s have 32 bytes each: CA_ERROR_CA_CERTIFICATE where the CA signs otherwise. */
gboolean compressed_check_authority (const Authority *authority, const Profile *profile,
                                     GError **error);
