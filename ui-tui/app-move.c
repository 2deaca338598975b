/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Moving: the focus on the grid of slots, the selection of lists, scrolling, and the filter.
 */
#include "ui-tui/app-private.h"
#include "ui-tui/language.h"
#include "ui-tui/view.h"

#define PAGE 10
#define ALL_LINES 1000000 /* of a transcript: its view stays within what there is */
#define TWO_DIGITS G_USEC_PER_SEC

/* ---- slots ---- */

static int
index_of_slot (const Model *model, guint slot)
{
  for (guint i = 0; i < model->tiles->len; i++)
    if (((const Tile *)model->tiles->pdata[i])->number == slot)
      return (int)i;
  return -1;
}

static void
focus_index (App *app, int index)
{
  Model *model = app->model;
  const int last = (int)model->tiles->len - 1;

  if (last < 0)
    return;
  index = CLAMP (index, 0, last);
  model->focus = ((const Tile *)model->tiles->pdata[index])->number;
  if (model->grid_tiles > 0)
    model->page = (guint)index / model->grid_tiles;
}

void
app_focus (App *app, guint slot)
{
  const int index = index_of_slot (app->model, slot);

  if (index < 0) {
    model_notice (app->model, NOTICE_BAD, _ ("This station has no slot %u."), slot);
    return;
  }
  focus_index (app, index);
}

/* "1" and "2" within a second are slot 12, where there is one. */
void
app_digit (App *app, guint digit)
{
  const gint64 now = g_get_monotonic_time ();
  const guint both = app->digit * 10 + digit;

  if (app->digit != 0 && now - app->digit_at < TWO_DIGITS && model_tile (app->model, both) != NULL)
  {
    app->digit = 0;
    app_focus (app, both);
    return;
  }
  app->digit = digit;
  app->digit_at = now;
  if (digit != 0)
    app_focus (app, digit);
}

/* How far a request goes in a grid so many tiles wide, with so many on a page. */
static int
step_of (Request request, int columns, int page)
{
  switch ((int)request) {
  case REQUEST_UP:
    return -columns;
  case REQUEST_DOWN:
    return columns;
  case REQUEST_LEFT:
    return -1;
  case REQUEST_RIGHT:
  case REQUEST_NEXT_FIELD:
    return 1;
  case REQUEST_PAGE_UP:
    return -page;
  case REQUEST_PAGE_DOWN:
    return page;
  default: /* no move */
    return 0;
  }
}

/* The first tile that is in sight. */
static int
first_in_sight (const Model *model)
{
  return (int)(model->page * model->grid_tiles);
}

static void
move_focus (App *app, Request request, int columns, int page)
{
  const Model *model = app->model;
  const int n = (int)model->tiles->len;
  const int now = index_of_slot (model, model->focus);
  const int next = now + step_of (request, columns, page);

  if (request == REQUEST_FIRST || request == REQUEST_LAST)
    focus_index (app, request == REQUEST_FIRST ? 0 : n - 1);
  else if (now < 0)
    focus_index (app, first_in_sight (model));
  else if (request == REQUEST_NEXT_FIELD)
    focus_index (app, next % n);
  else if (next >= 0 && next < n)
    focus_index (app, next);
  else if (request == REQUEST_PAGE_UP || request == REQUEST_PAGE_DOWN)
    focus_index (app, next);
}

/* ---- lists ---- */

static guint
rows_of (const Model *model)
{
  const View *view = view_of_kind (model->view);

  return view->rows != NULL ? view->rows (model) : 0;
}

static guint
moved (guint from, guint rows, Request request)
{
  const int to = (int)from + step_of (request, 1, PAGE);

  if (rows == 0 || request == REQUEST_FIRST)
    return 0;
  if (request == REQUEST_LAST)
    return rows - 1;
  return (guint)CLAMP (to, 0, (int)rows - 1);
}

static void
selection_moved (App *app)
{
  Model *model = app->model;
  const BatchLine *batch = model_selected_batch (model);

  if (model->view == VIEW_LOG)
    model->follow = model->lists[VIEW_LOG].selected == 0;
  if (model->view == VIEW_DEVICE)
    app_fetch_attempt (app);
  if (model->view == VIEW_BATCH && batch != NULL && app->client != NULL)
    client_fetch_batch (app->client, batch->name);
}

static void
move_in_list (App *app, Request request)
{
  Model *model = app->model;
  ListPlace *place = &model->lists[model->view];
  const guint before = place->selected;

  place->selected = moved (before, rows_of (model), request);
  if (place->selected != before)
    selection_moved (app);
}

void
app_move (App *app, Request request)
{
  Model *model = app->model;
  const int columns = MAX ((int)model->grid_columns, 1);

  switch (model->view) {
  case VIEW_LINE:
    move_focus (app, request, columns, MAX ((int)model->grid_tiles, 1));
    break;
  case VIEW_SLOTS:
    move_focus (app, request, 1, PAGE);
    break;
  case VIEW_EXPORT:
    app_export_request (app, request);
    break;
  case VIEW_DEVICE:
    if (model->show_transcript)
      model->transcript_top = moved (model->transcript_top, ALL_LINES, request);
    else
      move_in_list (app, request);
    break;
  case VIEW_BATCH:
  case VIEW_CA:
  case VIEW_LOG:
    move_in_list (app, request);
    break;
  }
}

/* ---- the filter ---- */

static void
set_filter (App *app, const char *filter)
{
  ListPlace *place = &app->model->lists[app->model->view];

  g_free (place->filter);
  place->filter = filter != NULL && *filter != '\0' ? g_strdup (filter) : NULL;
  place->selected = place->top = 0;
  selection_moved (app);
}

void
app_filter_key (App *app, gunichar key)
{
  Model *model = app->model;
  const char *now = model->lists[model->view].filter;
  g_autoptr (GString) text = NULL;

  if (key == KEY_CODE_ENTER || key == '\r' || key == '\n') {
    model->filtering = FALSE;
    return;
  }
  if (key == KEY_CODE_ESCAPE) {
    model->filtering = FALSE;
    set_filter (app, NULL);
    return;
  }
  text = g_string_new (now);
  if (app_edit (text, key))
    set_filter (app, text->str);
  else
    app_move (app, key_request (model->view, key));
}
