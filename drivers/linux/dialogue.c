/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One line for a shell, and its answer between two marks. Nothing else ends an answer, and none is
 * waited for.
 */
#include "drivers/linux/dialogue.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "drivers/console.h"

/* A here-document is typed in parts of this many bytes, each awaited: a UART without flow control
 * has no more room than its Linux. */
#define PART 1536u
#define COLUMNS 76u

#define INTERRUPT "\x03"

/* How long a device may take to log out. */
#define LEAVING 3000 /* milliseconds */

static char *
read_answer (LinuxShell *shell, const char *mark, int *status, Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) input = g_byte_array_new ();
  char *answer = NULL;

  do {
    if (!console_read_some (shell->transport, input, deadline, error))
      return NULL;
    g_autofree char *clean = linux_clean (input->data, input->len);
    linux_find_answer (clean, mark, &answer, status);
  } while (answer == NULL);
  return answer;
}

static char *
exchange (LinuxShell *shell, const char *command, const char *body, int *status, Deadline deadline,
          GError **error)
{
  g_autofree char *mark = g_strdup_printf ("%s.%u", shell->nonce, ++shell->commands);
  g_autofree char *line = linux_command_line (mark, command, body);
  g_autoptr (GError) trouble = NULL;
  char *answer = NULL;

  if (strcspn (line, "\n") > LINUX_LINE_MAX) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                         "a command is too long for a console: shorten the paths and names in "
                         "[driver linux]");
    return NULL;
  }
  shell->waiting = TRUE;
  if (transport_write_text (shell->transport, line, deadline, &trouble))
    answer = read_answer (shell, mark, status, deadline, &trouble);
  shell->waiting = answer == NULL;
  shell->unplugged = g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_UNPLUGGED);
  if (trouble != NULL)
    g_propagate_error (error, g_steal_pointer (&trouble));
  return answer;
}

char *
linux_run (LinuxShell *shell, const char *command, int *status, Deadline deadline, GError **error)
{
  int ignored;

  return exchange (shell, command, NULL, status != NULL ? status : &ignored, deadline, error);
}

/* What the device has to say, unless it holds the password: a device that repeats it puts it into
 * no message. */
static char *
words_of (LinuxShell *shell, const char *answer)
{
  const char *password = session_option (shell->session, "Password");
  g_autofree char *words = g_strstrip (g_strdup (answer));

  if (password != NULL && password[0] != '\0' && strstr (words, password) != NULL)
    return g_strdup ("(it repeats the password)");
  return words[0] == '\0' ? g_strdup ("(nothing)") : text_for_display (words, 300);
}

static char *
expect_success (LinuxShell *shell, char *answer, int status, DriverError refusal, const char *what,
                GError **error)
{
  g_autofree char *owned = answer;

  if (owned == NULL || status == 0)
    return g_steal_pointer (&owned);
  g_autofree char *words = words_of (shell, owned);
  g_set_error (error, DRIVER_ERROR, (int)refusal, "%s failed with status %d; the device says: %s",
               what, status, words);
  return NULL;
}

char *
linux_ask (LinuxShell *shell, const char *command, DriverError refusal, const char *what,
           Deadline deadline, GError **error)
{
  int status = 0;
  char *answer = linux_run (shell, command, &status, deadline, error);

  return expect_success (shell, answer, status, refusal, what, error);
}

/* ---- files ---- */

/* Base64 in lines, each ended by LF. */
static char *
base64_lines (const guint8 *data, gsize length)
{
  g_autofree char *text = g_base64_encode (data, length);
  GString *lines = g_string_new (NULL);
  const gsize characters = strlen (text);

  for (gsize at = 0; at < characters; at += COLUMNS) {
    g_string_append_len (lines, text + at, (gssize)MIN (COLUMNS, characters - at));
    g_string_append_c (lines, '\n');
  }
  return g_string_free (lines, FALSE);
}

/* The content's base64, into the session's folder. */
static gboolean
type_content (LinuxShell *shell, GBytes *content, Deadline deadline, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (content, &length);
  /* Whole groups of three in each part, so that the parts' base64 is that of the whole. */
  const gsize most = PART / 3 * 3;

  for (gsize at = 0; at == 0 || at < length; at += most) {
    g_autofree char *body = base64_lines (data + at, MIN (most, length - at));
    int status = 0;
    char *answer = exchange (
        shell, at == 0 ? "cat >" LINUX_FOLDER "/content" : "cat >>" LINUX_FOLDER "/content", body,
        &status, deadline, error);
    g_autofree char *nothing =
        expect_success (shell, answer, status, DRIVER_ERROR_REFUSED, "writing a file", error);

    if (nothing == NULL)
      return FALSE;
  }
  return TRUE;
}

gboolean
linux_write_file (LinuxShell *shell, const char *path, const char *mode, GBytes *content,
                  Deadline deadline, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (content, &length);
  g_autofree char *digest = sha256_hex (data, length);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *beside = g_strconcat (path, ".new", NULL);
  g_autofree char *quoted = linux_quote (path);
  g_autofree char *quoted_beside = linux_quote (beside);
  g_autofree char *quoted_folder = linux_quote (folder);
  g_autofree char *what = g_strconcat ("writing ", path, NULL);
  g_autofree char *decode = g_strdup_printf ("N=%s; { mkdir -p %s && base64 -d <" LINUX_FOLDER
                                             "/content >\"$N\" && chmod %s \"$N\" && "
                                             "sha256sum <\"$N\"; } 2>&1",
                                             quoted_beside, quoted_folder, mode);
  g_autofree char *take =
      g_strdup_printf ("rm -f " LINUX_FOLDER
                       "/content; { { sync \"$N\" 2>/dev/null || sync; } && mv -f \"$N\" %s && "
                       "{ sync %s 2>/dev/null || sync; }; } 2>&1",
                       quoted, quoted_folder);

  if (!type_content (shell, content, deadline, error))
    return FALSE;
  g_autofree char *shown = linux_ask (shell, decode, DRIVER_ERROR_REFUSED, what, deadline, error);
  if (shown == NULL)
    return FALSE;
  if (!linux_is_digest (shown, digest)) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                 "%s: the digest of what arrived is another: bytes were lost on the line", what);
    return FALSE;
  }
  g_autofree char *taken = linux_ask (shell, take, DRIVER_ERROR_REFUSED, what, deadline, error);
  return taken != NULL;
}

GBytes *
linux_read_file (LinuxShell *shell, const char *path, DriverError refusal, Deadline deadline,
                 GError **error)
{
  g_autofree char *quoted = linux_quote (path);
  g_autofree char *what = g_strconcat ("reading ", path, NULL);
  g_autofree char *command =
      g_strdup_printf ("{ echo 'FILE<'; base64 <%s && echo '>FILE'; } 2>&1", quoted);
  g_autofree char *answer = linux_ask (shell, command, refusal, what, deadline, error);

  if (answer == NULL)
    return NULL;
  GBytes *bytes = linux_bytes (answer, "FILE");
  if (bytes == NULL)
    g_set_error (error, DRIVER_ERROR, (int)refusal, "%s: what came is no base64", what);
  return bytes;
}

/* ---- the end ---- */

/* The shell has read the `exit` when it shows the mark: what becomes of the port does not matter
 * then. */
static void
type_leaving (LinuxShell *shell, Deadline deadline)
{
  const char *level = shell->console_level != NULL ? shell->console_level : "";
  g_autofree char *mark = g_strdup_printf ("%s.%u", shell->nonce, ++shell->commands);
  g_autofree char *command = g_strdup_printf (
      "rm -rf " LINUX_FOLDER "; [ -z '%s' ] || dmesg -n '%s'; stty echo", level, level);
  g_autofree char *line = linux_command_line (mark, command, NULL);
  g_autofree char *leaving = g_strconcat (g_strchomp (line), "; exit\n", NULL);
  int status;

  if (transport_write_text (shell->transport, leaving, deadline, NULL))
    g_free (read_answer (shell, mark, &status, deadline, NULL));
}

void
linux_leave (LinuxShell *shell)
{
  const Deadline deadline = deadline_in (LEAVING);

  if (!shell->entered || shell->unplugged)
    return;
  /* A command that takes longer than the station waited is stopped. */
  if (shell->waiting && !transport_write_text (shell->transport, INTERRUPT, deadline, NULL))
    return;
  type_leaving (shell, deadline);
  shell->entered = FALSE;
}
