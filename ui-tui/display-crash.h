/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A crash gives the terminal back, too: a bench whose keyboard is dead after one is no bench.
 */
#pragma once

/* Before curses changes the terminal: remembers how it was. */
void crash_handler_install (void);

/* What to send to the terminal (terminfo's strings; NULL for none). */
void crash_handler_arm (const char *leave_screen, const char *show_cursor, const char *plain_keys);
void crash_handler_disarm (void);
