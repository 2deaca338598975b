/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Courses side by side. What order asks for: the operations of one device one behind the other, and
 * those of a CA alone, with everything older before and everything newer after them.
 */
#include "courier/drain-private.h"

#define LONGEST_WAIT 500000 /* microseconds */

void
lane_free (gpointer data)
{
  Lane *lane = data;

  course_free (lane->course);
  request_free (lane->request);
  g_free (lane);
}

/* ---- beginning ---- */

static gboolean
is_register (const CloudOperation *operation)
{
  return g_str_equal (operation->operation, "register");
}

/* One of the same device waits for its next try: what came after it must not overtake it. */
static gboolean
is_held (Drain *drain, const char *device, gint64 now)
{
  const gint64 *till = g_hash_table_lookup (drain->held, device);

  if (till == NULL)
    return FALSE;
  if (now < *till)
    return TRUE;
  g_hash_table_remove (drain->held, device);
  return FALSE;
}

static CloudOperation *
first_ready (const Drain *drain)
{
  return drain->ready->len == 0 ? NULL : g_ptr_array_index (drain->ready, 0);
}

static void
move_to (Drain *drain, GPtrArray *operations)
{
  CloudOperation *operation = g_ptr_array_steal_index (drain->ready, 0);

  g_ptr_array_add (operations, operation);
  if (!cloud_operation_is_of_authority (operation))
    g_hash_table_add (drain->devices, g_strdup (operation->device));
}

static void
free_operation (gpointer operation)
{
  cloud_operation_free (operation);
}

/* The first, and as many registrations behind it as go into one call. */
static GPtrArray *
take_group (Drain *drain, gint64 now)
{
  GPtrArray *group = g_ptr_array_new_with_free_func (free_operation);
  const gboolean together = is_register (first_ready (drain));
  CloudOperation *next;

  move_to (drain, group);
  while (together && group->len < drain->cloud->most && (next = first_ready (drain)) != NULL
         && is_register (next) && !g_hash_table_contains (drain->devices, next->device)
         && !is_held (drain, next->device, now))
    move_to (drain, group);
  return group;
}

static gboolean
has_authority_under_way (const Drain *drain)
{
  const Lane *lane = drain->lanes->len == 0 ? NULL : g_ptr_array_index (drain->lanes, 0);

  return lane != NULL
         && cloud_operation_is_of_authority (g_ptr_array_index (lane->course->operations, 0));
}

/* May the first of those that are ready begin? */
static gboolean
may_begin (Drain *drain)
{
  const guint most = drain->proven ? drain->order->settings->connections : 1;
  const CloudOperation *first = first_ready (drain);

  if (first == NULL || drain->lanes->len >= most || has_authority_under_way (drain))
    return FALSE;
  if (cloud_operation_is_of_authority (first))
    return drain->lanes->len == 0;
  return !g_hash_table_contains (drain->devices, first->device);
}

static void
begin (Drain *drain, gint64 now)
{
  g_autoptr (GPtrArray) group = NULL;
  Lane *lane;

  while (first_ready (drain) != NULL && is_held (drain, first_ready (drain)->device, now))
    g_ptr_array_remove_index (drain->ready, 0); /* it comes again */
  if (!may_begin (drain))
    return;
  group = take_group (drain, now);
  lane = g_new0 (Lane, 1);
  lane->drain = drain;
  lane->course = drain->cloud->course_new (drain->order->target, group);
  g_ptr_array_add (drain->lanes, lane);
}

/* ---- sending ---- */

static void
answered (const Answer *answer, gpointer data)
{
  Lane *lane = data;

  lane->sent = FALSE;
  lane->course->take (lane->course, answer);
}

static void
send_request (Drain *drain, Lane *lane)
{
  const DrainOrder *order = drain->order;
  const char *host = lane->request->host == NULL ? drain->host : lane->request->host;
  g_autoptr (Request) request = g_steal_pointer (&lane->request);
  g_autoptr (GError) error = NULL;

  if (!request->without_key
      && !drain->cloud->sign (request, order->target, order->credentials, host,
                              g_get_real_time () / G_USEC_PER_SEC, &error))
  {
    course_judge_rest (lane->course, VERDICT_STOP, error->message);
    return;
  }
  lane->sent = TRUE;
  http_pool_start (drain->pool, request, host, answered, lane);
}

static void
finish (Drain *drain, Lane *lane, gint64 now)
{
  const GPtrArray *operations = lane->course->operations;

  for (guint i = 0; i < operations->len; i++) {
    const CloudOperation *operation = g_ptr_array_index (operations, i);

    g_hash_table_remove (drain->devices, operation->device);
  }
  outbox_take (drain, lane->course, now);
  g_ptr_array_remove (drain->lanes, lane);
}

/* Microseconds until its request may go; 0: it went, or there is none. */
static gint64
move_lane (Drain *drain, Lane *lane, gint64 now)
{
  gint64 wait;

  if (lane->sent)
    return 0;
  if (lane->request == NULL) {
    lane->request = lane->course->next (lane->course);
    if (lane->request == NULL) {
      finish (drain, lane, now);
      return 0;
    }
    lane->not_before = now + (gint64)lane->request->after * 1000;
  }
  if (now < lane->not_before)
    return lane->not_before - now;
  wait = throttle_wait (drain->throttle, lane->request->api, lane->request->per_second, now);
  if (wait == 0)
    send_request (drain, lane);
  return wait;
}

gint64
lanes_move (Drain *drain, gint64 now)
{
  gint64 least = LONGEST_WAIT;
  guint before;

  if (now < drain->pause_until || drain->stopped != NULL || *drain->order->ending != 0)
    return LONGEST_WAIT;
  do {
    before = drain->lanes->len;
    begin (drain, now);
  } while (drain->lanes->len > before);
  for (guint i = drain->lanes->len; i > 0 && now >= drain->pause_until; i--) {
    Lane *lane = g_ptr_array_index (drain->lanes, i - 1);
    const gint64 wait = move_lane (drain, lane, now);

    if (wait > 0)
      least = MIN (least, wait);
  }
  return may_begin (drain) ? 0 : least;
}
