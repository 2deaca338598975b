/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A Zephyr device: `nrf_cloud_cred` for its key and requests, `cred` for what it keeps in its
 * security tags, `hwinfo` and `kernel` for who it is. Everything is kept across power at once.
 */
#include <string.h>

#include "base/encode.h"
#include "drivers/zephyr/simulator-cred.h"

#define DEFAULT_TAG "16842753"

static char *
key_item (char **words, guint count)
{
  return g_strconcat ("key.", count > 2 ? words[2] : DEFAULT_TAG, NULL);
}

static gboolean
keygen (ZephyrBoard *board, char **words, guint count)
{
  g_autofree char *item = key_item (words, count);
  g_autoptr (EVP_PKEY) before = device_key (board->device, item);
  const char *tag = item + strlen ("key.");

  if (before != NULL)
    zephyr_shell_print (&board->shell, SHELL_WARNING,
                        "Key already exists in sec tag %s. Use 'delete' to remove it first.", tag);
  else if (!device_make_key (board->device, KEY_KIND_P256, item))
    zephyr_shell_print (&board->shell, SHELL_ERROR, "Key generation failed: -5");
  else
    zephyr_shell_print (&board->shell, SHELL_NORMAL, "Generated device key in sec tag %s", tag);
  return TRUE;
}

/* A request under a nonce as its name is a proof. */
static gboolean
is_nonce_name (const char *subject)
{
  const gsize digits = 2 * PROOF_NONCE_LENGTH;

  return g_str_has_prefix (subject, "CN=") && strlen (subject + 3) == digits
         && strspn (subject + 3, "0123456789abcdef") == digits;
}

static gboolean
csr (ZephyrBoard *board, char **words, guint count)
{
  g_autofree char *item = key_item (words, count);
  g_autofree char *named = g_strconcat ("CN=", board->device->settings.serial, NULL);
  const char *subject = count > 3 ? words[3] : named;
  g_autoptr (EVP_PKEY) key = is_nonce_name (subject) ? device_proof_key (board->device, item)
                                                     : device_key (board->device, item);
  ChipRequest request = { .subject = subject };
  g_autoptr (GBytes) der = key != NULL ? device_make_csr (board->device, key, &request) : NULL;
  g_autofree char *leak = NULL, *base64 = NULL;

  if (der == NULL) {
    zephyr_shell_print (&board->shell, SHELL_ERROR, "CSR generation failed: -5");
    return TRUE;
  }
  leak = device_leak (board->device, key);
  if (leak != NULL)
    zephyr_shell_print (&board->shell, SHELL_NORMAL, "%s", leak);
  base64 = g_base64_encode (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  zephyr_shell_print (&board->shell, SHELL_NORMAL, "CSR: %s", base64);
  zephyr_shell_print (&board->shell, SHELL_NORMAL, "CSR generation complete");
  return TRUE;
}

/* The last 65 bytes of a P-256 SubjectPublicKeyInfo are its point. */
static gboolean
pubkey (ZephyrBoard *board, char **words, guint count)
{
  g_autofree char *item = key_item (words, count), *base64 = NULL;
  g_autoptr (EVP_PKEY) key = device_key (board->device, item);
  g_autoptr (GBytes) info = key != NULL ? chip_public_key (key) : NULL;
  gsize length = info != NULL ? g_bytes_get_size (info) : 0;

  if (length < 65) {
    zephyr_shell_print (&board->shell, SHELL_ERROR, "Public key export failed: -5");
    return TRUE;
  }
  base64 = g_base64_encode ((const guint8 *)g_bytes_get_data (info, NULL) + length - 65, 65);
  zephyr_shell_print (&board->shell, SHELL_NORMAL, "PUBKEY: %s\nPublic key export complete",
                      base64);
  return TRUE;
}

static gboolean
delete_key (ZephyrBoard *board, char **words, guint count)
{
  g_autofree char *item = key_item (words, count);

  device_put (board->device, item, NULL, 0);
  device_put (board->device, "key", NULL, 0);
  zephyr_shell_print (&board->shell, SHELL_NORMAL, "Deleted device key in sec tag %s",
                      item + strlen ("key."));
  return TRUE;
}

static gboolean
devid (ZephyrBoard *board, char **words, guint count)
{
  const char *serial = board->device->settings.serial;

  if (device_fault (board->device, FAULT_NO_IDENTITY))
    zephyr_shell_print (&board->shell, SHELL_ERROR, "Not supported by hardware");
  else
    zephyr_shell_print (&board->shell, SHELL_NORMAL, "Length: %u\nID: 0x%s",
                        (guint)strlen (serial) / 2, serial);
  return TRUE;
}

static gboolean
version (ZephyrBoard *board, char **words, guint count)
{
  zephyr_shell_print (&board->shell, SHELL_NORMAL, "Zephyr version 4.2.99");
  return TRUE;
}

static const struct {
  const char *group;
  const char *verb;
  guint least; /* words, the two included */
  guint most;
  gboolean (*run) (ZephyrBoard *board, char **words, guint count);
} commands[] = {
  { "cred", "buf", 3, 3, zephyr_cred_buf },     { "cred", "add", 6, 6, zephyr_cred_add },
  { "cred", "del", 4, 4, zephyr_cred_del },     { "cred", "get", 5, 5, zephyr_cred_get },
  { "cred", "list", 2, 4, zephyr_cred_list },   { "nrf_cloud_cred", "keygen", 2, 3, keygen },
  { "nrf_cloud_cred", "csr", 2, 4, csr },       { "nrf_cloud_cred", "delete", 2, 3, delete_key },
  { "nrf_cloud_cred", "pubkey", 2, 3, pubkey }, { "hwinfo", "devid", 2, 2, devid },
  { "kernel", "version", 2, 2, version },
};

/* The words of `line`, without the empty ones between two blanks. */
static GPtrArray *
split_words (const char *line)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) parts = g_strsplit (line, " ", -1);

  for (char **part = parts; *part != NULL; part++)
    if (**part != '\0')
      g_ptr_array_add (words, g_strdup (*part));
  return words;
}

static void
print_help (ZephyrBoard *board, const char *group)
{
  zephyr_shell_print (&board->shell, SHELL_NORMAL, "%s - commands\nSubcommands:", group);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].group, group))
      zephyr_shell_print (&board->shell, SHELL_NORMAL, "  %s", commands[i].verb);
}

static gboolean
run_line (ZephyrBoard *board, const char *line)
{
  g_autoptr (GPtrArray) words = split_words (line);
  const char *group = words->len > 0 ? g_ptr_array_index (words, 0) : "";
  const char *verb = words->len > 1 ? g_ptr_array_index (words, 1) : "";
  gboolean known = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    known = known || g_str_equal (commands[i].group, group);
    if (!g_str_equal (commands[i].group, group) || !g_str_equal (commands[i].verb, verb))
      continue;
    if (words->len >= commands[i].least && words->len <= commands[i].most)
      return commands[i].run (board, (char **)words->pdata, words->len);
    zephyr_shell_print (&board->shell, SHELL_ERROR, "%s: wrong parameter count", verb);
    return TRUE;
  }
  if (known)
    print_help (board, group);
  else
    zephyr_shell_print (&board->shell, SHELL_ERROR, "%s: command not found", group);
  return TRUE;
}

static void
zephyr_run (Device *device)
{
  g_autoptr (GString) typed = g_string_new (NULL), answer = g_string_new (NULL);
  g_autoptr (GString) line = g_string_new (NULL), buffer = g_string_new (NULL);
  ZephyrBoard board = { .shell = { .device = device, .line = typed, .answer = answer },
                        .device = device,
                        .buffer = buffer };

  if (!zephyr_shell_start (&board.shell))
    return;
  while (zephyr_shell_read_line (&board.shell, line) && run_line (&board, line->str)
         && zephyr_shell_finish (&board.shell))
    ;
}

/* A chip id for a device that was not given one, the same each time for its name. */
static char *
chip_id_of_name (const char *name)
{
  g_autofree char *hex = sha256_hex ((const guint8 *)name, strlen (name));

  return g_strndup (hex, 16);
}

static gboolean
zephyr_prepare (Device *device, GError **error)
{
  DeviceSettings *settings = &device->settings;

  if (settings->serial == NULL)
    settings->serial =
        settings->chip != NULL ? g_strdup (settings->chip) : chip_id_of_name (settings->name);
  gsize length = strlen (settings->serial);
  if (length >= 2 && length <= 32 && length % 2 == 0
      && strspn (settings->serial, "0123456789abcdef") == length)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "serial=%s: a zephyr device's serial is its chip's id, 1 to 16 bytes in lower-case "
               "hex",
               settings->serial);
  return FALSE;
}

const Personality zephyr_personality = {
  .name = "zephyr",
  .title = "Zephyr shell with nrf_cloud_cred and cred",
  .key_kinds = 1u << KEY_KIND_P256,
  .key_kind = KEY_KIND_P256,
  .prepare = zephyr_prepare,
  .run = zephyr_run,
};
