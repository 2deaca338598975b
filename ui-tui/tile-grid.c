/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How tiles share an area. Neighbours share the line between them, so n tiles of width w take
 * n * w + 1 columns, where w counts one of the two lines.
 */
#include "ui-tui/tile.h"

/* Below this nothing can be read in a tile: "DISABLED" in one line, between two lines. */
#define LEAST_WIDTH 8
#define LEAST_HEIGHT 2
/* With this much room inside, the word stands in large letters and the reason below it ... */
#define LETTERS_WIDTH 15
#define LETTERS_HEIGHT 6
/* ... and with this much it looks good; else in three lines of text. */
#define GOOD_WIDTH 18.0
#define GOOD_HEIGHT 7.0
#define TEXT_WIDTH 16.0
#define TEXT_HEIGHT 3.0

static guint
fitting (int room, int least)
{
  return (guint)MAX ((room - 1) / least, 1);
}

/* The worse of both sides counts; large letters are worth more than anything without. */
static double
worth (Area area, guint columns, guint rows)
{
  const int width = (area.width - 1) / (int)columns - 1;
  const int height = (area.height - 1) / (int)rows - 1;

  if (width >= LETTERS_WIDTH && height >= LETTERS_HEIGHT)
    return 1 + MIN (width / GOOD_WIDTH, height / GOOD_HEIGHT);
  return MIN (1.0, MIN (width / TEXT_WIDTH, height / TEXT_HEIGHT));
}

static guint
rows_for (guint tiles, guint columns)
{
  return (tiles + columns - 1) / columns;
}

/* `tiles` are as many as fit. */
static guint
best_columns (Area area, guint tiles)
{
  const guint most_columns = MIN (fitting (area.width, LEAST_WIDTH), tiles);
  const guint most_rows = fitting (area.height, LEAST_HEIGHT);
  guint best = most_columns;
  double best_worth = -1;

  for (guint columns = 1; columns <= most_columns; columns++) {
    const guint rows = rows_for (tiles, columns);
    const double here = rows <= most_rows ? worth (area, columns, rows) : -1;

    if (here > best_worth) {
      best = columns;
      best_worth = here;
    }
  }
  return best;
}

TileGrid
tile_grid (Area area, guint tiles)
{
  const guint capacity = fitting (area.width, LEAST_WIDTH) * fitting (area.height, LEAST_HEIGHT);
  TileGrid grid = { 1, 1, 1, 1 };

  if (tiles == 0)
    return grid;
  grid.pages = (tiles + capacity - 1) / capacity;
  grid.tiles = (tiles + grid.pages - 1) / grid.pages;
  grid.columns = best_columns (area, grid.tiles);
  grid.rows = rows_for (grid.tiles, grid.columns);
  return grid;
}

/* The columns or rows that are left over go to the first tiles, one each. */
static int
edge (int room, guint parts, guint part)
{
  const int size = (room - 1) / (int)parts;
  const int left_over = (room - 1) % (int)parts;

  return (int)part * size + MIN ((int)part, left_over);
}

Area
tile_grid_area (Area area, const TileGrid *grid, guint place)
{
  const guint column = place % grid->columns;
  const guint row = place / grid->columns;
  const int left = edge (area.width, grid->columns, column);
  const int top = edge (area.height, grid->rows, row);

  return (Area){ .row = area.row + top,
                 .column = area.column + left,
                 .height = edge (area.height, grid->rows, row + 1) - top + 1,
                 .width = edge (area.width, grid->columns, column + 1) - left + 1 };
}
