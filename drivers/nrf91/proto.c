/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text to and from Nordic's modem. Lines arrive cut at LF and are hostile.
 */
#include "drivers/nrf91/proto.h"

#include <string.h>

#include "base/encode.h"
#include "drivers/nrf91/cose.h"

#define ESCAPE '\x1b'
#define IMEI_LENGTH 15
#define RAW_SIGNATURE_LENGTH 64

char *
nrf91_wrap (Nrf91Host host, const char *command)
{
  if (host == NRF91_PLAIN)
    return g_strconcat (command, "\r\n", NULL);
  GString *line = g_string_new ("at '");
  for (const char *at = command; *at != '\0'; at++) {
    if (*at == '\n')
      g_string_append (line, "\\n");
    else if (*at != '\r')
      g_string_append_c (line, *at);
  }
  g_string_append (line, "'\r\n");
  return g_string_free (line, FALSE);
}

/* Where the terminal escape that starts at `text` ends: ESC [ … letter, or ESC and one byte. */
static const char *
behind_escape (const char *text)
{
  text++;
  if (*text != '[')
    return *text == '\0' ? text : text + 1;
  text++;
  while (*text != '\0' && (*text < 0x40 || *text > 0x7e))
    text++;
  return *text == '\0' ? text : text + 1;
}

char *
nrf91_clean_line (const char *line)
{
  static const char prompt_end[] = ":~$ ";
  g_autoptr (GString) clean = g_string_new (NULL);

  for (const char *at = line; *at != '\0';) {
    if (*at == ESCAPE) {
      at = behind_escape (at);
      continue;
    }
    if (!g_ascii_iscntrl (*at))
      g_string_append_c (clean, *at);
    at++;
  }
  const char *prompt = g_strrstr (clean->str, prompt_end);
  return g_strstrip (g_strdup (prompt == NULL ? clean->str : prompt + strlen (prompt_end)));
}

Nrf91Result
nrf91_result_of (const char *line, guint *code)
{
  static const char *const prefixes[] = { "+CME ERROR: ", "+CMS ERROR: " };
  guint64 number;

  if (strcmp (line, "OK") == 0)
    return NRF91_OK;
  if (strcmp (line, "ERROR") == 0 || g_str_has_prefix (line, "Sending AT command failed"))
    return NRF91_ERROR;
  for (gsize i = 0; i < G_N_ELEMENTS (prefixes); i++) {
    if (!g_str_has_prefix (line, prefixes[i]))
      continue;
    if (!g_ascii_string_to_unsigned (line + strlen (prefixes[i]), 10, 0, 9999, &number, NULL))
      return NRF91_ERROR;
    *code = (guint)number;
    return NRF91_CME_ERROR;
  }
  return NRF91_GOES_ON;
}

gboolean
nrf91_is_shell_complaint (const char *line)
{
  return g_str_has_suffix (line, "command not found");
}

void
nrf91_set_cme_error (GError **error, guint code, const char *what)
{
  static const struct {
    guint code;
    DriverError error;
    const char *words;
  } known[] = {
    { 0, DRIVER_ERROR_UNSUPPORTED, "its firmware does not know this command" },
    { 50, DRIVER_ERROR_UNSUPPORTED, "its firmware does not take these parameters" },
    { 51, DRIVER_ERROR_UNSUPPORTED, "the command is disabled in its firmware" },
    { 513, DRIVER_ERROR_REFUSED, "it holds no such key or certificate" },
    { 514, DRIVER_ERROR_REFUSED, "it does not allow that" },
    { 515, DRIVER_ERROR_REFUSED, "its memory is full" },
    { 518, DRIVER_ERROR_REFUSED, "it is active; credentials change only in flight mode" },
    { 519, DRIVER_ERROR_REFUSED, "something is stored there already" },
    { 523, DRIVER_ERROR_KEY_GENERATION, "key generation failed" },
    { 525, DRIVER_ERROR_PROOF, "it could not make a JWT" },
    { 527, DRIVER_ERROR_REFUSED, "the content is invalid" },
    { 528, DRIVER_ERROR_REFUSED, "its power-off warning is on: the supply is too low" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++) {
    if (known[i].code != code)
      continue;
    g_set_error (error, DRIVER_ERROR, (int)known[i].error, "the modem did not %s: %s (error %u)",
                 what, known[i].words, code);
    return;
  }
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED, "the modem did not %s (error %u)", what,
               code);
}

gboolean
nrf91_is_imei (const char *line)
{
  return strlen (line) == IMEI_LENGTH && strspn (line, "0123456789") == IMEI_LENGTH
         && strspn (line, (char[]){ line[0], '\0' }) != IMEI_LENGTH;
}

gboolean
nrf91_imei_checks_out (const char *imei)
{
  int sum = 0;

  for (gsize i = 0; i < IMEI_LENGTH; i++) {
    int digit = g_ascii_digit_value (imei[i]);

    if (i % 2 == 1)
      digit = digit * 2 / 10 + digit * 2 % 10;
    sum += digit;
  }
  return sum % 10 == 0;
}

gboolean
nrf91_firmware_has_keygen (const char *version)
{
  const char *number = strrchr (version, '_');
  guint64 major;
  guint64 minor;
  char *end;

  if (!g_str_has_prefix (version, "mfw") || number == NULL)
    return FALSE;
  if (strstr (version, "ntn") != NULL)
    return TRUE;
  number++;
  major = g_ascii_strtoull (number, &end, 10);
  if (end == number || *end != '.' || !g_ascii_isdigit (end[1]))
    return FALSE;
  minor = g_ascii_strtoull (end + 1, NULL, 10);
  return major > 1 || (major == 1 && minor >= 3);
}

GBytes *
nrf91_base64url_decode (const char *text, gsize length)
{
  gsize decoded_length;

  if (length == 0 || length % 4 == 1)
    return NULL;
  g_autofree char *url_safe = g_strndup (text, length);
  g_autofree char *padded = g_strconcat (url_safe, &"==="[3 - (4 - length % 4) % 4], NULL);
  g_strdelimit (padded, "-", '+');
  g_strdelimit (padded, "_", '/');
  guint8 *decoded = g_base64_decode (padded, &decoded_length);
  g_autoptr (GBytes) bytes = g_bytes_new_take (decoded, decoded_length);
  /* GLib's decoder skips what it does not know; writing the bytes again shows whether it did. */
  g_autofree char *again =
      base64url_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  return strcmp (again, url_safe) == 0 ? g_steal_pointer (&bytes) : NULL;
}

/* The text between the quotes of `PREFIX"text"`, or NULL where `line` is not that. */
static char *
quoted_text (const char *line, const char *prefix)
{
  gsize length = strlen (line);
  gsize skip = strlen (prefix);

  if (!g_str_has_prefix (line, prefix) || length < skip + 2 || line[skip] != '"'
      || line[length - 1] != '"')
    return NULL;
  return g_strndup (line + skip + 1, length - skip - 2);
}

static GBytes *
garbled (GError **error, const char *what)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED, "the modem's answer to KEYGEN %s", what);
  return NULL;
}

/* The two halves of `PREFIX"<base64url>.<base64url>"`, decoded. FALSE where it is not that. */
static gboolean
take_halves (const char *line, const char *prefix, GBytes **first, GBytes **second)
{
  g_autofree char *text = quoted_text (line, prefix);
  const char *dot = text == NULL ? NULL : strchr (text, '.');
  g_autoptr (GBytes) one = NULL;
  g_autoptr (GBytes) two = NULL;

  if (dot == NULL)
    return FALSE;
  one = nrf91_base64url_decode (text, (gsize)(dot - text));
  two = nrf91_base64url_decode (dot + 1, strlen (dot + 1));
  if (one == NULL || two == NULL)
    return FALSE;
  *first = g_steal_pointer (&one);
  *second = g_steal_pointer (&two);
  return TRUE;
}

GBytes *
nrf91_keygen_note (const char *line)
{
  g_autoptr (GBytes) request = NULL;
  GBytes *note = NULL;

  return take_halves (line, "%KEYGEN: ", &request, &note) ? note : NULL;
}

gboolean
nrf91_parse_token (const char *line, GBytes **message, GBytes **cose, GError **error)
{
  if (take_halves (line, "%ATTESTTOKEN: ", message, cose))
    return TRUE;
  g_set_error_literal (
      error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
      "the modem's answer to ATTESTTOKEN is not \"<message>.<COSE>\" in base64url");
  return FALSE;
}

GBytes *
nrf91_parse_keygen (const char *line, guint sec_tag, GError **error)
{
  g_autofree char *text = quoted_text (line, "%KEYGEN: ");
  const char *dot = text == NULL ? NULL : strchr (text, '.');
  CoseRequestNote note;

  if (dot == NULL)
    return garbled (error, "is not \"<request>.<COSE>\"");
  g_autoptr (GBytes) request = nrf91_base64url_decode (text, (gsize)(dot - text));
  g_autoptr (GBytes) cose = nrf91_base64url_decode (dot + 1, strlen (dot + 1));
  if (request == NULL || cose == NULL)
    return garbled (error, "is not base64url");
  gsize length;
  const guint8 *data = g_bytes_get_data (cose, &length);
  if (!cose_parse_request_note (data, length, &note))
    return garbled (error, "has a COSE message of another kind than the one for requests");
  if (note.sec_tag != sec_tag)
    return garbled (error, "is about another security tag than the one asked for");
  data = g_bytes_get_data (request, &length);
  g_autoptr (GBytes) digest = sha256_of (data, length);
  if (memcmp (g_bytes_get_data (digest, NULL), note.digest, COSE_DIGEST_LENGTH) != 0)
    return garbled (error, "does not hold together: the COSE message is about another request");
  return g_steal_pointer (&request);
}

GBytes *
nrf91_parse_digest (const char *line, guint sec_tag, Nrf91Credential type)
{
  g_autofree char *prefix = g_strdup_printf ("%%CMNG: %u,%d,\"", sec_tag, (int)type);
  const gsize digits = 2 * COSE_DIGEST_LENGTH;

  if (!g_str_has_prefix (line, prefix))
    return NULL;
  const char *hex = line + strlen (prefix);
  if (strlen (hex) < digits + 1 || hex[digits] != '"')
    return NULL;
  g_autofree char *exactly = g_strndup (hex, digits);
  return hex_decode (exactly);
}

/* TRUE where `json` says `"name": "value"`. `value` needs no escaping. */
static gboolean
json_says (GBytes *json, const char *name, const char *value)
{
  gsize length;
  const char *data = g_bytes_get_data (json, &length);
  g_autofree char *text = g_strndup (data, length);
  g_autofree char *key = g_strdup_printf ("\"%s\"", name);
  g_autofree char *expected = g_strdup_printf ("\"%s\"", value);
  const char *at = strstr (text, key);

  if (at == NULL)
    return FALSE;
  at += strlen (key);
  at += strspn (at, " \t\r\n");
  if (*at++ != ':')
    return FALSE;
  at += strspn (at, " \t\r\n");
  return g_str_has_prefix (at, expected);
}

static gboolean
no_proof (GError **error, const char *what)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PROOF, "the modem's JWT %s", what);
  return FALSE;
}

gboolean
nrf91_parse_jwt (const char *line, const char *nonce_hex, Proof *proof, GError **error)
{
  g_autofree char *text = quoted_text (line, "%JWT: ");
  g_auto (GStrv) parts = g_strsplit (text == NULL ? "" : text, ".", 4);

  if (g_strv_length (parts) != 3)
    return no_proof (error, "is not \"<header>.<payload>.<signature>\"");
  g_autoptr (GBytes) header = nrf91_base64url_decode (parts[0], strlen (parts[0]));
  g_autoptr (GBytes) claims = nrf91_base64url_decode (parts[1], strlen (parts[1]));
  g_autoptr (GBytes) signature = nrf91_base64url_decode (parts[2], strlen (parts[2]));
  if (header == NULL || claims == NULL || signature == NULL)
    return no_proof (error, "is not base64url");
  if (!json_says (header, "alg", "ES256") || g_bytes_get_size (signature) != RAW_SIGNATURE_LENGTH)
    return no_proof (error, "is not signed with ES256");
  if (!json_says (claims, "aud", nonce_hex))
    return no_proof (error, "is not about the question it was asked");
  gsize message_length = strlen (parts[0]) + 1 + strlen (parts[1]);
  proof->scheme = PROOF_ECDSA_SHA256_RAW;
  proof->message = g_bytes_new (text, message_length);
  proof->signature = g_steal_pointer (&signature);
  proof->claims = g_steal_pointer (&claims);
  return TRUE;
}

char *
nrf91_pem_of (GBytes *const *certificates, gsize count)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < count; i++) {
    gsize length;
    const guint8 *der = g_bytes_get_data (certificates[i], &length);
    g_autofree char *pem = pem_encode ("CERTIFICATE", der, length);

    g_string_append (text, pem);
  }
  g_string_replace (text, "\n", "\r\n", 0);
  return g_string_free (text, FALSE);
}
