/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the daemon tells, brought into the model. What exists is changed in place, so that
 * sixty-four busy slots cost little; lists that grow have an end.
 */
#include "ui-tui/client-private.h"
#include "ui-tui/record.h"

#define MOST_EVENTS 500
#define MOST_ATTEMPTS 500

/* ---- slots ---- */

/* Of the slot with this number, made where there was none. */
static Tile *
place_for (Model *model, guint number)
{
  guint i = 0;

  for (; i < model->tiles->len; i++) {
    Tile *tile = g_ptr_array_index (model->tiles, i);

    if (tile->number == number)
      return tile;
    if (tile->number > number)
      break;
  }
  Tile *tile = g_new0 (Tile, 1);

  tile->number = number;
  g_ptr_array_insert (model->tiles, (int)i, tile);
  return tile;
}

static Tile *
take_slot (Client *client, GVariant *record)
{
  Tile *tile;
  guint number = 0;
  gboolean partial = FALSE;

  if (!g_variant_lookup (record, "slot", "u", &number) || number == 0)
    return NULL;
  tile = place_for (client->model, number);
  if (g_variant_lookup (record, "partial", "b", &partial) && partial)
    record_update (&tile_table, record, tile);
  else
    record_read (&tile_table, record, tile);
  return tile;
}

static void
take_slot_signal (Client *client, GVariant *record)
{
  guint number = 0;
  const Tile *before;
  gboolean known_fail;
  gint64 known_attempt;

  if (!g_variant_lookup (record, "slot", "u", &number))
    return;
  before = model_tile (client->model, number);
  known_fail = before != NULL && before->state == TILE_FAIL;
  known_attempt = before != NULL ? before->attempt : 0;
  const Tile *tile = take_slot (client, record);

  if (tile != NULL && tile->state == TILE_FAIL && client->listener.failed != NULL
      && (!known_fail || tile->attempt != known_attempt))
    client->listener.failed (tile, client->listener.data);
}

static void
take_slots_signal (Client *client, GVariant *list)
{
  for (gsize i = 0; i < g_variant_n_children (list); i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (list, i);

    take_slot_signal (client, record);
  }
}

static gboolean
lists_slot (GVariant *list, guint wanted)
{
  for (gsize i = 0; i < g_variant_n_children (list); i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (list, i);
    guint number = 0;

    if (g_variant_lookup (record, "slot", "u", &number) && number == wanted)
      return TRUE;
  }
  return FALSE;
}

/* With the slots the picture of the line is true again. */
void
client_take_slots (Client *client, GVariant *list)
{
  Model *model = client->model;

  if (!g_variant_is_of_type (list, G_VARIANT_TYPE ("aa{sv}")))
    return;
  for (guint i = model->tiles->len; i > 0; i--) {
    const Tile *tile = g_ptr_array_index (model->tiles, i - 1);

    if (!lists_slot (list, tile->number))
      g_ptr_array_remove_index (model->tiles, i - 1);
  }
  for (gsize i = 0; i < g_variant_n_children (list); i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (list, i);

    take_slot (client, record);
  }
  if (model_tile (model, model->focus) == NULL)
    model->focus = 0;
  model->connected = TRUE;
  g_clear_pointer (&model->disconnected_because, g_free);
}

/* ---- batches ---- */

void
client_take_batches (Client *client, GVariant *list)
{
  Model *model = client->model;
  GPtrArray *batches = record_read_list (&batch_table, list);

  for (guint i = 0; i < batches->len; i++) {
    BatchLine *batch = g_ptr_array_index (batches, i);
    BatchLine *before = model_batch (model, batch->name);

    if (before != NULL && batch->failures == NULL)
      batch->failures = g_steal_pointer (&before->failures);
  }
  g_ptr_array_unref (model->batches);
  model->batches = batches;
}

static BatchLine *
take_batch (Client *client, GVariant *record)
{
  const char *name = NULL;
  BatchLine *batch;

  if (!g_variant_lookup (record, "name", "&s", &name))
    return NULL;
  batch = model_batch (client->model, name);
  if (batch == NULL) {
    batch = g_new0 (BatchLine, 1);
    g_ptr_array_insert (client->model->batches, 0, batch);
  }
  record_read (&batch_table, record, batch);
  return batch;
}

void
client_take_batch (Client *client, GVariant *record)
{
  take_batch (client, record);
}

static void
take_batch_signal (Client *client, GVariant *record)
{
  const char *name = NULL;
  const BatchLine *before;
  guint passed;

  if (!g_variant_lookup (record, "name", "&s", &name))
    return;
  before = model_batch (client->model, name);
  passed = before != NULL ? before->passed : G_MAXUINT;
  const BatchLine *batch = take_batch (client, record);

  if (passed < batch->target && batch_is_done (batch) && client->listener.batch_done != NULL)
    client->listener.batch_done (batch, client->listener.data);
  if (batch == model_selected_batch (client->model))
    client->batch_stale = TRUE;
}

/* ---- status ---- */

static void
keep (char **text, char *before)
{
  g_free (*text);
  *text = g_strdup (before);
}

/* A signal is for all screens: who this one is stands only in the answer to its own question. A
 * role that a supervisor lends for one act is not its own. */
static void
read_status (GVariant *record, Health *health)
{
  g_autofree char *user = g_strdup (health->user), *role = g_strdup (health->role);

  record_read (&health_table, record, health);
  if (health->user == NULL)
    keep (&health->user, user);
  if (health->role == NULL || health->authorized != NULL)
    keep (&health->role, role);
}

void
client_take_status (Client *client, GVariant *record)
{
  Health *health = &client->model->health;
  const guint operators = health->operators;

  read_status (record, health);
  if (health->operators != operators)
    client_ask (client, "ListOperators", NULL, client_take_operators);
}

/* ---- the log ---- */

void
client_take_events (Client *client, GVariant *list)
{
  g_ptr_array_unref (client->model->events);
  client->model->events = record_read_list (&event_table, list);
}

/* The device that is shown has another attempt, or another certificate, or none any more. */
static void
refresh_device (Client *client, const char *serial)
{
  g_autofree char *wanted = g_strdup (client->model->detail.wanted);

  if (wanted != NULL && g_strcmp0 (serial, wanted) == 0)
    client_fetch_device (client, wanted);
}

static void
take_event_signal (Client *client, GVariant *record)
{
  GPtrArray *events = client->model->events;
  EventLine *event = g_new0 (EventLine, 1);

  record_read (&event_table, record, event);
  if (events->len > 0 && event->id <= ((EventLine *)events->pdata[0])->id) {
    event_line_free (event);
    return;
  }
  g_ptr_array_insert (events, 0, event);
  refresh_device (client, event->subject);
  if (events->len > MOST_EVENTS)
    g_ptr_array_set_size (events, MOST_EVENTS);
}

void
client_take_attempts (Client *client, GVariant *list)
{
  g_ptr_array_unref (client->model->attempts);
  client->model->attempts = record_read_list (&attempt_table, list);
}

static AttemptLine *
attempt_in (GPtrArray *attempts, gint64 id)
{
  for (guint i = 0; i < attempts->len; i++) {
    AttemptLine *attempt = g_ptr_array_index (attempts, i);

    if (attempt->id == id)
      return attempt;
  }
  return NULL;
}

static void
take_attempt_signal (Client *client, GVariant *record)
{
  GPtrArray *attempts = client->model->attempts;
  AttemptLine *attempt;
  gint64 id = 0;

  if (!g_variant_lookup (record, "id", "x", &id))
    return;
  attempt = attempt_in (attempts, id);
  if (attempt == NULL) {
    attempt = g_new0 (AttemptLine, 1);
    g_ptr_array_insert (attempts, 0, attempt);
  }
  record_read (&attempt_table, record, attempt);
  refresh_device (client, attempt->device);
  if (attempts->len > MOST_ATTEMPTS)
    g_ptr_array_set_size (attempts, MOST_ATTEMPTS);
}

/* ---- what views asked for ---- */

void
client_take_exports (Client *client, GVariant *list)
{
  g_ptr_array_unref (client->model->exports);
  client->model->exports = record_read_list (&export_table, list);
}

void
client_take_counts (Client *client, GVariant *list)
{
  g_ptr_array_unref (client->model->counts);
  client->model->counts = record_read_list (&count_table, list);
}

void
client_take_profiles (Client *client, GVariant *list)
{
  g_ptr_array_unref (client->model->profiles);
  client->model->profiles = record_read_list (&profile_table, list);
}

void
client_take_operators (Client *client, GVariant *list)
{
  g_ptr_array_unref (client->model->operators);
  client->model->operators = record_read_list (&operator_table, list);
}

void
client_take_device (Client *client, GVariant *record)
{
  DeviceDetail *detail = &client->model->detail;

  if (detail->device == NULL)
    detail->device = g_new0 (DeviceLine, 1);
  record_read (&device_table, record, detail->device);
  g_clear_pointer (&detail->problem, g_free);
}

void
client_take_certificate (Client *client, GVariant *record)
{
  DeviceDetail *detail = &client->model->detail;

  if (detail->certificate == NULL)
    detail->certificate = g_new0 (CertificateLine, 1);
  record_read (&certificate_table, record, detail->certificate);
}

/* What was asked for alone before is not asked for again. */
static void
keep_transcripts (GPtrArray *attempts, GPtrArray *before)
{
  for (guint i = 0; i < attempts->len; i++) {
    AttemptLine *attempt = g_ptr_array_index (attempts, i);
    AttemptLine *known = attempt_in (before, attempt->id);

    if (known == NULL || known->ended_at != attempt->ended_at)
      continue;
    attempt->transcript = g_steal_pointer (&known->transcript);
    attempt->steps = g_steal_pointer (&known->steps);
  }
}

void
client_take_device_attempts (Client *client, GVariant *list)
{
  DeviceDetail *detail = &client->model->detail;
  GPtrArray *attempts = record_read_list (&attempt_table, list);
  const AttemptLine *selected;

  if (detail->attempts != NULL) {
    keep_transcripts (attempts, detail->attempts);
    g_ptr_array_unref (detail->attempts);
  }
  detail->attempts = attempts;
  selected = model_selected_attempt (client->model);
  if (selected != NULL && selected->transcript == NULL)
    client_fetch_attempt (client, selected->id);
}

void
client_take_attempt (Client *client, GVariant *record)
{
  GPtrArray *attempts = client->model->detail.attempts;
  gint64 id = 0;
  AttemptLine *attempt;

  if (!g_variant_lookup (record, "id", "x", &id) || attempts == NULL)
    return;
  attempt = attempt_in (attempts, id);
  if (attempt == NULL)
    return;
  record_read (&attempt_table, record, attempt);
  if (attempt->transcript == NULL) /* none was kept: not asked for again and again */
    attempt->transcript = g_strdup ("");
}

/* ---- signals ---- */

void
client_take_signal (Client *client, const char *name, GVariant *value)
{
  static const struct {
    const char *name;
    const char *type;
    ClientTake take;
  } signals[] = {
    { "SlotsChanged", "aa{sv}", take_slots_signal },
    { "SlotChanged", "a{sv}", take_slot_signal },
    { "BatchChanged", "a{sv}", take_batch_signal },
    { "StatusChanged", "a{sv}", client_take_status },
    { "EventRecorded", "a{sv}", take_event_signal },
    { "AttemptEnded", "a{sv}", take_attempt_signal },
    { "ExportProgress", "a{sv}", client_take_export_progress },
  };

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    if (g_str_equal (name, signals[i].name)
        && g_variant_is_of_type (value, G_VARIANT_TYPE (signals[i].type)))
    {
      signals[i].take (client, value);
      client_changed (client);
      return;
    }
}
