/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What people see of it: on a terminal one line that changes, else a line where there is something
 * to say.
 */
#include "courier/drain-private.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

#define PROGRESS_PAUSE (G_USEC_PER_SEC / 2)
#define MOST_LINE 1000

static guint64
all_told (const Drain *drain)
{
  return drain->tally.done + drain->tally.refused + drain->tally.alarms;
}

void
report_line (const Drain *drain, const char *format, ...)
{
  g_autofree char *line = NULL;
  g_autofree char *shown = NULL;
  va_list values;

  va_start (values, format);
  line = g_strdup_vprintf (format, values);
  va_end (values);
  shown = text_for_display (line, MOST_LINE);
  fprintf (stderr, "%s%s: %s\n", isatty (STDERR_FILENO) ? "\r\033[K" : "",
           drain->order->target->name, shown);
}

void
report_progress (Drain *drain, gint64 now)
{
  const guint64 told = all_told (drain);
  const double seconds = (double)(now - drain->told_at) / G_USEC_PER_SEC;

  if (!isatty (STDERR_FILENO) || now - drain->told_at < PROGRESS_PAUSE)
    return;
  fprintf (stderr,
           "\r\033[K%s: %" G_GUINT64_FORMAT " told (%" G_GUINT64_FORMAT
           " refused, %" G_GUINT64_FORMAT " alarms), %.0f a second",
           drain->order->target->name, told, drain->tally.refused, drain->tally.alarms,
           drain->told_at == 0 ? 0.0 : (double)(told - drain->told) / seconds);
  fflush (stderr);
  drain->told_at = now;
  drain->told = told;
}

guint64
report_end (const Drain *drain)
{
  g_autoptr (CloudTarget) target =
      station_link_target (drain->order->link, drain->order->target->name, NULL);

  if (isatty (STDERR_FILENO))
    fputs ("\r\033[K", stderr);
  printf ("%s: %" G_GUINT64_FORMAT " told, %" G_GUINT64_FORMAT " refused, %" G_GUINT64_FORMAT
          " alarms",
          drain->order->target->name, drain->tally.done, drain->tally.refused, drain->tally.alarms);
  if (target != NULL)
    printf (", %" G_GUINT64_FORMAT " wait", target->waiting);
  printf (".\n");
  fflush (stdout);
  return target == NULL ? 0 : target->waiting;
}
