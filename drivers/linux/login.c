/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a console that may be anywhere to a shell of our own.
 *
 * Nothing is typed at a device that boots: a byte at the wrong moment stops its boot loader. What
 * is typed at a prompt of somebody else's shell is one line, `exec` of a shell with a prompt that
 * is known; so it does not matter which shell, aliases and prompt a user has, and to leave this
 * shell is to log out.
 */
#include <string.h>

#include "base/text.h"
#include "drivers/linux/dialogue.h"

/* Empties a half-typed line, then an empty line: whoever waits shows its prompt again. */
#define WAKE "\x15\r"
#define INTERRUPT "\x03"

/* A console that says nothing for so long may have been talked over: it is woken. Longer than the
 * step of a boot loader's countdown. */
#define QUIET 3000 /* milliseconds */

/* What looks like a prompt in the middle of a boot must stand for so long. */
#define PROMPT_STANDS 500 /* milliseconds */

/* As much of what was said as a prompt is looked for in. */
#define HEARD_MAX 4096u

/* How often anything is typed again. */
#define TRIES 3u

#define ENVIRONMENT                                                                                \
  "env LC_ALL=C HISTFILE= ENV= TERM=dumb PROMPT_COMMAND= PS2='> ' PS1='key''cradle# ' /bin/sh\r"
#define EXECUTE " unset HISTFILE; exec " ENVIRONMENT
#define EXECUTE_AS_ROOT " unset HISTFILE; exec sudo -k -p 'key''cradle pass''word:' " ENVIRONMENT

#define NOT_LET_IN                                                                                 \
  "the device does not let the user in: check User= and Password= in [driver linux]"

#define QUESTION "echo key''cradle:$((6*7))\r"
#define ANSWER "keycradle:42"

static LinuxWait
heard_wait (const GByteArray *heard)
{
  g_autofree char *clean = linux_clean (heard->data, heard->len);

  return linux_waits_for (clean);
}

static gboolean
heard_says (const GByteArray *heard, const char *what)
{
  g_autofree char *clean = linux_clean (heard->data, heard->len);

  return strstr (clean, what) != NULL;
}

/* Adds what comes, and keeps the end of it. */
static gboolean
hear (Transport *transport, GByteArray *heard, Deadline deadline, GError **error)
{
  if (!transport_read_some (transport, heard, deadline, error))
    return FALSE;
  if (heard->len > HEARD_MAX)
    g_byte_array_remove_range (heard, 0, heard->len - HEARD_MAX);
  return TRUE;
}

/* ---- probing ---- */

/* Listens until `is_it` or `deadline`. FALSE with an error for a port that died. */
static gboolean
listen_for (Transport *transport, GByteArray *heard, gboolean (*is_it) (const GByteArray *heard),
            gboolean *found, Deadline deadline, GError **error)
{
  g_autoptr (GError) trouble = NULL;

  *found = FALSE;
  while (!*found && hear (transport, heard, deadline, &trouble))
    *found = is_it (heard);
  if (trouble == NULL || g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER)
      || g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_FLOOD))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&trouble));
  return FALSE;
}

static gboolean
looks_like_linux (const GByteArray *heard)
{
  return heard_wait (heard) != LINUX_BUSY || linux_is_booting (heard->data, heard->len);
}

static gboolean
answers_like_a_shell (const GByteArray *heard)
{
  return heard_says (heard, "\n" ANSWER "\n") && heard_wait (heard) != LINUX_BUSY;
}

/* Other dialects have such prompts too; and a here-document that a killed station left takes the
 * first question for one of its lines. */
static gboolean
question_shell (Transport *transport, GByteArray *heard, gboolean *speaks, Deadline deadline,
                GError **error)
{
  static const char *const questions[] = { QUESTION, INTERRUPT QUESTION };
  const guint part = (guint)deadline_milliseconds_left (deadline) / 2;

  *speaks = FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (questions) && !*speaks; i++) {
    g_byte_array_set_size (heard, 0);
    if (!transport_write_text (transport, questions[i], deadline, error)
        || !listen_for (transport, heard, answers_like_a_shell, speaks,
                        deadline_sooner (deadline, deadline_in (part)), error))
      return FALSE;
  }
  return TRUE;
}

gboolean
linux_probe (Transport *transport, gboolean *speaks, Deadline deadline, GError **error)
{
  static const char *const knocks[] = { "", WAKE, INTERRUPT WAKE };
  g_autoptr (GByteArray) heard = g_byte_array_new ();
  const gint64 part = (gint64)deadline_milliseconds_left (deadline) / (gint64)4;

  *speaks = FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (knocks) && !*speaks; i++) {
    /* Whoever talks is not interrupted. */
    if (heard->len > 0)
      break;
    if (knocks[i][0] != '\0' && !transport_write_text (transport, knocks[i], deadline, error))
      return FALSE;
    if (!listen_for (transport, heard, looks_like_linux, speaks,
                     deadline_sooner (deadline, deadline_in ((guint)part)), error))
      return FALSE;
  }
  if (!*speaks && heard->len > 0
      && !listen_for (transport, heard, looks_like_linux, speaks, deadline, error))
    return FALSE;
  if (*speaks && heard_wait (heard) == LINUX_SHELL
      && !question_shell (transport, heard, speaks, deadline, error))
    return FALSE;
  if (*speaks)
    transport_unread (transport, heard->data, heard->len);
  return TRUE;
}

/* ---- logging in ---- */

/* What was typed so far. */
typedef struct {
  LinuxShell *shell;
  GByteArray *heard; /* since then */
  gboolean become;
  guint users, interrupts, boots, executions;
  gboolean password, sudo_password;
  gboolean doubtful; /* a prompt is heard that may be a part of a boot's line */
} Arrival;

static gboolean
refuse (GError **error, DriverError code, const char *why)
{
  g_set_error_literal (error, DRIVER_ERROR, (int)code, why);
  return FALSE;
}

/* What was heard counts for nothing once it is answered. */
static gboolean
type (Arrival *arrival, const char *text, Deadline deadline, GError **error)
{
  g_byte_array_set_size (arrival->heard, 0);
  return transport_write_text (arrival->shell->transport, text, deadline, error);
}

static gboolean
type_user (Arrival *arrival, Deadline deadline, GError **error)
{
  g_autofree char *line =
      g_strconcat (session_option (arrival->shell->session, "User"), "\r", NULL);

  if (arrival->password)
    return refuse (error, DRIVER_ERROR_REFUSED, NOT_LET_IN);
  if (arrival->users++ >= TRIES)
    return refuse (error, DRIVER_ERROR_REFUSED, "the device asks who logs in again and again");
  return type (arrival, line, deadline, error);
}

static gboolean
type_password (Arrival *arrival, gboolean *typed, Deadline deadline, GError **error)
{
  const char *password = session_option (arrival->shell->session, "Password");

  if (password == NULL)
    return refuse (error, DRIVER_ERROR_REFUSED,
                   "the device asks for a password: set Password= in [driver linux]");
  if (*typed)
    return refuse (error, DRIVER_ERROR_REFUSED,
                   "the device asks for a password once more: the one in [driver linux] is wrong "
                   "or has expired");
  *typed = TRUE;
  g_byte_array_set_size (arrival->heard, 0);
  g_autofree char *line = g_strconcat (password, "\r", NULL);
  gboolean sent = transport_write_secret (arrival->shell->transport, line, strlen (line),
                                          "Password", deadline, error);
  explicit_bzero (line, strlen (line));
  return sent;
}

/* A question for a password that nobody is known to have answered a name for was left by somebody
 * else. */
static gboolean
answer_password (Arrival *arrival, Deadline deadline, GError **error)
{
  if (arrival->executions > 0 && arrival->become)
    return type_password (arrival, &arrival->sudo_password, deadline, error);
  if (arrival->users > 0)
    return type_password (arrival, &arrival->password, deadline, error);
  if (arrival->interrupts++ >= TRIES)
    return refuse (error, DRIVER_ERROR_REFUSED,
                   "the device asks for a password before it asks for a name");
  return type (arrival, INTERRUPT, deadline, error);
}

/* Its own prompt, or a part of our line's echo, may be heard once more. */
static gboolean
execute (Arrival *arrival, Deadline deadline, GError **error)
{
  if (arrival->executions > 0)
    return TRUE;
  if (!arrival->doubtful && linux_is_booting (arrival->heard->data, arrival->heard->len)) {
    arrival->doubtful = TRUE;
    return TRUE;
  }
  arrival->executions = 1;
  return type (arrival, arrival->become ? EXECUTE_AS_ROOT : EXECUTE, deadline, error);
}

static gboolean
start_boot (Arrival *arrival, Deadline deadline, GError **error)
{
  if (arrival->boots++ > 0)
    return refuse (error, DRIVER_ERROR_REFUSED,
                   "the device stands at its boot loader's prompt, and `boot` does not start it");
  transport_note (arrival->shell->transport, "boot", "its boot loader had been interrupted");
  return type (arrival, "boot\r", deadline, error);
}

static gboolean
answer (Arrival *arrival, gboolean *arrived, Deadline deadline, GError **error)
{
  switch (heard_wait (arrival->heard)) {
  case LINUX_BUSY:
    return TRUE;
  case LINUX_LOGIN:
    return type_user (arrival, deadline, error);
  case LINUX_PASSWORD:
    return answer_password (arrival, deadline, error);
  case LINUX_SHELL:
    return execute (arrival, deadline, error);
  case LINUX_OWN_SHELL:
    *arrived = TRUE;
    return TRUE;
  case LINUX_BOOT_LOADER:
    return start_boot (arrival, deadline, error);
  case LINUX_PRESS_ENTER:
    return type (arrival, "\r", deadline, error);
  case LINUX_MAINTENANCE:
    return refuse (error, DRIVER_ERROR_REFUSED,
                   "the device's Linux did not come up: it asks for maintenance");
  }
  return TRUE;
}

/* What ends all hope. */
static gboolean
check_heard (Arrival *arrival, GError **error)
{
  static const struct {
    const char *says;
    const char *why;
  } ends[] = {
    { "Kernel panic - not syncing", "the device's kernel panics" },
    { "sudo: not found", "Become=sudo, but the device has no sudo" },
    { "sudo: command not found", "Become=sudo, but the device has no sudo" },
    { "not in the sudoers file", "Become=sudo, but the user is not in the device's sudoers" },
    { "is not allowed to ", "Become=sudo, but the user may not become root" },
  };

  if (arrival->password && heard_says (arrival->heard, "Login incorrect"))
    return refuse (error, DRIVER_ERROR_REFUSED, NOT_LET_IN);
  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    if (heard_says (arrival->heard, ends[i].says))
      return refuse (error, DRIVER_ERROR_REFUSED, ends[i].why);
  return TRUE;
}

/* A line that was lost, or a prompt that a message stands behind. */
static gboolean
wake (Arrival *arrival, Deadline deadline, GError **error)
{
  arrival->executions = 0;
  return type (arrival, WAKE, deadline, error);
}

static gboolean
reach_shell (LinuxShell *shell, Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) heard = g_byte_array_new ();
  Arrival arrival = {
    .shell = shell,
    .heard = heard,
    .become = g_str_equal (session_option (shell->session, "Become"), "sudo"),
  };
  gboolean arrived = FALSE;

  while (!arrived) {
    g_autoptr (GError) trouble = NULL;
    const guint patience = arrival.doubtful ? PROMPT_STANDS : QUIET;

    if (hear (shell->transport, heard, deadline_sooner (deadline, deadline_in (patience)),
              &trouble)) {
      arrival.doubtful = FALSE;
      if (!check_heard (&arrival, error) || !answer (&arrival, &arrived, deadline, error))
        return FALSE;
      continue;
    }
    if (!g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER)
        || deadline_passed (deadline)) {
      g_propagate_error (error, g_steal_pointer (&trouble));
      return FALSE;
    }
    if (!(arrival.doubtful ? answer (&arrival, &arrived, deadline, error)
                           : wake (&arrival, deadline, error)))
      return FALSE;
  }
  return TRUE;
}

/* ---- settling in ---- */

static gboolean
is_level (const char *text)
{
  return strlen (text) == 1 && g_ascii_isdigit (text[0]);
}

/* Echo, aliases and history off, and root. */
static gboolean
quieten_shell (LinuxShell *shell, Deadline deadline, GError **error)
{
  g_autofree char *user = linux_run (
      shell,
      "stty -echo; unalias -a 2>/dev/null; (set +o history) 2>/dev/null && set +o history; "
      "umask 077; id -u",
      NULL, deadline, error);

  if (user == NULL)
    return FALSE;
  if (linux_says (user, "0\n"))
    return TRUE;
  return refuse (error, DRIVER_ERROR_REFUSED,
                 "the shell is not root's: log in as root, or set Become=sudo in [driver linux]");
}

/* The kernel's level is kept in the folder too: a station that was killed had no time to set it
 * back. */
static gboolean
quieten_kernel (LinuxShell *shell, Deadline deadline, GError **error)
{
  g_autofree char *answer =
      linux_ask (shell,
                 "L=$(cat " LINUX_FOLDER "/level 2>/dev/null || cut -f1 /proc/sys/kernel/printk); "
                 "dmesg -n 1; rm -rf " LINUX_FOLDER "; mkdir -m 700 " LINUX_FOLDER " && "
                 "echo \"$L\" >" LINUX_FOLDER "/level && echo \"level=$L\"",
                 DRIVER_ERROR_REFUSED, "making a folder in /tmp", deadline, error);
  g_autofree char *level = answer == NULL ? NULL : linux_value (answer, "level");

  if (level != NULL && is_level (level))
    shell->console_level = g_steal_pointer (&level);
  return answer != NULL;
}

/* What a small system may lack, OpenSSL has as well. */
static gboolean
provide_tools (LinuxShell *shell, Deadline deadline, GError **error)
{
  g_autofree char *done =
      linux_run (shell,
                 "command -v base64 >/dev/null || base64 () { openssl base64 \"$@\"; }; "
                 "command -v sha256sum >/dev/null || sha256sum () { openssl dgst -sha256 -r; }",
                 NULL, deadline, error);

  return done != NULL;
}

gboolean
linux_enter (LinuxShell *shell, Deadline deadline, GError **error)
{
  if (!reach_shell (shell, deadline, error))
    return FALSE;
  shell->entered = TRUE;
  return quieten_shell (shell, deadline, error) && quieten_kernel (shell, deadline, error)
         && provide_tools (shell, deadline, error);
}
