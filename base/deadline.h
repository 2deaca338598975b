/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One absolute deadline is passed down through a whole procedure: a point on
 * the monotonic clock in microseconds, as g_get_monotonic_time() counts them.
 * Nobody below the procedure invents a timeout of its own.
 */
#pragma once

#include <glib.h>

typedef gint64 Deadline;

/* The deadline that lies `milliseconds` ahead of now. */
static inline Deadline
deadline_in (guint milliseconds)
{
  return g_get_monotonic_time () + (gint64)milliseconds * 1000;
}

/* Whichever of the two comes first: a step may be given less than the whole, never more. */
static inline Deadline
deadline_sooner (Deadline a, Deadline b)
{
  return MIN (a, b);
}

/* Milliseconds left, rounded up, 0 when it has passed: what poll() wants. */
static inline int
deadline_milliseconds_left (Deadline deadline)
{
  gint64 left = deadline - g_get_monotonic_time ();

  return left <= 0 ? 0 : (int)MIN ((left + 999) / 1000, G_MAXINT);
}

static inline gboolean
deadline_passed (Deadline deadline)
{
  return g_get_monotonic_time () >= deadline;
}
