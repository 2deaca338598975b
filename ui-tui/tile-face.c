/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See tile-face.h. One function a state. Words that stand in large letters are short: four letters
 * are what a tile of sixteen on a small terminal can hold.
 */
#include "ui-tui/tile-face.h"

#include "ui-tui/language.h"
#include "ui-tui/text.h"

/* Simulated units are this fast; "0.0 s" would look like a fault. */
#define INSTANT (G_USEC_PER_SEC / 10)

static char *
text_or_null (const char *text)
{
  return text != NULL && *text != '\0' ? g_strdup (text) : NULL;
}

/* gettext() of "" is the translation's header. */
static char *
translated (const char *text)
{
  return text != NULL && *text != '\0' ? g_strdup (_ (text)) : NULL;
}

gint64
tile_duration (const Tile *tile, gint64 now)
{
  const gint64 end = tile->state == TILE_WORKING ? now : tile->ended_at;
  gint64 duration;

  if (tile->started_at == 0 || __builtin_sub_overflow (end, tile->started_at, &duration))
    return 0;
  return MAX (duration, 0);
}

static void
set_time (TileFace *face, gint64 duration)
{
  if (duration == 0)
    return;
  g_free (face->time);
  g_free (face->least);
  face->time = duration < INSTANT ? g_strdup (_ ("<0.1 s")) : duration_words (duration);
  face->least = g_strdup_printf ("%" G_GINT64_FORMAT "s", duration / G_USEC_PER_SEC);
}

static void
face_empty (TileFace *face, const Tile *tile, const TileSurroundings *surroundings)
{
  face->style = STYLE_EMPTY;
  if (!surroundings->running) {
    face->word = _ ("EMPTY");
    return;
  }
  face->word = _ ("INSERT");
  face->serial = tile->bound_serial;
  if (tile->bound_serial != NULL)
    face->first = g_strdup_printf (_ ("unit %s"), tile->bound_serial);
}

static void
face_waiting (TileFace *face, const Tile *tile)
{
  face->style = STYLE_ATTENTION;
  face->pattern = PATTERN_DOT;
  face->word = _ ("WAIT");
  if (g_strcmp0 (tile->waiting_for, "serial") == 0) {
    face->word = _ ("SCAN");
    face->first = g_strdup (_ ("SCAN SERIAL"));
    face->text = g_strdup (_ ("Scan the serial number of the unit in this slot."));
    return;
  }
  if (g_strcmp0 (tile->waiting_for, "batch") == 0) {
    face->first = g_strdup (_ ("NO BATCH"));
    face->text = g_strdup (_ ("The unit waits for a batch to be started. Leave it in."));
    return;
  }
  if (g_strcmp0 (tile->waiting_for, "ca") == 0) {
    face->first = g_strdup (_ ("NEW CA"));
    face->text = g_strdup (_ ("The unit waits until supervisors have accepted the station's new "
                              "certificate authority. Leave it in and call them."));
    return;
  }
  if (g_strcmp0 (tile->waiting_for, "stopping") == 0) {
    face->first = g_strdup (_ ("STATION STOPS"));
    face->text = g_strdup (_ ("The station is being stopped. It begins no further unit."));
    return;
  }
  face->first = text_or_null (tile->waiting_for);
}

static void
face_working (TileFace *face, const Tile *tile, const TileSurroundings *surroundings)
{
  const gint64 seconds = tile_duration (tile, surroundings->now) / G_USEC_PER_SEC;

  face->style = STYLE_WORKING;
  face->word = _ ("BUSY");
  face->serial = tile->device;
  face->steps = tile->steps;
  face->step_number = MIN (tile->step_number, tile->steps);
  face->first = tile->steps == 0 ? g_strdup (step_label (tile->step))
                                 : g_strdup_printf ("%s %u/%u", step_label (tile->step),
                                                    face->step_number, tile->steps);
  g_free (face->time);
  g_free (face->least);
  face->time = g_strdup_printf ("%" G_GINT64_FORMAT " s", seconds);
  face->least = g_strdup_printf ("%u/%u", face->step_number, tile->steps);
}

static void
face_pass (TileFace *face, const Tile *tile, const TileSurroundings *surroundings)
{
  face->style = STYLE_PASS;
  face->pattern = PATTERN_SOLID;
  face->word = _ ("PASS");
  face->serial = tile->device;
  set_time (face, tile_duration (tile, surroundings->now));
  face->action = g_strdup (_ ("take it out"));
}

static void
face_fail (TileFace *face, const Tile *tile, const TileSurroundings *surroundings)
{
  face->style = STYLE_FAIL;
  face->pattern = PATTERN_CROSS;
  face->word = _ ("FAIL");
  face->serial = tile->device;
  face->first = text_or_null (reason_label (tile->reason, tile->operator_text));
  face->text = translated (tile->operator_text);
  set_time (face, tile_duration (tile, surroundings->now));
  if (!tile->acknowledged)
    face->action = g_strdup (_ ("PRESS A: SEEN"));
  else if (tile->present)
    face->action = g_strdup (_ ("TAKE IT OUT"));
}

static void
face_disabled (TileFace *face, const Tile *tile)
{
  face->style = STYLE_DISABLED;
  face->pattern = PATTERN_SLASH;
  face->word = _ ("OFF");
  face->first = g_strdup (_ ("DISABLED"));
  face->text = text_or_null (tile->disabled_reason);
  face->text_may_be_cut = TRUE;
}

static void
face_state (TileFace *face, const Tile *tile, const TileSurroundings *surroundings)
{
  switch (tile->state) {
  case TILE_EMPTY:
    face_empty (face, tile, surroundings);
    return;
  case TILE_WAITING:
    face_waiting (face, tile);
    return;
  case TILE_WORKING:
    face_working (face, tile, surroundings);
    return;
  case TILE_PASS:
    face_pass (face, tile, surroundings);
    return;
  case TILE_FAIL:
    face_fail (face, tile, surroundings);
    return;
  case TILE_DISABLED:
    face_disabled (face, tile);
    return;
  }
}

TileFace
tile_face (const Tile *tile, const TileSurroundings *surroundings)
{
  TileFace face = { .style = STYLE_NORMAL, .pattern = PATTERN_NONE, .word = "?" };

  face.time = g_strdup ("");
  face.least = g_strdup ("");
  face_state (&face, tile, surroundings);
  return face;
}

static const char *
or_nothing (const char *text)
{
  return text != NULL ? text : "";
}

char *
tile_face_key (const TileFace *face, guint number, guint focus)
{
  return g_strdup_printf ("%u %u %d %d %d %u/%u\n%s\n%s\n%s\n%s\n%s\n%s\n%s", number, focus,
                          face->style, face->pattern, face->text_may_be_cut, face->step_number,
                          face->steps, face->word, or_nothing (face->serial),
                          or_nothing (face->first), face->time, or_nothing (face->text),
                          or_nothing (face->action), face->least);
}

void
tile_face_clear (TileFace *face)
{
  g_free (face->first);
  g_free (face->time);
  g_free (face->text);
  g_free (face->action);
  g_free (face->least);
}

char *
tile_failure_text (const Tile *tile)
{
  g_autofree char *text = translated (tile->operator_text);

  if (text == NULL)
    text = g_strdup (reason_label (tile->reason, NULL));
  return g_strdup_printf (_ ("SLOT %u FAIL: %s"), tile->number, text);
}
