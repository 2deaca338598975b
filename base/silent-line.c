/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See silent-line.h.
 */
#include "base/silent-line.h"

#include <errno.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

static gboolean
fail (const char *what, GError **error)
{
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (errno),
               "The terminal can't be %s: %s.", what, g_strerror (errno));
  return FALSE;
}

gboolean
silent_line_can_ask (void)
{
  return isatty (STDIN_FILENO);
}

/* To the line's end, of which `line` keeps what fits. A terminal hands out a line at a time; read()
 * leaves no copy of it in a stream's buffer. */
static gboolean
read_line (char *line, gsize size, GError **error)
{
  gsize length = 0;
  char letter = 0;

  for (;;) {
    const gssize got = read (STDIN_FILENO, &letter, 1);

    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return fail ("read", error);
    if (got == 0 || letter == '\n' || letter == '\r')
      break;
    if (length + 1 < size)
      line[length++] = letter;
  }
  line[length] = '\0';
  return TRUE;
}

/* Without ISIG too: Ctrl-C must not leave a terminal behind that shows nothing. */
gboolean
silent_line_read (const char *prompt, char *line, gsize size, GError **error)
{
  struct termios usual, silent;
  gboolean ok;

  if (tcgetattr (STDIN_FILENO, &usual) != 0)
    return fail ("silenced", error);
  silent = usual;
  silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &silent); /* before the prompt: who sees it may type */
  fprintf (stderr, "%s (nothing is shown): ", prompt);
  ok = read_line (line, size, error);
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &usual);
  fputc ('\n', stderr);
  return ok;
}
