/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading with echo and redraws, printing with log lines in between.
 */
#include "drivers/zephyr/simulator-shell.h"

#include <string.h>

#define PROMPT "uart:~$ "
#define WIDTH 80u
#define CANCEL 0x03

static gboolean
send_text (ZephyrShell *shell, const GString *text)
{
  return text->len == 0 || machine_send (shell->device->machine, text->str, text->len);
}

static guint
cursor (ZephyrShell *shell)
{
  return (guint)strlen (PROMPT) + (guint)shell->line->len;
}

/* The prompt and what was typed so far, broken where the terminal's line is full. */
static void
append_prompt (ZephyrShell *shell, GString *out)
{
  guint column = (guint)strlen (PROMPT);

  g_string_append (out, "\x1b[1;32m" PROMPT "\x1b[m");
  for (gsize i = 0; i < shell->line->len; i++) {
    g_string_append_c (out, shell->line->str[i]);
    if (++column % WIDTH == 0)
      g_string_append (out, "\r\n");
  }
}

static void
append_erase (ZephyrShell *shell, GString *out)
{
  guint at = cursor (shell);

  if (at % WIDTH > 0)
    g_string_append_printf (out, "\x1b[%uD", at % WIDTH);
  if (at / WIDTH > 0)
    g_string_append_printf (out, "\x1b[%uA", at / WIDTH);
  g_string_append (out, "\x1b[J");
}

static void
append_log_line (ZephyrShell *shell, GString *out)
{
  static const char *const lines[] = { "<inf> main: sample taken",
                                       "<err> net: Error: no route, CSR: none",
                                       "\x1b[1;33m<wrn> mqtt: Stored 0 bytes.\x1b[0m" };
  guint milliseconds = (guint)(g_get_monotonic_time () / 1000 % 60000);

  g_string_append_printf (out, "[00:00:%02u.%03u,000] \x1b[0m%s\x1b[0m\r\n", milliseconds / 1000,
                          milliseconds % 1000, lines[shell->log_lines++ % G_N_ELEMENTS (lines)]);
}

/* The log erases the line that is being typed, and the shell repeats it. */
static void
append_redraw (ZephyrShell *shell, GString *out)
{
  append_erase (shell, out);
  append_log_line (shell, out);
  append_prompt (shell, out);
}

static gboolean
log_is_due (ZephyrShell *shell)
{
  guint every = shell->device->settings.log_every;

  if (every == 0 || ++shell->lines_out < every)
    return FALSE;
  shell->lines_out = 0;
  return TRUE;
}

static gboolean
prompt (ZephyrShell *shell, const char *before)
{
  g_autoptr (GString) out = g_string_new (before);

  append_prompt (shell, out);
  if (log_is_due (shell))
    append_redraw (shell, out);
  return send_text (shell, out);
}

gboolean
zephyr_shell_start (ZephyrShell *shell)
{
  return prompt (shell, "\r\n\r\n*** Booting nRF Connect SDK ***\r\n");
}

static gboolean
insert (ZephyrShell *shell, guint8 byte)
{
  g_autoptr (GString) out = g_string_new (NULL);

  if (byte < ' ' || byte > '~' || shell->line->len + 1 >= SHELL_LINE_MAX)
    return TRUE;
  g_string_append_c (shell->line, (char)byte);
  g_string_append_c (out, (char)byte);
  if (cursor (shell) % WIDTH == 0)
    g_string_append (out, "\r\n");
  if (shell->device->settings.log_every > 0 && shell->line->len % 70 == 20)
    append_redraw (shell, out);
  return send_text (shell, out);
}

static gboolean
cancel (ZephyrShell *shell)
{
  g_string_truncate (shell->line, 0);
  return prompt (shell, "\r\n");
}

static gboolean
list_commands (ZephyrShell *shell)
{
  return shell->line->len > 0
         || prompt (shell, "\r\n  cred            hwinfo          kernel          "
                           "nrf_cloud_cred\r\n");
}

/* CR LF ends one line, not two. */
static gboolean
ends_line (ZephyrShell *shell, guint8 byte)
{
  if (byte != '\r' && byte != '\n') {
    shell->line_ended = 0;
    return FALSE;
  }
  if (shell->line_ended != 0 && shell->line_ended != byte)
    return FALSE;
  shell->line_ended = byte;
  return TRUE;
}

static gboolean
take_byte (ZephyrShell *shell, guint8 byte)
{
  if (byte == CANCEL)
    return cancel (shell);
  if (byte == '\t')
    return list_commands (shell);
  return insert (shell, byte);
}

gboolean
zephyr_shell_read_line (ZephyrShell *shell, GString *line)
{
  guint8 byte;

  while (machine_receive (shell->device->machine, &byte)) {
    if (!ends_line (shell, byte)) {
      if (!take_byte (shell, byte))
        return FALSE;
      continue;
    }
    if (shell->line->len == 0) {
      if (!prompt (shell, "\r\n"))
        return FALSE;
      continue;
    }
    gboolean wrapped = cursor (shell) % WIDTH == 0;
    g_string_assign (line, shell->line->str);
    g_string_truncate (shell->line, 0);
    return wrapped || machine_send (shell->device->machine, "\r\n", 2);
  }
  return FALSE;
}

void
zephyr_shell_print (ZephyrShell *shell, ZephyrShellColour colour, const char *format, ...)
{
  static const char *const starts[] = { "", "\x1b[1;33m", "\x1b[1;31m" };
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    g_string_append_printf (shell->answer, "%s%s\r\n%s", starts[colour], *line,
                            colour == SHELL_NORMAL ? "" : "\x1b[m");
    if (log_is_due (shell))
      append_log_line (shell, shell->answer);
  }
}

gboolean
zephyr_shell_bypass (ZephyrShell *shell)
{
  gboolean sent =
      shell->answer->len == 0
      || machine_answer (shell->device->machine, shell->answer->str, shell->answer->len);

  g_string_truncate (shell->answer, 0);
  return sent;
}

gboolean
zephyr_shell_finish (ZephyrShell *shell)
{
  return zephyr_shell_bypass (shell) && prompt (shell, "");
}
