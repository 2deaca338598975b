/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a tile says, before it is known how much of it has room.
 */
#pragma once

#include "ui-tui/tile.h"

typedef struct {
  Style style;
  Pattern pattern;
  const char *word;         /* the state, for the largest letters that fit; translated */
  const char *serial;       /* of the unit that this is about, or NULL */
  char *first;              /* the first line below: the step, the reason; or NULL */
  char *time;               /* how long it took or takes; or "" */
  char *text;               /* a paragraph, or NULL */
  gboolean text_may_be_cut; /* its beginning is of use; half an instruction is not */
  char *action;             /* what to do now, or NULL */
  char *least;              /* what the smallest tile has beside the word, or "" */
  guint step_number;
  guint steps; /* 0: no bar */
} TileFace;

TileFace tile_face (const Tile *tile, const TileSurroundings *surroundings);
/* All that its tile shows. Free with g_free(). */
char *tile_face_key (const TileFace *face, guint number, guint focus);
void tile_face_clear (TileFace *face);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TileFace, tile_face_clear)
