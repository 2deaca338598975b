/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * No key and no code stays without an answer: where nothing has changed, a sentence says so, and
 * what would do something.
 */
#include "ui-tui/app-private.h"
#include "ui-tui/language.h"

/* ---- keys that are none here ---- */

static const Key *
key_of_view (ViewKind view)
{
  return key_of_request ((Request)(REQUEST_LINE + (int)view)); /* both in one order */
}

/* What the key does in another view, where it does something there. */
static const Key *
key_elsewhere (gunichar key, ViewKind *where)
{
  for (int view = 0; view < N_VIEWS; view++) {
    const Request request = key_request ((ViewKind)view, key);
    const Key *line = request != REQUEST_NONE ? key_of_request (request) : NULL;

    if (line == NULL)
      continue;
    *where = (ViewKind)view;
    return line;
  }
  return NULL;
}

void
app_say_no_such_key (App *app, gunichar key)
{
  Model *model = app->model;
  ViewKind view = VIEW_LINE;
  const Key *elsewhere = key_elsewhere (key, &view);

  if (elsewhere != NULL)
    model_notice (model, NOTICE_INFORMATION, _ ("%s does nothing here. After %s it means: %s"),
                  _ (elsewhere->key_name), _ (key_of_view (view)->key_name), _ (elsewhere->label));
  else
    model_notice (model, NOTICE_INFORMATION, _ ("This key does nothing here. %s shows the keys."),
                  _ (key_of_request (REQUEST_HELP)->key_name));
}

/* ---- requests that changed nothing ---- */

AppLook
app_look (const App *app)
{
  const Model *model = app->model;
  const ListPlace *place = &model->lists[model->view];

  return (AppLook){ .view = model->view,
                    .dialog = model->dialog.kind,
                    .field = model->dialog.field,
                    .value = g_str_hash (app_field (app, model->dialog.field)),
                    .focus = model->focus,
                    .selected = place->selected,
                    .transcript = model->show_transcript ? model->transcript_top + 1 : 0,
                    .format = model->export_format,
                    .new_only = model->export_new_only,
                    .typing = model->typing,
                    .filtering = model->filtering,
                    .filter = place->filter,
                    .attempts = model->log_attempts,
                    .follow = model->follow,
                    .locked = model->locked,
                    .wanted = model->detail.wanted,
                    .calls = app->calls,
                    .notices = model->notices };
}

gboolean
app_looks_same (const AppLook *one, const AppLook *other)
{
  return one->view == other->view && one->dialog == other->dialog && one->field == other->field
         && one->value == other->value && one->focus == other->focus
         && one->selected == other->selected && one->transcript == other->transcript
         && one->format == other->format && one->new_only == other->new_only
         && one->typing == other->typing && one->filtering == other->filtering
         && one->filter == other->filter && one->attempts == other->attempts
         && one->follow == other->follow && one->locked == other->locked
         && one->wanted == other->wanted && one->calls == other->calls
         && one->notices == other->notices;
}

static const char *
nothing_words (Request request)
{
  if (request >= REQUEST_LINE && request < REQUEST_LINE + N_VIEWS)
    return _ ("This is on the screen already.");
  if (request >= REQUEST_UP && request <= REQUEST_NEXT_FIELD)
    return _ ("There is nothing further that way.");
  if (request == REQUEST_REDRAW)
    return _ ("The screen was drawn anew.");
  if (request == REQUEST_BACK)
    return _ ("This is the line: there is nothing to go back to.");
  return _ ("There is nothing here that this could be done to.");
}

void
app_say_if_nothing (App *app, Request request, const AppLook *before)
{
  const AppLook now = app_look (app);

  if (request != REQUEST_QUIT && app_looks_same (before, &now))
    model_notice (app->model, NOTICE_INFORMATION, "%s", nothing_words (request));
}
