/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The language of the screen, which may change at any time. _() marks what operators read; N_()
 * of base/text.h marks texts of tables that are translated where they are drawn.
 */
#pragma once

#include <glib.h>
#include <libintl.h>

#include "base/text.h"

#define _(text) language_text (text)
#undef ngettext
#define ngettext(one, many, count) language_plural (one, many, count)

typedef struct {
  const char *code;        /* "de" */
  const char *title;       /* "Deutsch" */
  gboolean beyond_letters; /* can't be spelled in ASCII */
} Language;

/* Ended by an entry without code. */
extern const Language languages[];

/* Their codes, ended by NULL. */
const char *const *language_codes (void);

/* Once, after setlocale(); `folder` is where the .mo files are. */
void language_init (const char *folder);

/* Can a terminal show it? One that is `latin_only` has no characters for Chinese. */
gboolean language_is_shown (const char *code, gboolean latin_only);
/* Switches; "en", an unknown or a NULL code mean English. Returns the code from the table. Chinese
 * on a terminal that is `ascii` stays English; German is spelled without umlauts, so that what is
 * measured is what will be drawn. */
const char *language_use (const char *code, gboolean ascii);
/* What the locale asks for: a code of the table. */
const char *language_of_locale (void);

/* Behind _() and ngettext(). What they return stays. */
const char *language_text (const char *text) G_GNUC_FORMAT (1);
const char *language_plural (const char *one, const char *many, gulong count) G_GNUC_FORMAT (1)
    G_GNUC_FORMAT (2);
