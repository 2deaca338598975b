/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See provision.h. Read procedure() first: it is the page on the wall. Every step is one function
 * that says which step it is, does it, and stops the rest by returning FALSE; whatever was opened
 * is closed by provision(). A device that comes back after an unplug or a crash takes the same
 * way, but keeps key and certificate when it can prove that it still holds them.
 */
#include "station/provision-run.h"

#include "base/text.h"
#include "station/driver-settings.h"
#include "station/error.h"
#include "station/log.h"
#include "station/reason.h"
#include "station/transcript.h"

void
run_clear (Run *run)
{
  session_close (run->session);
  driver_options_free (run->options);
  transport_free (run->transport);
  device_identity_free (run->identity);
  device_free (run->device);
  issuance_entry_free (run->issued);
  g_free (run->transcript);
  g_string_free (run->steps, TRUE);
  g_clear_pointer (&run->csr, g_bytes_unref);
  g_clear_pointer (&run->csr_spki, g_bytes_unref);
  g_clear_pointer (&run->certificate, g_bytes_unref);
  g_clear_pointer (&run->chain, g_ptr_array_unref);
  g_clear_pointer (&run->roots, g_ptr_array_unref);
}

/* In the dialogue, and at once on the disk: a crash takes the one, not the other. */
static void
note_step (Run *run, Step step)
{
  g_autofree char *note = transcript_step (step_word (step), g_get_real_time ());
  g_autofree char *line = g_strdup_printf ("# step %s\n", note);

  if (run->transcript != NULL)
    transcript_add (run->context->transcript_folder, run->transcript, line);
  if (run->transport != NULL)
    transport_note (run->transport, "step", note);
  else
    g_string_append (run->steps, line);
}

void
run_enter (Run *run, Step step)
{
  run->state.step = step;
  note_step (run, step);
  if (run->context->progress != NULL)
    run->context->progress (&run->state, run->context->data);
}

Deadline
run_within (const Run *run, guint milliseconds)
{
  return deadline_sooner (run->context->deadline, deadline_in (milliseconds));
}

gboolean
run_refuse (GError **error, DriverError code, const char *why)
{
  g_set_error_literal (error, DRIVER_ERROR, (int)code, why);
  return FALSE;
}

/* ---- the device and its place in the ledger ---- */

static gboolean
begin (Run *run, GError **error)
{
  const ProvisionContext *context = run->context;
  g_autofree char *slot = g_strdup_printf ("%u", context->slot);
  gint64 id;

  if (!ledger_begin_attempt (context->ledger, slot, context->order->batch, context->operator_name,
                             &id, error))
    return FALSE;
  run->state.attempt_id = id;
  run->transcript = transcript_name (id, g_get_real_time ());
  return TRUE;
}

/* The speed the family runs at, unless the slot says another. */
static SerialSettings
settings_for (const ProvisionContext *context, const Driver *driver)
{
  SerialSettings settings = { .baud = 115200, .rtscts = FALSE };

  if (driver != NULL) {
    settings.baud = driver->baud;
    settings.rtscts = driver->rtscts;
  }
  if (context->baud != 0)
    settings.baud = context->baud;
  if (context->rtscts != RTSCTS_BY_DRIVER)
    settings.rtscts = context->rtscts == RTSCTS_ON;
  return settings;
}

gboolean
run_open_port (Run *run, GError **error)
{
  const SerialSettings settings = settings_for (run->context, run->context->driver);

  run_enter (run, STEP_OPEN);
  run->transport =
      transport_open (run->context->port, &settings, run_within (run, IDENTIFY_TIME), error);
  if (run->transport == NULL)
    return FALSE;
  if (run->context->order != NULL)
    transport_note (run->transport, "batch", run->context->order->batch);
  return TRUE;
}

/* What driver and product are told was checked when they were read; only a secret may have become
 * unreadable since. */
static gboolean
open_session (Run *run, const Driver *driver, Deadline deadline, GError **error)
{
  const Order *order = run->context->order;
  g_autoptr (GError) problem = NULL;

  run->options =
      driver_settings_apply (driver, run->context->driver_settings,
                             order != NULL ? order->profile->driver_settings : NULL, &problem);
  if (run->options == NULL) {
    g_set_error (error, STATION_ERROR, STATION_ERROR_CONFIG, "[driver %s]: %s", driver->name,
                 problem->message);
    return FALSE;
  }
  run->session = session_open (driver, run->transport, run->options, deadline, error);
  return run->session != NULL;
}

static gboolean
may_ask (const ProvisionContext *context, const Driver *driver)
{
  return context->drivers == NULL || g_ptr_array_find ((GPtrArray *)context->drivers, driver, NULL);
}

/* A slot sees the same product all day: whoever spoke last is asked before all others. */
static const Driver *
find_driver (Run *run, Deadline deadline, GError **error)
{
  const ProvisionContext *context = run->context;
  const Driver *familiar = context->familiar != NULL ? *context->familiar : NULL;
  gboolean speaks = FALSE;

  if (context->driver != NULL)
    return driver_probe (run->transport, context->driver, deadline, error);
  if (familiar != NULL && may_ask (context, familiar)
      && (familiar->channels & transport_channel (run->transport)) != 0
      && !driver_ask (familiar, run->transport, &speaks, deadline, error))
    return NULL;
  return speaks ? familiar : driver_probe_among (run->transport, context->drivers, deadline, error);
}

/* What boots needs longer, as far as it is known to be such a device: by the slot's driver, or by
 * those whose matches name it. */
static guint
known_patience (const ProvisionContext *context)
{
  guint patience = context->driver != NULL ? context->driver->patience : 0;

  for (guint i = 0; context->drivers != NULL && i < context->drivers->len; i++)
    patience = MAX (patience, ((const Driver *)g_ptr_array_index (context->drivers, i))->patience);
  return patience;
}

static Deadline
identify_deadline (const Run *run, const Driver *driver)
{
  const guint patience = driver != NULL ? driver->patience : known_patience (run->context);

  return run_within (run, MAX (IDENTIFY_TIME, patience));
}

gboolean
run_identify (Run *run, GError **error)
{
  const Driver *driver;
  SerialSettings settings;

  run_enter (run, STEP_IDENTIFY);
  driver = find_driver (run, identify_deadline (run, NULL), error);
  if (driver == NULL)
    return FALSE;
  const Deadline deadline = identify_deadline (run, driver);
  if (run->context->familiar != NULL)
    *run->context->familiar = driver;
  run->state.driver = driver->name;
  transport_note (run->transport, "driver", driver->name);
  settings = settings_for (run->context, driver);
  if (!transport_set_serial (run->transport, &settings, error))
    return FALSE;
  if (!open_session (run, driver, deadline, error))
    return FALSE;
  run->identity = driver->identify (run->session, deadline, error);
  if (run->identity == NULL)
    return FALSE;
  run->state.device = run->context->serial != NULL ? run->context->serial : run->identity->serial;
  run->state.model = run->identity->model;
  return TRUE;
}

/* The name that was scanned for it, or that the batch's range has. Without either the device names
 * itself, and sticks to the name by which the ledger knows its chip. */
static gboolean
assign_serial (Run *run, GError **error)
{
  const Driver *driver = run->session->driver;

  if (g_strcmp0 (run->device->serial, run->identity->serial) == 0)
    return TRUE;
  if (!run->context->order->assigns_serials)
    return run->identity->serial == NULL
           || run_refuse (error, DRIVER_ERROR_IDENTITY,
                          "the device calls itself otherwise than when it was here before");
  if (!(driver->abilities & DRIVER_ASSIGNS_SERIAL))
    return TRUE;
  if (!driver->assign_serial (run->session, run->device->serial, run_within (run, EXCHANGE_TIME),
                              error))
    return FALSE;
  g_free (run->identity->serial);
  run->identity->serial = g_strdup (run->device->serial);
  return TRUE;
}

/* The label names the device. What it calls itself, where that is something else, is kept: it may
 * be all that a customer can read of it later. */
static void
keep_own_serial (Run *run)
{
  const char *own = run->identity->serial;
  const char *scanned = run->context->serial;
  g_autofree char *detail = NULL;
  g_autoptr (GError) error = NULL;

  if (scanned == NULL || own == NULL || g_str_equal (own, scanned))
    return;
  transport_note (run->transport, "own-serial", own);
  detail = g_strdup_printf ("the device calls itself %s; chip %s", own,
                            run->identity->chip_id != NULL ? run->identity->chip_id : "unknown");
  if (!ledger_record_event (run->context->ledger, "station", "serial-differs", scanned, detail,
                            &error))
    log_slot (G_LOG_LEVEL_WARNING, run->context->slot, scanned, "%s; that can't be recorded: %s",
              detail, error->message);
}

/* A unit that is refused because it has passed is sent to the finished ones: not unless it proves
 * that it is finished. */
static gboolean
recognise (Run *run, const DeviceFacts *facts, GError **error)
{
  g_autoptr (GError) refusal = NULL;
  g_autoptr (Device) finished = NULL;

  run->device =
      ledger_identify_device (run->context->ledger, run->state.attempt_id, facts, &refusal);
  if (run->device != NULL)
    return TRUE;
  if (g_error_matches (refusal, LEDGER_ERROR, LEDGER_ERROR_ALREADY_DONE)) {
    finished = ledger_known_device (run->context->ledger, facts->chip_id, facts->serial, error);
    if (finished == NULL || !run_prove_finished (run, finished, error))
      return FALSE;
  }
  g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}

static gboolean
enroll (Run *run, GError **error)
{
  const DeviceIdentity *identity = run->identity;
  const char *scanned = run->context->serial;
  const DeviceFacts facts = { .driver = run->session->driver->name,
                              .chip_id = identity->chip_id,
                              .serial = scanned != NULL ? scanned : identity->serial,
                              .model = identity->model,
                              .firmware = identity->firmware };

  run_enter (run, STEP_REGISTER);
  if (facts.serial == NULL && facts.chip_id == NULL && !run->context->order->assigns_serials)
    return run_refuse (error, DRIVER_ERROR_IDENTITY,
                       "the device has neither serial nor chip id, and the batch has no range to "
                       "give it one from");
  /* Before the ledger is asked what it knows of the device, it must know what the signer knows. */
  if (!issuer_ready (run->context->issuer, run->context->signer, run_within (run, SIGNER_TIME),
                     error))
    return FALSE;
  if (!recognise (run, &facts, error))
    return FALSE;
  run->state.device = run->device->serial;
  transport_note (run->transport, "serial", run->device->serial);
  keep_own_serial (run);
  return assign_serial (run, error);
}

/* The one that it has where the batch is for roots and endpoint alone, or where it was cut off with
 * one of this batch; else a new one for a new key. */
static gboolean
certify (Run *run, GError **error)
{
  if (run->context->order->kind == BATCH_REFRESH)
    return run_keep_certificate (run, error);
  return run_resume (run, error) && (run->resumed || run_make_certificate (run, error));
}

/* The page on the wall. */
static gboolean
procedure (Run *run, GError **error)
{
  return begin (run, error) && run_open_port (run, error) && run_identify (run, error)
         && enroll (run, error) && certify (run, error) && run_deliver (run, error);
}

/* ---- the end ---- */

/* Keeps the dialogue and gives the port back. Returns the transcript's name, or NULL. */
static char *
hang_up (Run *run, const GError *failure)
{
  g_autofree char *dialogue = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (run->transcript == NULL)
    return NULL;
  if (run->transport != NULL && failure != NULL)
    transport_note (run->transport, "failed", reason_word (failure));
  g_clear_pointer (&run->session, session_close);
  if (run->transport != NULL)
    dialogue = transport_transcript (run->transport);
  g_clear_pointer (&run->transport, transport_free);
  text = g_strconcat (run->steps->str, dialogue, NULL);
  if (transcript_save (run->context->transcript_folder, run->transcript, text, &error))
    return g_strdup (run->transcript);
  log_slot (G_LOG_LEVEL_WARNING, run->context->slot, run->state.device,
            "the transcript is lost: %s", error->message);
  return NULL;
}

/* A device that gave away its private key is a matter for the supervisor: on record. */
static void
raise_alarm (Run *run, const GError *failure)
{
  const char *device = run->state.device != NULL ? run->state.device : "(unknown)";

  if (g_error_matches (failure, DRIVER_ERROR, DRIVER_ERROR_PRIVATE_KEY_LEAKED))
    ledger_record_event (run->context->ledger, "station", "private-key-leaked", device,
                         "the device sent a private key", NULL);
}

static void
record_failure (Run *run, const char *transcript, const GError *failure)
{
  g_autofree char *detail = text_for_display (failure->message, 500);
  g_autoptr (GError) error = NULL;

  if (run->state.attempt_id == 0)
    return;
  raise_alarm (run, failure);
  if (!ledger_end_attempt (run->context->ledger, run->state.attempt_id, ATTEMPT_FAILED,
                           step_word (run->state.step), reason_word (failure), detail, transcript,
                           &error))
    log_slot (G_LOG_LEVEL_CRITICAL, run->context->slot, run->state.device,
              "the failure can't be recorded: %s", error->message);
}

static gboolean
record_pass (Run *run, const char *transcript, GError **error)
{
  run_enter (run, STEP_RECORD);
  return ledger_pass (run->context->ledger, run->state.attempt_id, run->certificate_id, transcript,
                      run->installed ? &run->trust : NULL, error);
}

gboolean
provision (const ProvisionContext *context, GError **error)
{
  Run run = { .context = context, .steps = g_string_new (NULL) };
  g_autoptr (GError) failure = NULL;
  gboolean done = procedure (&run, &failure);
  g_autofree char *transcript = hang_up (&run, failure);
  gboolean passed = done && record_pass (&run, transcript, &failure);

  if (!passed) {
    record_failure (&run, transcript, failure);
    g_propagate_error (error, g_steal_pointer (&failure));
  }
  run_clear (&run);
  return passed;
}
