/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words of the `pki` and `conf` command line of AWS's FreeRTOS reference
 * boards. Pure: no I/O, no state. README.md shows the dialogue and its sources.
 */
#pragma once

#include <glib.h>

#include "drivers/driver.h"

/* Where the board keeps things. */
#define FREERTOS_CERTIFICATE_LABEL "tls_cert"
#define FREERTOS_ROOT_LABEL "root_ca_cert"

/* The longest line that the board takes, and the byte that ends it. */
#define FREERTOS_LINE_MAX 127u
#define FREERTOS_LINE_END "\r"

/* Clears the board's input line. */
#define FREERTOS_INTERRUPT "\003"

/* TRUE where `data` ends in a fresh prompt: the board waits for input. */
gboolean freertos_ends_in_prompt (const guint8 *data, gsize length);

/* What the board said, as lines ended by LF, without what it put in between on its own: log lines
 * (also in the middle of a line), erased input and terminal escapes. Free with g_free(). */
char *freertos_clean (const guint8 *data, gsize length);

typedef enum {
  FREERTOS_NO_ECHO,      /* nothing but prompts so far */
  FREERTOS_OTHER_ECHO,   /* something else: the board understood another line than was sent */
  FREERTOS_ECHO_ANSWERED /* *answer is what stands between the echo and the prompt */
} FreertosEcho;

/* Looks for the echo of `command` in `clean`, which ends in a prompt. Free *answer with g_free().
 */
FreertosEcho freertos_find_answer (const char *clean, const char *command, char **answer);

/* TRUE where `line` may be sent: printable ASCII that fits the board's line. */
gboolean freertos_line_fits (const char *line);

/* What the command line itself has against a command, as a line of `answer`: only its own, known
 * sentences count. Free with g_free(); NULL where it has nothing against it. */
char *freertos_complaint (const char *answer);

/* TRUE where `answer` says that there is no such command. */
gboolean freertos_knows_no_such_command (const char *answer);

/* TRUE where a line of `answer` starts with `text`. */
gboolean freertos_says (const char *answer, const char *text);

/* The value in KEY="value", or NULL. Free with g_free(). */
char *freertos_value_of (const char *answer, const char *key);

/* TRUE where `name` looks like what freertos proofs set as the thing's name: 64 hex digits. */
gboolean freertos_is_nonce_name (const char *name);
