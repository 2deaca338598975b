/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line of the FreeRTOS reference integration: `conf` for what the
 * device is told, `pki` for its key and certificates. Settings are lost at a
 * power cut unless `conf commit` kept them; keys and certificates are kept at once.
 */
#include <string.h>

#include "base/encode.h"
#include "drivers/simulator/terminal.h"

#define CERTIFICATE_LABEL "tls_cert"
#define PRIVATE_LABEL "tls_key_priv"
#define PUBLIC_LABEL "tls_key_pub"
#define DER_MAX 2048u
#define PEM_LINE_MAX 64u

/* Settings by name, with their default; the numbers are not quoted. */
static const struct {
  const char *name;
  const char *value;
  gboolean number;
} settings[] = {
  { "thing_name", "", FALSE },
  { "mqtt_endpoint", "", FALSE },
  { "mqtt_port", "8883", TRUE },
  { "wifi_ssid", "factory-floor", FALSE },
  { "wifi_credential", "correct-horse-battery", FALSE },
  { "time_hwm", "0", TRUE },
};

typedef struct {
  Terminal terminal;
  Device *device;
  GHashTable *conf; /* name → value, in RAM */
} Board;

static gboolean
print (Board *board, const char *text)
{
  return terminal_print (&board->terminal, text);
}

static const char *
board_conf (Board *board, const char *name)
{
  return g_hash_table_lookup (board->conf, name);
}

/* A device that was given a serial comes with it as its thing name. */
static char *
default_value (Board *board, guint i)
{
  const DeviceSettings *device = &board->device->settings;
  gboolean named = g_str_equal (settings[i].name, "thing_name") && device->serial_given;

  return g_strdup (named ? device->serial : settings[i].value);
}

/* What the device has in its flash, or the defaults. */
static void
board_load_conf (Board *board)
{
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++) {
    g_autofree char *item = g_strconcat ("conf.", settings[i].name, NULL);
    char *value = device_get_text (board->device, item);

    g_hash_table_insert (board->conf, (gpointer)settings[i].name,
                         value != NULL ? value : default_value (board, i));
  }
}

static void
append_setting (Board *board, guint i, GString *into)
{
  const char *quote = settings[i].number ? "" : "\"";

  g_string_append_printf (into, "%s=%s%s%s\n", settings[i].name, quote,
                          board_conf (board, settings[i].name), quote);
}

static int
setting_by_name (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (g_str_equal (settings[i].name, name))
      return (int)i;
  return -1;
}

/* A device without identity neither shows a thing name nor takes one. */
static gboolean
is_hidden (Board *board, guint i)
{
  return g_str_equal (settings[i].name, "thing_name")
         && device_fault (board->device, FAULT_NO_IDENTITY);
}

static gboolean
unknown_setting (Board *board, const char *name)
{
  g_autofree char *text = g_strdup_printf ("Error: key: %s was not recognized.\n", name);

  return print (board, text);
}

static gboolean
conf_get (Board *board, char **words, guint count)
{
  g_autoptr (GString) text = g_string_new (NULL);
  int one = count > 2 ? setting_by_name (words[2]) : -1;

  if (count > 2 && one < 0)
    return unknown_setting (board, words[2]);
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if ((one < 0 || (guint)one == i) && !is_hidden (board, i))
      append_setting (board, i, text);
  return print (board, text->str);
}

static gboolean
is_valid_value (Board *board, guint i, const char *value)
{
  if (is_hidden (board, i) || strlen (value) > 127 || strpbrk (value, "\"") != NULL)
    return FALSE;
  return !settings[i].number || strspn (value, "0123456789") == strlen (value);
}

static gboolean
conf_set (Board *board, char **words, guint count)
{
  g_autoptr (GString) text = g_string_new (NULL);
  int setting = count > 2 ? setting_by_name (words[2]) : -1;
  const char *value = count > 3 ? words[3] : "";

  if (setting < 0)
    return unknown_setting (board, count > 2 ? words[2] : "");
  if (!is_valid_value (board, (guint)setting, value)) {
    g_string_printf (text, "Error: value: %s is not valid for key: %s\n", value, words[2]);
    return print (board, text->str);
  }
  g_hash_table_insert (board->conf, (gpointer)settings[setting].name, g_strdup (value));
  append_setting (board, (guint)setting, text);
  return print (board, text->str);
}

static gboolean
conf_commit (Board *board, char **words, guint count)
{
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++) {
    g_autofree char *item = g_strconcat ("conf.", settings[i].name, NULL);

    device_put_text (board->device, item, board_conf (board, settings[i].name));
  }
  return print (board, "Configuration saved to NVM.\n");
}

static char *
public_key_pem (EVP_PKEY *key)
{
  g_autoptr (GBytes) der = chip_public_key (key);

  return pem_encode ("PUBLIC KEY", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
}

static gboolean
generate_key (Board *board, char **words, guint count)
{
  const char *public = count > 3 ? words[3] : PUBLIC_LABEL;
  const char *private = count > 4 ? words[4] : PRIVATE_LABEL;
  g_autoptr (EVP_PKEY) key = NULL;
  g_autofree char *pem = NULL, *text = NULL;

  if (!device_make_key (board->device, KEY_KIND_P256, "key"))
    return print (board, "ERROR: Failed to generate public/private key pair.\n");
  device_put (board->device, "proved", NULL, 0);
  key = device_key (board->device, "key");
  pem = public_key_pem (key);
  text = g_strdup_printf ("SUCCESS: Key pair generated and stored in\nPrivate Key Label: %s\n"
                          "Public Key Label: %s\n%s",
                          private, public, pem);
  return print (board, text);
}

/* The first request after a new key is the one to be certified; each later one is a proof. */
static EVP_PKEY *
request_key (Board *board)
{
  g_autoptr (GBytes) before = device_get (board->device, "proved");

  if (before != NULL)
    return device_proof_key (board->device, "key");
  device_put_text (board->device, "proved", "yes");
  return device_key (board->device, "key");
}

static gboolean
generate_csr (Board *board, char **words, guint count)
{
  g_autoptr (EVP_PKEY) key = request_key (board);
  g_autofree char *subject = g_strconcat ("CN=", board_conf (board, "thing_name"), NULL);
  ChipRequest request = { .subject = subject, .key_usage = "1", .client_type = TRUE };
  g_autoptr (GBytes) der = key != NULL ? device_make_csr (board->device, key, &request) : NULL;
  g_autofree char *pem = NULL, *leak = NULL, *text = NULL;

  if (der == NULL)
    return print (board, "ERROR: Failed to generate a certificate signing request.\n");
  pem = pem_encode ("CERTIFICATE REQUEST", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  leak = device_leak (board->device, key);
  text = g_strconcat (leak != NULL ? leak : "", pem, NULL);
  return print (board, text);
}

static gboolean
generate_certificate (Board *board, char **words, guint count)
{
  g_autoptr (EVP_PKEY) key = device_key (board->device, "key");
  g_autoptr (GBytes) der = key != NULL ? chip_make_other_certificate (key) : NULL;
  g_autofree char *pem = NULL;

  if (der == NULL)
    return print (board, "ERROR: Failed to generate a certificate.\n");
  pem = pem_encode ("CERTIFICATE", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  return print (board, pem);
}

/* The item that keeps the certificate called `label`, or NULL where there is no such label. */
static char *
certificate_item (const char *label)
{
  if (g_str_equal (label, CERTIFICATE_LABEL))
    return g_strdup ("cert.der");
  if (g_str_equal (label, "root_ca_cert"))
    return g_strdup ("root_ca_cert.der");
  return NULL;
}

/* Collects PEM line by line; *problem is set where the device would stop. FALSE once pulled. */
static gboolean
read_pem (Board *board, GString *pem, const char **problem)
{
  g_autoptr (GString) line = g_string_new (NULL);

  while (terminal_read_line (&board->terminal, line)) {
    if (line->len > PEM_LINE_MAX) {
      *problem = "Error: Current line exceeds maximum line length for a PEM file.\n";
      return TRUE;
    }
    if (pem->len == 0 && !g_str_has_prefix (line->str, "-----BEGIN ")) {
      *problem = "Error: PEM header does not contain the expected text: '-----BEGIN '.\n";
      return TRUE;
    }
    g_string_append_printf (pem, "%s\n", line->str);
    if (g_str_has_prefix (line->str, "-----END "))
      return TRUE;
    if (pem->len > 2 * DER_MAX) {
      *problem = "Error: PEM file exceeds the maximum length.\n";
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
keep_certificate (Board *board, const char *item, const char *pem)
{
  g_autoptr (GBytes) der = pem_decode (pem, "CERTIFICATE", NULL);

  if (der == NULL || !chip_is_certificate (der) || g_bytes_get_size (der) > DER_MAX
      || device_fault (board->device, FAULT_REFUSE_INSTALL))
    return FALSE;
  device_put (board->device, item, g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  return TRUE;
}

static gboolean
import_certificate (Board *board, char **words, guint count)
{
  const char *label = count > 3 ? words[3] : CERTIFICATE_LABEL;
  g_autofree char *item = certificate_item (label);
  g_autoptr (GString) pem = g_string_new (NULL);
  g_autofree char *text = NULL;
  const char *problem = NULL;

  if (!read_pem (board, pem, &problem))
    return FALSE;
  if (problem != NULL)
    return print (board, problem);
  text = g_strdup_printf (item != NULL && keep_certificate (board, item, pem->str)
                              ? "Success: Certificate loaded to label: '%s'.\n"
                              : "Error: failed to save certificate to label: '%s'.\n",
                          label);
  return print (board, text);
}

static gboolean
export_certificate (Board *board, char **words, guint count)
{
  const char *label = count > 3 ? words[3] : CERTIFICATE_LABEL;
  g_autofree char *item = certificate_item (label), *pem = NULL, *text = NULL;
  g_autoptr (GBytes) der = item != NULL ? device_get (board->device, item) : NULL;

  if (der == NULL) {
    text = g_strdup_printf ("Error: failed to load certificate from label: '%s'.\n", label);
    return print (board, text);
  }
  if (device_fault (board->device, FAULT_WRONG_CERTIFICATE)) {
    g_autoptr (EVP_PKEY) key = chip_make_key (KEY_KIND_P256);

    g_bytes_unref (der);
    der = chip_make_other_certificate (key);
  }
  pem = pem_encode ("CERTIFICATE", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  return print (board, pem);
}

static gboolean
export_key (Board *board, char **words, guint count)
{
  g_autoptr (EVP_PKEY) key = device_key (board->device, "key");
  g_autofree char *pem = key != NULL ? public_key_pem (key) : NULL, *text = NULL;

  if (pem == NULL)
    return print (board, "Error: failed to load public key from label: '" PUBLIC_LABEL "'.\n");
  text = g_strdup_printf ("Public Key Label: %s\n%s", PUBLIC_LABEL, pem);
  return print (board, text);
}

static gboolean
reset (Board *board, char **words, guint count)
{
  board_load_conf (board);
  return print (board, "Resetting device.\n");
}

static gboolean
help (Board *board, char **words, guint count)
{
  return print (board, "conf get [key]\nconf set <key> <value>\nconf commit\n"
                       "pki generate key [pub_label prv_label]\npki generate csr [label]\n"
                       "pki generate cert\npki import cert [label]\npki export cert [label]\n"
                       "pki export key [label]\nreset\nhelp\n");
}

static const struct {
  const char *words[4];
  gboolean (*run) (Board *board, char **words, guint count);
} commands[] = {
  { { "conf", "get" }, conf_get },
  { { "conf", "set" }, conf_set },
  { { "conf", "commit" }, conf_commit },
  { { "pki", "generate", "key" }, generate_key },
  { { "pki", "generate", "csr" }, generate_csr },
  { { "pki", "generate", "cert" }, generate_certificate },
  { { "pki", "import", "cert" }, import_certificate },
  { { "pki", "export", "cert" }, export_certificate },
  { { "pki", "export", "key" }, export_key },
  { { "reset" }, reset },
  { { "help" }, help },
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

static gboolean
is_command (const char *const *wanted, GPtrArray *words)
{
  guint i;

  for (i = 0; wanted[i] != NULL; i++)
    if (i >= words->len || !g_str_equal (g_ptr_array_index (words, i), wanted[i]))
      return FALSE;
  return TRUE;
}

static gboolean
run_line (Board *board, const char *line)
{
  g_autoptr (GPtrArray) words = split_words (line);

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (is_command (commands[i].words, words))
      return commands[i].run (board, (char **)words->pdata, words->len);
  return print (board,
                "Command not recognized. Enter 'help' to view a list of available commands.\n");
}

static void
freertos_run (Device *device)
{
  g_autoptr (GHashTable) conf = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GString) typed = g_string_new (NULL), line = g_string_new (NULL);
  Board board = { .terminal = { .device = device, .line = typed }, .device = device, .conf = conf };

  board_load_conf (&board);
  while (terminal_read_line (&board.terminal, line) && run_line (&board, line->str))
    ;
}

const Personality freertos_personality = {
  .name = "freertos",
  .title = "FreeRTOS reference integration, pki and conf commands",
  .key_kinds = 1u << KEY_KIND_P256,
  .key_kind = KEY_KIND_P256,
  .run = freertos_run,
};
