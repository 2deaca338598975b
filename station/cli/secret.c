/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See secret.h.
 */
#include "station/cli/secret.h"

#include "base/silent-line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MOST_SECRET 256

gboolean
secret_can_ask (void)
{
  return silent_line_can_ask ();
}

void
secret_free (char *secret)
{
  if (secret == NULL)
    return;
  explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

void
secret_take_prefix_off (char *badge, const char *screen_config)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *prefix = NULL;

  /* a screen without configuration has no prefix; a wrong one is for the screen to say */
  if (g_key_file_load_from_file (file, screen_config, G_KEY_FILE_NONE, NULL))
    prefix = g_key_file_get_string (file, "scanner", "Prefix", NULL);
  if (prefix != NULL && g_str_has_prefix (badge, prefix))
    memmove (badge, badge + strlen (prefix), strlen (badge + strlen (prefix)) + 1);
}

/* A control character is a key that was pressed by mistake, or Ctrl-C; over D-Bus goes only UTF-8.
 */
static gboolean
is_clean (const char *line)
{
  for (const char *at = line; *at != '\0'; at++)
    if (g_ascii_iscntrl (*at))
      return FALSE;
  return g_utf8_validate (line, -1, NULL);
}

/* `line` was cut at its end where there was more of it; it is wiped. */
static char *
take_line (char *line, const char *name, GError **error)
{
  const gsize length = strcspn (line, "\r\n");
  const gboolean whole = length <= MOST_SECRET;
  char *secret;

  line[length] = '\0';
  secret = whole && is_clean (line) ? g_strdup (line) : NULL;
  explicit_bzero (line, length);
  if (secret == NULL)
    g_set_error (
        error, CLI_ERROR, CLI_USAGE,
        "What stands in %s is no badge, PIN or passphrase: it must be one line of at most %d "
        "characters without control characters.",
        name, MOST_SECRET);
  return secret;
}

static char *
read_line (FILE *stream, const char *name, GError **error)
{
  char line[MOST_SECRET + 2];

  if (fgets (line, sizeof line, stream) == NULL)
    line[0] = '\0';
  return take_line (line, name, error);
}

static char *
ask (const char *prompt, GError **error)
{
  char line[MOST_SECRET + 2];

  if (!silent_line_read (prompt, line, sizeof line, error))
    return NULL;
  return take_line (line, "what was typed", error);
}

static char *
read_file (const char *path, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  FILE *stream = fopen (path, "re");

  if (stream == NULL) {
    g_set_error (error, CLI_ERROR, CLI_NOT_FOUND, "%s can't be read: %s.", shown,
                 g_strerror (errno));
    return NULL;
  }
  setvbuf (stream, NULL, _IONBF, 0); /* no second copy of it in a buffer */
  char *secret = read_line (stream, shown, error);
  fclose (stream);
  return secret;
}

char *
secret_read (const char *file, const char *prompt, GError **error)
{
  if (!g_str_equal (file, "-"))
    return read_file (file, error);
  if (secret_can_ask ())
    return ask (prompt, error);
  return read_line (stdin, "standard input", error);
}
