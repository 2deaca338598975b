/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Batches: at most one runs, and what it asks is the order that all slots work by.
 */
#include "station/log.h"
#include "station/station-private.h"

/* FALSE where nothing has changed. */
static gboolean
note_authority (Station *station)
{
  const Order *order = station->site.order;
  g_autoptr (GError) problem = NULL;

  acceptance_check (issuer_acceptance (station->issuer),
                    order != NULL ? order->profile->name : NULL, &problem);
  station->site.authority_waits = problem != NULL;
  if (g_strcmp0 (station->authority_problem, problem != NULL ? problem->message : NULL) == 0)
    return FALSE;
  station_set_problem (&station->authority_problem, problem != NULL ? problem->message : NULL);
  return TRUE;
}

void
station_look_at_authority (Station *station)
{
  if (!note_authority (station))
    return;
  for (guint i = 0; i < station->slots->len; i++)
    slot_order_changed (g_ptr_array_index (station->slots, i));
  station_status_changed (station);
}

static void
take_order (Station *station, Order *order)
{
  g_clear_pointer (&station->site.order, order_unref);
  station->site.order = order;
  station_set_next_serial (station, NULL); /* it was scanned for the batch before */
  station_set_problem (&station->order_problem, NULL);
  note_authority (station);
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
void
station_resume_batch (Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Batch) batch = running_batch (station, &error);
  Order *order = NULL;

  if (batch != NULL)
    order = order_new (batch, station->config->profile_folder, &error);
  if (order != NULL)
    take_order (station, order);
  if (error != NULL) {
    station_set_problem (&station->order_problem, error->message);
    log_station (G_LOG_LEVEL_WARNING, "the running batch can't go on: %s", error->message);
  }
}

static gboolean
is_complete (const Batch *batch)
{
  const guint64 target = batch->target > 0 ? batch->target : batch->units;

  return target > 0 && batch->passed >= target;
}

/* One batch runs at a time. One that is complete makes way by itself: it is paused, so that
 * whoever starts the next one needs no supervisor for it. */
static gboolean
make_way (Station *station, const char *name, const char *actor, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (Batch) running = running_batch (station, &failure);

  if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  if (running == NULL || g_str_equal (running->name, name))
    return TRUE;
  if (is_complete (running))
    return station_set_batch_state (station, running->name, BATCH_PAUSED, actor, error);
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_BATCH_STATE,
               "batch %s is running: pause or close it first", running->name);
  return FALSE;
}

static gboolean
start_batch (Station *station, const char *name, const char *actor, GError **error)
{
  g_autoptr (Batch) batch = ledger_batch (station->ledger, name, error);
  g_autoptr (Order) order = NULL;

  if (batch == NULL)
    return FALSE;
  order = order_new (batch, station->config->profile_folder, error);
  if (order == NULL
      || !acceptance_check (issuer_acceptance (station->issuer), batch->profile, error)
      || !make_way (station, name, actor, error)
      || !ledger_set_batch_state (station->ledger, name, BATCH_RUNNING, actor, error))
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
  log_follower_wake (station->follower);
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
