/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What need not be done again: pictures that are drawn as before are copied, and cells that are as
 * before are left out.
 */
#include "ui-tui/canvas-private.h"

#include <string.h>

/* More are of layouts that are gone. */
#define MOST_KEPT 256

typedef struct {
  Area area;
  char *key;
  Cell *cells;
} Kept;

static void
kept_free (gpointer data)
{
  Kept *kept = data;

  g_free (kept->key);
  g_free (kept->cells);
  g_free (kept);
}

void
canvas_forget (Canvas *canvas)
{
  g_clear_pointer (&canvas->kept, g_hash_table_unref);
}

/* By its first cell. */
static gpointer
place_of (const Canvas *canvas, Area area)
{
  return GINT_TO_POINTER (area.row * canvas->width + area.column);
}

static gboolean
is_whole (const Canvas *canvas, Area area)
{
  const Area clip = canvas_clip (canvas, area);

  return memcmp (&clip, &area, sizeof clip) == 0;
}

/* Between an area of the canvas and cells of their own. */
static Cell *
row_of (const Canvas *canvas, Area area, int row)
{
  return canvas->cells + (gsize)(area.row + row) * (gsize)canvas->width + (gsize)area.column;
}

gboolean
canvas_recall (Canvas *canvas, Area area, const char *key)
{
  const gsize width = (gsize)area.width;
  const Kept *kept =
      canvas->kept != NULL ? g_hash_table_lookup (canvas->kept, place_of (canvas, area)) : NULL;

  if (kept == NULL || memcmp (&kept->area, &area, sizeof area) != 0
      || !g_str_equal (kept->key, key))
    return FALSE;
  for (int row = 0; row < area.height; row++)
    memcpy (row_of (canvas, area, row), kept->cells + (gsize)row * width, width * sizeof (Cell));
  return TRUE;
}

void
canvas_keep (Canvas *canvas, Area area, const char *key)
{
  const gsize width = (gsize)area.width;
  Kept *kept;

  if (!is_whole (canvas, area))
    return;
  if (canvas->kept == NULL)
    canvas->kept = g_hash_table_new_full (NULL, NULL, NULL, kept_free);
  if (g_hash_table_size (canvas->kept) >= MOST_KEPT)
    g_hash_table_remove_all (canvas->kept);
  kept = g_new0 (Kept, 1);
  kept->area = area;
  kept->key = g_strdup (key);
  kept->cells = g_new (Cell, (gsize)area.height * width);
  for (int row = 0; row < area.height; row++)
    memcpy (kept->cells + (gsize)row * width, row_of (canvas, area, row), width * sizeof (Cell));
  g_hash_table_replace (canvas->kept, place_of (canvas, area), kept);
}

/* ---- what differs ---- */

static gboolean
cell_equal (Cell a, Cell b)
{
  return a.glyph == b.glyph && a.style == b.style;
}

/* A wide character is one change, whichever half of it differs. */
static guint
row_changes (const Canvas *canvas, const Canvas *before, int row, CellChanged changed,
             gpointer data)
{
  const Cell *now = canvas->cells + (gsize)row * (gsize)canvas->width;
  const Cell *then = before != NULL ? before->cells + (gsize)row * (gsize)canvas->width : NULL;
  int told = -1;
  guint count = 0;

  if (then != NULL && memcmp (now, then, (gsize)canvas->width * sizeof (Cell)) == 0)
    return 0;
  for (int column = 0; column < canvas->width; column++) {
    const int first = now[column].glyph == 0 && column > 0 ? column - 1 : column;

    if (first == told || (then != NULL && cell_equal (now[column], then[column])))
      continue;
    told = first;
    count++;
    if (changed != NULL)
      changed (row, first, now[first], data);
  }
  return count;
}

guint
canvas_changes (const Canvas *canvas, const Canvas *before, CellChanged changed, gpointer data)
{
  guint count = 0;

  if (before != NULL && (before->height != canvas->height || before->width != canvas->width))
    before = NULL;
  for (int row = 0; row < canvas->height; row++)
    count += row_changes (canvas, before, row, changed, data);
  return count;
}

void
canvas_copy (const Canvas *canvas, Canvas *copy)
{
  if (copy->height != canvas->height || copy->width != canvas->width)
    canvas_resize (copy, canvas->height, canvas->width);
  memcpy (copy->cells, canvas->cells, (gsize)canvas->height * (gsize)canvas->width * sizeof (Cell));
}
