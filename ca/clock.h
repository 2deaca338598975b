/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether this PC's clock can be believed. A certificate's dates can't be taken back, so nothing is
 * issued by a clock that stands before what certainly was (the program's build, the newest entry
 * of the log), in the far future, or that was moved while the signer ran. Errors are
 * CA_ERROR_CLOCK and say what to do. Once the clock is right again, issuing goes on by itself.
 */
#pragma once

#include <glib.h>

#include "ca/error.h"

/* Time synchronisation may move a clock so far without anybody's being surprised; microseconds. */
#define CLOCK_SLACK (5 * G_TIME_SPAN_MINUTE)

/* Both in microseconds, as CLOCK_REALTIME and CLOCK_BOOTTIME count them. Nobody sets the second
 * one, and it runs on while the PC sleeps. */
typedef struct {
  gint64 real;
  gint64 boot;
} ClockReading;

ClockReading clock_read (void);

/* What `real - boot` was when the clock was last believed. Threads share it. */
typedef struct {
  GMutex mutex;
  gboolean anchored;
  gint64 anchor;
} Clock;

void clock_init (Clock *clock);
void clock_clear (Clock *clock);

/* TRUE where the clock may be believed. `newest` is the time of the log's newest entry, or 0. The
 * first clock that is believed becomes the one that later ones are held against. */
gboolean clock_check (Clock *clock, ClockReading reading, gint64 newest, GError **error);

/* TRUE where it stands before `newest` by more than a clock is set back without anybody's being
 * surprised. */
gboolean clock_is_behind (ClockReading reading, gint64 newest);

/* Something was issued by this reading: small corrections of the clock add up to no jump. */
void clock_follow (Clock *clock, ClockReading reading);

/* TRUE where `real` is neither before the build nor in the far future. */
gboolean clock_is_plausible (gint64 real, GError **error);
