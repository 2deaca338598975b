/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See drain.h. One thread, one loop: a round goes once through all that is due.
 */
#include "courier/drain-private.h"

#define PAGE 250u
#define LOW 50u
#define ROUND_PAUSE (2 * G_USEC_PER_SEC)
#define LONGEST_WAIT 250000    /* microseconds */
#define FAILURES_OF_ONE_RUN 5u /* when --once gives up */

static void
clear_drain (Drain *drain)
{
  g_clear_pointer (&drain->pool, http_pool_free); /* before the lanes that it would call */
  g_free (drain->host);
  g_clear_pointer (&drain->throttle, throttle_free);
  g_clear_pointer (&drain->ready, g_ptr_array_unref);
  g_clear_pointer (&drain->lanes, g_ptr_array_unref);
  g_clear_pointer (&drain->devices, g_hash_table_unref);
  g_clear_pointer (&drain->held, g_hash_table_unref);
  g_clear_pointer (&drain->answers, g_ptr_array_unref);
  g_free (drain->trouble);
  g_free (drain->stopped);
}

static void
free_operation (gpointer operation)
{
  cloud_operation_free (operation);
}

static void
free_answer (gpointer answer)
{
  courier_answer_free (answer);
}

static gboolean
init_drain (Drain *drain, const DrainOrder *order, GError **error)
{
  *drain = (Drain){ .order = order, .cloud = cloud_find (order->target->kind) };
  if (drain->cloud == NULL) {
    g_set_error (error, COURIER_ERROR, COURIER_USAGE,
                 "The courier can't reach a registry of kind \"%s\": export a manifest for it.",
                 order->target->kind);
    return FALSE;
  }
  drain->host = drain->cloud->host (order->target, order->credentials, error);
  if (drain->host == NULL)
    return FALSE;
  drain->ready = g_ptr_array_new_with_free_func (free_operation);
  drain->lanes = g_ptr_array_new_with_free_func (lane_free);
  drain->answers = g_ptr_array_new_with_free_func (free_answer);
  drain->devices = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  drain->held = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  drain->throttle = throttle_new (order->settings->per_second);
  drain->pool = http_pool_new (order->settings, error);
  return drain->pool != NULL;
}

/* ---- rounds ---- */

static gboolean
is_idle (const Drain *drain)
{
  return drain->round_over && drain->ready->len == 0 && drain->lanes->len == 0;
}

static void
add_ready (Drain *drain, GPtrArray *operations)
{
  while (operations->len > 0) {
    CloudOperation *operation = g_ptr_array_steal_index (operations, 0);

    drain->after = operation->id;
    g_ptr_array_add (drain->ready, operation);
  }
}

/* A page as large as a call to this cloud may be. */
static gboolean
take_page (Drain *drain, gint64 now, GError **error)
{
  const guint page = MAX (PAGE, drain->cloud->most);
  g_autoptr (GPtrArray) operations = NULL;
  GError *problem = NULL;

  if (drain->round_over || drain->ready->len >= MAX (LOW, drain->cloud->most)
      || now < drain->station_at || now < drain->pause_until)
    return TRUE;
  operations = station_link_take (drain->order->link, drain->order->target->name, page,
                                  drain->after, &problem);
  if (operations == NULL)
    return outbox_bear (drain, problem, now, error);
  drain->station_at = 0;
  if (operations->len == 0)
    drain->round_over = TRUE;
  else
    drain->round_took = TRUE;
  add_ready (drain, operations);
  return TRUE;
}

static void
begin_round (Drain *drain, gint64 now)
{
  drain->after = 0;
  drain->round_over = FALSE;
  drain->next_round_at = drain->round_took ? now : now + ROUND_PAUSE;
  drain->round_took = FALSE;
}

/* At the end of a round: is that all? */
static gboolean
is_all (const Drain *drain, gint64 now)
{
  if (drain->order->mode == DRAIN_WATCH)
    return FALSE;
  if (drain->order->mode == DRAIN_ONCE)
    return TRUE;
  return !drain->round_took && now > drain->last_try_at + ROUND_PAUSE;
}

/* ---- the loop ---- */

static gboolean
gives_up (const Drain *drain)
{
  return drain->order->mode == DRAIN_ONCE && drain->failures >= FAILURES_OF_ONE_RUN;
}

/* What is to be ended is ended as soon as nothing is under way. */
static gboolean
is_over (const Drain *drain)
{
  if (drain->stopped == NULL && *drain->order->ending == 0 && !gives_up (drain))
    return FALSE;
  return http_pool_busy (drain->pool) == 0;
}

/* Lanes that can't go on are left to the station, which hands their operations out again; those
 * with verdicts are told. */
static void
harvest (Drain *drain, gint64 now)
{
  for (guint i = 0; i < drain->lanes->len; i++) {
    const Lane *lane = g_ptr_array_index (drain->lanes, i);

    outbox_take (drain, lane->course, now);
  }
  g_ptr_array_set_size (drain->lanes, 0);
}

static gboolean
turn (Drain *drain, GError **error)
{
  const gint64 now = g_get_monotonic_time ();
  gint64 wait;

  if (now >= drain->next_round_at && !take_page (drain, now, error))
    return FALSE;
  wait = MIN (lanes_move (drain, now), LONGEST_WAIT);
  http_pool_run (drain->pool, (guint)((wait + 999) / 1000));
  report_progress (drain, now);
  return outbox_flush (drain, is_idle (drain), g_get_monotonic_time (), error);
}

static gboolean
run (Drain *drain, GError **error)
{
  while (!is_over (drain)) {
    if (!turn (drain, error))
      return FALSE;
    if (!is_idle (drain) || drain->answers->len > 0)
      continue;
    const gint64 now = g_get_monotonic_time ();
    if (is_all (drain, now))
      return TRUE;
    begin_round (drain, now);
  }
  return TRUE;
}

static CourierExit
exit_of (const Drain *drain, guint64 left, GError **error)
{
  if (drain->stopped != NULL) {
    g_set_error (error, COURIER_ERROR, COURIER_FAILED,
                 "%s Nothing is lost: what waits is told when the courier runs again.",
                 drain->stopped);
    return COURIER_FAILED;
  }
  if (drain->tally.refused > 0 || drain->tally.alarms > 0)
    return COURIER_PARTIAL;
  return left > 0 && drain->order->mode != DRAIN_WATCH ? COURIER_TRY_AGAIN : COURIER_OK;
}

CourierExit
drain (const DrainOrder *order, GError **error)
{
  Drain state;
  CourierExit code = COURIER_FAILED;
  gint64 now;

  if (!init_drain (&state, order, error)) {
    clear_drain (&state);
    return COURIER_FAILED;
  }
  if (run (&state, error)) {
    now = g_get_monotonic_time ();
    harvest (&state, now);
    state.station_at = 0;
    outbox_flush (&state, TRUE, now, NULL);
    code = exit_of (&state, report_end (&state), error);
  }
  clear_drain (&state);
  return code;
}
