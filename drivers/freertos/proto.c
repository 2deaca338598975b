/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Telling the command line's words from the log that shares its wire.
 */
#include "drivers/freertos/proto.h"

#include <string.h>

#include "drivers/lines.h"

#define PROMPT "> "
#define ERASE_LINE "\r\x1b[K"
#define ESCAPE '\x1b'

gboolean
freertos_ends_in_prompt (const guint8 *data, gsize length)
{
  static const char fresh[] = "\n" PROMPT;
  const gsize fresh_length = sizeof fresh - 1;

  if (length == strlen (PROMPT))
    return memcmp (data, PROMPT, length) == 0;
  return length >= fresh_length && memcmp (data + length - fresh_length, fresh, fresh_length) == 0;
}

/* TRUE where a log line starts at `text`: "<INF>     1234 [task]". */
static gboolean
is_log_start (const char *text)
{
  if (text[0] != '<')
    return FALSE;
  for (int i = 1; i <= 3; i++)
    if (!g_ascii_isupper (text[i]) && text[i] != ' ')
      return FALSE;
  if (text[4] != '>' || text[5] != ' ')
    return FALSE;
  text += 5 + strspn (text + 5, " ");
  gsize digits = strspn (text, "0123456789");
  return digits > 0 && text[digits] == ' ' && text[digits + 1] == '[';
}

static const char *
find_log_start (const char *text)
{
  for (const char *at = strchr (text, '<'); at != NULL; at = strchr (at + 1, '<'))
    if (is_log_start (at))
      return at;
  return NULL;
}

/* Adds `text` without control bytes and terminal escapes. */
static void
append_printable (GString *line, const char *text, gsize length)
{
  const char *end = text + length;

  while (text < end) {
    if (*text == ESCAPE && text + 1 < end && text[1] == '[') {
      text += 2;
      while (text < end && (*text < 0x40 || *text > 0x7e))
        text++;
      text += text < end;
      continue;
    }
    if (!g_ascii_iscntrl (*text))
      g_string_append_c (line, *text);
    text++;
  }
}

/* Adds one raw line to `line`, the one that a reader would see. FALSE where a log line took its
 * end, so that the seen line goes on behind it. */
static gboolean
append_raw_line (GString *line, const char *raw)
{
  const char *erased = g_strrstr (raw, ERASE_LINE);

  if (erased != NULL) {
    g_string_truncate (line, 0);
    raw = erased + strlen (ERASE_LINE);
  }
  const char *log = find_log_start (raw);
  append_printable (line, raw, log == NULL ? strlen (raw) : (gsize)(log - raw));
  return log == NULL;
}

char *
freertos_clean (const guint8 *data, gsize length)
{
  g_autofree char *text = g_malloc0 (length + 1);
  g_autoptr (GString) line = g_string_new (NULL);
  GString *clean = g_string_new (NULL);

  /* A NUL would hide what follows it. */
  for (gsize i = 0; i < length; i++)
    text[i] = data[i] == '\0' ? '?' : (char)data[i];
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++) {
    if (!append_raw_line (line, lines[i]))
      continue;
    g_string_append (clean, line->str);
    if (lines[i + 1] != NULL)
      g_string_append_c (clean, '\n');
    g_string_truncate (line, 0);
  }
  return g_string_free (clean, FALSE);
}

/* `line` without the prompts before it. */
static const char *
behind_prompts (const char *line)
{
  while (g_str_has_prefix (line, PROMPT))
    line += strlen (PROMPT);
  return line;
}

FreertosEcho
freertos_find_answer (const char *clean, const char *command, char **answer)
{
  FreertosEcho echo = FREERTOS_NO_ECHO;
  const char *line = clean;

  for (const char *end; (end = strchr (line, '\n')) != NULL; line = end + 1) {
    g_autofree char *copy = g_strndup (line, (gsize)(end - line));
    const char *typed = behind_prompts (copy);

    if (strcmp (typed, command) == 0) {
      const char *last_line = strrchr (clean, '\n') + 1;

      *answer = g_strndup (end + 1, (gsize)(last_line - (end + 1)));
      return FREERTOS_ECHO_ANSWERED;
    }
    if (typed[0] != '\0' && strcmp (typed, ">") != 0)
      echo = FREERTOS_OTHER_ECHO;
  }
  return echo;
}

gboolean
freertos_line_fits (const char *line)
{
  return line_fits (line, FREERTOS_LINE_MAX);
}

char *
freertos_complaint (const char *answer)
{
  static const char *const sentences[] = {
    "Error: key: ",
    "Error: value: ",
    "Error: An unknown error occurred",
    "An unknown error occurred",
    "Error: Could not save configuration",
    "ERROR: Failed to generate",
    "ERROR: Failed to locate",
    "Error: Out of memory",
    "Error: Current line exceeds",
    "Error: PEM ",
    "Error: failed to ",
    "Error: Certificate label",
    "Error: Invalid object type",
    "Error: Not enough arguments",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (sentences); i++) {
    const char *line = find_line (answer, sentences[i]);

    if (line != NULL)
      return g_strndup (line, strcspn (line, "\n"));
  }
  return NULL;
}

gboolean
freertos_knows_no_such_command (const char *answer)
{
  return freertos_says (answer, "Command not recognized");
}

gboolean
freertos_says (const char *answer, const char *text)
{
  return find_line (answer, text) != NULL;
}

char *
freertos_value_of (const char *answer, const char *key)
{
  g_autofree char *start = g_strconcat (key, "=\"", NULL);
  const char *line = find_line (answer, start);

  if (line == NULL)
    return NULL;
  const char *value = line + strlen (start);
  gsize length = strcspn (value, "\n");
  if (length == 0 || value[length - 1] != '"')
    return NULL;
  return g_strndup (value, length - 1);
}

gboolean
freertos_is_nonce_name (const char *name)
{
  const gsize digits = 2 * PROOF_NONCE_LENGTH;

  return strlen (name) == digits && strspn (name, "0123456789abcdef") == digits;
}
