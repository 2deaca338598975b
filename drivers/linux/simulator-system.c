/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Folders, processes and a pty. The shell sees a root folder of its own (simulator-root.sh), so
 * that nothing which a station types reaches the computer that plays the device.
 */
#include "drivers/linux/simulator-system.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/encode.h"
#include "drivers/linux/simulator-scripts.h"
#include "drivers/simulator/problem.h"

#define TPM "swtpm"
#define CERTIFICATE "etc/keycradle/device.crt"

static char *
place (const LinuxSystem *system, const char *name)
{
  return g_build_filename (system->root, name, NULL);
}

static gboolean
put_file (const LinuxSystem *system, const char *name, const char *text, int mode, GError **error)
{
  g_autofree char *path = place (system, name);
  g_autofree char *folder = g_path_get_dirname (path);

  g_mkdir_with_parents (folder, 0755);
  return g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, mode, error);
}

/* ---- what it is made of ---- */

/* A board whose boot loader put the serial number and the model into the device tree. */
static gboolean
make_board (LinuxSystem *system, const Device *device, GError **error)
{
  const char *tree = "sys/firmware/devicetree/base/";
  g_autofree char *serial = g_strconcat (tree, "serial-number", NULL);
  g_autofree char *model = g_strconcat (tree, "model", NULL);

  return put_file (system, serial, device->settings.chip, 0644, error)
         && put_file (system, model, "Keycradle Simulated Board Rev 1.2", 0644, error);
}

static gboolean
make_files (LinuxSystem *system, const Device *device, GError **error)
{
  static const struct {
    const char *name;
    const char *text;
    int mode;
  } files[] = {
    { "etc/os-release", "ID=simulated\nPRETTY_NAME=\"Simulated Linux 1.0\"\n", 0644 },
    { "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", 0644 },
    { "etc/group", "root:x:0:\n", 0644 },
    { "opt/bin/dmesg", "#!/bin/sh\n[ \"$1\" = -n ] && echo \"$2\" >/opt/level\n", 0755 },
    { "opt/faults/list", "", 0644 },
  };
  g_autofree char *name = g_strconcat (device->settings.serial, "\n", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    if (!put_file (system, files[i].name, files[i].text, files[i].mode, error))
      return FALSE;
  if (device->settings.serial_given
      && !put_file (system, "etc/keycradle/serial", name, 0644, error))
    return FALSE;
  return make_board (system, device, error);
}

LinuxSystem *
linux_system_new (Device *device, GError **error)
{
  LinuxSystem *system = g_new0 (LinuxSystem, 1);

  system->tty = -1;
  system->temporary = device->state_folder == NULL;
  system->root = system->temporary
                     ? g_dir_make_tmp ("keycradle-linux-XXXXXX", error)
                     : g_strdup_printf ("%s/%s.root", device->state_folder, device->settings.name);
  if (system->root != NULL) {
    g_autofree char *known = place (system, "etc/passwd");

    if (g_file_test (known, G_FILE_TEST_EXISTS) || make_files (system, device, error))
      return system;
  }
  linux_system_free (system);
  return NULL;
}

static void
remove_folder (const char *path)
{
  const char *arguments[] = { "rm", "-rf", "--one-file-system", path, NULL };

  g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
}

void
linux_system_free (LinuxSystem *system)
{
  linux_system_stop (system);
  if (system->temporary && system->root != NULL)
    remove_folder (system->root);
  g_free (system->root);
  g_free (system);
}

/* ---- processes ---- */

/* In the child: nothing but system calls. It dies with this process; `tty`, where there is one, is
 * its console. */
static void
become (const char *const *arguments, const char *const *environment, int tty)
{
  sigset_t none;

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  signal (SIGPIPE, SIG_DFL);
  if (tty >= 0) {
    setsid ();
    ioctl (tty, TIOCSCTTY, 0);
  }
  else
    tty = open ("/dev/null", O_RDWR | O_CLOEXEC);
  for (int i = 0; i < 3; i++)
    dup2 (tty, i);
  /* Another device's file that is being written could not be run while it is open here. */
  close_range (3, ~0u, 0);
  execve (arguments[0], (char *const *)arguments, (char *const *)environment);
  _exit (127);
}

static pid_t
start (const char *const *arguments, const char *const *environment, int tty)
{
  pid_t process = fork ();

  if (process == 0)
    become (arguments, environment, tty);
  return process < 0 ? 0 : process;
}

static void
end (pid_t *process, int signal_number)
{
  if (*process == 0)
    return;
  kill (*process, signal_number);
  waitpid (*process, NULL, 0);
  *process = 0;
}

/* The TPM listens once its socket is there. */
static gboolean
start_tpm (LinuxSystem *system)
{
  g_autofree char *program = g_find_program_in_path (TPM);
  g_autofree char *folder = place (system, "tpm");
  g_autofree char *socket = place (system, "tpm/s");
  g_autofree char *state = g_strdup_printf ("dir=%s", folder);
  g_autofree char *server = g_strdup_printf ("type=unixio,path=%s", socket);
  g_autofree char *control = g_strdup_printf ("type=unixio,path=%s.ctrl", socket);
  const char *const arguments[] = { program,
                                    "socket",
                                    "--tpm2",
                                    "--tpmstate",
                                    state,
                                    "--server",
                                    server,
                                    "--ctrl",
                                    control,
                                    "--flags",
                                    "not-need-init,startup-clear",
                                    NULL };
  const char *const environment[] = { NULL };

  if (program == NULL)
    return FALSE;
  g_mkdir_with_parents (folder, 0700);
  g_unlink (socket);
  system->tpm = start (arguments, environment, -1);
  for (guint i = 0; i < 500 && !g_file_test (socket, G_FILE_TEST_EXISTS); i++)
    g_usleep (2000);
  return system->tpm > 0;
}

/* ---- faults ---- */

static void
list_faults (LinuxSystem *system, Device *device)
{
  static const Fault faults[] = { FAULT_WEAK_KEY,       FAULT_BAD_SIGNATURE,
                                  FAULT_LEAK_DER,       FAULT_LEAK_PRIVATE_KEY,
                                  FAULT_REFUSE_INSTALL, FAULT_WRONG_CERTIFICATE,
                                  FAULT_WRONG_KEY,      FAULT_DUPLICATE_KEY };
  g_autoptr (GString) list = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
    if (device_fault (device, faults[i]))
      g_string_append_printf (list, "%s\n", fault_info (faults[i])->name);
  put_file (system, "opt/faults/list", list->str, 0644, NULL);
  for (guint i = 0; i < 3; i++) {
    static const char *const names[] = { "opt/faults/openssl", "opt/faults/mv",
                                         "opt/faults/base64" };
    g_autofree char *path = place (system, names[i]);

    if (list->len > 0)
      put_file (system, names[i], "#!/bin/sh\n" FAULTS_SCRIPT, 0755, NULL);
    else
      g_unlink (path);
  }
}

/* The key that somebody else made, and the certificate that is shown in place of the right one. */
static void
make_fault_files (LinuxSystem *system, Device *device)
{
  g_autofree char *made = place (system, "opt/faults/made.pem");
  g_autofree char *pem = NULL;

  g_unlink (made);
  if ((device_fault (device, FAULT_DUPLICATE_KEY) || device->settings.key_file != NULL)
      && device_make_key (device, device->settings.key_kind, "key"))
  {
    pem = device_get_text (device, "key");
    put_file (system, "opt/faults/made.pem", pem, 0600, NULL);
    put_file (system, "opt/faults/openssl", "#!/bin/sh\n" FAULTS_SCRIPT, 0755, NULL);
  }
  if (!device_fault (device, FAULT_WRONG_CERTIFICATE))
    return;
  g_autoptr (EVP_PKEY) key = chip_make_key (KEY_KIND_P256);
  g_autoptr (GBytes) other = chip_make_other_certificate (key);
  g_autofree char *text =
      pem_encode ("CERTIFICATE", g_bytes_get_data (other, NULL), g_bytes_get_size (other));
  put_file (system, "opt/faults/other.crt", text, 0644, NULL);
}

gboolean
linux_system_start (LinuxSystem *system, Device *device)
{
  list_faults (system, device);
  make_fault_files (system, device);
  if (device_fault (device, FAULT_NO_IDENTITY))
    put_file (system, "sys/firmware/devicetree/base/serial-number", "not set yet", 0644, NULL);
  return device->settings.without_tpm || start_tpm (system);
}

void
linux_system_stop (LinuxSystem *system)
{
  linux_system_logged_out (system);
  end (&system->tpm, SIGTERM);
}

/* ---- the shell ---- */

#define NAMESPACE_WORDS 5

/* The ways to mounts of one's own: a user gets them in a user namespace; a chroot is given none of
 * these, nor has it a root that could be made private, but there root may as it is, as long as
 * what it mounts is seen by nobody else. */
static const char *const namespace_ways[][NAMESPACE_WORDS] = {
  { "/usr/bin/unshare", "-r", "-m", NULL },
  { "/usr/bin/unshare", "-m", "--propagation", "unchanged", NULL },
};

static gboolean
way_works (const char *const *way)
{
  static const char *const unseen = "! grep -q ' shared:' /proc/self/mountinfo";
  const gboolean user = g_strv_contains (way, "-r");
  g_autofree char *words = g_strjoinv (" ", (char **)way);
  g_autofree char *command =
      g_strdup_printf ("%s /bin/sh -c \"%s\"", words, user ? "true" : unseen);
  int status = -1;

  return g_spawn_command_line_sync (command, NULL, NULL, &status, NULL) && status == 0;
}

static gpointer
find_way (gpointer nothing)
{
  for (guint i = 0; i < G_N_ELEMENTS (namespace_ways); i++)
    if (way_works (namespace_ways[i]))
      return (gpointer)namespace_ways[i];
  return NULL;
}

/* NULL where nobody may have any. */
static const char *const *
namespace_way (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, find_way, NULL);
}

gboolean
linux_system_can_run (GError **error)
{
  if (namespace_way () != NULL)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                       "a linux device needs mounts of its own (user namespaces), and nobody may "
                       "have them here");
  return FALSE;
}

static int
open_tty (LinuxSystem *system)
{
  char path[64];

  system->tty = posix_openpt (O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (system->tty < 0 || grantpt (system->tty) != 0 || unlockpt (system->tty) != 0
      || ptsname_r (system->tty, path, sizeof path) != 0)
    return -1;
  return open (path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

gboolean
linux_system_log_in (LinuxSystem *system, Device *device)
{
  const char *shell = device->settings.shell != NULL ? device->settings.shell : "dash";
  const char *const script[] = { "/bin/sh",    "-c",  ROOT_SCRIPT, "simulation",
                                 system->root, shell, NULL };
  const char *arguments[NAMESPACE_WORDS + G_N_ELEMENTS (script)] = { NULL };
  const char *const with_tpm[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                   "PS1=\x1b[1;32mroot@board\x1b[0m:~# ",
                                   "TPM2TOOLS_TCTI=swtpm:path=/tpm/s",
                                   "TPM2OPENSSL_TCTI=swtpm:path=/tpm/s", NULL };
  const char *const plain[] = { with_tpm[0], with_tpm[1], NULL };
  const char *const *way = namespace_way ();
  int console = way != NULL ? open_tty (system) : -1;
  guint count = 0;

  if (console < 0)
    return FALSE;
  for (; *way != NULL; way++)
    arguments[count++] = *way;
  memcpy (arguments + count, script, sizeof script);
  system->shell = start (arguments, system->tpm > 0 ? with_tpm : plain, console);
  close (console);
  return system->shell > 0;
}

void
linux_system_logged_out (LinuxSystem *system)
{
  if (system->tty >= 0)
    close (system->tty);
  system->tty = -1;
  end (&system->shell, SIGKILL);
}

/* ---- what it holds ---- */

void
linux_system_keep_items (LinuxSystem *system, Device *device)
{
  g_autofree char *path = place (system, CERTIFICATE);
  g_autofree char *pem = NULL;
  g_autoptr (GBytes) der = NULL, known = device_get (device, "cert.der");

  if (g_file_get_contents (path, &pem, NULL, NULL))
    der = pem_decode (pem, "CERTIFICATE", NULL);
  if (der == NULL && known != NULL)
    device_put (device, "cert.der", NULL, 0);
  if (der != NULL && (known == NULL || !g_bytes_equal (der, known)))
    device_put (device, "cert.der", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
}
