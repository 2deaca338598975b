/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The device of README.md, for keycradle-sim: lines in, lines out.
 */
#include <string.h>

#include "base/encode.h"
#include "drivers/simulator/device.h"

static gboolean
answer (Device *device, const char *verb, GBytes *bytes)
{
  g_autofree char *base64 =
      bytes != NULL ? g_base64_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes))
                    : g_strdup ("");
  g_autofree char *line = g_strdup_printf ("%s%s%s\r\n", verb, *base64 != '\0' ? " " : "", base64);

  return machine_answer (device->machine, line, strlen (line));
}

static gboolean
say_who (Device *device)
{
  const DeviceSettings *settings = &device->settings;
  g_autofree char *who =
      g_strdup_printf ("example %s %s", settings->chip != NULL ? settings->chip : settings->serial,
                       settings->serial);

  return answer (device, device_fault (device, FAULT_NO_IDENTITY) ? "example" : who, NULL);
}

static gboolean
make_key (Device *device, const char *kind)
{
  if (strcmp (kind, "p-256") != 0)
    return answer (device, "error key-kind", NULL);
  return answer (device, device_make_key (device, KEY_KIND_P256, "key") ? "ok" : "error key", NULL);
}

static gboolean
say_csr (Device *device)
{
  g_autoptr (EVP_PKEY) key = device_key (device, "key");
  ChipRequest request = { .subject = "CN=example" };
  g_autoptr (GBytes) der = key != NULL ? device_make_csr (device, key, &request) : NULL;
  g_autofree char *leak = key != NULL ? device_leak (device, key) : NULL;

  if (leak != NULL)
    return machine_answer (device->machine, leak, strlen (leak));
  return der != NULL ? answer (device, "csr", der) : answer (device, "error no-key", NULL);
}

static gboolean
take_certificate (Device *device, const char *base64)
{
  gsize length;
  g_autofree guchar *der = g_base64_decode (base64, &length);

  if (length == 0 || device_fault (device, FAULT_REFUSE_INSTALL))
    return answer (device, "error storage", NULL);
  device_put (device, "cert.der", der, length);
  return answer (device, "ok", NULL);
}

static gboolean
show_certificate (Device *device)
{
  g_autoptr (GBytes) der = device_get (device, "cert.der");

  if (der != NULL && device_fault (device, FAULT_WRONG_CERTIFICATE)) {
    g_autoptr (EVP_PKEY) other = chip_make_key (KEY_KIND_P256);

    g_bytes_unref (der);
    der = chip_make_other_certificate (other);
  }
  return der != NULL ? answer (device, "cert", der) : answer (device, "error nothing", NULL);
}

static gboolean
sign (Device *device, const char *nonce)
{
  g_autoptr (EVP_PKEY) key = device_proof_key (device, "key");
  g_autofree char *message = g_strconcat ("example:", nonce, NULL);
  g_autoptr (GBytes) signature = key != NULL ? chip_sign (key, message, strlen (message)) : NULL;

  return signature != NULL ? answer (device, "sig", signature)
                           : answer (device, "error no-key", NULL);
}

static gboolean
obey (Device *device, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 2);
  const char *argument = words[0] != NULL && words[1] != NULL ? words[1] : "";

  if (g_strcmp0 (words[0], "who") == 0)
    return say_who (device);
  if (g_strcmp0 (words[0], "key") == 0)
    return make_key (device, argument);
  if (g_strcmp0 (words[0], "csr") == 0)
    return say_csr (device);
  if (g_strcmp0 (words[0], "cert") == 0)
    return take_certificate (device, argument);
  if (g_strcmp0 (words[0], "show") == 0)
    return show_certificate (device);
  if (g_strcmp0 (words[0], "sign") == 0)
    return sign (device, argument);
  return answer (device, "error unknown", NULL);
}

static void
run (Device *device)
{
  g_autoptr (GString) line = g_string_new (NULL);
  guint8 byte;

  while (machine_receive (device->machine, &byte)) {
    if (byte != '\n') {
      if (byte != '\r' && line->len < 8192)
        g_string_append_c (line, (char)byte);
      continue;
    }
    if (!obey (device, line->str))
      return;
    g_string_truncate (line, 0);
  }
}

const Personality example_personality = {
  .name = "example",
  .title = "The dialect of docs/adding-a-driver.md",
  .key_kinds = 1u << KEY_KIND_P256,
  .key_kind = KEY_KIND_P256,
  .run = run,
};
