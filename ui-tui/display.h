/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The terminal. display.c is the only file that knows curses: it brings a Canvas to the terminal,
 * cell by cell where something changed, and makes KEY_CODEs of what the terminal sends.
 */
#pragma once

#include "ui-tui/canvas.h"
#include "ui-tui/preferences.h"

/* There is one: curses has one screen. */
typedef struct Display Display;

/* Takes the terminal of standard input and output. `error` is a sentence, G_IO_ERROR_NOT_SUPPORTED.
 * setlocale() comes before. */
Display *display_open (const Preferences *preferences, GError **error);

/* Gives the terminal back as it was. */
void display_close (Display *display);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Display, display_close)

/* The terminal shows nothing but ASCII, or shall not. */
gboolean display_is_ascii (const Display *display);
/* ... or has no characters but those of some alphabets, as the console of Linux. */
gboolean display_is_latin_only (const Display *display);

/* The terminal's size now: a canvas of another one is resized. Call it after SIGWINCH. */
void display_fit (Display *display, Canvas *canvas);

void display_draw (Display *display, const Canvas *canvas);

/* All of it anew with the next drawing: somebody else wrote on the terminal. */
void display_forget (Display *display);

void display_bell (Display *display);

/* The next character or KEY_CODE that is there, 0 for none. */
gunichar display_read (Display *display, gint64 now);
/* When to call display_read() although nothing came: an Esc that may be more; 0: not at all. */
gint64 display_deadline (const Display *display);

/* Ctrl-Z: gives the terminal to the shell, and takes it again when the shell says so. Does nothing
 * where the program is only a part of the shell's job. */
void display_suspend (Display *display);
