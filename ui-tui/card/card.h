/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The control card: what can be asked of the screen, as barcodes on paper. Made from the key table;
 * what it shows and where is decided here, how it is drawn in card-text.c and card-png.c.
 */
#pragma once

#include <glib.h>

typedef struct {
  char *code;  /* "KCSEEN" */
  char *label; /* translated */
  char *help;  /* a sentence, translated; or NULL */
  gboolean supervisor;
} CardEntry;

typedef struct {
  char *title;        /* translated */
  GPtrArray *entries; /* of CardEntry */
} CardGroup;

typedef struct {
  char *title;
  char *supervisor_mark; /* beside what asks for one */
  const char *language;  /* "de": which form of a Chinese character is right */
  GPtrArray *groups;     /* of CardGroup; none is empty */
} Card;

#define CARD_SLOTS_MOST 128u

/* All codes of the key table, grouped by view, then those of slots 1 to `slots`. */
Card *card_new (guint slots, const char *language);
void card_free (Card *card);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Card, card_free)

/* ---- bars ---- */

#define CARD_QUIET_MODULES 10u

/* The modules of `code` in Code 128, quiet zones on both sides included: '#' for a bar and ' ' for
 * a gap. Free with g_free(). */
char *card_modules (const char *code, GError **error);

/* ---- where things stand on sheets of paper ---- */

/* In whatever unit. */
typedef struct {
  int width;
  int height;
  int margin;
  int columns;
  int title_height;   /* at the top of each sheet */
  int heading_height; /* of a group's title */
  int entry_height;
} CardSheet;

typedef struct {
  guint page; /* from 0 on */
  int x;
  int y;
  int width;
  const CardGroup *group;
  const CardEntry *entry; /* NULL: the group's heading */
} CardPlace;

/* Of CardPlace, page by page. A heading is never the last thing on its sheet, and stands again on
 * the next one where its group goes on there. Free with g_array_unref(). */
GArray *card_place (const Card *card, const CardSheet *sheet);

/* ---- drawn ---- */

/* Bars of half blocks, three lines high; `on_terminal` adds what makes them dark on light there.
 * Free with g_free(). */
char *card_text (const Card *card, gboolean on_terminal, GError **error);

/* The codes in letters, one a line, ASCII only. Free with g_free(). */
char *card_ascii (const Card *card);

/* Pages of A4 at 200 dpi: `path` itself, or path-1.png and so on where there are several. The
 * names, of char *; NULL with error. Free with g_ptr_array_unref(). */
GPtrArray *card_write_png (const Card *card, const char *path, GError **error);
