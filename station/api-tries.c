/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See api-tries.h.
 */
#include "station/api-tries.h"

#define MOST_WAITING 8u
#define FREE_REFUSALS 3u
#define LONGEST_PAUSE 10u /* seconds */
#define FORGET_AFTER (60 * G_TIME_SPAN_SECOND)

struct ApiTries {
  Station *station;
  GQueue waiting; /* of ApiErrand */
  ApiErrand *current;
  guint refusals; /* lately */
  gint64 refused_at;
  guint timer;
};

static void next_try (ApiTries *tries);

static gboolean
is_refusal (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
}

static gboolean
handle_pause_over (gpointer data)
{
  ApiTries *tries = data;

  tries->timer = 0;
  next_try (tries);
  return G_SOURCE_REMOVE;
}

static void
count_refusal (ApiTries *tries, const GError *error)
{
  const gint64 now = g_get_monotonic_time ();

  if (now - tries->refused_at > FORGET_AFTER)
    tries->refusals = 0;
  if (!is_refusal (error))
    return;
  tries->refusals++;
  tries->refused_at = now;
}

static void
do_try (Station *station, SignerClient *client, gpointer data)
{
  ApiErrand *errand = ((ApiTries *)data)->current;

  errand->work (errand, station, client);
  if (is_refusal (errand->error))
    ledger_record_event (station->ledger, errand->actor, "sign-in-refused", errand->format, NULL,
                         NULL);
}

static void
try_done (Station *station, gpointer data)
{
  ApiTries *tries = data;
  ApiErrand *errand = g_steal_pointer (&tries->current);

  count_refusal (tries, errand->error);
  api_errand_answer (errand, station);
  next_try (tries);
}

/* Microseconds until the next try may be made. A success ends no pause: who has a good badge could
 * guess others' in between. */
static gint64
pause_left (const ApiTries *tries)
{
  guint seconds;

  if (tries->refusals < FREE_REFUSALS)
    return 0;
  seconds = MIN (tries->refusals - FREE_REFUSALS + 1, LONGEST_PAUSE);
  return tries->refused_at + seconds * G_TIME_SPAN_SECOND - g_get_monotonic_time ();
}

static void
next_try (ApiTries *tries)
{
  const gint64 left = pause_left (tries);

  if (tries->current != NULL || tries->timer != 0 || g_queue_is_empty (&tries->waiting))
    return;
  if (left > 0) {
    tries->timer = g_timeout_add ((guint)(left / 1000 + 1), handle_pause_over, tries);
    return;
  }
  tries->current = g_queue_pop_head (&tries->waiting);
  station_run_errand (tries->station, do_try, try_done, tries);
}

static gboolean
turn_away (const ApiTries *tries, ApiErrand *errand, const char *why)
{
  g_set_error_literal (&errand->error, G_IO_ERROR, G_IO_ERROR_BUSY, why);
  return api_errand_answer (errand, tries->station);
}

gboolean
api_tries_add (ApiTries *tries, ApiErrand *errand)
{
  if (tries->station->site.stopping)
    return turn_away (tries, errand, "The station is stopping.");
  if (g_queue_get_length (&tries->waiting) >= MOST_WAITING)
    return turn_away (tries, errand, "Too many badges are being tried at once; wait some seconds.");
  g_queue_push_tail (&tries->waiting, errand);
  next_try (tries);
  return TRUE;
}

ApiTries *
api_tries_new (Station *station)
{
  ApiTries *tries = g_new0 (ApiTries, 1);

  tries->station = station;
  g_queue_init (&tries->waiting);
  return tries;
}

void
api_tries_free (ApiTries *tries)
{
  ApiErrand *errand;

  if (tries->timer != 0)
    g_source_remove (tries->timer);
  while ((errand = g_queue_pop_head (&tries->waiting)) != NULL)
    turn_away (tries, errand, "The station is stopping.");
  g_free (tries);
}
