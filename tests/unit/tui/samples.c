/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station and its line. What lists and details hold is in samples-lists.c.
 */
#include "tests/unit/tui/samples.h"

#include "tests/unit/tui/samples-private.h"

#define SECOND ((gint64)G_USEC_PER_SEC)
#define STEPS 13

static void
set (char **text, const char *value)
{
  g_free (*text);
  *text = g_strdup (value);
}

/* ---- slots ---- */

typedef struct {
  TileState state;
  const char *step;
  guint step_number;
  double seconds;
  const char *reason;
  const char *operator_text;
  const char *detail;
  gboolean acknowledged;
  const char *waiting_for;
} SlotScript;

static const SlotScript line_script[] = {
  { TILE_PASS, "record", 13, 26.1, NULL, NULL, NULL, FALSE, NULL },
  { TILE_FAIL, "check-key", 6, 9.4, "duplicate-key",
    "Another unit has the same key. Keep this unit apart and call the supervisor.",
    "key of AC24-000399, verified in slot 5 at 13:02", FALSE, NULL },
  { TILE_WORKING, "sign", 7, 12.4, NULL, NULL, NULL, FALSE, NULL },
  { TILE_EMPTY, NULL, 0, 0, NULL, NULL, NULL, FALSE, NULL },
  { TILE_WORKING, "identify", 2, 0.8, NULL, NULL, NULL, FALSE, NULL },
  { TILE_PASS, "record", 13, 27.0, NULL, NULL, NULL, FALSE, NULL },
  { TILE_FAIL, "identify", 2, 3.0, "no-answer",
    "The unit does not answer. Check that it has power and sits firmly, then put it in again; if "
    "it fails again, put it with the rejected ones.",
    "no answer to 3 questions within 3.0 s", TRUE, NULL },
  { TILE_DISABLED, NULL, 0, 0, NULL, NULL, NULL, FALSE, NULL },
  { TILE_WAITING, NULL, 0, 0, NULL, NULL, NULL, FALSE, "serial" },
  { TILE_WORKING, "generate-key", 4, 6.2, NULL, NULL, NULL, FALSE, NULL },
};

static void
set_attempt (Tile *tile, const SlotScript *script)
{
  g_autofree char *serial = g_strdup_printf ("AC24-%06u", 412 + tile->number);

  set (&tile->device, serial);
  set (&tile->model, "AC-24");
  set (&tile->step, script->step);
  set (&tile->reason, script->reason);
  set (&tile->operator_text, script->operator_text);
  set (&tile->detail, script->detail);
  tile->attempt = 800 + tile->number;
  tile->step_number = script->step_number;
  tile->started_at = SAMPLE_NOW - (gint64)(script->seconds * (double)SECOND);
  tile->ended_at = 0;
  if (script->state == TILE_WORKING)
    return;
  tile->ended_at = SAMPLE_NOW - 4 * SECOND;
  tile->started_at -= 4 * SECOND;
}

static void
follow_script (Tile *tile, const SlotScript *script)
{
  tile->state = script->state;
  tile->enabled = script->state != TILE_DISABLED;
  tile->present = script->state != TILE_EMPTY && script->state != TILE_DISABLED;
  tile->acknowledged = script->acknowledged;
  tile->steps = STEPS;
  set (&tile->waiting_for, script->waiting_for);
  if (script->state == TILE_DISABLED)
    set (&tile->disabled_reason, "pogo pin broken");
  if (script->step != NULL)
    set_attempt (tile, script);
}

static const SlotScript *
script_of (TileState state)
{
  for (gsize i = 0; i < G_N_ELEMENTS (line_script); i++)
    if (line_script[i].state == state)
      return &line_script[i];
  g_assert_not_reached ();
}

static Tile *
new_tile (guint number, const SlotScript *script)
{
  Tile *tile = g_new0 (Tile, 1);

  tile->number = number;
  tile->driver = g_strdup ("nrf91");
  tile->batch = g_strdup ("240917-B");
  tile->port = g_strdup_printf ("pci-0000:00:14.0-usb-0:%u.%u:1.0", (number - 1) / 4 + 1,
                                (number - 1) % 4 + 1);
  tile->passed = 50 + number;
  tile->failed = number % 3;
  follow_script (tile, script);
  return tile;
}

Tile *
sample_tile (Model *model, guint number, TileState state)
{
  Tile *tile = new_tile (number, script_of (state));

  tile_free (g_ptr_array_index (model->tiles, number - 1));
  g_ptr_array_index (model->tiles, number - 1) = tile;
  return tile;
}

/* ---- the station ---- */

static void
fill_health (Model *model)
{
  Health *health = &model->health;

  set (&health->station, "LINE3");
  set (&health->version, "0.1.0");
  set (&health->mode, "production");
  health->started_at = SAMPLE_NOW - 8 * 3600 * SECOND;
  set (&health->batch, "240917-B");
  set (&health->role, "operator");
  set (&health->user, "line");
  set (&health->operator_name, "MEI");
  set (&health->operator_language, "en");
  health->operators = 3;
  health->disk_free = G_GUINT64_CONSTANT (194000000000);
  health->disk_size = G_GUINT64_CONSTANT (240000000000);
  set (&health->clock, "synchronised");
  set (&health->ledger, "/var/lib/keycradle/station.db");
  set (&health->transcripts, "/var/lib/keycradle/transcripts");
  health->warnings = g_new0 (char *, 1);
  samples_fill_ca (&health->ca);
  samples_fill_export (&health->last_export, SAMPLE_NOW - 82 * 60 * SECOND, 391);
}

Model *
sample_line (guint slots)
{
  Model *model = model_new ();

  model->connected = TRUE;
  model->now = SAMPLE_NOW;
  model->language = "en";
  model->view = VIEW_LINE;
  fill_health (model);
  for (guint i = 0; i < slots; i++)
    g_ptr_array_add (model->tiles, new_tile (i + 1, &line_script[i % G_N_ELEMENTS (line_script)]));
  samples_fill_lists (model);
  set (&model->last_scan, "AC24-000420");
  return model;
}

Model *
sample_batch_done (guint slots)
{
  Model *model = sample_line (slots);
  BatchLine *batch = model_running_batch (model);

  batch->passed = batch->target;
  batch->devices = batch->target + 7;
  for (guint i = 0; i < slots; i++)
    sample_tile (model, i + 1, i % 4 == 3 ? TILE_EMPTY : TILE_PASS);
  return model;
}

Model *
sample_no_batch (guint slots, const char *state)
{
  Model *model = sample_line (slots);
  BatchLine *batch = model_running_batch (model);

  g_clear_pointer (&model->health.batch, g_free);
  for (guint i = 0; i < slots; i++)
    sample_tile (model, i + 1, TILE_EMPTY);
  if (slots > 1)
    set (&sample_tile (model, 2, TILE_WAITING)->waiting_for, "batch");
  if (state == NULL)
    g_ptr_array_set_size (model->batches, 0);
  else
    set (&batch->state, state);
  return model;
}

Model *
sample_disconnected (guint slots)
{
  Model *model = sample_line (slots);

  model->connected = FALSE;
  model->disconnected_because =
      g_strdup ("The station's daemon is not running: there is no /run/keycradle/station.sock.");
  return model;
}

Model *
sample_locked (guint slots)
{
  Model *model = sample_line (slots);

  model->locked = TRUE;
  g_clear_pointer (&model->health.operator_name, g_free);
  return model;
}

Model *
sample_unhealthy (guint slots)
{
  Model *model = sample_line (slots);
  Health *health = &model->health;

  health->ca.days_left = 12;
  health->ca.reachable = FALSE;
  set (&health->ca.problem, "The signer does not answer.");
  set (&health->clock, "free");
  health->disk_free = 900000000;
  health->last_export.at = 0;
  return model;
}

Model *
sample_wide (guint slots)
{
  Model *model = sample_line (slots);

  set (&model->health.station, "三号线");
  set (&model->health.operator_name, "王美");
  set (&model_running_batch (model)->product, "智能电表 第二代");
  for (guint i = 0; i < slots; i++) {
    Tile *tile = g_ptr_array_index (model->tiles, i);

    if (tile->operator_text != NULL)
      set (&tile->operator_text, "另一台设备使用了相同的密钥。请将此设备单独存放并呼叫主管。");
    if (tile->disabled_reason != NULL)
      set (&tile->disabled_reason, "探针损坏，等待维修");
  }
  return model;
}

/* Safe to show, as the model promises, but nothing else. */
#define LONG_TEXT                                                                                  \
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const char *const hostile_texts[] = {
  "",
  (LONG_TEXT LONG_TEXT LONG_TEXT),
  "宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽宽"
  "宽",
  "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88\xcc\x89\xcc\x8a",
  "\xcc\x81\xcc\x81\xcc\x81",
  "👩‍👩‍👧‍👦 👍🏽 🇩🇪",
  "%s%n%d {} \\ $(reboot) `x`",
  "a        b        c",
};

static const char *
hostile_text (guint which)
{
  return hostile_texts[which % G_N_ELEMENTS (hostile_texts)];
}

static void
make_tile_hostile (Tile *tile, guint which)
{
  set (&tile->device, hostile_text (which));
  set (&tile->bound_serial, hostile_text (which + 1));
  set (&tile->model, hostile_text (which + 2));
  set (&tile->step, hostile_text (which + 3));
  set (&tile->reason, hostile_text (which + 4));
  set (&tile->operator_text, hostile_text (which + 5));
  set (&tile->detail, hostile_text (which + 6));
  set (&tile->disabled_reason, hostile_text (which + 7));
  set (&tile->waiting_for, hostile_text (which + 8));
  tile->step_number = which % 2 == 0 ? G_MAXUINT : 0;
  tile->steps = which % 3 == 0 ? 0 : G_MAXUINT;
  tile->started_at = which % 5 == 0 ? G_MAXINT64 : 0;
  tile->ended_at = which % 7 == 0 ? G_MININT64 : 1;
}

static void
make_batch_hostile (BatchLine *batch, guint which)
{
  set (&batch->product, hostile_text (which + 2));
  batch->target = which % 2 == 0 ? G_MAXUINT : 0;
  batch->passed = G_MAXUINT;
  batch->failed = G_MAXUINT;
  batch->first_passed = G_MAXUINT;
  batch->first_failed = G_MAXUINT;
  batch->passed_last_hour = batch->pace_passed = G_MAXUINT;
  batch->cycle_time = G_MAXINT64;
}

Model *
sample_hostile (guint slots)
{
  Model *model = sample_line (slots);
  Health *health = &model->health;

  for (guint i = 0; i < slots; i++)
    make_tile_hostile (g_ptr_array_index (model->tiles, i), i);
  for (guint i = 0; i < model->batches->len; i++)
    make_batch_hostile (g_ptr_array_index (model->batches, i), i);
  set (&health->station, hostile_texts[2]);
  set (&health->operator_name, hostile_texts[3]);
  set (&health->clock, hostile_texts[1]);
  set (&health->ca.problem, hostile_texts[5]);
  set (&model->last_scan, hostile_texts[1]);
  g_string_assign (model->scan, hostile_texts[2]);
  set (&model->notice, hostile_texts[5]);
  health->ca.days_left = G_MININT64;
  health->disk_free = G_MAXUINT64;
  health->disk_size = 1;
  health->last_export.rows = G_MAXUINT64;
  return model;
}
