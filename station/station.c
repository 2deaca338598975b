/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See station.h.
 */
#include "station/station.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "station/error.h"
#include "station/log.h"
#include "station/reason.h"

#define CATCH_UP_TIME 10000 /* milliseconds */

/* ---- what slots and detector tell ---- */

static void
handle_slot_changed (const Slot *slot, gpointer data)
{
  Station *station = data;

  if (station->listener.slot_changed != NULL)
    station->listener.slot_changed (slot, station->listener.data);
}

static void
replace_text (char **text, const char *with)
{
  g_free (*text);
  *text = g_strdup (with);
}

static void
note_storage (Station *station, const GError *failure)
{
  if (failure == NULL)
    replace_text (&station->storage_problem, NULL);
  else if (failure->domain == LEDGER_ERROR
           && (failure->code == LEDGER_ERROR_STORAGE || failure->code == LEDGER_ERROR_CORRUPT))
    replace_text (&station->storage_problem, failure->message);
}

static gboolean
tell_if_idle (gpointer data)
{
  Station *station = data;

  if (station->idle != NULL && station->errands == 0 && station_busy_slots (station) == 0) {
    void (*idle) (gpointer) = g_steal_pointer (&station->idle);

    idle (station->idle_data);
  }
  return G_SOURCE_REMOVE;
}

static void
handle_attempt_ended (const Slot *slot, const GError *failure, gpointer data)
{
  Station *station = data;

  log_attempt (slot->config->number, slot->device, slot->batch,
               failure != NULL ? slot->reason : NULL, slot->detail);
  note_storage (station, failure);
  if (station->listener.attempt_ended != NULL && slot->attempt_id != 0)
    station->listener.attempt_ended (slot->attempt_id, station->listener.data);
  if (station->listener.batch_changed != NULL && slot->batch != NULL)
    station->listener.batch_changed (slot->batch, station->listener.data);
  if (failure != NULL && failure->domain == DRIVER_ERROR)
    detector_recheck (station->detector);
  g_idle_add (tell_if_idle, station);
}

static void
handle_added (guint number, const char *path, gpointer data)
{
  Slot *slot = station_slot (data, number, NULL);

  if (slot != NULL)
    slot_device_added (slot, path);
}

static void
handle_removed (guint number, gpointer data)
{
  Slot *slot = station_slot (data, number, NULL);

  if (slot != NULL)
    slot_device_removed (slot);
}

/* ---- learning a slot ---- */

static void
end_learning (Station *station, const char *path, const GError *error)
{
  Learning learning = station->learning;

  memset (&station->learning, 0, sizeof station->learning);
  detector_learn (station->detector, FALSE);
  if (learning.timer != 0)
    g_source_remove (learning.timer);
  learning.learned (path, error, learning.data);
}

static gboolean
handle_learning_timeout (gpointer data)
{
  Station *station = data;
  g_autoptr (GError) error =
      g_error_new (STATION_ERROR, STATION_ERROR_SLOT,
                   "no new device of a known kind came: unplug it, start again and plug it into "
                   "the place of slot %u",
                   station->learning.slot);

  station->learning.timer = 0;
  end_learning (station, NULL, error);
  return G_SOURCE_REMOVE;
}

static void
handle_unclaimed (const char *id_path, gpointer data)
{
  Station *station = data;
  guint number = station->learning.slot;
  g_autoptr (GError) error = NULL;

  if (number == 0)
    return;
  if (!config_learn (station->config, number, id_path, &error)) {
    end_learning (station, NULL, error);
    return;
  }
  log_slot (G_LOG_LEVEL_MESSAGE, number, NULL, "learned: %s", id_path);
  end_learning (station, id_path, NULL);
  detector_rebind (station->detector, number);
}

gboolean
station_learn_slot (Station *station, guint number, guint seconds, StationLearned learned,
                    gpointer data, GError **error)
{
  const Slot *slot = station_slot (station, number, error);

  if (slot == NULL)
    return FALSE;
  if (slot->config->port != NULL) {
    g_set_error (error, STATION_ERROR, STATION_ERROR_SLOT,
                 "slot %u is bound to %s by the configuration: delete that Port first", number,
                 slot->config->port);
    return FALSE;
  }
  if (station->learning.slot != 0) {
    g_set_error (error, STATION_ERROR, STATION_ERROR_SLOT, "slot %u is being learned already",
                 station->learning.slot);
    return FALSE;
  }
  station->learning.slot = number;
  station->learning.learned = learned;
  station->learning.data = data;
  station->learning.timer =
      g_timeout_add_seconds (CLAMP (seconds, 1, 3600), handle_learning_timeout, station);
  detector_learn (station->detector, TRUE);
  return TRUE;
}

/* ---- building up ---- */

static gboolean
make_folders (Station *station, GError **error)
{
  const char *folder = station->config->state_folder;

  station->site.transcript_folder = g_build_filename (folder, "transcripts", NULL);
  station->ledger_path = g_build_filename (folder, "station.db", NULL);
  if (g_mkdir_with_parents (station->site.transcript_folder, 0750) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
               "the folder %s can't be made: %s", station->site.transcript_folder,
               g_strerror (errno));
  return FALSE;
}

/* Two daemons on one ledger would work on the same devices. */
static gboolean
lock_folder (Station *station, GError **error)
{
  g_autofree char *path = g_build_filename (station->config->state_folder, "keycradled.lock", NULL);

  station->lock = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (station->lock >= 0 && flock (station->lock, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", path,
               errno == EWOULDBLOCK ? "another keycradled works with this state folder"
                                    : g_strerror (errno));
  return FALSE;
}

static gboolean
open_parts (Station *station, GError **error)
{
  static const DetectorCallbacks callbacks = { handle_added, handle_removed, handle_unclaimed };
  const Config *config = station->config;

  station->ledger = ledger_open (station->ledger_path, error);
  if (station->ledger == NULL)
    return FALSE;
  if (config->signer_config != NULL) {
    station->signer_child = signer_child_new (config->signer_socket, config->signer_config, error);
    if (station->signer_child == NULL)
      return FALSE;
  }
  station->issuer = issuer_new (station->ledger, config->signer_socket, config->demo);
  station->detector = detector_new (config, &callbacks, station, error);
  return station->detector != NULL;
}

static void
make_slots (Station *station)
{
  SlotSite *site = &station->site;

  site->ledger = station->ledger;
  site->issuer = station->issuer;
  site->attempt_seconds = station->config->attempt_seconds;
  site->changed = handle_slot_changed;
  site->ended = handle_attempt_ended;
  site->data = station;
  for (guint i = 0; i < station->config->slots->len; i++)
    g_ptr_array_add (station->slots,
                     slot_new (site, g_ptr_array_index (station->config->slots, i)));
}

Station *
station_new (Config *config, GError **error)
{
  g_autoptr (Station) station = g_new0 (Station, 1);

  station->config = config;
  station->lock = -1;
  station->started_at = g_get_real_time ();
  station->slots = g_ptr_array_new_with_free_func ((GDestroyNotify)slot_free);
  if (!make_folders (station, error) || !lock_folder (station, error)
      || !config_load_learned (config, error) || !open_parts (station, error))
    return NULL;
  make_slots (station);
  return g_steal_pointer (&station);
}

void
station_free (Station *station)
{
  if (station == NULL)
    return;
  detector_free (station->detector);
  g_ptr_array_unref (station->slots);
  g_clear_pointer (&station->site.order, order_unref);
  issuer_free (station->issuer);
  signer_child_free (station->signer_child);
  ledger_close (station->ledger);
  config_free (station->config);
  if (station->lock >= 0)
    close (station->lock);
  g_free (station->site.transcript_folder);
  g_free (station->ledger_path);
  g_free (station->storage_problem);
  g_free (station->order_problem);
  g_free (station);
}

/* ---- batches ---- */

static void
take_order (Station *station, Order *order)
{
  g_clear_pointer (&station->site.order, order_unref);
  station->site.order = order;
  replace_text (&station->order_problem, NULL);
  for (guint i = 0; i < station->slots->len; i++)
    slot_order_changed (g_ptr_array_index (station->slots, i));
}

/* The running batch of the ledger, or NULL. */
static Batch *
running_batch (Station *station, GError **error)
{
  g_autoptr (GPtrArray) batches = ledger_batches (station->ledger, error);

  for (guint i = 0; batches != NULL && i < batches->len; i++) {
    const Batch *batch = g_ptr_array_index (batches, i);

    if (batch->state == BATCH_RUNNING)
      return ledger_batch (station->ledger, batch->name, error);
  }
  return NULL;
}

/* After a restart: the batch that ran goes on. */
static void
resume_batch (Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Batch) batch = running_batch (station, &error);
  Order *order = NULL;

  if (batch != NULL)
    order = order_new (batch, station->config->profile_folder, &error);
  if (order != NULL)
    take_order (station, order);
  if (error != NULL) {
    replace_text (&station->order_problem, error->message);
    log_station (G_LOG_LEVEL_WARNING, "the running batch can't go on: %s", error->message);
  }
}

static gboolean
check_none_runs (Station *station, const char *name, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (Batch) running = running_batch (station, &failure);

  if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  if (running == NULL || g_str_equal (running->name, name))
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_BATCH_STATE,
               "batch %s is running: pause or close it first", running->name);
  return FALSE;
}

static gboolean
start_batch (Station *station, const char *name, const char *actor, GError **error)
{
  g_autoptr (Batch) batch = ledger_batch (station->ledger, name, error);
  g_autoptr (Order) order = NULL;

  if (batch == NULL || !check_none_runs (station, name, error))
    return FALSE;
  order = order_new (batch, station->config->profile_folder, error);
  if (order == NULL || !ledger_set_batch_state (station->ledger, name, BATCH_RUNNING, actor, error))
    return FALSE;
  take_order (station, g_steal_pointer (&order));
  return TRUE;
}

static gboolean
halt_batch (Station *station, const char *name, BatchState state, const char *actor, GError **error)
{
  if (!ledger_set_batch_state (station->ledger, name, state, actor, error))
    return FALSE;
  if (station->site.order != NULL && g_str_equal (station->site.order->batch, name))
    take_order (station, NULL);
  return TRUE;
}

gboolean
station_set_batch_state (Station *station, const char *name, BatchState state, const char *actor,
                         GError **error)
{
  gboolean done = state == BATCH_RUNNING ? start_batch (station, name, actor, error)
                                         : halt_batch (station, name, state, actor, error);

  if (done)
    log_station (G_LOG_LEVEL_MESSAGE, "batch %s: %s by %s", name, batch_state_word (state), actor);
  if (done && station->listener.batch_changed != NULL)
    station->listener.batch_changed (name, station->listener.data);
  return done;
}

gboolean
station_create_batch (Station *station, const Batch *batch, const char *actor, GError **error)
{
  g_autoptr (Order) order = order_new (batch, station->config->profile_folder, error);

  if (order == NULL || !ledger_create_batch (station->ledger, batch, actor, error))
    return FALSE;
  if (station->listener.batch_changed != NULL)
    station->listener.batch_changed (batch->name, station->listener.data);
  return TRUE;
}

/* ---- start and stop ---- */

/* ---- errands: what would keep the main loop waiting ---- */

typedef struct {
  Station *station;
  void (*work) (Station *station, SignerClient *client, gpointer data);
  void (*done) (Station *station, gpointer data);
  gpointer data;
} Errand;

static void
run_errand (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Errand *errand = data;
  g_autoptr (SignerClient) client = signer_client_new (issuer_socket (errand->station->issuer));

  errand->work (errand->station, client, errand->data);
}

static void
handle_errand_done (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Errand *errand = data;

  errand->station->errands--;
  if (errand->done != NULL)
    errand->done (errand->station, errand->data);
  tell_if_idle (errand->station);
}

void
station_run_errand (Station *station,
                    void (*work) (Station *station, SignerClient *client, gpointer data),
                    void (*done) (Station *station, gpointer data), gpointer data)
{
  Errand *errand = g_new0 (Errand, 1);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, handle_errand_done, errand);

  errand->station = station;
  errand->work = work;
  errand->done = done;
  errand->data = data;
  station->errands++;
  g_task_set_task_data (task, errand, NULL);
  g_task_run_in_thread (task, run_errand);
}

static void
catch_up (Station *station, SignerClient *client, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (issuer_ready (station->issuer, client, deadline_in (CATCH_UP_TIME), &error))
    log_station (G_LOG_LEVEL_MESSAGE, "the ledger has all that the signer signed");
  else
    log_station (G_LOG_LEVEL_WARNING, "nothing can be signed yet: %s", error->message);
}

void
station_start (Station *station)
{
  station_run_errand (station, catch_up, NULL, NULL);
  resume_batch (station);
  detector_start (station->detector);
}

guint
station_busy_slots (const Station *station)
{
  guint busy = 0;

  for (guint i = 0; i < station->slots->len; i++) {
    const Slot *slot = g_ptr_array_index (station->slots, i);

    busy += slot->state == SLOT_WORKING;
  }
  return busy;
}

void
station_stop (Station *station, void (*idle) (gpointer data), gpointer data)
{
  station->site.stopping = TRUE;
  station->idle = idle;
  station->idle_data = data;
  g_idle_add (tell_if_idle, station);
}

/* ---- slots and devices ---- */

Slot *
station_slot (const Station *station, guint number, GError **error)
{
  for (guint i = 0; i < station->slots->len; i++) {
    Slot *slot = g_ptr_array_index (station->slots, i);

    if (slot->config->number == number)
      return slot;
  }
  g_set_error (error, STATION_ERROR, STATION_ERROR_NO_SLOT, "there is no slot %u", number);
  return NULL;
}

gboolean
station_set_slot_enabled (Station *station, guint number, gboolean enabled, const char *reason,
                          const char *actor, GError **error)
{
  Slot *slot = station_slot (station, number, error);
  g_autofree char *subject = g_strdup_printf ("slot %u", number);

  if (slot == NULL
      || !ledger_record_event (station->ledger, actor, enabled ? "slot-enable" : "slot-disable",
                               subject, reason, error))
    return FALSE;
  slot_set_enabled (slot, enabled, reason);
  return TRUE;
}

gboolean
station_retry_device (Station *station, const char *serial, const char *actor, GError **error)
{
  if (!ledger_allow_retry (station->ledger, serial, actor, error))
    return FALSE;
  for (guint i = 0; i < station->slots->len; i++) {
    Slot *slot = g_ptr_array_index (station->slots, i);

    if (slot->path != NULL && g_strcmp0 (slot->device, serial) == 0)
      slot_start (slot, NULL); /* where it can't, the next plug-in will */
  }
  return TRUE;
}

/* ---- health ---- */

char **
station_warnings (const Station *station)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *signer = issuer_problem (station->issuer);

  if (station->storage_problem != NULL) {
    g_autofree char *text = g_strdup_printf ("The ledger can't be written; nothing is issued: %s",
                                             station->storage_problem);

    g_strv_builder_add (builder, text);
  }
  if (signer != NULL)
    g_strv_builder_add (builder, signer);
  if (station->order_problem != NULL)
    g_strv_builder_add (builder, station->order_problem);
  return g_strv_builder_end (builder);
}

gboolean
station_is_alive (Station *station)
{
  guint64 index;

  return ledger_next_log_index (station->ledger, &index, NULL);
}
