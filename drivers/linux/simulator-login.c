/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Boot and login as a board with U-Boot and systemd shows them.
 */
#include "drivers/linux/simulator-login.h"

#include <string.h>

#define LINE_MAX_LENGTH 200u

static gboolean
say (Device *device, const char *text)
{
  return machine_send (device->machine, text, strlen (text));
}

gboolean
linux_kernel_speaks (Device *device)
{
  static const char *const messages[] = {
    "usb 1-1: new high-speed USB device number 2 using ehci-platform",
    "EXT4-fs (mmcblk0p2): re-mounted. Opts: (null). Quota mode: none.",
    "random: crng init done",
    "Kernel says: root login: Password: # $ -----BEGIN CERTIFICATE-----",
  };
  const gint64 now = g_get_monotonic_time ();
  g_autofree char *line = g_strdup_printf (
      "[%5" G_GINT64_FORMAT ".%06" G_GINT64_FORMAT "] %s\r\n", now / G_USEC_PER_SEC % 100000,
      now % G_USEC_PER_SEC, messages[g_random_int_range (0, (gint32)G_N_ELEMENTS (messages))]);

  return say (device, line);
}

/* A line that was typed, with the echo that a getty makes. */
static gboolean
read_line (Device *device, GString *line, gboolean echo)
{
  guint8 byte;

  g_string_truncate (line, 0);
  while (machine_receive (device->machine, &byte)) {
    if (byte == '\r' || byte == '\n')
      return say (device, "\r\n");
    if (byte == 0x15)
      g_string_truncate (line, 0);
    if (byte == 0x03 || byte == 0x04) {
      g_string_truncate (line, 0);
      return say (device, "\r\n");
    }
    if (byte < ' ' || line->len >= LINE_MAX_LENGTH)
      continue;
    g_string_append_c (line, (char)byte);
    if (echo && !machine_send (device->machine, &byte, 1))
      return FALSE;
  }
  return FALSE;
}

/* The boot loader's prompt, until `boot`. */
static gboolean
serve_boot_loader (Device *device)
{
  g_autoptr (GString) line = g_string_new (NULL);

  do
    if (!say (device, "=> ") || !read_line (device, line, TRUE))
      return FALSE;
  while (!g_str_equal (line->str, "boot"));
  return TRUE;
}

static gboolean
pass_time (Device *device, guint milliseconds)
{
  machine_work (device->machine, milliseconds);
  return machine_settle (device->machine);
}

static gboolean
count_down (Device *device, guint milliseconds)
{
  if (!say (device, "U-Boot 2023.01 (Jan 10 2023 - 12:00:00 +0000)\r\n\r\nDRAM:  512 MiB\r\n"
                    "Hit any key to stop autoboot:  1 ")
      || !pass_time (device, milliseconds) || !say (device, "\b\b\b 0 \r\n"))
    return FALSE;
  return !machine_has_input (device->machine) || serve_boot_loader (device);
}

gboolean
linux_boots (Device *device)
{
  const guint part = device->settings.boot_ms / 4;

  if (part > 0
      && (!count_down (device, part)
          || !say (device, "Starting kernel ...\r\n\r\n[    0.000000] Booting Linux on physical "
                           "CPU 0x0\r\n[    0.000000] Linux version 6.1.0\r\n")
          || !pass_time (device, part)
          || !say (device, "[    1.203411] Run /sbin/init as init process\r\n"
                           "\r\nWelcome to \x1b[1mSimulated Linux 1.0\x1b[0m!\r\n\r\n")
          || !pass_time (device, part)
          || !say (device, "[\x1b[0;32m  OK  \x1b[0m] Reached target Login Prompts.\r\n"
                           "         Starting # nothing $ of > interest\r\n")
          || !pass_time (device, part)))
    return FALSE;
  return say (device, "\r\nSimulated Linux 1.0 board ttyS0\r\n\r\n");
}

/* Asks for the password where there is one; *right tells. */
static gboolean
ask_password (Device *device, GString *line, gboolean *right)
{
  const char *password = device->settings.password;

  *right = TRUE;
  if (password == NULL)
    return TRUE;
  if (!say (device, "Password: ") || !read_line (device, line, FALSE))
    return FALSE;
  *right = g_str_equal (line->str, password);
  return TRUE;
}

gboolean
linux_logs_in (Device *device)
{
  g_autoptr (GString) line = g_string_new (NULL);
  gboolean is_root, right;

  while (say (device, "board login: ") && read_line (device, line, TRUE)) {
    is_root = g_str_equal (line->str, "root");
    if (line->len == 0)
      continue;
    if (!ask_password (device, line, &right))
      return FALSE;
    if (is_root && right)
      return say (device, "Last login: Sat Nov 21 12:00:00 UTC 2026 on ttyS0\r\n"
                          "\r\n### Simulated board ###\r\nProperty of the factory.\r\n\r\n");
    if (!say (device, "\r\nLogin incorrect\r\n"))
      return FALSE;
  }
  return FALSE;
}
