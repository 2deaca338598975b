/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Below the clouds' limits: a bucket of tokens for each call, and pauses that grow. Pure: the time
 * (microseconds of the monotonic clock) and chance are arguments.
 */
#pragma once

#include <glib.h>

typedef struct Throttle Throttle;

/* `per_second` is of each call, as courier.conf says; 0: a little less than each call documents. */
Throttle *throttle_new (guint per_second);
void throttle_free (Throttle *throttle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Throttle, throttle_free)

/* 0: call `api` now, which is counted; else in so many microseconds. In no second do more than
 * `documented` begin. */
gint64 throttle_wait (Throttle *throttle, const char *api, double documented, gint64 now);

/* The cloud found us too fast: half as fast from here on, and slowly faster again. */
void throttle_slow_down (Throttle *throttle, gint64 now);

/* Seconds before the next try after `failures` in a row: 1, 2, 4, ... up to an hour, and of that
 * between the half and the whole, as `chance` has it. */
guint pause_seconds (guint failures, guint32 chance);
