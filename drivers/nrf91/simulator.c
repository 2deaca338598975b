/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The two hosts of a Nordic modem: a plain one that hands each line to the modem,
 * and a Zephyr shell with the command "at". Both are read byte by byte; a line
 * end inside quotes belongs to the command.
 */
#include <string.h>

#include "base/encode.h"
#include "drivers/nrf91/simulator-modem.h"

#define LINE_MAX_BYTES 8192u
#define SHELL_PROMPT "\x1b[1;32muart:~$ \x1b[m"
#define CANCEL 0x03

/* The check digit of 14 digits (3GPP TS 23.003, annex B). */
static char
imei_check_digit (const char *digits)
{
  guint sum = 0;

  for (guint i = 0; i < 14; i++) {
    guint digit = (guint)(digits[i] - '0') * (i % 2 == 0 ? 1 : 2);

    sum += digit / 10 + digit % 10;
  }
  return (char)('0' + (10 - sum % 10) % 10);
}

/* An IMEI for a device that was not given one, the same each time for its name. */
static char *
imei_of_name (const char *name)
{
  g_autoptr (GBytes) digest = sha256_of ((const guint8 *)name, strlen (name));
  const guint8 *bytes = g_bytes_get_data (digest, NULL);
  guint number = ((guint)bytes[0] << 16 | (guint)bytes[1] << 8 | bytes[2]) % 1000000;
  char imei[16];

  g_snprintf (imei, sizeof imei, "35265610%06u", number);
  imei[14] = imei_check_digit (imei);
  imei[15] = '\0';
  return g_strdup (imei);
}

static gboolean
nrf91_prepare (Device *device, GError **error)
{
  DeviceSettings *settings = &device->settings;

  if (settings->serial == NULL)
    settings->serial =
        settings->chip != NULL ? g_strdup (settings->chip) : imei_of_name (settings->name);
  if (strlen (settings->serial) == 15
      && strspn (settings->serial, "0123456789") == strlen (settings->serial))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "serial=%s: an nrf91 device's serial is its IMEI, 15 digits", settings->serial);
  return FALSE;
}

static gboolean
send_text (Device *device, const char *text)
{
  return machine_send (device->machine, text, strlen (text));
}

static gboolean
answer_text (Device *device, const char *text)
{
  return machine_answer (device->machine, text, strlen (text));
}

static gboolean
plain_line (Modem *modem, GString *line)
{
  g_autofree char *answer = line->len > 0 ? modem_command (modem, line->str) : NULL;

  g_string_truncate (line, 0);
  return answer == NULL || answer_text (modem->device, answer);
}

/* A line ends outside quotes; control bytes are not part of a command. */
static void
run_plain (Modem *modem)
{
  g_autoptr (GString) line = g_string_new (NULL);
  gboolean quoted = FALSE;
  guint8 byte;

  while (machine_receive (modem->device->machine, &byte)) {
    if (!quoted && (byte == '\r' || byte == '\n')) {
      if (!plain_line (modem, line))
        return;
      continue;
    }
    if (byte < ' ' && byte != '\r' && byte != '\n')
      continue;
    if (byte == '"')
      quoted = !quoted;
    g_string_append_c (line, (char)byte);
    if (line->len > LINE_MAX_BYTES) {
      g_string_truncate (line, 0);
      quoted = FALSE;
    }
  }
}

/* "at COMMAND" or "at 'COMMAND'"; the shell makes CR LF of the two characters \n. */
static char *
shell_command (const char *line)
{
  g_autofree char *command = g_strstrip (g_strdup (line + 3));
  gsize length = strlen (command);
  g_auto (GStrv) lines = NULL;

  if (length >= 2 && command[0] == '\'' && command[length - 1] == '\'') {
    command[length - 1] = '\0';
    lines = g_strsplit (command + 1, "\\n", -1);
  }
  else
    lines = g_strsplit (command, "\\n", -1);
  return g_strjoinv ("\r\n", lines);
}

static char *
shell_answer (Modem *modem, const char *line)
{
  g_autofree char *command = NULL;
  g_auto (GStrv) words = NULL;

  if (g_str_has_prefix (line, "at ")) {
    command = shell_command (line);
    return modem_command (modem, command);
  }
  words = g_strsplit (line, " ", 2);
  return g_strdup_printf ("\x1b[1;31m%s: command not found\r\n\x1b[m", words[0]);
}

static gboolean
shell_line (Modem *modem, GString *line)
{
  g_autofree char *answer = NULL;

  if (!send_text (modem->device, "\r\n"))
    return FALSE;
  if (line->len > 0)
    answer = shell_answer (modem, line->str);
  g_string_truncate (line, 0);
  return (answer == NULL || answer_text (modem->device, answer))
         && send_text (modem->device, SHELL_PROMPT);
}

static gboolean
shell_byte (Modem *modem, GString *line, guint8 byte)
{
  if (byte == '\r' || byte == '\n')
    return shell_line (modem, line);
  if (byte == CANCEL) {
    g_string_truncate (line, 0);
    return send_text (modem->device, "\r\n" SHELL_PROMPT);
  }
  if (byte < ' ' || line->len >= LINE_MAX_BYTES)
    return TRUE;
  g_string_append_c (line, (char)byte);
  return machine_send (modem->device->machine, &byte, 1);
}

static void
run_shell (Modem *modem)
{
  g_autoptr (GString) line = g_string_new (NULL);
  gboolean after_return = FALSE;
  guint8 byte;

  if (!send_text (modem->device, "\r\n" SHELL_PROMPT))
    return;
  while (machine_receive (modem->device->machine, &byte)) {
    gboolean second = after_return && byte == '\n';

    after_return = byte == '\r';
    if (!second && !shell_byte (modem, line, byte))
      return;
  }
}

static void
nrf91_run (Device *device)
{
  Modem modem = { .device = device, .function = MODEM_ACTIVE };

  if (device->settings.shell_host)
    run_shell (&modem);
  else
    run_plain (&modem);
}

const Personality nrf91_personality = {
  .name = "nrf91",
  .title = "Nordic nRF91 modem, plain AT host or Zephyr shell",
  .key_kinds = 1u << KEY_KIND_P256,
  .key_kind = KEY_KIND_P256,
  .prepare = nrf91_prepare,
  .run = nrf91_run,
};
