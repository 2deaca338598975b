/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See der-time.h.
 */
#include "ca/der-time.h"

#include "ca/error.h"

#define GENERALIZED_FROM 2050
#define UTC_LENGTH 13         /* YYMMDDHHMMSSZ */
#define GENERALIZED_LENGTH 15 /* YYYYMMDDHHMMSSZ */

typedef struct {
  int year, month, day, hour, minute, second;
} Moment;

/* Two digits at `at`. */
static int
two (const guint8 *at)
{
  return (at[0] - '0') * 10 + at[1] - '0';
}

static int
days_in (int year, int month)
{
  static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  const gboolean leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

  return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static gboolean
is_in_calendar (const Moment *moment)
{
  return moment->month >= 1 && moment->month <= 12 && moment->day >= 1
         && moment->day <= days_in (moment->year, moment->month) && moment->hour < 24
         && moment->minute < 60 && moment->second < 60;
}

/* Days since 1970 of the proleptic Gregorian calendar: whole years before this one, then months. */
static gint64
seconds_of (const Moment *moment)
{
  const gint64 years = moment->year - 1;
  gint64 days = years * 365 + years / 4 - years / 100 + years / 400 - 719162 + moment->day - 1;

  for (int month = 1; month < moment->month; month++)
    days += days_in (moment->year, month);
  return ((days * 24 + moment->hour) * 60 + moment->minute) * 60 + moment->second;
}

/* 4.1.2.5.1 and .2: digits with seconds and a Z, no fraction. */
static gboolean
has_form (Span text, gsize length)
{
  if (text.length != length || text.data[length - 1] != 'Z')
    return FALSE;
  for (gsize i = 0; i < length - 1; i++)
    if (!g_ascii_isdigit (text.data[i]))
      return FALSE;
  return TRUE;
}

gboolean
der_read_time (DerReader *reader, const char *what, Span *text, gint64 *seconds, GError **error)
{
  const gboolean utc = !der_at_end (reader) && *reader->next == DER_UTC_TIME;
  const guint8 tag = utc ? DER_UTC_TIME : DER_GENERALIZED_TIME;
  Moment moment = { 0 };
  const guint8 *at;

  if (!der_read (reader, tag, what, text, NULL, error))
    return FALSE;
  if (!has_form (*text, utc ? UTC_LENGTH : GENERALIZED_LENGTH))
    return ca_refuse (error, CA_ERROR_LINT, "time-form: %s is not %s", what,
                      utc ? "YYMMDDHHMMSSZ" : "YYYYMMDDHHMMSSZ");
  at = text->data;
  moment.year = two (at);
  if (utc)
    moment.year += moment.year < 50 ? 2000 : 1900;
  else
    moment.year = moment.year * 100 + two (at + 2);
  at += utc ? 2 : 4;
  moment.month = two (at);
  moment.day = two (at + 2);
  moment.hour = two (at + 4);
  moment.minute = two (at + 6);
  moment.second = two (at + 8);
  /* 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on. */
  if (!utc && moment.year < GENERALIZED_FROM)
    return ca_refuse (error, CA_ERROR_LINT, "time-type: %s is in %d, but not a UTCTime", what,
                      moment.year);
  if (!is_in_calendar (&moment))
    return ca_refuse (error, CA_ERROR_LINT, "time-calendar: %s is at no time of the calendar",
                      what);
  *seconds = seconds_of (&moment);
  return TRUE;
}
