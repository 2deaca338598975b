/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the courier has in its hands: operations taken and not begun, courses under way (lanes), and
 * answers that the station has not heard yet.
 */
#pragma once

#include "courier/drain.h"
#include "courier/http.h"
#include "courier/throttle.h"

/* A course under way, and its request. */
typedef struct {
  struct Drain *drain;
  Course *course;
  Request *request;  /* the next one; NULL while there is none, or it is sent */
  gint64 not_before; /* of that request */
  gboolean sent;
} Lane;

typedef struct {
  guint64 done, refused, alarms;
} DrainTally;

typedef struct Drain {
  const DrainOrder *order;
  const Cloud *cloud;
  char *host;
  HttpPool *pool;
  Throttle *throttle;

  GPtrArray *ready;     /* of CloudOperation, taken and not begun, oldest first */
  GPtrArray *lanes;     /* of Lane */
  GHashTable *devices;  /* names of those in a lane: one at a time, in order */
  GHashTable *held;     /* device → gint64: till when one of its operations waits */
  gint64 after;         /* the last operation that was taken in this round */
  gboolean round_over;  /* nothing is due behind it */
  gboolean round_took;  /* it was not empty */
  gint64 next_round_at; /* of the monotonic clock, as all below */

  GPtrArray *answers; /* of CourierAnswer */
  gint64 answers_since;

  gboolean proven; /* the cloud took something in this run */
  guint failures;  /* in a row: the cloud was away, or wanted us slower */
  gint64 pause_until;
  gint64 last_try_at; /* of those that were put off, the latest */
  char *trouble;      /* what was said of it last, or NULL */
  char *stopped;      /* why no operation will do better, or NULL */
  gint64 station_at;  /* the next try to reach the station, or 0 */

  DrainTally tally;
  gint64 told_at; /* when progress was last told */
  guint64 told;   /* how much it was then */
} Drain;

/* lanes.c: */

/* Begins courses and sends requests, as far as order, connections and throttles allow. Returns the
 * microseconds after which there may be more to do. */
gint64 lanes_move (Drain *drain, gint64 now);
void lane_free (gpointer lane);

/* outbox.c: */

/* The verdicts of a course that is over become answers. */
void outbox_take (Drain *drain, const Course *course, gint64 now);
/* Tells the station when there are many, when they are old, or `at_once`. FALSE where that can't be
 * done for good. */
gboolean outbox_flush (Drain *drain, gboolean at_once, gint64 now, GError **error);
/* An error of the station: TRUE where the courier waits for it to come back. */
gboolean outbox_bear (Drain *drain, GError *problem, gint64 now, GError **error);

/* report.c: */

void report_progress (Drain *drain, gint64 now);
void report_line (const Drain *drain, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Returns how many operations still wait. */
guint64 report_end (const Drain *drain);
