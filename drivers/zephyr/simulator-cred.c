/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The `cred` command: a buffer that is filled piece by piece, and places (a security tag and a
 * type) into which its content goes.
 */
#include "drivers/zephyr/simulator-cred.h"

#include <string.h>

#include "base/encode.h"

#define BUFFER_SIZE 1024u
#define CANCEL 0x03

/* Words that mean one type; the first is told to people, the last in lists. */
static const char *const types[][7] = {
  { "CA_CERT", "CA", NULL },
  { "SERVER_CERT", "CLIENT_CERT", "SELF_CERT", "SELF", "CLIENT", "SERV", NULL },
  { "PRE_SHARED_KEY", "PSK", NULL },
};

#define SERVER_TYPE 1

static int
type_by_word (const char *word)
{
  for (guint type = 0; type < G_N_ELEMENTS (types); type++)
    for (guint i = 0; types[type][i] != NULL; i++)
      if (g_ascii_strcasecmp (word, types[type][i]) == 0)
        return (int)type;
  return -1;
}

static const char *
short_word (guint type)
{
  guint i = 0;

  while (types[type][i + 1] != NULL)
    i++;
  return types[type][i];
}

static char *
item_of (const char *tag, guint type)
{
  return g_strdup_printf ("cred.%s.%s", tag, short_word (type));
}

/* TRUE where both can be read; else the shell has said why. */
static gboolean
parse_place (ZephyrBoard *board, const char *tag, const char *word, guint *type)
{
  int found = type_by_word (word);

  if (tag[0] == '\0' || strspn (tag, "0123456789") != strlen (tag)) {
    zephyr_shell_print (&board->shell, SHELL_ERROR, "%s is not a valid sectag.", tag);
    return FALSE;
  }
  if (found < 0) {
    zephyr_shell_print (&board->shell, SHELL_ERROR, "%s is not a valid credential type.", word);
    return FALSE;
  }
  *type = (guint)found;
  return TRUE;
}

static void
clear_buffer (ZephyrBoard *board)
{
  if (board->buffer->len > 0)
    zephyr_shell_print (&board->shell, SHELL_NORMAL, "Credential buffer cleared.");
  g_string_truncate (board->buffer, 0);
}

static gboolean
append_to_buffer (ZephyrBoard *board, const char *text)
{
  if (board->buffer->len + strlen (text) >= BUFFER_SIZE) {
    zephyr_shell_print (&board->shell, SHELL_ERROR,
                        "Not enough room in credential buffer for provided data. Increase "
                        "CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE.");
    clear_buffer (board);
    return FALSE;
  }
  g_string_append (board->buffer, text);
  return TRUE;
}

/* Whatever comes up to Ctrl-C goes into the buffer, without echo. */
static gboolean
load_buffer (ZephyrBoard *board)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint8 byte;

  clear_buffer (board);
  zephyr_shell_print (&board->shell, SHELL_NORMAL, "Input credential, finish with CTRL+C.");
  if (!zephyr_shell_bypass (&board->shell))
    return FALSE;
  while (machine_receive (board->device->machine, &byte)) {
    if (byte == CANCEL) {
      if (append_to_buffer (board, text->str))
        zephyr_shell_print (&board->shell, SHELL_NORMAL, "Stored %u bytes.",
                            (guint)board->buffer->len);
      return TRUE;
    }
    if (byte != '\0' && text->len < 2 * BUFFER_SIZE)
      g_string_append_c (text, (char)byte);
  }
  return FALSE;
}

gboolean
zephyr_cred_buf (ZephyrBoard *board, char **words, guint count)
{
  if (g_str_equal (words[2], "load"))
    return load_buffer (board);
  if (g_str_equal (words[2], "clear")) {
    g_string_truncate (board->buffer, 0);
    zephyr_shell_print (&board->shell, SHELL_NORMAL, "Credential buffer cleared.");
  }
  else if (append_to_buffer (board, words[2]))
    zephyr_shell_print (&board->shell, SHELL_NORMAL, "Stored %u bytes.", (guint)strlen (words[2]));
  return TRUE;
}

/* What is to be kept, or NULL where the buffer does not hold it in `format`. */
static GBytes *
take_buffer (ZephyrBoard *board, const char *format)
{
  gsize length = board->buffer->len;
  g_autofree guint8 *bytes = NULL;

  if (g_str_has_prefix (format, "str"))
    bytes = g_memdup2 (board->buffer->str, length + 1);
  else {
    g_autofree guint8 *decoded = g_base64_decode (board->buffer->str, &length);
    g_autofree char *again = g_base64_encode (decoded, length);

    if (strcmp (again, board->buffer->str) != 0)
      return NULL;
    bytes = g_malloc0 (length + 1);
    memcpy (bytes, decoded, length);
  }
  if (g_str_has_suffix (format, "t"))
    length++;
  return g_bytes_new_take (g_steal_pointer (&bytes), length);
}

/* Beside the credential as it is, what the tests look for: the certificate in DER. */
static void
put_certificate (ZephyrBoard *board, GBytes *kept)
{
  gsize length;
  const char *text = g_bytes_get_data (kept, &length);
  g_autoptr (GBytes) der =
      text[length - 1] == '\0' ? pem_decode (text, "CERTIFICATE", NULL) : g_bytes_ref (kept);

  if (der != NULL)
    device_put (board->device, "cert.der", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
}

/* Notes that there is something in a place, for `cred list`. */
static void
put_place (ZephyrBoard *board, const char *tag, guint type, gboolean there)
{
  g_autofree char *places = device_get_text (board->device, "places");
  g_autofree char *place = g_strdup_printf ("%s,%u;", tag, type);
  g_autoptr (GString) text = g_string_new (places != NULL ? places : "");

  g_string_replace (text, place, "", 0);
  if (there)
    g_string_append (text, place);
  device_put_text (board->device, "places", text->str);
}

static void
keep (ZephyrBoard *board, const char *tag, guint type, GBytes *kept)
{
  g_autofree char *item = item_of (tag, type);

  if (device_fault (board->device, FAULT_REFUSE_INSTALL)) {
    zephyr_shell_print (&board->shell, SHELL_ERROR,
                        "Failed to add TLS credential with sectag %s and type %s. Error: -12\n.",
                        tag, types[type][0]);
    return;
  }
  device_put (board->device, item, g_bytes_get_data (kept, NULL), g_bytes_get_size (kept));
  put_place (board, tag, type, TRUE);
  if (type == SERVER_TYPE)
    put_certificate (board, kept);
  zephyr_shell_print (&board->shell, SHELL_NORMAL,
                      "Added TLS credential of type %s, sectag %s, and length %u bytes.",
                      types[type][0], tag, (guint)g_bytes_get_size (kept));
}

gboolean
zephyr_cred_add (ZephyrBoard *board, char **words, guint count)
{
  g_autoptr (GBytes) kept = NULL, before = NULL;
  g_autofree char *item = NULL;
  guint type;

  if (!parse_place (board, words[2], words[3], &type))
    return TRUE;
  item = item_of (words[2], type);
  before = device_get (board->device, item);
  if (board->buffer->len == 0)
    zephyr_shell_print (&board->shell, SHELL_ERROR, "Please provide a credential to add.");
  else if (before != NULL)
    zephyr_shell_print (&board->shell, SHELL_ERROR,
                        "TLS credential with sectag %s and type %s already exists.", words[2],
                        types[type][0]);
  else if ((kept = take_buffer (board, words[5])) == NULL)
    zephyr_shell_print (&board->shell, SHELL_ERROR,
                        "Could not decode input from base64, error: -22");
  else
    keep (board, words[2], type, kept);
  clear_buffer (board);
  return TRUE;
}

gboolean
zephyr_cred_del (ZephyrBoard *board, char **words, guint count)
{
  g_autofree char *item = NULL;
  g_autoptr (GBytes) kept = NULL;
  guint type;

  if (!parse_place (board, words[2], words[3], &type))
    return TRUE;
  item = item_of (words[2], type);
  kept = device_get (board->device, item);
  if (kept == NULL) {
    zephyr_shell_print (&board->shell, SHELL_ERROR,
                        "There is no TLS credential with sectag %s and type %s.", words[2],
                        types[type][0]);
    return TRUE;
  }
  device_put (board->device, item, NULL, 0);
  if (type == SERVER_TYPE)
    device_put (board->device, "cert.der", NULL, 0);
  put_place (board, words[2], type, FALSE);
  zephyr_shell_print (&board->shell, SHELL_NORMAL,
                      "Deleted TLS credential with sectag %s and type %s.", words[2],
                      types[type][0]);
  return TRUE;
}

/* What a place holds; with a fault another certificate in place of the device's own. */
static GBytes *
held (ZephyrBoard *board, const char *tag, guint type)
{
  g_autofree char *item = item_of (tag, type);
  g_autoptr (GBytes) kept = device_get (board->device, item);
  g_autoptr (EVP_PKEY) other = NULL;

  if (kept == NULL || type != SERVER_TYPE || !device_fault (board->device, FAULT_WRONG_CERTIFICATE))
    return g_steal_pointer (&kept);
  other = chip_make_key (KEY_KIND_P256);
  return chip_make_other_certificate (other);
}

static void
print_kept (ZephyrBoard *board, GBytes *kept, const char *format)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (kept, &length);
  gboolean text = g_str_has_prefix (format, "str");
  gsize step = text ? 32 : 24;

  if (g_str_has_suffix (format, "t"))
    length--;
  for (gsize i = 0; i < length; i += step) {
    gsize part = MIN (step, length - i);
    g_autofree char *line =
        text ? g_strndup ((const char *)bytes + i, part) : g_base64_encode (bytes + i, part);

    for (char *c = line; text && *c != '\0'; c++)
      *c = g_ascii_isprint (*c) ? *c : '?';
    zephyr_shell_print (&board->shell, SHELL_NORMAL, "%s", line);
  }
  zephyr_shell_print (&board->shell, SHELL_NORMAL, "Credential buffer cleared.");
}

gboolean
zephyr_cred_get (ZephyrBoard *board, char **words, guint count)
{
  g_autoptr (GBytes) kept = NULL;
  guint type;

  if (!parse_place (board, words[2], words[3], &type))
    return TRUE;
  kept = held (board, words[2], type);
  if (kept == NULL)
    zephyr_shell_print (&board->shell, SHELL_ERROR,
                        "There is no TLS credential with sectag %s and type %s.", words[2],
                        types[type][0]);
  else
    print_kept (board, kept, words[4]);
  return TRUE;
}

static gboolean
is_wanted (const char *filter, const char *value)
{
  return filter == NULL || g_ascii_strcasecmp (filter, "any") == 0 || g_str_equal (filter, value);
}

gboolean
zephyr_cred_list (ZephyrBoard *board, char **words, guint count)
{
  g_autofree char *places = device_get_text (board->device, "places");
  g_auto (GStrv) list = g_strsplit (places != NULL ? places : "", ";", -1);
  guint found = 0;

  for (char **place = list; *place != NULL && **place != '\0'; place++) {
    g_auto (GStrv) parts = g_strsplit (*place, ",", 2);
    guint type = (guint)g_ascii_strtoull (parts[1], NULL, 10);
    g_autoptr (GBytes) kept = held (board, parts[0], type);
    g_autoptr (GBytes) digest = sha256_of (g_bytes_get_data (kept, NULL), g_bytes_get_size (kept));
    g_autofree char *shown = g_base64_encode (g_bytes_get_data (digest, NULL), 32);

    if (!is_wanted (count > 2 ? words[2] : NULL, parts[0])
        || !is_wanted (count > 3 ? words[3] : NULL, short_word (type)))
      continue;
    zephyr_shell_print (&board->shell, SHELL_NORMAL, "%s,%s,%s,0", parts[0], short_word (type),
                        shown);
    found++;
  }
  zephyr_shell_print (&board->shell, SHELL_NORMAL, "%u credentials found.", found);
  return TRUE;
}
