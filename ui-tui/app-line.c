/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Slots: seen, run again, out of service, learn, swap. Where no slot is chosen, an act means the
 * only slot that it can mean; where it could mean several, it says how to choose.
 */
#include <stdlib.h>

#include "ui-tui/app-private.h"
#include "ui-tui/language.h"

#define LEARN_SECONDS 30

/* ---- which slot ---- */

static gboolean
wants_to_be_seen (const Tile *tile)
{
  return tile->state == TILE_FAIL && !tile->acknowledged;
}

static gboolean
is_failed (const Tile *tile)
{
  return tile->state == TILE_FAIL;
}

static guint
count (const Model *model, gboolean (*fits) (const Tile *tile), Tile **first)
{
  guint n = 0;

  for (guint i = model->tiles->len; i > 0; i--) {
    Tile *tile = g_ptr_array_index (model->tiles, i - 1);

    if (!fits (tile))
      continue;
    *first = tile;
    n++;
  }
  return n;
}

/* "2, 5, 7" */
static char *
numbers (const Model *model, gboolean (*fits) (const Tile *tile))
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < model->tiles->len; i++) {
    const Tile *tile = g_ptr_array_index (model->tiles, i);

    if (fits (tile))
      g_string_append_printf (text, "%s%u", text->len > 0 ? ", " : "", tile->number);
  }
  return g_string_free (text, FALSE);
}

static void
say_choose (App *app)
{
  model_notice (app->model, NOTICE_BAD, "%s",
                _ ("Choose a slot first: type its number, scan its barcode, or use the arrows."));
}

/* The focused slot, or the only one there is. */
static Tile *
chosen_tile (App *app)
{
  const Model *model = app->model;
  Tile *tile = model_tile (model, model->focus);

  if (tile == NULL && model->tiles->len == 1)
    tile = g_ptr_array_index (model->tiles, 0);
  if (tile == NULL)
    say_choose (app);
  return tile;
}

/* ---- seen ---- */

static void
acknowledge (App *app, guint slot)
{
  g_autofree char *done = g_strdup_printf (_ ("Slot %u: seen."), slot);

  app_act (app, "AcknowledgeSlot", g_variant_new ("(u)", slot), done);
}

/* A FAIL that nobody looked at must not vanish: of several, one is to be chosen. */
static void
request_acknowledge (App *app)
{
  const Model *model = app->model;
  Tile *only = NULL, *focused = model_tile (model, model->focus);
  const guint n = count (model, wants_to_be_seen, &only);
  g_autofree char *failed = numbers (model, wants_to_be_seen);

  if (focused != NULL && wants_to_be_seen (focused))
    acknowledge (app, focused->number);
  else if (n == 1)
    acknowledge (app, only->number);
  else if (n == 0)
    model_notice (app->model, NOTICE_INFORMATION, "%s", _ ("No FAIL waits to be seen."));
  else
    model_notice (app->model, NOTICE_BAD,
                  _ ("Slots %s have failed. Type the number of one, or scan its barcode; then "
                     "again."),
                  failed);
}

/* ---- again ---- */

static void
retry (App *app, const Tile *tile)
{
  g_autofree char *done = g_strdup_printf (_ ("Slot %u runs its unit again."), tile->number);

  app_act (app, "StartSlot", g_variant_new ("(u)", tile->number), done);
}

static void
request_retry (App *app)
{
  const Model *model = app->model;
  Tile *only = NULL, *tile = model_tile (model, model->focus);

  if (tile == NULL && count (model, is_failed, &only) == 1)
    tile = only;
  if (tile == NULL)
    tile = chosen_tile (app);
  if (tile == NULL)
    return;
  if (tile->state == TILE_WORKING)
    model_notice (app->model, NOTICE_BAD, _ ("Slot %u is at work: wait until it has ended."),
                  tile->number);
  else if (tile->state == TILE_PASS)
    model_notice (app->model, NOTICE_BAD,
                  _ ("The unit in slot %u has passed. To run it once more, open it with Enter and "
                     "choose 'Run again' (supervisor)."),
                  tile->number);
  else if (!tile->enabled)
    model_notice (app->model, NOTICE_BAD,
                  _ ("Slot %u is out of service. D puts it back, if a supervisor says so."),
                  tile->number);
  else if (!tile->present)
    model_notice (app->model, NOTICE_BAD, _ ("Slot %u has no unit: put it in first."),
                  tile->number);
  else
    retry (app, tile);
}

/* ---- out of service ---- */

static guint
subject_slot (const App *app)
{
  return app->subject != NULL ? (guint)strtoul (app->subject, NULL, 10) : 0;
}

static void
set_subject_slot (App *app, guint slot)
{
  g_free (app->subject);
  app->subject = g_strdup_printf ("%u", slot);
}

static void
accept_disable (App *app)
{
  const guint slot = subject_slot (app);
  g_autofree char *reason = g_strstrip (g_strdup (app_field (app, 0)));
  g_autofree char *what = g_strdup_printf (_ ("Take slot %u out of service?"), slot);
  g_autofree char *done = g_strdup_printf (_ ("Slot %u is out of service."), slot);

  if (*reason == '\0') {
    app_dialog_problem (app, _ ("Say why: others will read it on the slot."));
    return;
  }
  app_close_dialog (app);
  app_act_supervised (app, what, "SetSlotEnabled", g_variant_new ("(ubs)", slot, FALSE, reason),
                      done);
}

static void
ask_disable (App *app, guint slot)
{
  g_autofree char *text = g_strdup_printf (_ ("Why is slot %u taken out of service?"), slot);

  app_open_dialog (app, DIALOG_INPUT, _ ("Out of service"), text);
  app_add_field (app, N_ ("Reason"), "", FALSE, NULL);
  app->accept = accept_disable;
  set_subject_slot (app, slot);
}

static void
enable (App *app, guint slot)
{
  g_autofree char *what = g_strdup_printf (_ ("Put slot %u back into service?"), slot);
  g_autofree char *done = g_strdup_printf (_ ("Slot %u is in service."), slot);

  app_act_supervised (app, what, "SetSlotEnabled", g_variant_new ("(ubs)", slot, TRUE, ""), done);
}

static void
request_disable (App *app)
{
  const Tile *tile = chosen_tile (app);

  if (tile == NULL || !app_has_contact (app))
    return;
  if (tile->enabled)
    ask_disable (app, tile->number);
  else
    enable (app, tile->number);
}

/* ---- ports ---- */

/* Said before a supervisor is asked for what could only be refused. */
static gboolean
port_is_fixed (App *app, const Tile *tile)
{
  if (g_strcmp0 (tile->binding, "port") != 0)
    return FALSE;
  model_notice (app->model, NOTICE_BAD,
                _ ("The port of slot %u stands in the configuration file: the engineer changes it "
                   "there."),
                tile->number);
  return TRUE;
}

static void
request_learn (App *app)
{
  const Tile *tile = chosen_tile (app);

  if (tile == NULL || !app_has_contact (app) || port_is_fixed (app, tile))
    return;
  g_autofree char *what = g_strdup_printf (
      _ ("Let slot %u learn its port? The port it had is forgotten."), tile->number);
  app_act_supervised (app, what, "LearnSlot", g_variant_new ("(uu)", tile->number, LEARN_SECONDS),
                      _ ("The slot has learned its port."));
}

static void
accept_swap (App *app)
{
  const guint first = subject_slot (app);
  const guint second = (guint)strtoul (app_field (app, 0), NULL, 10);
  g_autofree char *what = g_strdup_printf (_ ("Swap the ports of slots %u and %u?"), first, second);
  g_autofree char *done =
      g_strdup_printf (_ ("Slots %u and %u have swapped their ports."), first, second);

  if (model_tile (app->model, second) == NULL || second == first) {
    app_dialog_problem (app, _ ("Type the number of another slot of this station."));
    return;
  }
  app_close_dialog (app);
  app_act_supervised (app, what, "SwapSlots", g_variant_new ("(uu)", first, second), done);
}

static void
request_swap (App *app)
{
  const Tile *tile = chosen_tile (app);

  if (tile == NULL || !app_has_contact (app) || port_is_fixed (app, tile))
    return;
  g_autofree char *text =
      g_strdup_printf (_ ("Slot %u changes its port with which slot?"), tile->number);

  app_open_dialog (app, DIALOG_INPUT, _ ("Swap"), text);
  app_add_field (app, N_ ("Slot"), "", FALSE, NULL);
  app->accept = accept_swap;
  set_subject_slot (app, tile->number);
}

static void
request_open (App *app)
{
  const Tile *tile = chosen_tile (app);

  if (tile == NULL)
    return;
  if (tile->device == NULL)
    model_notice (app->model, NOTICE_INFORMATION, _ ("Slot %u has no unit that could be shown."),
                  tile->number);
  else
    app_show_device (app, tile->device);
}

void
app_line_request (App *app, Request request)
{
  switch ((int)request) {
  case REQUEST_ACKNOWLEDGE:
    request_acknowledge (app);
    break;
  case REQUEST_RETRY:
    request_retry (app);
    break;
  case REQUEST_DISABLE:
    request_disable (app);
    break;
  case REQUEST_LEARN:
    request_learn (app);
    break;
  case REQUEST_SWAP:
    request_swap (app);
    break;
  case REQUEST_ENTER:
    request_open (app);
    break;
  default: /* not for slots */
    break;
  }
}
