/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See slot.h. Everything that can happen to a slot is one function here; all of them end in
 * slot_settle(), which decides what becomes of the slot and of the device in it.
 */
#include "station/slot-private.h"

#include <string.h>

#include "station/error.h"
#include "station/reason.h"

void
slot_show (Slot *slot, SlotState state)
{
  slot->state = state;
  slot->site->changed (slot, slot->site->data);
}

static Job *
job_for (const Slot *slot)
{
  const SlotConfig *config = slot->config;
  Job *job = g_new0 (Job, 1);

  job->port = g_strdup (slot->path != NULL ? slot->path : config->port);
  job->driver = config->driver != NULL ? driver_by_name (config->driver) : NULL;
  job->drivers = slot->drivers != NULL ? g_ptr_array_ref (slot->drivers) : NULL;
  job->baud = config->baud;
  job->rtscts = config->rtscts;
  job->driver_settings = slot->site->driver_settings;
  job->seconds = slot->site->attempt_seconds;
  return job;
}

static void
slot_work (Slot *slot)
{
  Job *job = job_for (slot);

  job->order = order_ref (slot->site->order);
  job->serial = g_strdup (slot->bound_serial);
  job->operator_name = g_strdup (slot->site->operator_name);
  slot->arrived = FALSE;
  slot->failure_stands = FALSE;
  slot_forget (slot);
  slot->batch = g_strdup (job->order->batch);
  slot->started_at = g_get_real_time ();
  slot_show (slot, SLOT_WORKING);
  worker_run (slot->worker, job);
}

/* What the slot needs before it can work with a device, or NULL. */
static const char *
slot_lacks (const Slot *slot)
{
  const SlotSite *site = slot->site;

  if (site->stopping)
    return "stopping";
  if (site->order == NULL)
    return "batch";
  if (site->authority_waits)
    return "ca";
  return site->order->scans_serials && slot->bound_serial == NULL ? "serial" : NULL;
}

const char *
slot_waits_for (const Slot *slot)
{
  return slot->state == SLOT_WAITING ? slot_lacks (slot) : NULL;
}

/* What was scanned before any device had come is for this one. */
static void
slot_take_next_serial (Slot *slot)
{
  SlotSite *site = slot->site;

  slot->bound_serial = g_steal_pointer (&site->next_serial);
  if (site->next_serial_taken != NULL)
    site->next_serial_taken (site->data);
}

/* Is the unit that passed before the daemon's start still there? Asked of the first device, which
 * may be left in its slot for a night: neither batch nor serial is needed for it. */
static void
slot_check_pass (Slot *slot)
{
  Job *job = job_for (slot);

  job->pass = slot->last_pass;
  slot->arrived = FALSE;
  slot_forget (slot);
  slot->started_at = g_get_real_time ();
  slot_show (slot, SLOT_WORKING);
  worker_run (slot->worker, job);
}

/* Works with the device, or has it wait for what is missing. */
static void
slot_take_up (Slot *slot)
{
  if (slot->last_pass != NULL && !slot->site->stopping) {
    slot_check_pass (slot);
    return;
  }
  if (slot->site->next_serial != NULL && g_strcmp0 (slot_lacks (slot), "serial") == 0)
    slot_take_next_serial (slot);
  if (slot_lacks (slot) == NULL) {
    slot_work (slot);
    return;
  }
  slot_forget (slot);
  slot_show (slot, SLOT_WAITING);
}

/* A FAIL that keeps the next device waiting. */
static gboolean
slot_is_held (const Slot *slot)
{
  return slot->failure_stands && slot->site->acknowledge_failures;
}

/* A FAIL without an attempt. It stands as any other does, and stays after that until the device
 * leaves. */
static void
slot_show_refusal (Slot *slot)
{
  slot_forget (slot);
  slot_note_text (&slot->reason, station_error_word (STATION_ERROR_REFUSED));
  slot_note_text (&slot->detail, slot->refusal);
  slot->ended_at = g_get_real_time ();
  slot->failure_stands = TRUE;
  slot_show (slot, SLOT_FAIL);
}

/* A slot that does not work: what is it to show, and is there a device to work with? */
void
slot_settle (Slot *slot)
{
  if (!slot->enabled)
    slot_show (slot, SLOT_DISABLED);
  else if (slot_is_held (slot))
    slot_show (slot, SLOT_FAIL);
  else if (slot->refusal != NULL)
    slot_show_refusal (slot);
  else if (slot->path == NULL) {
    slot_forget (slot);
    slot_show (slot, SLOT_EMPTY);
  }
  else
    slot_take_up (slot);
}

/* Forgets the device that was there. */
static void
slot_clear_device (Slot *slot)
{
  g_clear_pointer (&slot->path, g_free);
  g_clear_pointer (&slot->refusal, g_free);
  g_clear_pointer (&slot->drivers, g_ptr_array_unref);
  g_clear_pointer (&slot->bound_serial, g_free);
  slot->arrived = FALSE;
}

void
slot_device_added (Slot *slot, const char *path, GPtrArray *drivers)
{
  slot_clear_device (slot);
  slot->path = g_strdup (path);
  slot->drivers = drivers != NULL ? g_ptr_array_ref (drivers) : NULL;
  g_clear_pointer (&slot->recorded_refusal, g_free);
  slot->arrived = TRUE;
  slot->arrival = ++slot->site->arrivals;
  if (slot->state == SLOT_WORKING)
    slot_show (slot, SLOT_WORKING); /* with the one before */
  else
    slot_settle (slot);
}

/* Whether what the slot shows goes with its device. */
static gboolean
slot_clears (const Slot *slot)
{
  switch (slot->state) {
  case SLOT_PASS:
  case SLOT_WAITING:
    return TRUE;
  case SLOT_FAIL:
    return !slot->failure_stands;
  case SLOT_EMPTY:
  case SLOT_WORKING:
  case SLOT_DISABLED:
    return FALSE;
  }
  return FALSE;
}

void
slot_device_removed (Slot *slot)
{
  slot_clear_device (slot);
  if (slot_clears (slot))
    slot_settle (slot);
  else
    slot_show (slot, slot->state);
}

void
slot_device_refused (Slot *slot, const char *reason)
{
  slot_clear_device (slot);
  slot->refusal = g_strdup (reason);
  if (slot->state == SLOT_WORKING)
    slot_show (slot, SLOT_WORKING); /* with the one before */
  else
    slot_settle (slot);
}

void
slot_order_changed (Slot *slot)
{
  if (slot->state == SLOT_WAITING)
    slot_settle (slot);
}

void
slot_bind_serial (Slot *slot, const char *serial)
{
  g_free (slot->bound_serial);
  slot->bound_serial = g_strdup (serial);
  slot_settle (slot);
}

/* Whether the FAIL that is shown is of the device that is still there. */
static gboolean
slot_shows_its_device (const Slot *slot)
{
  const char *refused = station_error_word (STATION_ERROR_REFUSED);

  return slot->refusal != NULL ? g_strcmp0 (slot->reason, refused) == 0
                               : slot->path != NULL && !slot->arrived;
}

void
slot_acknowledge (Slot *slot)
{
  if (!slot->failure_stands)
    return;
  slot->failure_stands = FALSE;
  if (slot->state != SLOT_FAIL)
    return;
  if (slot_shows_its_device (slot))
    slot_show (slot, SLOT_FAIL); /* until it leaves */
  else
    slot_settle (slot);
}

void
slot_set_enabled (Slot *slot, gboolean enabled, const char *reason)
{
  slot->enabled = enabled;
  g_free (slot->disabled_reason);
  slot->disabled_reason = enabled ? NULL : g_strdup (reason);
  if (slot->state == SLOT_WORKING)
    slot_show (slot, SLOT_WORKING); /* let it end */
  else if (!enabled || slot->state == SLOT_DISABLED)
    slot_settle (slot);
}

static gboolean
refuse (const Slot *slot, GError **error, const char *why)
{
  g_set_error (error, STATION_ERROR, STATION_ERROR_SLOT, "slot %u %s", slot->config->number, why);
  return FALSE;
}

gboolean
slot_may_start (const Slot *slot, GError **error)
{
  if (slot->state == SLOT_WORKING)
    return refuse (slot, error, "is working already");
  if (!slot->enabled)
    return refuse (slot, error, "is disabled; enable it first");
  if (slot->site->order == NULL)
    return refuse (slot, error, "has nothing to do: no batch runs");
  if (slot->site->authority_waits)
    return refuse (slot, error, "starts nothing: the CA was not accepted yet");
  if (slot->site->stopping)
    return refuse (slot, error, "starts nothing: the station is stopping");
  if (slot->refusal != NULL)
    return refuse (slot, error, "has a device in it that is refused: take it out");
  if (slot->path == NULL && slot->config->port == NULL)
    return refuse (slot, error, "is empty: plug in a device");
  return TRUE;
}

gboolean
slot_start (Slot *slot, GError **error)
{
  if (!slot_may_start (slot, error))
    return FALSE;
  slot->failure_stands = FALSE;
  if (slot->path == NULL) /* nobody sees whether the device stays for the answer */
    g_clear_pointer (&slot->last_pass, attempt_free);
  if (g_strcmp0 (slot->batch, slot->site->order->batch) != 0)
    g_clear_pointer (&slot->bound_serial, g_free); /* it was judged by another batch's pattern */
  slot_take_up (slot);
  return TRUE;
}

static void
handle_progress (const ProvisionState *state, gpointer data)
{
  Slot *slot = data;

  slot->attempt_id = state->attempt_id;
  slot->step = state->step;
  slot_note_text (&slot->driver, state->driver);
  slot_note_text (&slot->device, state->device);
  slot_note_text (&slot->model, state->model);
  slot_show (slot, SLOT_WORKING);
}

/* What is shown after the end: the result, unless the device it is about has left with a PASS, or
 * the next one waits already and need not wait for anybody to see the FAIL. */
static void
slot_after_end (Slot *slot, gboolean passed)
{
  slot_show (slot, passed ? SLOT_PASS : SLOT_FAIL);
  if (!slot->enabled || (passed && slot->path == NULL)
      || ((slot->arrived || slot->refusal != NULL) && !slot_is_held (slot)))
    slot_settle (slot);
}

static void
handle_end (const GError *failure, gpointer data)
{
  Slot *slot = data;

  slot->ended_at = g_get_real_time ();
  if (failure == NULL)
    slot->passed++;
  else {
    slot->failed++;
    slot->failure_stands = TRUE;
    slot_note_text (&slot->reason, reason_word (failure));
    slot_note_text (&slot->detail, failure->message);
  }
  slot->site->ended (slot, failure, slot->site->data);
  slot_after_end (slot, failure == NULL);
}

/* The answer is about the device that was there all the while, or about nobody. */
static void
handle_checked (gboolean stands, gpointer data)
{
  Slot *slot = data;
  const gboolean stayed = slot->path != NULL && !slot->arrived && slot->enabled;
  g_autoptr (Attempt) pass = stayed ? g_steal_pointer (&slot->last_pass) : NULL;

  slot_forget (slot);
  slot->state = SLOT_EMPTY;
  if (stayed && stands) {
    slot_recall (slot, pass);
    slot_show (slot, SLOT_PASS);
  }
  else {
    slot->arrived = slot->path != NULL;
    slot_settle (slot);
  }
  if (slot->site->checked != NULL)
    slot->site->checked (slot, slot->site->data);
}

void
slot_restore_failure (Slot *slot, const Attempt *attempt)
{
  slot_recall (slot, attempt);
  slot->failure_stands = TRUE;
  if (slot->enabled)
    slot->state = SLOT_FAIL;
}

void
slot_restore_pass (Slot *slot, Attempt *attempt)
{
  attempt_free (slot->last_pass);
  slot->last_pass = attempt;
}

Slot *
slot_new (SlotSite *site, const SlotConfig *config)
{
  static const WorkerCallbacks callbacks = { handle_progress, handle_end, handle_checked };
  Slot *slot = g_new0 (Slot, 1);

  slot->site = site;
  slot->config = config;
  slot->enabled = config->enabled;
  slot->state = config->enabled ? SLOT_EMPTY : SLOT_DISABLED;
  if (!config->enabled)
    slot->disabled_reason =
        g_strdup (config->disabled_reason != NULL ? config->disabled_reason
                                                  : "Enabled=no in the configuration");
  slot->worker = worker_new (config->number, site->ledger, site->issuer, site->transcript_folder,
                             &callbacks, slot);
  return slot;
}

void
slot_free (Slot *slot)
{
  if (slot == NULL)
    return;
  worker_free (slot->worker);
  slot_forget (slot);
  attempt_free (slot->last_pass);
  slot_clear_device (slot);
  g_free (slot->recorded_refusal);
  g_free (slot->disabled_reason);
  g_free (slot);
}
