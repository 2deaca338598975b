/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the screen shows, as a grid of characters and meanings in memory. Views draw here and know
 * no terminal; display.c brings it to one, tests compare it as text. Rows and columns count from 0;
 * everything is cut at the canvas and at the area that is drawn into.
 */
#pragma once

#include <glib.h>

/* What something means. Colours are looked up elsewhere; none of these is told apart by its colour
 * alone. */
typedef enum {
  STYLE_NORMAL,
  STYLE_QUIET,     /* less important: labels, what is past */
  STYLE_STRONG,    /* headings, what matters in a line */
  STYLE_BAR,       /* the lines at the top */
  STYLE_KEY,       /* a key in the footer */
  STYLE_LABEL,     /* what the key does */
  STYLE_EMPTY,     /* a slot that waits for a device */
  STYLE_WORKING,   /* a slot at work */
  STYLE_PASS,      /* ... */
  STYLE_FAIL,      /* and the operator must act */
  STYLE_ATTENTION, /* the operator must do something, but nothing is wrong */
  STYLE_DISABLED,  /* out of service */
  STYLE_WARNING,   /* health: look at it today */
  STYLE_ALARM,     /* health: the line stands */
  STYLE_SELECTED,  /* the selected line of a list */
  STYLE_INPUT,     /* a field that is typed or scanned into */
  STYLE_DIALOG,    /* the box in front of everything */
} Style;

#define N_STYLES (STYLE_DIALOG + 1)

typedef struct {
  gunichar glyph; /* 0: the right half of the wide character to the left */
  guint8 style;   /* a Style */
} Cell;

typedef struct {
  int row;
  int column;
  int height;
  int width;
} Area;

typedef struct {
  int height;
  int width;
  gboolean ascii; /* the terminal shows nothing else: what is drawn becomes ASCII at once */
  int cursor_row; /* where typing goes; -1: nowhere */
  int cursor_column;
  Cell *cells;
  GHashTable *kept; /* canvas-keep.c's own */
} Canvas;

Canvas *canvas_new (int height, int width, gboolean ascii);
void canvas_free (Canvas *canvas);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Canvas, canvas_free)

/* Another size, empty. */
void canvas_resize (Canvas *canvas, int height, int width);
void canvas_clear (Canvas *canvas);

/* Everything that is there loses its colour: it is no longer true. */
void canvas_grey (Canvas *canvas, Area area);

Cell canvas_cell (const Canvas *canvas, int row, int column);

/* The whole, and parts of an area: its first `rows`, what is below them, and so on. */
Area canvas_area (const Canvas *canvas);
Area area_top (Area area, int rows);
Area area_below (Area area, int rows);
Area area_inside (Area area, int rows, int columns); /* a margin on each side */

/* ---- drawing ---- */

/* Draws `text` at row and column of `area` (counted within it), in at most `width` columns (-1: to
 * the area's edge). What does not fit is cut, with '…' ('~' in ASCII) at the end. Control and
 * zero-width characters are not drawn. Returns the columns used. */
int canvas_text (Canvas *canvas, Area area, int row, int column, int width, Style style,
                 const char *text);
int canvas_printf (Canvas *canvas, Area area, int row, int column, int width, Style style,
                   const char *format, ...) G_GNUC_PRINTF (7, 8);
/* The columns that canvas_text() uses for `text` where there is room: "ü" takes two in ASCII. */
int canvas_text_width (const Canvas *canvas, const char *text);
/* The same as canvas_text(), ending at the area's right edge, or in its middle. */
int canvas_text_right (Canvas *canvas, Area area, int row, Style style, const char *text);
int canvas_text_middle (Canvas *canvas, Area area, int row, Style style, const char *text);
/* Breaks `text` between words (wide characters anywhere) over the area's lines from `row` on; cuts
 * the last. Returns the lines used. */
int canvas_paragraph (Canvas *canvas, Area area, int row, Style style, const char *text);

/* Fills the area with blanks, or with `glyph`. */
void canvas_fill (Canvas *canvas, Area area, gunichar glyph, Style style);
/* Changes the meaning of what stands there. */
void canvas_paint (Canvas *canvas, Area area, Style style);

/* The patterns by which a state is known without colour. */
typedef enum {
  PATTERN_NONE,
  PATTERN_CROSS, /* X X X X */
  PATTERN_SLASH, /* / / / / */
  PATTERN_DOT,   /* . . . . */
  PATTERN_SOLID, /* a border of # or of full blocks */
} Pattern;
void canvas_pattern (Canvas *canvas, Area area, Pattern pattern, Style style);

typedef enum { BOX_SINGLE, BOX_DOUBLE } BoxKind;
/* A frame along the area's edge; it joins the lines that stand there already, so that boxes may
 * share an edge (fill first what is to stand in front). */
void canvas_box (Canvas *canvas, Area area, BoxKind kind, Style style);
void canvas_rule (Canvas *canvas, Area area, int row, Style style); /* a line from edge to edge */

/* A bar of `width` columns that is `part` of `whole` full: [####....] */
void canvas_bar (Canvas *canvas, Area area, int row, int column, int width, guint64 part,
                 guint64 whole, Style style);

/* ---- canvas-keep.c: leaving work out ---- */

/* Draws into the area what was kept for it by this key; FALSE where nothing was. What is drawn must
 * follow from the key, all of it. */
gboolean canvas_recall (Canvas *canvas, Area area, const char *key);
void canvas_keep (Canvas *canvas, Area area, const char *key);
/* Nothing is kept any more. */
void canvas_forget (Canvas *canvas);

/* Calls `changed` (may be NULL) for each character that is not as in `before` (NULL: unknown, so
 * all of them). Returns how many they are. */
typedef void (*CellChanged) (int row, int column, Cell cell, gpointer data);
guint canvas_changes (const Canvas *canvas, const Canvas *before, CellChanged changed,
                      gpointer data);
/* Makes `copy` show the same. */
void canvas_copy (const Canvas *canvas, Canvas *copy);

/* ---- for tests and pictures ---- */

/* The rows as text, each without the blanks at its end. Free with g_free(). */
char *canvas_to_text (const Canvas *canvas);
/* A letter for each cell's Style ('.' for NORMAL, then 'a' to 'p' in the enum's order). */
char *canvas_styles_to_text (const Canvas *canvas);
