/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One line typed at the board's prompt, and its answer.
 */
#pragma once

#include "drivers/freertos/proto.h"

/* Empties the board's input line and waits for its prompt. */
gboolean freertos_get_prompt (Transport *transport, Deadline deadline, GError **error);

/* Types one line and reads the answer to it, whatever it says. Free with g_free(). */
char *freertos_type (Transport *transport, const char *line, Deadline deadline, GError **error);

/* The same for the first line of a dialogue: the answer to what was asked earlier, by this station
 * or by one that was killed, may still come ahead of it. */
char *freertos_type_first (Transport *transport, const char *line, Deadline deadline,
                           GError **error);

/* The answer to `command`, or NULL with `refusal` as the error where the board has something
 * against it. Free with g_free(). */
char *freertos_run (Transport *transport, const char *command, DriverError refusal,
                    Deadline deadline, GError **error);

/* As freertos_run(), where the answer must have a line that starts with `expected`. */
gboolean freertos_run_expecting (Transport *transport, const char *command, const char *expected,
                                 Deadline deadline, GError **error);
