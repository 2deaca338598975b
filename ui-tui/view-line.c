/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The line: what an operator looks at all shift. A banner where no unit can be worked on, the
 * slots' tiles, and below them the one FAIL that is to be dealt with, in words.
 */
#include "ui-tui/huge.h"
#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/screen-parts.h"
#include "ui-tui/text.h"
#include "ui-tui/tile.h"

/* ---- the banner: nothing goes on here until somebody does this ---- */

typedef struct {
  Style style;
  const char *word; /* NULL: no banner */
  char *text;
} Banner;

static void
banner_clear (Banner *banner)
{
  g_free (banner->text);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Banner, banner_clear)

static BatchLine *
newest_in_state (const Model *model, const char *state)
{
  for (guint i = 0; i < model->batches->len; i++) {
    BatchLine *batch = g_ptr_array_index (model->batches, i);

    if (g_strcmp0 (batch->state, state) == 0)
      return batch;
  }
  return NULL;
}

static Banner
banner_without_batch (const Model *model)
{
  const BatchLine *paused = newest_in_state (model, "paused");
  const char *start = _ ("Press F3 and start a batch, or scan its name.");

  if (paused != NULL)
    return (Banner){ STYLE_ATTENTION, _ ("PAUSED"),
                     g_strdup_printf (_ ("Batch %s is paused. To go on press F3 and start it, or "
                                         "scan its name."),
                                      paused->name) };
  if (newest_in_state (model, "created") == NULL)
    start = _ ("There is no batch to start. Press F3, then N for a new one.");
  return (Banner){ STYLE_ATTENTION, _ ("NO BATCH"), g_strdup (start) };
}

static Banner
banner_of (const Model *model)
{
  const BatchLine *batch = model_running_batch (model);

  if (batch == NULL)
    return banner_without_batch (model);
  if (!batch_is_done (batch))
    return (Banner){ STYLE_NORMAL, NULL, NULL };
  return (Banner){ STYLE_PASS, _ ("BATCH DONE"),
                   g_strdup_printf (_ ("%s: %u of %u done, %u failed. Next: F7 Export, then F3 and "
                                       "start the next batch."),
                                    batch->name, batch->passed, batch->target, batch->failed) };
}

/* As many rows as leave each tile on its page, and every tile three lines where it had them. */
static int
banner_rows (Area area, guint tiles)
{
  static const int heights[] = { 12, 8, 4, 3, 2 };

  for (gsize i = 0; i < G_N_ELEMENTS (heights); i++) {
    const TileGrid grid = tile_grid (area_below (area, heights[i]), tiles);

    if (heights[i] * 2 <= area.height && grid.pages == 1)
      return heights[i];
  }
  return 1;
}

static void
draw_banner (Canvas *canvas, Area area, const Banner *banner)
{
  const int text_rows = area.height >= 7 ? 2 : 1;
  Area text = area_below (area, area.height - text_rows);

  canvas_fill (canvas, area, ' ', banner->style);
  if (area.height < 2) {
    const int used = canvas_printf (canvas, area, 0, 0, -1, banner->style, " %s: ", banner->word);

    canvas_text (canvas, area, 0, used, -1, banner->style, banner->text);
    return;
  }
  huge_draw (canvas, area_top (area, area.height - text_rows), banner->style, banner->word);
  if (text_width (banner->text) <= text.width)
    canvas_text_middle (canvas, text, 0, banner->style, banner->text);
  else
    canvas_paragraph (canvas, area_inside (text, 0, 1), 0, banner->style, banner->text);
}

/* ---- the line below the tiles ---- */

static gboolean
is_unseen (const Tile *tile)
{
  return tile->state == TILE_FAIL && !tile->acknowledged;
}

/* Seen, but where it belongs has to be read still. */
static gboolean
is_still_there (const Tile *tile)
{
  return tile->state == TILE_FAIL && tile->acknowledged && tile->present;
}

static Tile *
first_tile (const Model *model, gboolean (*fits) (const Tile *tile))
{
  Tile *focused = model_tile (model, model->focus);

  if (focused != NULL && fits (focused))
    return focused;
  for (guint i = 0; i < model->tiles->len; i++) {
    Tile *tile = g_ptr_array_index (model->tiles, i);

    if (fits (tile))
      return tile;
  }
  return NULL;
}

static char *
other_failures (const Model *model, const Tile *shown)
{
  GString *numbers = g_string_new (NULL);

  for (guint i = 0; i < model->tiles->len; i++) {
    const Tile *tile = g_ptr_array_index (model->tiles, i);

    if (tile != shown && is_unseen (tile))
      g_string_append_printf (numbers, numbers->len == 0 ? "%u" : ", %u", tile->number);
  }
  return g_string_free (numbers, FALSE);
}

char *
line_failure_text (const Model *model)
{
  const Tile *tile = first_tile (model, is_unseen);
  const Tile *seen = first_tile (model, is_still_there);

  if (tile == NULL)
    return seen != NULL ? tile_failure_text (seen) : NULL;
  g_autofree char *what = tile_failure_text (tile);
  g_autofree char *others = other_failures (model, tile);
  if (*others == '\0')
    return g_strdup_printf (_ ("%s Then press A."), what);
  return g_strdup_printf (_ ("%s Then press A. (also FAIL: %s)"), what, others);
}

static void
draw_failure (const Model *model, Canvas *canvas, Area area)
{
  g_autofree char *text = line_failure_text (model);

  if (text == NULL)
    return;
  if (model->notice != NULL && area.height > 1)
    area = area_top (area, area.height - 1);
  canvas_fill (canvas, area, ' ', STYLE_FAIL);
  canvas_paragraph (canvas, area_inside (area, 0, 1), 0, STYLE_FAIL, text);
}

/* ---- pages ---- */

static guint
count_failures (const Model *model, guint from, guint to)
{
  guint failures = 0;

  for (guint i = from; i < MIN (to, model->tiles->len); i++) {
    const Tile *tile = g_ptr_array_index (model->tiles, i);

    if (tile->state == TILE_FAIL)
      failures++;
  }
  return failures;
}

static void
draw_page_line (const Model *model, Canvas *canvas, Area area, const TileGrid *grid)
{
  const guint from = model->page * grid->tiles;
  const guint all = count_failures (model, 0, model->tiles->len);
  const guint elsewhere = all - count_failures (model, from, from + grid->tiles);
  int used;

  used = 1
         + canvas_printf (canvas, area, 0, 1, -1, STYLE_STRONG, _ ("page %u/%u"), model->page + 1,
                          grid->pages);
  if (elsewhere > 0)
    used += 2
            + canvas_printf (canvas, area, 0, used + 2, -1, STYLE_FAIL, _ (" %u FAIL elsewhere "),
                             elsewhere);
  canvas_text (canvas, area, 0, used + 2, -1, STYLE_QUIET, _ ("PgUp PgDn"));
}

/* ---- the tiles ---- */

static void
draw_tile (const Model *model, Canvas *canvas, Area area, const TileGrid *grid, guint place,
           gboolean focused)
{
  const guint index = model->page * grid->tiles + place;
  const BatchLine *batch = model_running_batch (model);
  const TileSurroundings surroundings = { .now = model->now,
                                          .running = batch != NULL && !batch_is_done (batch),
                                          .focus = model->focus };
  const Tile *tile;

  if (index >= model->tiles->len)
    return;
  tile = g_ptr_array_index (model->tiles, index);
  if ((tile->number == model->focus) == focused)
    tile_draw (canvas, tile_grid_area (area, grid, place), tile, &surroundings);
}

/* The focused one last: its border is shared with its neighbours. */
static void
draw_tiles (const Model *model, Canvas *canvas, Area area, const TileGrid *grid)
{
  for (guint place = 0; place < grid->tiles; place++)
    draw_tile (model, canvas, area, grid, place, FALSE);
  for (guint place = 0; place < grid->tiles; place++)
    draw_tile (model, canvas, area, grid, place, TRUE);
}

static void
draw_grid (Model *model, Canvas *canvas, Area area)
{
  TileGrid grid = tile_grid (area, model->tiles->len);

  if (grid.pages > 1)
    grid = tile_grid (area_top (area, area.height - 1), model->tiles->len);
  model->page = MIN (model->page, grid.pages - 1);
  model->grid_columns = grid.columns;
  model->grid_tiles = grid.tiles;
  if (grid.pages > 1) {
    draw_page_line (model, canvas, area_below (area, area.height - 1), &grid);
    area = area_top (area, area.height - 1);
  }
  draw_tiles (model, canvas, area, &grid);
}

/* Two rows, so that tiles stay where they are when a FAIL comes; on a narrow screen more, where
 * that costs no page: what to do with the unit stands at the sentence's end. */
static int
strip_rows (const Model *model, Area area)
{
  g_autofree char *text = line_failure_text (model);
  const int wanted = text != NULL ? paragraph_lines (text, area.width - 2, 4) : 0;
  int rows = area.height >= 10 ? 2 : area.height >= 7 ? 1 : 0;

  while (rows > 0 && rows < wanted
         && tile_grid (area_top (area, area.height - rows - 1), model->tiles->len).pages == 1)
    rows++;
  return rows;
}

static void
draw_line (Model *model, Canvas *canvas, Area area)
{
  const int strip = strip_rows (model, area);
  Area grid = area_top (area, area.height - strip);
  g_auto (Banner) banner = banner_of (model);

  if (model->tiles->len == 0) {
    canvas_paragraph (
        canvas, area_inside (area, 1, 2), 0, STYLE_STRONG,
        _ ("No slots yet. The station's configuration names them; call the engineer."));
    return;
  }
  if (banner.word != NULL && cover_of (model) == COVER_NONE) {
    const int rows = banner_rows (grid, model->tiles->len);

    draw_banner (canvas, area_top (grid, rows), &banner);
    grid = area_below (grid, rows);
  }
  draw_grid (model, canvas, grid);
  draw_failure (model, canvas, area_below (area, area.height - strip));
}

const View view_line = { .kind = VIEW_LINE, .name = "line", .draw = draw_line, .rows = NULL };
