/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When a device has been there for long enough to arrive. A plug bounces while it is pushed in, and
 * a cable may be broken: each attempt that such a device begins is a FAIL on record that says
 * nothing of the unit. So a device arrives when nothing has happened to it for QUIET, twice that
 * for each time that one left its place lately. A line's own change of units costs one doubling.
 */
#include "station/detect-private.h"

#define QUIET 250u                        /* milliseconds */
#define DOUBLINGS_MOST 3u                 /* two seconds */
#define LATELY (5 * G_TIME_SPAN_SECOND)   /* without a departure, and all is forgotten */
#define PATIENCE (8 * G_TIME_SPAN_SECOND) /* with ports that are still to come */

typedef struct {
  Detector *detector;
  char *path;
  char *place;
  guint number; /* of the device on the bus */
  guint timer;
  gint64 since;
} Plan;

typedef struct {
  guint count;
  gint64 last;
} Departures;

static void
plan_free (gpointer data)
{
  Plan *plan = data;

  if (plan->timer != 0)
    g_source_remove (plan->timer);
  g_free (plan->path);
  g_free (plan->place);
  g_free (plan);
}

void
detect_timing_new (Detector *detector)
{
  detector->plans = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, plan_free);
  detector->departures = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

void
detect_timing_free (Detector *detector)
{
  g_hash_table_unref (detector->plans);
  g_hash_table_unref (detector->departures);
}

void
detect_note_departure (Detector *detector, const char *place)
{
  Departures *seen = g_hash_table_lookup (detector->departures, place);
  const gint64 now = g_get_monotonic_time ();

  if (seen == NULL) {
    seen = g_new0 (Departures, 1);
    g_hash_table_insert (detector->departures, g_strdup (place), seen);
  }
  if (now - seen->last > LATELY)
    seen->count = 0;
  seen->count++;
  seen->last = now;
}

/* Milliseconds for which a device at `place` must be quiet. */
static guint
quiet_time (Detector *detector, const char *place)
{
  const Departures *seen = g_hash_table_lookup (detector->departures, place);

  if (seen == NULL || g_get_monotonic_time () - seen->last > LATELY)
    return QUIET;
  return (guint)QUIET << MIN (seen->count, DOUBLINGS_MOST);
}

static gboolean
handle_quiet (gpointer data)
{
  Plan *plan = data;
  Detector *detector = plan->detector;
  const gboolean patient = g_get_monotonic_time () - plan->since < PATIENCE;
  const guint timer = plan->timer;
  g_autofree char *path = g_strdup (plan->path);

  if (!detect_settle (detector, path, patient))
    return G_SOURCE_CONTINUE;
  /* A callback may have planned anew, or forgotten it: then this source has ended already. */
  plan = g_hash_table_lookup (detector->plans, path);
  if (plan != NULL && plan->timer == timer) {
    plan->timer = 0;
    g_hash_table_remove (detector->plans, path);
  }
  return G_SOURCE_REMOVE;
}

void
detect_plan (Detector *detector, const char *path, const SeenDevice *device)
{
  Plan *plan = g_hash_table_lookup (detector->plans, path);

  if (plan != NULL && plan->number != device->number) {
    detect_forget (detector, path);
    plan = NULL;
  }
  if (plan == NULL) {
    plan = g_new0 (Plan, 1);
    plan->detector = detector;
    plan->path = g_strdup (path);
    plan->place = g_strdup (device->place);
    plan->number = device->number;
    plan->since = g_get_monotonic_time ();
    g_hash_table_insert (detector->plans, plan->path, plan);
  }
  if (plan->timer != 0)
    g_source_remove (plan->timer);
  plan->timer = g_timeout_add (quiet_time (detector, plan->place), handle_quiet, plan);
}

void
detect_forget (Detector *detector, const char *path)
{
  const Plan *plan = g_hash_table_lookup (detector->plans, path);

  if (plan == NULL)
    return;
  detect_note_departure (detector, plan->place);
  g_hash_table_remove (detector->plans, path);
}
