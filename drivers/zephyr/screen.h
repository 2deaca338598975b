/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a terminal would show of a Zephyr shell: the shell erases and repeats the line that is being
 * typed whenever its log has something to say, and breaks it at the terminal's width, so only the
 * rows that are left tell what was answered. Pure: no I/O. README.md shows the dialogue.
 */
#pragma once

#include <glib.h>

/* Rows of text under a cursor. */
typedef struct {
  GPtrArray *rows; /* of GString; at least one */
  guint row;       /* the cursor's */
  guint column;
  GString *escape; /* of an escape sequence that has not ended yet; its ESC is not in it */
  gboolean in_escape;
} ZephyrScreen;

ZephyrScreen *zephyr_screen_new (void);
void zephyr_screen_free (ZephyrScreen *screen);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZephyrScreen, zephyr_screen_free)

/* Shows what came next; where it is cut off does not matter. */
void zephyr_screen_feed (ZephyrScreen *screen, const guint8 *data, gsize length);

/* TRUE where the cursor stands behind a fresh prompt, as in "uart:~$ ": the shell waits for input.
 */
gboolean zephyr_screen_at_prompt (const ZephyrScreen *screen);

/* TRUE where the cursor stands behind something that looks like the prompt of another console. */
gboolean zephyr_screen_at_other_prompt (const ZephyrScreen *screen);

/* TRUE where `typed` stands in front of the cursor, behind a prompt or at the start of a row. */
gboolean zephyr_screen_shows (const ZephyrScreen *screen, const char *typed);

typedef enum {
  ZEPHYR_NO_ECHO,      /* nothing but prompts and log lines so far */
  ZEPHYR_OTHER_ECHO,   /* something else: the shell understood another line than was sent */
  ZEPHYR_ECHO_ANSWERED /* *answer is what stands between the echo and the prompt */
} ZephyrEcho;

/* Looks for the echo of `command` on a screen that is at a prompt. Lines of *answer end with LF;
 * log lines are not in it. Free it with g_free(). */
ZephyrEcho zephyr_screen_find_answer (const ZephyrScreen *screen, const char *command,
                                      char **answer);
