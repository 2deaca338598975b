/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line of a FreeRTOS reference device: echo, prompt, lines of at
 * most 128 bytes, and log lines that come between everything else.
 */
#pragma once

#include "drivers/simulator/device.h"

#define TERMINAL_LINE_MAX 128u

typedef struct {
  Device *device;
  GString *line;   /* being typed */
  guint lines_out; /* since the last log line */
  guint log_lines; /* so far */
  guint8 last;
} Terminal;

/* The next line that is not empty. FALSE once the device was pulled out. */
gboolean terminal_read_line (Terminal *terminal, GString *line);

/* Prints `text`, its lines ended by LF here and by CR LF on the wire, as one answer. */
gboolean terminal_print (Terminal *terminal, const char *text);
