/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A time in a certificate, strictly as RFC 5280, 4.1.2.5 has it.
 */
#pragma once

#include "ca/der.h"

enum {
  DER_UTC_TIME = 0x17,
  DER_GENERALIZED_TIME = 0x18,
};

/* UTCTime through 2049, GeneralizedTime from 2050 on, both with seconds and Z, at a moment of the
 * calendar. `text` receives the digits, `seconds` the time since 1970. CA_ERROR_LINT, the message
 * beginning with the rule (time-form, time-type, time-calendar); or the reader's own. */
gboolean der_read_time (DerReader *reader, const char *what, Span *text, gint64 *seconds,
                        GError **error);
