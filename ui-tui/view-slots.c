/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which port belongs to which slot, how often units fail there, and what learning, swapping and
 * taking out of service do. The selected row is the slot in focus, as on the line.
 */
#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/text.h"
#include "ui-tui/view.h"

#define MANY_FAILURES 20 /* percent: the fixture is worth a look ... */
#define ENOUGH_UNITS 5   /* ... if there were so many */

static const Column columns[] = {
  { N_ ("Slot"), 4, TRUE, 0, FALSE },
  { N_ ("State"), 9, FALSE, 0, FALSE },
  { N_ ("Port"), 0, FALSE, 0, TRUE },
  { N_ ("Driver"), 12, FALSE, 100, FALSE },
  { N_ ("Last unit"), 16, FALSE, 70, FALSE },
  { N_ ("Passed"), 6, TRUE, 0, FALSE },
  { N_ ("Failed"), 6, TRUE, 0, FALSE },
  { N_ ("Share"), 6, TRUE, 50, FALSE },
  { NULL, 0, FALSE, 0, FALSE },
};

static char *
rate_words (const Tile *tile)
{
  return percent_words (tile->failed, (guint64)tile->passed + tile->failed);
}

static gboolean
fails_often (const Tile *tile)
{
  const guint units = tile->passed + tile->failed;

  return units >= ENOUGH_UNITS && tile->failed * 100 >= units * MANY_FAILURES;
}

static void
draw_line (Canvas *canvas, Area area, int row, const Tile *tile, gboolean selected)
{
  g_autofree char *number = g_strdup_printf ("%u", tile->number);
  g_autofree char *passed = g_strdup_printf ("%u", tile->passed);
  g_autofree char *failed = g_strdup_printf ("%u", tile->failed);
  g_autofree char *rate = rate_words (tile);
  g_autofree char *marked = g_strdup_printf ("%s%s", fails_often (tile) ? "!" : "", rate);
  const char *port = tile->port != NULL ? tile->port : _ ("none yet");
  const char *const texts[] = {
    number,
    tile_state_label (tile->enabled ? tile->state : TILE_DISABLED),
    port,
    or_dash (tile->driver),
    or_dash (tile->device),
    passed,
    failed,
    marked,
  };

  table_row (canvas, area, row, columns, selected, texts);
}

/* ---- the slot in focus ---- */

static char *
state_words (const Tile *tile)
{
  if (!tile->enabled)
    return tile->disabled_reason != NULL
               ? g_strdup_printf (_ ("out of service: %s"), tile->disabled_reason)
               : g_strdup (_ ("out of service"));
  if (tile->port == NULL)
    return g_strdup_printf (_ ("has no port: press %s, then plug a device into this slot"),
                            key_name (REQUEST_LEARN));
  return g_strdup (tile->present ? _ ("in service, a unit is in") : _ ("in service, empty"));
}

static char *
failure_words (const Tile *tile)
{
  g_autofree char *rate = rate_words (tile);
  const guint units = tile->passed + tile->failed;

  if (units == 0)
    return g_strdup (_ ("no unit since the station started"));
  if (fails_often (tile))
    return g_strdup_printf (_ ("%u of %u failed (%s): look at its contacts and its cable"),
                            tile->failed, units, rate);
  return g_strdup_printf (_ ("%u of %u failed (%s)"), tile->failed, units, rate);
}

static int
draw_facts (Canvas *canvas, Area area, const Tile *tile)
{
  g_autofree char *title = g_strdup_printf (_ ("Slot %u"), tile->number);
  g_autofree char *state = state_words (tile);
  g_autofree char *failures = failure_words (tile);
  const Fact facts[] = {
    { _ ("State"), state },
    { _ ("Port"), tile->port },
    { _ ("Last unit"), tile->device },
    { _ ("Failures"), failures },
    { NULL, NULL },
  };

  heading_draw (canvas, area, 0, title, NULL);
  return 1 + facts_draw (canvas, area, 1, facts);
}

static void
draw_acts (Canvas *canvas, Area area, int row, const Tile *tile)
{
  const gboolean fixed = g_strcmp0 (tile->binding, "port") == 0;
  const Fact facts[] = {
    { key_name (REQUEST_LEARN),
      fixed ? _ ("Learn: not here, its port stands in the configuration file.")
            : _ ("Learn: the port of the device that you plug in next belongs here.") },
    { key_name (REQUEST_SWAP),
      fixed ? _ ("Swap: not here, for the same reason.")
            : _ ("Swap: this slot and another exchange ports (their cables were swapped).") },
    { key_name (REQUEST_DISABLE),
      tile->enabled ? _ ("Off: the slot takes no unit until it is switched on again.")
                    : _ ("On: the slot takes units again.") },
    { NULL, NULL },
  };

  facts_draw (canvas, area, row, facts);
}

/* ---- all ---- */

/* Row of the slot in focus; the first where none is. */
static guint
focused_row (const Model *model)
{
  for (guint i = 0; i < model->tiles->len; i++)
    if (((Tile *)g_ptr_array_index (model->tiles, i))->number == model->focus)
      return i;
  return 0;
}

static void
draw_list (Canvas *canvas, Area area, Model *model)
{
  ListPlace *place = &model->lists[VIEW_SLOTS];
  const int visible = MAX (area.height - 1, 1);

  table_head (canvas, area, 0, columns);
  if (model->tiles->len == 0)
    canvas_text (canvas, area, 1, 2, -1, STYLE_NORMAL,
                 _ ("This station has no slot: the configuration names none."));
  place->selected = focused_row (model);
  list_keep_in_sight (place, model->tiles->len, (guint)visible);
  for (int i = 0; i < visible && place->top + (guint)i < model->tiles->len; i++)
    draw_line (canvas, area, 1 + i, g_ptr_array_index (model->tiles, place->top + (guint)i),
               place->top + (guint)i == place->selected && model->focus != 0);
}

static void
draw (Model *model, Canvas *canvas, Area area)
{
  const Tile *tile = model_tile (model, model->focus);
  const int details = tile == NULL || area.height < 12 ? 1 : 9;
  const int list = MIN (area.height - details, (int)MAX (model->tiles->len, 1) + 1);

  draw_list (canvas, area_top (area, list), model);
  if (model->tiles->len == 0)
    return;

  Area below = area_below (area, list);
  if (tile == NULL) {
    canvas_printf (canvas, below, 0, 2, -1, STYLE_ATTENTION,
                   _ ("Choose a slot with %s and %s, or scan its code."), key_name (REQUEST_UP),
                   key_name (REQUEST_DOWN));
    return;
  }
  if (details > 1)
    draw_acts (canvas, below, draw_facts (canvas, below, tile), tile);
}

static guint
rows (const Model *model)
{
  return model->tiles->len;
}

const View view_slots = { VIEW_SLOTS, "slots", draw, rows };
