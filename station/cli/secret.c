/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See secret.h.
 */
#include "station/cli/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define MOST_SECRET 256

gboolean
secret_can_ask (void)
{
  return isatty (STDIN_FILENO);
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

static char *
read_line (FILE *stream, const char *name, GError **error)
{
  char line[MOST_SECRET + 2];

  if (fgets (line, sizeof line, stream) == NULL)
    line[0] = '\0';
  const gsize length = strcspn (line, "\r\n");
  const gboolean whole = length <= MOST_SECRET;
  line[length] = '\0';
  char *secret = whole && is_clean (line) ? g_strdup (line) : NULL;
  explicit_bzero (line, sizeof line);
  if (secret == NULL)
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "What stands in %s is no badge or PIN: it must be one line of at most %d "
                 "characters without control characters.",
                 name, MOST_SECRET);
  return secret;
}

/* Without ISIG too: Ctrl-C must not leave a terminal behind that shows nothing. */
static char *
ask (const char *prompt, GError **error)
{
  struct termios usual, silent;

  if (tcgetattr (STDIN_FILENO, &usual) != 0) {
    g_set_error (error, CLI_ERROR, CLI_FAILED, "The terminal can't be silenced: %s.",
                 g_strerror (errno));
    return NULL;
  }
  silent = usual;
  silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
  fprintf (stderr, "%s (nothing is shown): ", prompt);
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &silent);
  char *secret = read_line (stdin, "what was typed", error);
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &usual);
  fputc ('\n', stderr);
  return secret;
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
