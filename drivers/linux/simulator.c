/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A Linux device: a boot, somebody who asks for a name, and a real shell. This side only carries
 * bytes between the shell's console and the port, and lets the kernel speak in between.
 */
#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "drivers/linux/simulator-login.h"

#define CHUNK 512u

static gboolean
linux_prepare (Device *device, GError **error)
{
  static const char *const programs[] = { "unshare", "openssl", "busybox", "swtpm" };
  const guint needed = device->settings.without_tpm ? 3 : 4;

  for (guint i = 0; i < needed; i++) {
    g_autofree char *program = g_find_program_in_path (programs[i]);

    if (program == NULL) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "a linux device needs %s%s",
                   programs[i], i == 3 ? ", or --tpm no" : "");
      return FALSE;
    }
  }
  if (!linux_system_can_run (error))
    return FALSE;
  if (device->settings.chip == NULL) {
    g_autofree char *digest =
        sha256_hex ((const guint8 *)device->settings.name, strlen (device->settings.name));

    device->settings.chip = g_strndup (digest, 16);
  }
  if (device->settings.serial == NULL)
    device->settings.serial = g_strdup (device->settings.name);
  device->state = linux_system_new (device, error);
  return device->state != NULL;
}

static void
linux_finish (Device *device)
{
  g_clear_pointer ((LinuxSystem **)&device->state, linux_system_free);
}

/* What the port sent, to the console. What a console has no room for is lost, as in a UART. FALSE
 * once pulled. */
static gboolean
carry_in (Device *device, LinuxSystem *system)
{
  guint8 data[CHUNK];
  gsize length = 0;

  do
    if (!machine_receive (device->machine, &data[length++]))
      return FALSE;
  while (length < sizeof data && machine_has_input (device->machine));
  if (!machine_settle (device->machine))
    return FALSE;
  return write (system->tty, data, length) >= 0 || errno == EAGAIN;
}

/* How much of `data` goes out before the kernel has its say, if it has. */
static gsize
before_message (Device *device, guint *lines, const guint8 *data, gsize length, gboolean *speaks)
{
  *speaks = FALSE;
  for (gsize i = 0; i < length; i++)
    if (data[i] == '\n' && ++*lines == device->settings.log_every) {
      *lines = 0;
      *speaks = TRUE;
      /* In the middle of the next line, where there is one. */
      const gsize further = (gsize)g_random_int_range (0, 20);

      return MIN (length, i + 1 + further);
    }
  return length;
}

/* Messages as of an emergency: they come whatever level is set. */
static gboolean
send_with_messages (Device *device, guint *lines, const guint8 *data, gsize length)
{
  while (length > 0) {
    gboolean speaks;
    const gsize some = before_message (device, lines, data, length, &speaks);

    if (!machine_answer (device->machine, data, some) || (speaks && !linux_kernel_speaks (device)))
      return FALSE;
    data += some;
    length -= some;
  }
  return TRUE;
}

/* FALSE with *alive where the shell has ended, without where the device was pulled out. */
static gboolean
carry_out (Device *device, LinuxSystem *system, guint *lines, gboolean *alive)
{
  guint8 data[CHUNK];
  ssize_t length = read (system->tty, data, sizeof data);

  if (length < 0 && (errno == EAGAIN || errno == EINTR))
    return TRUE;
  if (length <= 0)
    return FALSE;
  linux_system_keep_items (system, device);
  *alive = send_with_messages (device, lines, data, (gsize)length);
  return *alive;
}

/* Until the shell ends. FALSE once pulled. */
static gboolean
serve_shell (Device *device, LinuxSystem *system)
{
  gboolean byte_waits, tty_ready, alive = TRUE;
  guint lines = 0;

  while (machine_wait (device->machine, system->tty, &byte_waits, &tty_ready)) {
    if (byte_waits && !carry_in (device, system))
      return FALSE;
    if (tty_ready && !carry_out (device, system, &lines, &alive))
      return alive;
  }
  return FALSE;
}

static void
linux_run (Device *device)
{
  LinuxSystem *system = device->state;

  if (linux_system_start (system, device) && linux_boots (device))
    while (linux_logs_in (device) && linux_system_log_in (system, device)
           && serve_shell (device, system))
      linux_system_logged_out (system);
  linux_system_keep_items (system, device);
  linux_system_stop (system);
}

const Personality linux_personality = {
  .name = "linux",
  .title = "Linux with a login shell on its console, a real one",
  .key_kinds = (1u << N_KEY_KINDS) - 1,
  .key_kind = KEY_KIND_P256,
  .prepare = linux_prepare,
  .run = linux_run,
  .finish = linux_finish,
};
