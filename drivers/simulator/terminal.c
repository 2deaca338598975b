/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading with echo, printing with log lines in between.
 */
#include "drivers/simulator/terminal.h"

#include <string.h>

#define PROMPT "> "
#define CANCEL 0x03
#define BACKSPACE '\b'

static gboolean
terminal_send (Terminal *terminal, const char *text)
{
  return machine_send (terminal->device->machine, text, strlen (text));
}

/* A log line erases the line that the cursor is on, as the firmware's does. */
static void
append_log_line (Terminal *terminal, GString *into)
{
  static const struct {
    const char *level;
    const char *text;
  } lines[] = { { "INF", "[mqtt_agent] Error count 0, retrying (agent.c:412)" },
                { "ERR", "[net] No link on wlan0 (net_main.c:96)" },
                { "INF", "[sensor] sample taken (env_sensor.c:77)" } };
  guint ticks = (guint)(g_get_monotonic_time () / 1000);
  guint i = terminal->log_lines++ % G_N_ELEMENTS (lines);

  g_string_append_printf (into, "\r\x1b[K<%s> %u %s\r\n", lines[i].level, ticks, lines[i].text);
}

/* After each line out: whether a log line is due. */
static gboolean
log_is_due (Terminal *terminal)
{
  guint every = terminal->device->settings.log_every;

  if (every == 0 || ++terminal->lines_out < every)
    return FALSE;
  terminal->lines_out = 0;
  return TRUE;
}

gboolean
terminal_print (Terminal *terminal, const char *text)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line != NULL && (line[1] != NULL || **line != '\0'); line++) {
    g_string_append_printf (out, "%s\r\n", *line);
    if (log_is_due (terminal))
      append_log_line (terminal, out);
  }
  return machine_answer (terminal->device->machine, out->str, out->len);
}

/* The prompt, what was typed so far, and at times a log line that makes both come twice. */
static gboolean
terminal_prompt (Terminal *terminal)
{
  g_autoptr (GString) out = g_string_new (PROMPT);

  if (log_is_due (terminal)) {
    append_log_line (terminal, out);
    g_string_append (out, PROMPT);
  }
  return machine_send (terminal->device->machine, out->str, out->len);
}

static gboolean
terminal_type (Terminal *terminal, guint8 byte)
{
  GString *line = terminal->line;

  if (byte == CANCEL) {
    g_string_truncate (line, 0);
    return terminal_send (terminal, "\r\n" PROMPT);
  }
  if (byte == BACKSPACE || byte == 0x7f) {
    if (line->len == 0)
      return TRUE;
    g_string_truncate (line, line->len - 1);
    return terminal_send (terminal, "\b \b");
  }
  if (byte < ' ' || line->len >= TERMINAL_LINE_MAX)
    return TRUE;
  g_string_append_c (line, (char)byte);
  return machine_send (terminal->device->machine, &byte, 1);
}

gboolean
terminal_read_line (Terminal *terminal, GString *line)
{
  guint8 byte;

  g_string_truncate (terminal->line, 0);
  if (!terminal_prompt (terminal))
    return FALSE;
  while (machine_receive (terminal->device->machine, &byte)) {
    gboolean ends = byte == '\r' || byte == '\n' || byte == '\0';
    gboolean second = byte == '\n' && terminal->last == '\r';

    terminal->last = byte;
    if (!ends) {
      if (!terminal_type (terminal, byte))
        return FALSE;
      continue;
    }
    if (second || terminal->line->len == 0)
      continue;
    g_string_assign (line, terminal->line->str);
    return terminal_send (terminal, "\r\n");
  }
  return FALSE;
}
