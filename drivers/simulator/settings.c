/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A device's settings by name: the same names in a plan, on the command line and
 * in the control dialogue.
 */
#include <gio/gio.h>

#include "drivers/simulator/device.h"
#include "drivers/simulator/personality-list.h"

#define DECLARE(name) extern const Personality name##_personality;
#define POINT_TO(name) &name##_personality,

PERSONALITIES (DECLARE)

static const char *const key_words[N_KEY_KINDS] = {
  [KEY_KIND_RSA_2048] = "rsa-2048", [KEY_KIND_RSA_3072] = "rsa-3072",
  [KEY_KIND_RSA_4096] = "rsa-4096", [KEY_KIND_P256] = "p-256",
  [KEY_KIND_P384] = "p-384",        [KEY_KIND_P521] = "p-521",
};

typedef enum {
  SETTING_DRIVER,
  SETTING_SERIAL,
  SETTING_CHIP,
  SETTING_FIRMWARE,
  SETTING_KEY,
  SETTING_KEY_FILE,
  SETTING_HOST,
  SETTING_FAULT,
  SETTING_SLOT,
  SETTING_LATENCY,
  SETTING_BAUD,
  SETTING_KEYGEN_MS,
  SETTING_LOG_EVERY,
  SETTING_USB,
  SETTING_USB_FAULT,
  SETTING_SHELL,
  SETTING_TPM,
  SETTING_PASSWORD,
  SETTING_BOOT_MS,
  SETTING_VPCD,
} Setting;

static const char *const setting_names[] = {
  [SETTING_DRIVER] = "driver",      [SETTING_SERIAL] = "serial", [SETTING_CHIP] = "chip",
  [SETTING_FIRMWARE] = "firmware",  [SETTING_KEY] = "key",       [SETTING_KEY_FILE] = "keyfile",
  [SETTING_HOST] = "host",          [SETTING_FAULT] = "fault",   [SETTING_SLOT] = "slot",
  [SETTING_LATENCY] = "latency",    [SETTING_BAUD] = "baud",     [SETTING_KEYGEN_MS] = "keygenms",
  [SETTING_LOG_EVERY] = "logevery", [SETTING_USB] = "usb",       [SETTING_USB_FAULT] = "usbfault",
  [SETTING_SHELL] = "shell",        [SETTING_TPM] = "tpm",       [SETTING_PASSWORD] = "password",
  [SETTING_BOOT_MS] = "bootms",     [SETTING_VPCD] = "vpcd",
};

const Personality *const *
personality_list (void)
{
  static const Personality *const list[] = { PERSONALITIES (POINT_TO) NULL };

  return list;
}

char *
personality_words (void)
{
  g_autoptr (GString) words = g_string_new (NULL);

  for (const Personality *const *list = personality_list (); *list != NULL; list++)
    g_string_append_printf (words, "%s%s", words->len > 0 ? ", " : "", (*list)->name);
  return g_string_free (g_steal_pointer (&words), FALSE);
}

/* Lower case without '-' and '_'. */
static int
setting_by_name (const char *name)
{
  g_autoptr (GString) plain = g_string_new (NULL);

  for (; *name != '\0'; name++)
    if (*name != '-' && *name != '_')
      g_string_append_c (plain, g_ascii_tolower (*name));
  for (guint i = 0; i < G_N_ELEMENTS (setting_names); i++)
    if (g_str_equal (setting_names[i], plain->str))
      return (int)i;
  return -1;
}

static gboolean
bad_value (const char *name, const char *value, const char *expected, GError **error)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s=%s: expected %s", name, value,
               expected);
  return FALSE;
}

static gboolean
set_personality (DeviceSettings *settings, const char *value, GError **error)
{
  for (const Personality *const *list = personality_list (); *list != NULL; list++)
    if (g_str_equal ((*list)->name, value)) {
      settings->personality = *list;
      return TRUE;
    }
  g_autofree char *words = personality_words ();

  return bad_value ("driver", value, words, error);
}

static gboolean
set_key (DeviceSettings *settings, const char *value, GError **error)
{
  for (guint kind = 0; kind < N_KEY_KINDS; kind++)
    if (g_str_equal (key_words[kind], value)) {
      settings->key_kind = (KeyKind)kind;
      settings->key_given = TRUE;
      return TRUE;
    }
  return bad_value ("key", value, "rsa-2048, rsa-3072, rsa-4096, p-256, p-384 or p-521", error);
}

static gboolean
set_host (DeviceSettings *settings, const char *value, GError **error)
{
  if (!g_str_equal (value, "at") && !g_str_equal (value, "shell")
      && !g_str_equal (value, "zero-touch"))
    return bad_value ("host", value, "at, shell or zero-touch", error);
  settings->shell_host = g_str_equal (value, "shell");
  settings->zero_touch_host = g_str_equal (value, "zero-touch");
  return TRUE;
}

static gboolean
set_shell (DeviceSettings *settings, const char *value, GError **error)
{
  static const char *const shells[] = { "dash", "bash", "busybox", NULL };

  if (!g_strv_contains (shells, value))
    return bad_value ("shell", value, "dash, bash or busybox", error);
  g_free (settings->shell);
  settings->shell = g_strdup (value);
  return TRUE;
}

static gboolean
set_tpm (DeviceSettings *settings, const char *value, GError **error)
{
  if (!g_str_equal (value, "yes") && !g_str_equal (value, "no"))
    return bad_value ("tpm", value, "yes or no", error);
  settings->without_tpm = g_str_equal (value, "no");
  return TRUE;
}

static gboolean
set_text (char **setting, const char *value)
{
  g_free (*setting);
  *setting = *value != '\0' ? g_strdup (value) : NULL;
  return TRUE;
}

static gboolean
set_number (guint *setting, const char *name, const char *value, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (value, 10, 0, 100000000, &number, NULL))
    return bad_value (name, value, "a number", error);
  *setting = (guint)number;
  return TRUE;
}

gboolean
device_settings_set (DeviceSettings *settings, const char *name, const char *value, GError **error)
{
  int setting = setting_by_name (name);

  if (setting < 0) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                 "a device has no setting '%s'", name);
    return FALSE;
  }
  switch ((Setting)setting) {
  case SETTING_DRIVER:
    return set_personality (settings, value, error);
  case SETTING_SERIAL:
    return set_text (&settings->serial, value);
  case SETTING_CHIP:
    return set_text (&settings->chip, value);
  case SETTING_FIRMWARE:
    return set_text (&settings->firmware, value);
  case SETTING_KEY:
    return set_key (settings, value, error);
  case SETTING_KEY_FILE:
    return set_text (&settings->key_file, value);
  case SETTING_HOST:
    return set_host (settings, value, error);
  case SETTING_FAULT:
    return fault_plan_add (&settings->machine.faults, value, error);
  case SETTING_SLOT:
    return set_number (&settings->slot, name, value, error);
  case SETTING_LATENCY:
    return set_number (&settings->machine.latency, name, value, error);
  case SETTING_BAUD:
    return set_number (&settings->machine.baud, name, value, error);
  case SETTING_KEYGEN_MS:
    return set_number (&settings->keygen_ms, name, value, error);
  case SETTING_LOG_EVERY:
    return set_number (&settings->log_every, name, value, error);
  case SETTING_VPCD:
    return set_text (&settings->vpcd, value);
  case SETTING_USB:
    return usb_settings_set (&settings->usb, value, error);
  case SETTING_USB_FAULT:
    return usb_faults_add (&settings->usb.faults, value, error);
  case SETTING_SHELL:
    return set_shell (settings, value, error);
  case SETTING_TPM:
    return set_tpm (settings, value, error);
  case SETTING_PASSWORD:
    return set_text (&settings->password, value);
  case SETTING_BOOT_MS:
    return set_number (&settings->boot_ms, name, value, error);
  }
  return FALSE;
}

void
device_settings_clear (DeviceSettings *settings)
{
  g_clear_pointer (&settings->name, g_free);
  g_clear_pointer (&settings->serial, g_free);
  g_clear_pointer (&settings->chip, g_free);
  g_clear_pointer (&settings->firmware, g_free);
  g_clear_pointer (&settings->key_file, g_free);
  g_clear_pointer (&settings->shell, g_free);
  g_clear_pointer (&settings->password, g_free);
  g_clear_pointer (&settings->vpcd, g_free);
}
