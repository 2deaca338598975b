/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See signer-child.h. Between fork and exec only what is safe with other threads running: all
 * memory is prepared before.
 */
#include "station/signer-child.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "station/log.h"

#define LISTEN_FD 3
#define FIRST_PAUSE 100u    /* milliseconds before a signer that keeps dying is started again */
#define LAST_PAUSE 10000u   /* and what they grow to */
#define SOUND_LIFE 10000000 /* microseconds after which a death is taken for a single one */

struct SignerChild {
  char *socket_path;
  char *config;
  char *program;
  int listener;
  GPid pid; /* 0 while none runs */
  guint watch;
  guint timer;
  guint pause;
  char *problem;
  gint64 started_at;
};

static gboolean start (SignerChild *child);

static gboolean
refuse (GError **error, const char *path)
{
  int number = errno;

  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (number),
               "the signer's socket %s can't be made: %s", path, g_strerror (number));
  return FALSE;
}

static gboolean
listen_on (const char *path, int *listener, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_autofree char *folder = g_path_get_dirname (path);
  mode_t mask;
  int bound;

  if (g_strlcpy (address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return refuse (error, path);
  }
  g_mkdir_with_parents (folder, 0755);
  unlink (path);
  *listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (*listener < 0)
    return refuse (error, path);
  mask = umask (0177);
  bound = bind (*listener, (struct sockaddr *)&address, sizeof address);
  umask (mask);
  return (bound == 0 && listen (*listener, 128) == 0) || refuse (error, path);
}

/* KEYCRADLE_LIBEXEC is for running from the build folder. */
static char *
signer_program (void)
{
  const char *folder = g_getenv ("KEYCRADLE_LIBEXEC");

  return g_build_filename (folder != NULL ? folder : KEYCRADLE_LIBEXECDIR, "keycradle-signer",
                           NULL);
}

/* The digits of the child's own number, written by hand: snprintf is not for here. */
static void
write_number (char *into, int number)
{
  char digits[12];
  gsize count = 0;

  for (; number > 0 && count < sizeof digits; number /= 10)
    digits[count++] = (char)('0' + number % 10);
  while (count > 0)
    *into++ = digits[--count];
  *into = '\0';
}

static G_NORETURN void
become_signer (const SignerChild *child, char **environment, char *listen_pid, int parent)
{
  char *const arguments[] = { child->program, (char *)"--config", child->config, (char *)"--child",
                              NULL };
  sigset_t none;

  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  prctl (PR_SET_PDEATHSIG, SIGTERM);
  if (getppid () != parent)
    _exit (0);
  write_number (listen_pid, getpid ());
  if (child->listener == LISTEN_FD ? fcntl (LISTEN_FD, F_SETFD, 0) == 0
                                   : dup2 (child->listener, LISTEN_FD) == LISTEN_FD)
    execve (child->program, arguments, environment);
  _exit (127);
}

/* Our environment, with the two variables of socket activation in front. */
static char **
child_environment (char *listen_pid)
{
  g_auto (GStrv) inherited = g_get_environ ();
  GPtrArray *list = g_ptr_array_new ();

  g_ptr_array_add (list, listen_pid);
  g_ptr_array_add (list, g_strdup ("LISTEN_FDS=1"));
  for (guint i = 0; inherited[i] != NULL; i++)
    if (!g_str_has_prefix (inherited[i], "LISTEN_") && !g_str_has_prefix (inherited[i], "NOTIFY_")
        && !g_str_has_prefix (inherited[i], "WATCHDOG_"))
      g_ptr_array_add (list, g_strdup (inherited[i]));
  g_ptr_array_add (list, NULL);
  return (char **)g_ptr_array_free (list, FALSE);
}

static gboolean
start_again (gpointer data)
{
  SignerChild *child = data;

  child->timer = 0;
  start (child);
  return G_SOURCE_REMOVE;
}

static void
handle_death (GPid pid, int status, gpointer data)
{
  SignerChild *child = data;

  child->pid = 0;
  child->watch = 0;
  if (g_get_monotonic_time () - child->started_at > SOUND_LIFE)
    child->pause = 0;
  g_free (child->problem);
  child->problem = WIFSIGNALED (status)
                       ? g_strdup_printf ("the signer was killed by signal %d", WTERMSIG (status))
                       : g_strdup_printf (
                           "the signer ended with status %d; the daemon's log has its reason, and "
                           "`keycradle-signer --check --config %s` shows it",
                           WEXITSTATUS (status), child->config);
  log_station (G_LOG_LEVEL_WARNING, "%s", child->problem);
  child->timer = g_timeout_add (child->pause, start_again, child);
  child->pause = CLAMP (child->pause * 2, FIRST_PAUSE, LAST_PAUSE);
}

static gboolean
start (SignerChild *child)
{
  const char *prefix = "LISTEN_PID=";
  char *listen_pid = g_strdup_printf ("%s%020d", prefix, 0);
  g_auto (GStrv) environment = child_environment (listen_pid);
  int parent = getpid ();
  GPid pid = fork ();

  if (pid == 0)
    become_signer (child, environment, listen_pid + strlen (prefix), parent);
  if (pid < 0) {
    log_station (G_LOG_LEVEL_CRITICAL, "the signer can't be started: %s", g_strerror (errno));
    return FALSE;
  }
  child->pid = pid;
  child->started_at = g_get_monotonic_time ();
  child->watch = g_child_watch_add (pid, handle_death, child);
  return TRUE;
}

SignerChild *
signer_child_new (const char *socket_path, const char *config, GError **error)
{
  g_autoptr (SignerChild) child = g_new0 (SignerChild, 1);

  child->listener = -1;
  child->socket_path = g_strdup (socket_path);
  child->config = g_strdup (config);
  child->program = signer_program ();
  if (!listen_on (socket_path, &child->listener, error))
    return NULL;
  if (access (child->program, X_OK) != 0) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "%s can't be run: %s", child->program,
                 g_strerror (errno));
    return NULL;
  }
  start (child);
  return g_steal_pointer (&child);
}

const char *
signer_child_problem (const SignerChild *child)
{
  return child->pid == 0 ? child->problem : NULL;
}

static void
end_signer (SignerChild *child)
{
  if (child->watch != 0)
    g_source_remove (child->watch);
  if (child->pid == 0)
    return;
  kill (child->pid, SIGTERM);
  while (waitpid (child->pid, NULL, 0) < 0 && errno == EINTR)
    ;
}

void
signer_child_free (SignerChild *child)
{
  if (child == NULL)
    return;
  if (child->timer != 0)
    g_source_remove (child->timer);
  end_signer (child);
  if (child->listener >= 0) {
    close (child->listener);
    unlink (child->socket_path);
  }
  g_free (child->socket_path);
  g_free (child->config);
  g_free (child->program);
  g_free (child->problem);
  g_free (child);
}
