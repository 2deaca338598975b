/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See station.h.
 */
#include "station/station-private.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "db/ledger-approval.h"
#include "station/dual-control.h"
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

void
station_set_problem (char **problem, const char *text)
{
  g_free (*problem);
  *problem = g_strdup (text);
}

static void
note_storage (Station *station, const GError *failure)
{
  if (failure == NULL)
    station_set_problem (&station->storage_problem, NULL);
  else if (failure->domain == LEDGER_ERROR
           && (failure->code == LEDGER_ERROR_STORAGE || failure->code == LEDGER_ERROR_CORRUPT))
    station_set_problem (&station->storage_problem, failure->message);
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
handle_next_serial_taken (gpointer data)
{
  station_status_changed (data);
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
  log_follower_wake (station->follower); /* its batch may be closed, and wait for it */
  g_idle_add (tell_if_idle, station);
}

static void
handle_pass_checked (const Slot *slot, gpointer data)
{
  if (slot->state == SLOT_PASS)
    log_slot (G_LOG_LEVEL_MESSAGE, slot->config->number, slot->device,
              "still there after the restart, and proven: PASS");
  g_idle_add (tell_if_idle, data);
}

static void
handle_added (guint number, const char *address, GPtrArray *drivers, gpointer data)
{
  Slot *slot = station_slot (data, number, NULL);

  if (slot != NULL)
    slot_device_added (slot, address, drivers);
}

static void
handle_removed (guint number, gpointer data)
{
  Slot *slot = station_slot (data, number, NULL);

  if (slot != NULL)
    slot_device_removed (slot);
}

static void
handle_unclaimed (const char *place, gpointer data)
{
  station_take_unclaimed (data, place);
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
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (errno),
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
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (errno), "%s: %s", path,
               errno == EWOULDBLOCK ? "another keycradled works with this state folder"
                                    : g_strerror (errno));
  return FALSE;
}

static gboolean
open_parts (Station *station, GError **error)
{
  static const DetectorCallbacks callbacks = { handle_added, handle_removed, station_take_refused,
                                               handle_unclaimed };
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
  if ((config->dual_control & CONTROL_BIT (CONTROL_CA)) != 0)
    acceptance_by_people (issuer_acceptance (station->issuer));
  station->detector = detector_new (config, &callbacks, station, error);
  return station->detector != NULL;
}

static void
make_slots (Station *station)
{
  SlotSite *site = &station->site;

  site->ledger = station->ledger;
  site->issuer = station->issuer;
  site->driver_settings = station->config->driver_settings;
  site->attempt_seconds = station->config->attempt_seconds;
  site->acknowledge_failures = station->config->acknowledge_failures;
  site->changed = handle_slot_changed;
  site->next_serial_taken = handle_next_serial_taken;
  site->ended = handle_attempt_ended;
  site->checked = handle_pass_checked;
  site->data = station;
  for (guint i = 0; i < station->config->slots->len; i++)
    g_ptr_array_add (station->slots,
                     slot_new (site, g_ptr_array_index (station->config->slots, i)));
}

static gboolean
note_dual_control (Station *station, GError **error)
{
  const guint bits = station->config->dual_control;
  g_autofree char *words = dual_control_text (bits);

  return ledger_note_dual_control (station->ledger, bits, words, error);
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
  if (!note_dual_control (station, error) || !station_restore_slots (station, error))
    return NULL;
  station_watch_fleet (station);
  station_publish_crls (station);
  station_follow_log (station);
  return g_steal_pointer (&station);
}

void
station_free (Station *station)
{
  if (station == NULL)
    return;
  station_unfollow_log (station);
  station_unpublish_crls (station);
  station_unwatch_fleet (station);
  detector_free (station->detector);
  g_ptr_array_unref (station->slots);
  g_clear_pointer (&station->site.order, order_unref);
  operator_free (station->signed_in);
  issuer_free (station->issuer);
  signer_child_free (station->signer_child);
  ledger_close (station->ledger);
  config_free (station->config);
  if (station->lock >= 0)
    close (station->lock);
  g_free (station->site.transcript_folder);
  g_free (station->ledger_path);
  g_free (station->site.next_serial);
  g_free (station->storage_problem);
  g_free (station->order_problem);
  g_free (station->authority_problem);
  g_free (station);
}

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
  /* The thread is pooled: it may end behind OpenSSL's own end, which then can't clean up after it.
   */
  OPENSSL_thread_stop ();
}

static void
handle_errand_done (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Errand *errand = data;

  errand->station->errands--;
  station_look_at_authority (errand->station);
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
  log_follower_wake (station->follower);
  station_resume_batch (station);
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
  for (guint i = 0; i < station->slots->len; i++)
    slot_order_changed (g_ptr_array_index (station->slots, i));
  crl_publisher_stop (station->publisher);
  log_follower_stop (station->follower);
  fleet_watch_stop (station->fleet); /* an export that waits for it ends in words */
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

  if (slot == NULL || (*reason != '\0' && !station_check_reason (reason, error))
      || !ledger_record_event (station->ledger, actor, enabled ? "slot-enable" : "slot-disable",
                               subject, reason, error)
      || !config_keep_enabled (station->config, number, enabled, reason, error))
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

    if (slot->path != NULL && !slot->arrived && g_strcmp0 (slot->device, serial) == 0)
      station_start_slot (station, slot->config->number, actor,
                          NULL); /* where it can't, the next plug-in will */
  }
  return TRUE;
}

/* ---- health ---- */

/* Nothing is issued: the ledger, the signer, or the batch's profile. */
static void
add_alarms (GStrvBuilder *builder, const Station *station)
{
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
  if (station->authority_problem != NULL)
    g_strv_builder_add (builder, station->authority_problem);
}

char **
station_alarms (const Station *station)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  add_alarms (builder, station);
  return g_strv_builder_end (builder);
}

/* A signer that ended is started again: it is an alarm only where it can't be reached. */
char **
station_warnings (const Station *station)
{
  g_autofree char *crls = crl_publisher_problem (station->publisher);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  add_alarms (builder, station);
  if (crls != NULL)
    g_strv_builder_add (builder, crls);
  if (station->signer_child != NULL && signer_child_problem (station->signer_child) != NULL)
    g_strv_builder_add (builder, signer_child_problem (station->signer_child));
  if (detector_cards_problem (station->detector) != NULL)
    g_strv_builder_add (builder, detector_cards_problem (station->detector));
  return g_strv_builder_end (builder);
}

gboolean
station_is_alive (Station *station)
{
  guint64 index;

  return ledger_next_log_index (station->ledger, &index, NULL);
}
