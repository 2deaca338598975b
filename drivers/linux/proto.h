/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a Linux says on its serial console, told apart: the kernel's messages, boot loaders, who
 * asks for a name or a password, a shell that waits, and what stands between two marks that
 * a shell was told to print. Pure: no I/O, no state. README.md shows the dialogue.
 */
#pragma once

#include <glib.h>

/* The console's text, lines ended by LF, without what came in between on its own (kernel messages
 * "[   12.345678] ...", systemd's "[  OK  ] ...", also in the middle of a line) and without
 * terminal escapes. Bytes that are no text become U+FFFD, NULs '?'. Free with g_free(). */
char *linux_clean (const guint8 *data, gsize length);

/* What the console waits for, by the end of what it said. */
typedef enum {
  LINUX_BUSY,        /* nothing that is known */
  LINUX_LOGIN,       /* "NAME login:" */
  LINUX_PASSWORD,    /* "Password:" */
  LINUX_SHELL,       /* a prompt: '#', '$', '%' or '>' ends the line */
  LINUX_OWN_SHELL,   /* the prompt that this driver sets */
  LINUX_BOOT_LOADER, /* U-Boot's prompt: its countdown was interrupted */
  LINUX_PRESS_ENTER, /* "Please press Enter to activate this console." */
  LINUX_MAINTENANCE, /* systemd's emergency or rescue mode */
} LinuxWait;

LinuxWait linux_waits_for (const char *clean);

/* TRUE where `clean` has what only a boot prints: a boot loader, the kernel, an init. */
gboolean linux_is_booting (const guint8 *data, gsize length);

/* TRUE where a line of `clean` starts with `text`, whatever white space stands before it. */
gboolean linux_says (const char *clean, const char *text);

/* The prompt that the driver gives to its own shell. */
#define LINUX_PROMPT "keycradle# "

/* `text` as one word for a shell. Free with g_free(). */
char *linux_quote (const char *text);

/* The line that has a shell run `command` between two marks with `mark` in them. The marks are
 * broken by quotes in it, so that an echo of the line is none. Ends with LF. `body` (NULL for none)
 * is what the last word of `command`, a here-document that ends at LINUX_BODY_END, consists
 * of: whole lines. Free with g_free(). */
char *linux_command_line (const char *mark, const char *command, const char *body);

#define LINUX_BODY_END "KEYCRADLE_END"

/* What stands between the marks. FALSE where the second one has not come yet. Free *answer with
 * g_free(). */
gboolean linux_find_answer (const char *clean, const char *mark, char **answer, int *status);

/* The rest of the first line of `answer` that starts with `key` and '='. NULL where there is none
 * or it is empty. Free with g_free(). */
char *linux_value (const char *answer, const char *key);

/* The bytes of the base64 between the lines "KEY<" and ">KEY"; NULL where it is not there or has
 * anything else in it. */
GBytes *linux_bytes (const char *answer, const char *key);

/* TRUE where `answer` begins with the hex SHA-256 `digest`. */
gboolean linux_is_digest (const char *answer, const char *digest);

/* TRUE where a serial number is one that a factory forgot to set: all the same character, "None",
 * "Default string", "To be filled by O.E.M." ... */
gboolean linux_is_placeholder (const char *serial);
