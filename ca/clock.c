/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See clock.h.
 */
#include "ca/clock.h"

#include <time.h>

/* Longer than a program is used without an update, shorter than a wrong century. */
#define FAR_YEARS 20
#define FAR (FAR_YEARS * 365 * G_TIME_SPAN_DAY)

#define BUILD ((gint64)KEYCRADLE_BUILD_DATE * G_USEC_PER_SEC)

static gint64
microseconds (clockid_t id)
{
  struct timespec now = { 0 };

  clock_gettime (id, &now);
  return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

ClockReading
clock_read (void)
{
  return (ClockReading){ microseconds (CLOCK_REALTIME), microseconds (CLOCK_BOOTTIME) };
}

void
clock_init (Clock *clock)
{
  g_mutex_init (&clock->mutex);
}

void
clock_clear (Clock *clock)
{
  g_mutex_clear (&clock->mutex);
}

static char *
time_text (gint64 real)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (real / G_USEC_PER_SEC);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%S UTC") : g_strdup ("no time");
}

#define SET_IT_RIGHT "set it right (timedatectl), then issuing goes on by itself"

static gboolean
refuse (GError **error, gint64 real, const char *why, gint64 than, const char *advice)
{
  g_autofree char *said = time_text (real);
  g_autofree char *other = time_text (than);

  g_set_error (error, CA_ERROR, CA_ERROR_CLOCK, "this PC's clock says %s, %s (%s); %s", said, why,
               other, advice);
  return FALSE;
}

gboolean
clock_is_plausible (gint64 real, GError **error)
{
  if (real < BUILD)
    return refuse (error, real, "which is before this program was built", BUILD, SET_IT_RIGHT);
  return real <= BUILD + FAR
         || refuse (
             error, real,
             "which is more than " G_STRINGIFY (FAR_YEARS) " years after this program was built",
             BUILD, SET_IT_RIGHT);
}

static gboolean
refuse_jump (GError **error, gint64 jump)
{
  g_set_error (
      error, CA_ERROR, CA_ERROR_CLOCK,
      "this PC's clock was set %" G_GINT64_FORMAT
      " s %s while the signer ran; set it back, or, if it is right now, restart the signer "
      "(systemctl restart keycradle-signer)",
      ABS (jump) / G_USEC_PER_SEC, jump > 0 ? "forward" : "back");
  return FALSE;
}

gboolean
clock_is_behind (ClockReading reading, gint64 newest)
{
  return reading.real + CLOCK_SLACK < newest;
}

gboolean
clock_check (Clock *clock, ClockReading reading, gint64 newest, GError **error)
{
  const gint64 offset = reading.real - reading.boot;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&clock->mutex);

  if (!clock_is_plausible (reading.real, error))
    return FALSE;
  if (clock_is_behind (reading, newest))
    return refuse (error, reading.real,
                   "which is before the newest entry of the issuance log was made", newest,
                   SET_IT_RIGHT
                   "; where the clock is right and the log was ahead of it, `keycradle "
                   "clock reset` lets it go on, or with tickets one that the owner made with "
                   "--clock-reset");
  if (clock->anchored && ABS (offset - clock->anchor) > CLOCK_SLACK)
    return refuse_jump (error, offset - clock->anchor);
  if (!clock->anchored)
    clock->anchor = offset;
  clock->anchored = TRUE;
  return TRUE;
}

void
clock_follow (Clock *clock, ClockReading reading)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&clock->mutex);

  clock->anchor = reading.real - reading.boot;
}
