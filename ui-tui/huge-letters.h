/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The shapes that huge.c draws.
 */
#pragma once

#include <glib.h>

#define HUGE_ROWS 5

typedef struct {
  gunichar glyph;
  const char *rows[HUGE_ROWS]; /* all of one length; '#' is filled */
} HugeLetter;

/* A capital, a digit or a mark; NULL where there is none. */
const HugeLetter *huge_letter (gunichar glyph);
