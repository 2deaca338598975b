/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log.h.
 */
#include "station/log.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define MOST_FIELDS 8u

/* The fields of one message; values must live until it is sent. */
typedef struct {
  GLogField list[MOST_FIELDS];
  gsize count;
} Fields;

static void
fields_add (Fields *fields, const char *key, const char *value)
{
  if (value == NULL || fields->count == MOST_FIELDS)
    return;
  fields->list[fields->count++] = (GLogField){ key, value, -1 };
}

/* The numbers that journal and syslog know. */
static const char *
priority_of (GLogLevelFlags level)
{
  if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    return "3";
  if (level & G_LOG_LEVEL_WARNING)
    return "4";
  if (level & G_LOG_LEVEL_MESSAGE)
    return "5";
  return level & G_LOG_LEVEL_INFO ? "6" : "7";
}

static void
send_message (GLogLevelFlags level, Fields *fields, const char *message)
{
  g_autofree char *safe = text_for_display (message, 1000);

  fields_add (fields, "MESSAGE", safe);
  fields_add (fields, "PRIORITY", priority_of (level));
  fields_add (fields, "GLIB_DOMAIN", G_LOG_DOMAIN);
  g_log_structured_array (level, fields->list, fields->count);
}

void
log_station (GLogLevelFlags level, const char *format, ...)
{
  g_autofree char *message = NULL;
  Fields fields = { .count = 0 };
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  send_message (level, &fields, message);
}

void
log_slot (GLogLevelFlags level, guint slot, const char *device, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *message = NULL;
  g_autofree char *number = g_strdup_printf ("%u", slot);
  Fields fields = { .count = 0 };
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  fields_add (&fields, "SLOT", number);
  fields_add (&fields, "DEVICE", device);
  message = g_strdup_printf ("slot %u: %s", slot, text);
  send_message (level, &fields, message);
}

void
log_attempt (guint slot, const char *device, const char *batch, const char *reason,
             const char *detail)
{
  const char *name = device != NULL ? device : "unknown device";
  g_autofree char *number = g_strdup_printf ("%u", slot);
  g_autofree char *message =
      reason == NULL ? g_strdup_printf ("slot %u: %s passed", slot, name)
                     : g_strdup_printf ("slot %u: %s failed: %s: %s", slot, name, reason, detail);
  Fields fields = { .count = 0 };

  fields_add (&fields, "SLOT", number);
  fields_add (&fields, "DEVICE", device);
  fields_add (&fields, "BATCH", batch);
  fields_add (&fields, "ERROR_CODE", reason);
  send_message (reason == NULL ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_WARNING, &fields, message);
}

static const char *
field_value (const GLogField *fields, gsize count, const char *key)
{
  for (gsize i = 0; i < count; i++)
    if (g_str_equal (fields[i].key, key))
      return fields[i].value;
  return NULL;
}

/* One line, one write: lines of several threads never mix. */
static GLogWriterOutput
write_line (GLogLevelFlags level, const GLogField *fields, gsize count, gpointer data)
{
  const char *message = field_value (fields, count, "MESSAGE");
  const char *mark = level & G_LOG_LEVEL_WARNING ? "warning: " : "";
  g_autoptr (GDateTime) now = NULL;
  g_autofree char *time = NULL;
  g_autofree char *line = NULL;

  if (level & G_LOG_LEVEL_DEBUG)
    return G_LOG_WRITER_HANDLED;
  if (g_log_writer_is_journald (STDERR_FILENO)
      && g_log_writer_journald (level, fields, count, NULL) == G_LOG_WRITER_HANDLED)
    return G_LOG_WRITER_HANDLED;
  if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    mark = "error: ";
  now = g_date_time_new_now_utc ();
  time = g_date_time_format (now, "%H:%M:%S");
  line = g_strdup_printf ("%s keycradled: %s%s\n", time, mark, message != NULL ? message : "");
  return write (STDERR_FILENO, line, strlen (line)) < 0 ? G_LOG_WRITER_UNHANDLED
                                                        : G_LOG_WRITER_HANDLED;
}

void
log_start (void)
{
  g_log_set_writer_func (write_line, NULL, NULL);
}
