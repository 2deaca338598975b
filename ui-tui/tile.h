/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One slot on the line's screen: as much of it as its size allows, the state first.
 */
#pragma once

#include "ui-tui/view.h"

/* Where the tile at `place` of a page stands; neighbours share the line between them. */
Area tile_grid_area (Area area, const TileGrid *grid, guint place);

/* What is around a slot and changes what its tile says. */
typedef struct {
  gint64 now;
  gboolean running; /* a batch runs and takes units */
  guint focus;      /* the slot with the focus, or 0 */
} TileSurroundings;

void tile_draw (Canvas *canvas, Area area, const Tile *tile, const TileSurroundings *surroundings);

/* Number, reason and what to do with the unit, as one line. Free with g_free(). */
char *tile_failure_text (const Tile *tile);

/* How long its attempt took, or takes until now; 0: unknown. */
gint64 tile_duration (const Tile *tile, gint64 now);
