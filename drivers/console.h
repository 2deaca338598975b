/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the dialects that are made of lines of text have in common.
 */
#pragma once

#include "drivers/transport.h"

/* Reads as transport_read_some(), and fails with DRIVER_ERROR_GARBLED where `into` then holds
 * bytes that can't be text (UTF-8, which may be cut off at the end), and with FLOOD where it holds
 * more than TRANSPORT_ANSWER_MAX: so nobody waits for the end of what can never make sense. */
gboolean console_read_some (Transport *transport, GByteArray *into, Deadline deadline,
                            GError **error);

/* The next line without its CR LF or LF, read in the same way. Free with g_free(). */
char *console_read_line (Transport *transport, Deadline deadline, GError **error);
