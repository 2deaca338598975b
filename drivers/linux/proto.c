/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading a console that several write to.
 */
#include "drivers/linux/proto.h"

#include <string.h>

#define ESCAPE '\x1b'
#define BELL '\a'

/* ---- what comes in between ---- */

/* "[   12.345678]", the stamp that the kernel puts before each message (printk.time). The digits
 * behind the point are six. */
static gboolean
is_kernel_stamp (const char *text)
{
  if (*text++ != '[')
    return FALSE;
  text += strspn (text, " ");
  gsize seconds = strspn (text, "0123456789");
  if (seconds == 0 || text[seconds] != '.')
    return FALSE;
  text += seconds + 1;
  return strspn (text, "0123456789") == 6 && text[6] == ']';
}

/* systemd's report of a unit. */
static gboolean
is_unit_report (const char *text)
{
  static const char *const reports[] = { "[  OK  ] ", "[FAILED] ", "[DEPEND] ",
                                         "[ WARN ] ", "[ INFO ] ", "[ TIME ] " };

  for (gsize i = 0; i < G_N_ELEMENTS (reports); i++)
    if (g_str_has_prefix (text, reports[i]))
      return TRUE;
  return FALSE;
}

static const char *
find_message (const char *text)
{
  for (const char *at = strchr (text, '['); at != NULL; at = strchr (at + 1, '['))
    if (is_kernel_stamp (at) || is_unit_report (at))
      return at;
  return NULL;
}

/* Behind the terminal escape that begins at `text`; an unfinished one ends with the text. */
static const char *
behind_escape (const char *text)
{
  const char kind = text[1];

  if (kind == '\0')
    return text + 1;
  text += 2;
  if (kind == '[') {
    while (*text != '\0' && (*text < 0x40 || *text > 0x7e))
      text++;
    return *text == '\0' ? text : text + 1;
  }
  if (kind == ']') {
    while (*text != '\0' && *text != BELL && *text != ESCAPE)
      text++;
    return *text == BELL ? text + 1 : text;
  }
  if ((kind == '(' || kind == ')') && *text != '\0')
    return text + 1;
  return text;
}

/* `raw` without escapes and control bytes, a tab as a blank. */
static char *
plain_line (const char *raw)
{
  GString *line = g_string_sized_new (strlen (raw));

  while (*raw != '\0') {
    if (*raw == ESCAPE) {
      raw = behind_escape (raw);
      continue;
    }
    if (*raw == '\t')
      g_string_append_c (line, ' ');
    else if (!g_ascii_iscntrl (*raw))
      g_string_append_c (line, *raw);
    raw++;
  }
  return g_string_free (line, FALSE);
}

/* `data` as text: a NUL would hide what follows it. */
static char *
text_of (const guint8 *data, gsize length)
{
  char *text = g_malloc0 (length + 1);

  for (gsize i = 0; i < length; i++)
    text[i] = data[i] == '\0' ? '?' : (char)data[i];
  return text;
}

char *
linux_clean (const guint8 *data, gsize length)
{
  g_autofree char *text = text_of (data, length);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GString *clean = g_string_new (NULL);

  for (gsize i = 0; lines[i] != NULL; i++) {
    g_autofree char *line = plain_line (lines[i]);
    const char *message = find_message (line);

    /* A message takes the end of the line that it broke into. */
    g_string_append_len (clean, line, message == NULL ? -1 : message - line);
    if (message == NULL && lines[i + 1] != NULL)
      g_string_append_c (clean, '\n');
  }
  g_autofree char *bytes = g_string_free (clean, FALSE);
  return g_utf8_make_valid (bytes, -1);
}

gboolean
linux_is_booting (const guint8 *data, gsize length)
{
  static const char *const signs[] = { "U-Boot",          "Hit any key to stop autoboot",
                                       "Starting kernel", "Linux version ",
                                       "GRUB loading",    "systemd[1]: ",
                                       "Welcome to ",     "Uncompressing Linux",
                                       "Booting Linux",   "Run /init as init",
                                       "Run /sbin/init",  "Starting version " };
  g_autofree char *text = text_of (data, length);

  for (gsize i = 0; i < G_N_ELEMENTS (signs); i++)
    if (strstr (text, signs[i]) != NULL)
      return TRUE;
  return find_message (text) != NULL;
}

/* ---- what it waits for ---- */

static gboolean
is_boot_loader (const char *line)
{
  static const char *const prompts[] = { "=>", "U-Boot>", "u-boot=>", "U-Boot#" };

  for (gsize i = 0; i < G_N_ELEMENTS (prompts); i++)
    if (g_str_equal (line, prompts[i]))
      return TRUE;
  return FALSE;
}

LinuxWait
linux_waits_for (const char *clean)
{
  const char *last = strrchr (clean, '\n');
  g_autofree char *line = g_strstrip (g_strdup (last == NULL ? clean : last + 1));

  /* Without the blank that a line's last chunk may still lack. */
  if (g_str_has_suffix (line, "keycradle#"))
    return LINUX_OWN_SHELL;
  if (is_boot_loader (line))
    return LINUX_BOOT_LOADER;
  if (strstr (line, "for maintenance") != NULL)
    return LINUX_MAINTENANCE;
  if (g_str_has_suffix (line, "ogin:") && !g_str_has_suffix (line, "Last login:"))
    return LINUX_LOGIN;
  if (g_str_has_suffix (line, "assword:"))
    return LINUX_PASSWORD;
  if (strstr (line, "press Enter to activate this console") != NULL)
    return LINUX_PRESS_ENTER;
  if (line[0] != '\0' && strchr ("#$%>", line[strlen (line) - 1]) != NULL)
    return LINUX_SHELL;
  return LINUX_BUSY;
}

gboolean
linux_says (const char *clean, const char *text)
{
  for (const char *line = clean; line != NULL;) {
    line += strspn (line, " ");
    if (g_str_has_prefix (line, text))
      return TRUE;
    line = strchr (line, '\n');
    line = line == NULL ? NULL : line + 1;
  }
  return FALSE;
}

/* ---- commands and answers ---- */

char *
linux_quote (const char *text)
{
  GString *word = g_string_new ("'");

  for (; *text != '\0'; text++)
    if (*text == '\'')
      g_string_append (word, "'\\''");
    else
      g_string_append_c (word, *text);
  g_string_append_c (word, '\'');
  return g_string_free (word, FALSE);
}

char *
linux_command_line (const char *mark, const char *command, const char *body)
{
  return g_strdup_printf ("echo __B''EGIN:%s; %s%s; echo __E''ND:%s:$?\n%s%s", mark, command,
                          body != NULL ? " <<'" LINUX_BODY_END "'" : "", mark,
                          body != NULL ? body : "", body != NULL ? LINUX_BODY_END "\n" : "");
}

gboolean
linux_find_answer (const char *clean, const char *mark, char **answer, int *status)
{
  g_autofree char *begin = g_strdup_printf ("__BEGIN:%s\n", mark);
  g_autofree char *end = g_strdup_printf ("__END:%s:", mark);
  const char *from = strstr (clean, begin);
  const char *to = from == NULL ? NULL : strstr (from, end);
  gsize digits = to == NULL ? 0 : strspn (to + strlen (end), "0123456789");

  if (digits == 0 || digits > 3 || to[strlen (end) + digits] != '\n')
    return FALSE;
  from += strlen (begin);
  *answer = g_strndup (from, (gsize)(to - from));
  *status = (int)g_ascii_strtoull (to + strlen (end), NULL, 10);
  return TRUE;
}

/* The first line of `answer` that starts with `text`, or NULL. */
static const char *
find_line (const char *answer, const char *text)
{
  for (const char *line = answer; line != NULL;) {
    if (g_str_has_prefix (line, text))
      return line;
    line = strchr (line, '\n');
    line = line == NULL ? NULL : line + 1;
  }
  return NULL;
}

char *
linux_value (const char *answer, const char *key)
{
  g_autofree char *start = g_strconcat (key, "=", NULL);
  const char *line = find_line (answer, start);

  if (line == NULL)
    return NULL;
  line += strlen (start);
  g_autofree char *value = g_strstrip (g_strndup (line, strcspn (line, "\n")));
  return value[0] == '\0' ? NULL : g_steal_pointer (&value);
}

static gboolean
is_base64 (const char *text)
{
  gsize body = strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  gsize padding = strspn (text + body, "=");

  return text[body + padding] == '\0' && padding <= 2 && (body + padding) % 4 == 0;
}

GBytes *
linux_bytes (const char *answer, const char *key)
{
  g_autofree char *begin = g_strconcat (key, "<\n", NULL);
  g_autofree char *end = g_strconcat (">", key, NULL);
  const char *from = find_line (answer, begin);
  const char *to = from == NULL ? NULL : find_line (from, end);

  if (to == NULL)
    return NULL;
  from += strlen (begin);
  g_autofree char *lines = g_strndup (from, (gsize)(to - from));
  g_auto (GStrv) parts = g_strsplit (lines, "\n", -1);
  g_autofree char *text = g_strjoinv ("", parts);
  if (!is_base64 (text))
    return NULL;
  gsize length = 0;
  guchar *bytes = g_base64_decode (text, &length);
  return g_bytes_new_take (bytes, length);
}

gboolean
linux_is_digest (const char *answer, const char *digest)
{
  const char *at = answer + strspn (answer, " \n");

  return g_str_has_prefix (at, digest) && !g_ascii_isalnum (at[strlen (digest)]);
}

gboolean
linux_is_placeholder (const char *serial)
{
  static const char *const known[] = { "none",
                                       "default string",
                                       "not specified",
                                       "to be filled by o.e.m.",
                                       "not applicable",
                                       "system serial number",
                                       "unknown",
                                       "0123456789",
                                       "1234567890",
                                       "123456789",
                                       "n/a",
                                       "invalid" };
  g_autofree char *plain = g_strstrip (g_ascii_strdown (serial, -1));

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (plain, known[i]))
      return TRUE;
  const char same[] = { plain[0], '\0' };
  return plain[0] == '\0' || plain[strspn (plain, same)] == '\0';
}
