/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The line editor of a simulated Zephyr shell: prompt, colours, echo that breaks at the terminal's
 * width, and a log that erases and repeats the line that is being typed.
 */
#pragma once

#include "drivers/simulator/device.h"

#define SHELL_LINE_MAX 256u

typedef enum {
  SHELL_NORMAL,
  SHELL_WARNING,
  SHELL_ERROR,
} ZephyrShellColour;

typedef struct {
  Device *device;
  GString *line;     /* being typed */
  GString *answer;   /* of the command that runs, as it goes over the wire */
  guint8 line_ended; /* the CR or LF that came last, or 0 */
  guint lines_out;   /* since the last log line */
  guint log_lines;   /* so far */
} ZephyrShell;

/* What it says when it is switched on. FALSE once the device was pulled out, as with the others. */
gboolean zephyr_shell_start (ZephyrShell *shell);

/* The next line that is not empty. */
gboolean zephyr_shell_read_line (ZephyrShell *shell, GString *line);

/* Adds a line to the answer of the command that runs. */
void zephyr_shell_print (ZephyrShell *shell, ZephyrShellColour colour, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Sends the answer, and the prompt behind it. */
gboolean zephyr_shell_finish (ZephyrShell *shell);

/* Sends the answer without a prompt: what comes is no command line. */
gboolean zephyr_shell_bypass (ZephyrShell *shell);
