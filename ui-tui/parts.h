/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pieces that several views are made of: tables, facts with their names, headings, filters.
 */
#pragma once

#include "ui-tui/canvas.h"
#include "ui-tui/keys.h"
#include "ui-tui/model.h"

/* ---- tables ---- */

typedef struct {
  const char *title; /* translated when it is drawn; NULL ends the table */
  int width;         /* at least its title; 0: what the others leave */
  gboolean right;    /* numbers stand at its right edge */
  int from;          /* shown in areas that are at least so wide */
  gboolean tail;     /* what does not fit is cut at its beginning: of ports the end matters */
} Column;

void table_head (Canvas *canvas, Area area, int row, const Column *columns);
/* `texts` has one for each column, NULL for nothing. The selected row is marked by a sign too. */
void table_row (Canvas *canvas, Area area, int row, const Column *columns, gboolean selected,
                const char *const *texts);

/* ---- facts ---- */

typedef struct {
  const char *label; /* translated; NULL ends the facts */
  const char *value; /* NULL or "": this fact is left out */
} Fact;

/* One below the other, values aligned, long ones over several lines. Returns the lines used. */
int facts_draw (Canvas *canvas, Area area, int row, const Fact *facts);

/* A line from edge to edge with a heading in it, and a text at its right end (or NULL). */
void heading_draw (Canvas *canvas, Area area, int row, const char *title, const char *right);

/* What a list is filtered by, while it is typed and afterwards, and how many lines that leaves. */
void filter_draw (Canvas *canvas, Area area, int row, const Model *model, guint shown);

/* How many lines `text` takes in a paragraph of `width` columns, at most `most`. */
int paragraph_lines (const char *text, int width, int most);

/* What of the area is right of its first `columns`. */
Area area_right (Area area, int columns);

/* ---- words ---- */

/* "F7": what to press. */
const char *key_name (Request request);
/* How many of a batch are done: "212/500", "212" where it has no end. Free with g_free(). */
char *done_words (const BatchLine *batch);

/* ---- failure-chart.c ---- */

/* Why a batch's units fail, the most frequent reason first, and in which slots. */
void failure_chart_draw (Canvas *canvas, Area area, const BatchLine *batch);
