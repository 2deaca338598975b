/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the station is told, many answers in one transaction. Answers that it could not be told are
 * kept; if the courier dies with them, the cloud is told again and says that it knows.
 */
#include "courier/drain-private.h"

#include "courier/error.h"

#define MANY_ANSWERS 200
#define OLD_ANSWERS G_USEC_PER_SEC
#define STATION_PAUSE (2 * G_USEC_PER_SEC)

/* ---- verdicts ---- */

static void
add_answer (Drain *drain, const CloudOperation *operation, const char *state, const char *words,
            gint64 not_before, gint64 now)
{
  CourierAnswer *answer = g_new0 (CourierAnswer, 1);

  answer->id = operation->id;
  answer->state = state;
  answer->words = g_strdup (words);
  answer->not_before = not_before;
  if (drain->answers->len == 0)
    drain->answers_since = now;
  g_ptr_array_add (drain->answers, answer);
}

/* A CA's next try is not written down: all certificates under it wait behind it, and those would be
 * due while it is not. */
static void
put_off (Drain *drain, const CloudOperation *operation, const char *words, gint64 now)
{
  const gint64 pause =
      (gint64)pause_seconds (operation->tries + 1, g_random_int ()) * G_USEC_PER_SEC;
  const gboolean of_authority = cloud_operation_is_of_authority (operation);
  gint64 *till = g_new (gint64, 1);

  *till = now + pause;
  drain->last_try_at = MAX (drain->last_try_at, now + pause);
  if (of_authority)
    drain->pause_until = MAX (drain->pause_until, now + pause);
  add_answer (drain, operation, "waiting", words, of_authority ? 0 : g_get_real_time () + pause,
              now);
  if (of_authority) {
    g_ptr_array_set_size (drain->ready, 0);
    drain->round_over = TRUE;
    g_free (till);
  }
  else
    g_hash_table_replace (drain->held, g_strdup (operation->device), till);
}

/* The cloud is away, or too slow for us: everything pauses, longer each time. */
static void
pause_all (Drain *drain, const char *words, gint64 now)
{
  const guint pause = pause_seconds (++drain->failures, g_random_int ());

  drain->pause_until = MAX (drain->pause_until, now + (gint64)pause * G_USEC_PER_SEC);
  throttle_slow_down (drain->throttle, now);
  if (g_strcmp0 (drain->trouble, words) != 0)
    report_line (drain, "%s The next try is in %u s.", words, pause);
  g_free (drain->trouble);
  drain->trouble = g_strdup (words);
}

static void
be_well (Drain *drain)
{
  drain->proven = TRUE;
  drain->failures = 0;
  g_clear_pointer (&drain->trouble, g_free);
}

static void
take_verdict (Drain *drain, const CloudOperation *operation, const Verdict *verdict, gint64 now)
{
  switch (verdict->kind) {
  case VERDICT_NONE:
    return;
  case VERDICT_DONE:
    drain->tally.done++;
    add_answer (drain, operation, "done", verdict->words, 0, now);
    return;
  case VERDICT_REFUSED:
    drain->tally.refused++;
    report_line (drain, "%s %s was refused: %s", operation->operation, operation->device,
                 verdict->words);
    add_answer (drain, operation, "refused", verdict->words, 0, now);
    return;
  case VERDICT_ALARM:
    drain->tally.alarms++;
    report_line (drain, "ALARM: %s %s: %s", operation->operation, operation->device,
                 verdict->words);
    add_answer (drain, operation, "alarm", verdict->words, 0, now);
    return;
  case VERDICT_LATER:
  case VERDICT_AWAY:
    put_off (drain, operation, verdict->words, now);
    return;
  case VERDICT_STOP:
    return;
  }
}

void
outbox_take (Drain *drain, const Course *course, gint64 now)
{
  const Verdict *away = NULL;

  for (guint i = 0; i < course->operations->len; i++) {
    const Verdict *verdict = &course->verdicts[i];

    take_verdict (drain, g_ptr_array_index (course->operations, i), verdict, now);
    if (verdict->kind == VERDICT_AWAY)
      away = verdict;
    else if (verdict->kind == VERDICT_STOP && drain->stopped == NULL)
      drain->stopped = g_strdup (verdict->words);
    else if (verdict->kind != VERDICT_STOP && verdict->kind != VERDICT_LATER)
      be_well (drain);
  }
  if (away != NULL)
    pause_all (drain, away->words, now);
}

/* ---- telling the station ---- */

gboolean
outbox_bear (Drain *drain, GError *problem, gint64 now, GError **error)
{
  const gboolean passing = g_error_matches (problem, COURIER_ERROR, COURIER_UNREACHABLE)
                           || g_error_matches (problem, COURIER_ERROR, COURIER_FAILED);

  if (drain->order->mode == DRAIN_ONCE || !passing) {
    g_propagate_error (error, problem);
    return FALSE;
  }
  if (drain->station_at == 0)
    report_line (drain, "%s The courier waits for it.", problem->message);
  drain->station_at = now + STATION_PAUSE;
  g_error_free (problem);
  return TRUE;
}

gboolean
outbox_flush (Drain *drain, gboolean at_once, gint64 now, GError **error)
{
  const gboolean due =
      at_once || drain->answers->len >= MANY_ANSWERS || now - drain->answers_since >= OLD_ANSWERS;
  GError *problem = NULL;

  if (drain->answers->len == 0 || !due || now < drain->station_at)
    return TRUE;
  if (!station_link_answer (drain->order->link, drain->answers, &problem))
    return outbox_bear (drain, problem, now, error);
  drain->station_at = 0;
  g_ptr_array_set_size (drain->answers, 0);
  return TRUE;
}
