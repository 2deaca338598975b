/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One line typed at the shell's prompt, and its answer.
 */
#pragma once

#include "drivers/zephyr/proto.h"

/* Empties the shell's input line and waits for its prompt. *found is FALSE where the prompt of
 * another console came. */
gboolean zephyr_get_prompt (Transport *transport, gboolean *found, Deadline deadline,
                            GError **error);

/* Types one line and reads the answer to it, whatever it says. Free with g_free(). */
char *zephyr_type (Transport *transport, const char *line, Deadline deadline, GError **error);

/* The same for the first line of a dialogue: the answer to what was asked earlier, by this station
 * or by one that was killed, may still come ahead of it. */
char *zephyr_type_first (Transport *transport, const char *line, Deadline deadline, GError **error);

/* The answer to `command`, which must have a line that starts with `expected`, or NULL with
 * `refusal` as the error. Free with g_free(). */
char *zephyr_run (Transport *transport, const char *command, const char *expected,
                  DriverError refusal, Deadline deadline, GError **error);

/* What the shell says in place of what was expected, as an error. */
void zephyr_set_refusal (GError **error, DriverError refusal, const char *command,
                         const char *answer);
