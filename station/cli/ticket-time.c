/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See ticket-time.h.
 */
#include "station/cli/ticket-time.h"

#include "station/cli/cli.h"

#include <string.h>

#define DAY 86400
#define HOUR 3600
#define MOST_SPAN 100000u /* days or hours */

/* "+30d"; FALSE where it is something else. */
static gboolean
read_span (const char *word, gint64 from, gint64 *seconds)
{
  g_autofree char *digits = NULL;
  gsize length = strlen (word);
  guint64 count;

  if (length < 3 || word[0] != '+' || strchr ("dh", word[length - 1]) == NULL)
    return FALSE;
  digits = g_strndup (word + 1, length - 2);
  if (!g_ascii_string_to_unsigned (digits, 10, 0, MOST_SPAN, &count, NULL))
    return FALSE;
  *seconds = from + (gint64)count * (word[length - 1] == 'd' ? DAY : HOUR);
  return TRUE;
}

/* "2026-11-20" or with a time. What comes out as another text was no such form. */
static gboolean
read_date (const char *word, TicketEdge edge, gint64 *seconds)
{
  const char *rest = edge == TICKET_BEGINS ? "T00:00:00Z" : "T23:59:59Z";
  g_autofree char *whole = strlen (word) == 10 ? g_strconcat (word, rest, NULL) : g_strdup (word);
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (whole, NULL);
  g_autofree char *again = time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : NULL;

  if (again == NULL || !g_str_equal (again, whole))
    return FALSE;
  *seconds = g_date_time_to_unix (time);
  return TRUE;
}

gboolean
ticket_time_read (const char *option, const char *word, TicketEdge edge, gint64 from,
                  gint64 *seconds, GError **error)
{
  if (read_span (word, from, seconds) || read_date (word, edge, seconds))
    return TRUE;
  g_set_error (error, CLI_ERROR, CLI_USAGE,
               "--%s is a date (2026-11-20), a time (2026-11-20T08:00:00Z), or +30d or +12h.",
               option);
  return FALSE;
}
