/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Credentials (%CMNG), keys (%KEYGEN), tokens (%JWT) and the few commands by
 * which a modem says who it is. Credentials are items "cmng-TAG-TYPE".
 */
#include "drivers/nrf91/simulator-modem.h"

#include <string.h>

#include "base/encode.h"
#include "drivers/nrf91/simulator-arguments.h"
#include "drivers/nrf91/simulator-token.h"

#define CME_NOT_SUPPORTED 0
#define CME_PARAMETERS 50
#define CME_NOT_FOUND 513
#define CME_NOT_ALLOWED 514
#define CME_MEMORY_FULL 515
#define CME_ACTIVE_STATE 518
#define CME_EXISTS 519
#define CME_KEY_GENERATION 523
#define CME_INVALID_CONTENT 527

#define TYPE_ROOTS 0
#define TYPE_CERTIFICATE 1
#define TYPE_KEY 2
#define CONTENT_MAX 4096u

/* What the modem puts into the request's KeyUsage by itself. */
#define DEFAULT_KEY_USAGE "11101"

static char *
cme_error (Modem *modem, guint code)
{
  return modem->numeric_errors ? g_strdup_printf ("+CME ERROR: %u\r\n", code)
                               : g_strdup ("ERROR\r\n");
}

static char *
ok_with (const char *line)
{
  return g_strdup_printf ("%s\r\nOK\r\n", line);
}

/* Credentials can't be changed while the radio is in use. */
static gboolean
is_active (Modem *modem)
{
  return modem->function == 1 || modem->function == 2 || modem->function == 21;
}

typedef struct {
  guint64 tag;
  guint64 type;
} Credential;

static gboolean
argument_credential (GPtrArray *arguments, guint place, Credential *credential)
{
  return argument_number (arguments, place, G_MAXINT32, &credential->tag)
         && argument_number (arguments, place + 1, 10, &credential->type);
}

static char *
credential_item (const Credential *credential)
{
  return g_strdup_printf ("cmng-%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, credential->tag,
                          credential->type);
}

/* The first certificate of a PEM text becomes what the device "holds". */
static void
note_certificate (Device *device, const char *pem)
{
  g_autoptr (GBytes) der = pem_decode (pem, "CERTIFICATE", NULL);

  if (der != NULL)
    device_put (device, "cert.der", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
}

static char *
cmng_write (Modem *modem, const Credential *credential, const char *content)
{
  Device *device = modem->device;
  g_autofree char *item = credential_item (credential);
  g_autoptr (GBytes) der = NULL;

  if (is_active (modem))
    return cme_error (modem, CME_ACTIVE_STATE);
  if (device_fault (device, FAULT_REFUSE_INSTALL) || strlen (content) > CONTENT_MAX)
    return cme_error (modem, CME_MEMORY_FULL);
  if (credential->type == TYPE_ROOTS || credential->type == TYPE_CERTIFICATE) {
    der = pem_decode (content, "CERTIFICATE", NULL);
    if (der == NULL || !chip_is_certificate (der))
      return cme_error (modem, CME_INVALID_CONTENT);
  }
  device_put_text (device, item, content);
  if (credential->type == TYPE_CERTIFICATE)
    note_certificate (device, content);
  return g_strdup ("OK\r\n");
}

static char *
cmng_delete (Modem *modem, const Credential *credential)
{
  Device *device = modem->device;
  g_autofree char *item = credential_item (credential);
  g_autoptr (GBytes) present = device_get (device, item);

  if (is_active (modem))
    return cme_error (modem, CME_ACTIVE_STATE);
  if (present == NULL)
    return cme_error (modem, CME_NOT_FOUND);
  device_put (device, item, NULL, 0);
  if (credential->type == TYPE_KEY)
    device_put (device, "key", NULL, 0);
  if (credential->type == TYPE_CERTIFICATE)
    device_put (device, "cert.der", NULL, 0);
  return g_strdup ("OK\r\n");
}

/* What the modem shows of a credential: with wrong-certificate not what was written. */
static char *
shown_content (Device *device, const Credential *credential)
{
  g_autofree char *item = credential_item (credential);
  char *content = device_get_text (device, item);
  g_autoptr (EVP_PKEY) key = NULL;
  g_autoptr (GBytes) other = NULL;

  if (content == NULL || credential->type != TYPE_CERTIFICATE
      || !device_fault (device, FAULT_WRONG_CERTIFICATE))
    return content;
  g_free (content);
  key = chip_make_key (KEY_KIND_P256);
  other = chip_make_other_certificate (key);
  return pem_encode ("CERTIFICATE", g_bytes_get_data (other, NULL), g_bytes_get_size (other));
}

static char *
credential_line (Device *device, const Credential *credential, gboolean with_content)
{
  g_autofree char *content = shown_content (device, credential);
  g_autofree char *digest = NULL;
  g_autofree char *upper = NULL;

  if (content == NULL)
    return NULL;
  digest = sha256_hex ((const guint8 *)content, strlen (content));
  upper = g_ascii_strup (digest, -1);
  return g_strdup_printf ("%%CMNG: %" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",\"%s\"%s%s%s",
                          credential->tag, credential->type, upper, with_content ? ",\"" : "",
                          with_content ? content : "", with_content ? "\"" : "");
}

static char *
cmng_read (Modem *modem, const Credential *credential)
{
  g_autofree char *line = NULL;

  if (credential->type != TYPE_ROOTS && credential->type != TYPE_CERTIFICATE)
    return cme_error (modem, CME_NOT_ALLOWED);
  line = credential_line (modem->device, credential, TRUE);
  return line != NULL ? ok_with (line) : cme_error (modem, CME_NOT_FOUND);
}

static GList *
credential_items (Device *device)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&device->mutex);
  g_autoptr (GList) names = g_hash_table_get_keys (device->items);
  GList *found = NULL;

  for (GList *name = names; name != NULL; name = name->next)
    if (g_str_has_prefix (name->data, "cmng-"))
      found = g_list_insert_sorted (found, g_strdup (name->data), (GCompareFunc)g_strcmp0);
  return found;
}

/* Everything, or what has `tag` and `type` where they are not NULL. */
static char *
cmng_list (Modem *modem, const guint64 *tag, const guint64 *type)
{
  GList *items = credential_items (modem->device);
  GString *answer = g_string_new (NULL);

  for (GList *item = items; item != NULL; item = item->next) {
    g_auto (GStrv) parts = g_strsplit (item->data, "-", 3);
    Credential credential = { g_ascii_strtoull (parts[1], NULL, 10),
                              g_ascii_strtoull (parts[2], NULL, 10) };
    g_autofree char *line = NULL;

    if ((tag != NULL && credential.tag != *tag) || (type != NULL && credential.type != *type))
      continue;
    line = credential_line (modem->device, &credential, FALSE);
    g_string_append_printf (answer, "%s\r\n", line);
  }
  g_list_free_full (items, g_free);
  g_string_append (answer, "OK\r\n");
  return g_string_free (answer, FALSE);
}

static char *
command_cmng (Modem *modem, const char *text)
{
  g_autoptr (GPtrArray) arguments = parse_arguments (text);
  guint64 operation, tag, type;
  Credential credential;

  if (!argument_number (arguments, 0, 3, &operation))
    return cme_error (modem, CME_PARAMETERS);
  if (operation == 1)
    return cmng_list (modem, argument_number (arguments, 1, G_MAXINT32, &tag) ? &tag : NULL,
                      argument_number (arguments, 2, 10, &type) ? &type : NULL);
  if (!argument_credential (arguments, 1, &credential))
    return cme_error (modem, CME_PARAMETERS);
  if (operation == 2)
    return cmng_read (modem, &credential);
  if (operation == 3)
    return cmng_delete (modem, &credential);
  if (argument_text (arguments, 3) == NULL)
    return cme_error (modem, CME_PARAMETERS);
  return cmng_write (modem, &credential, argument_text (arguments, 3));
}

/* The request, or with format 1 the public key, of the new key. */
static GBytes *
new_key_object (Modem *modem, EVP_PKEY *key, guint64 format, GPtrArray *arguments)
{
  g_autofree char *uuid = modem_uuid_text (modem->device->settings.serial);
  g_autofree char *own_name = g_strconcat ("CN=", uuid, NULL);
  const char *subject = argument_text (arguments, 3), *usage = argument_text (arguments, 4);
  ChipRequest request = { .subject = subject != NULL && *subject != '\0' ? subject : own_name,
                          .key_usage = usage != NULL && *usage != '\0' ? usage : DEFAULT_KEY_USAGE,
                          .null_parameter = TRUE };

  if (format == 1)
    return chip_public_key (key);
  return device_make_csr (modem->device, key, &request);
}

static char *
keygen_answer (Modem *modem, guint64 tag, guint64 format, EVP_PKEY *key, GBytes *object)
{
  g_autoptr (GBytes) note = modem_attest (
      modem->device, format == 1 ? MODEM_PUBLIC_KEY_MESSAGE : MODEM_REQUEST_MESSAGE, tag, object);
  g_autofree char *first =
      base64url_encode (g_bytes_get_data (object, NULL), g_bytes_get_size (object));
  g_autofree char *second =
      base64url_encode (g_bytes_get_data (note, NULL), g_bytes_get_size (note));
  g_autofree char *leak = device_leak (modem->device, key);

  return g_strdup_printf ("%s%%KEYGEN: \"%s.%s\"\r\nOK\r\n", leak != NULL ? leak : "", first,
                          second);
}

static char *
command_keygen (Modem *modem, const char *text)
{
  g_autoptr (GPtrArray) arguments = parse_arguments (text);
  Credential credential;
  guint64 format;
  g_autofree char *item = NULL;
  g_autoptr (GBytes) present = NULL, object = NULL;
  g_autoptr (EVP_PKEY) key = NULL;

  if (!argument_credential (arguments, 0, &credential) || credential.type != TYPE_KEY
      || !argument_number (arguments, 2, 1, &format))
    return cme_error (modem, CME_PARAMETERS);
  if (is_active (modem))
    return cme_error (modem, CME_ACTIVE_STATE);
  item = credential_item (&credential);
  present = device_get (modem->device, item);
  if (present != NULL)
    return cme_error (modem, CME_EXISTS);
  if (!device_make_key (modem->device, KEY_KIND_P256, item))
    return cme_error (modem, CME_KEY_GENERATION);
  key = device_key (modem->device, item);
  object = new_key_object (modem, key, format, arguments);
  if (object == NULL) {
    device_put (modem->device, item, NULL, 0);
    return cme_error (modem, CME_PARAMETERS);
  }
  return keygen_answer (modem, credential.tag, format, key, object);
}

static char *
command_jwt (Modem *modem, const char *text)
{
  g_autoptr (GPtrArray) arguments = parse_arguments (text);
  Credential credential = { 0 };
  g_autofree char *item = NULL, *jwt = NULL, *line = NULL;
  g_autoptr (EVP_PKEY) key = NULL;
  guint64 seconds = 0;

  argument_number (arguments, 1, G_MAXUINT32, &seconds);
  if (!argument_credential (arguments, 4, &credential) || credential.type != TYPE_KEY)
    return cme_error (modem, CME_PARAMETERS);
  item = credential_item (&credential);
  key = device_proof_key (modem->device, item);
  if (key == NULL)
    return cme_error (modem, CME_NOT_FOUND);
  jwt = modem_jwt (modem->device, key, argument_text (arguments, 2), argument_text (arguments, 3),
                   seconds);
  if (jwt == NULL)
    return cme_error (modem, CME_NOT_ALLOWED);
  line = g_strdup_printf ("%%JWT: \"%s\"", jwt);
  return ok_with (line);
}

static char *
command_function (Modem *modem, const char *text)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, 44, &number, NULL))
    return cme_error (modem, CME_PARAMETERS);
  modem->function = (guint)number;
  return g_strdup ("OK\r\n");
}

static char *
command_errors (Modem *modem, const char *text)
{
  if (!g_str_equal (text, "0") && !g_str_equal (text, "1"))
    return cme_error (modem, CME_PARAMETERS);
  modem->numeric_errors = *text == '1';
  return g_strdup ("OK\r\n");
}

static char *
command_imei (Modem *modem, const char *text)
{
  if (device_fault (modem->device, FAULT_NO_IDENTITY))
    return g_strdup ("ERROR\r\n");
  return ok_with (modem->device->settings.serial);
}

static char *
command_firmware (Modem *modem, const char *text)
{
  return ok_with ("mfw_nrf9160_1.3.5");
}

static char *
command_model (Modem *modem, const char *text)
{
  return ok_with ("nRF9160-SICA");
}

static char *
command_maker (Modem *modem, const char *text)
{
  return ok_with ("Nordic Semiconductor ASA");
}

static char *
command_uuid (Modem *modem, const char *text)
{
  g_autofree char *uuid = modem_uuid_text (modem->device->settings.serial);
  g_autofree char *line = g_strconcat ("%DEVICEUUID: ", uuid, NULL);

  return ok_with (line);
}

static char *
command_function_read (Modem *modem, const char *text)
{
  g_autofree char *line = g_strdup_printf ("+CFUN: %u", modem->function);

  return ok_with (line);
}

static char *
token_answer (Modem *modem, const guint8 *challenge)
{
  g_autoptr (GBytes) cose = NULL;
  g_autoptr (GBytes) message = modem_token (modem->device, challenge, &cose);
  g_autofree char *first =
      base64url_encode (g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  g_autofree char *second =
      base64url_encode (g_bytes_get_data (cose, NULL), g_bytes_get_size (cose));
  g_autofree char *line = g_strdup_printf ("%%ATTESTTOKEN: \"%s.%s\"", first, second);

  return ok_with (line);
}

static char *
command_token (Modem *modem, const char *text)
{
  return token_answer (modem, NULL);
}

static char *
command_token_with (Modem *modem, const char *text)
{
  g_autoptr (GPtrArray) arguments = parse_arguments (text);
  const char *hex = argument_text (arguments, 0);
  g_autoptr (GBytes) challenge = hex == NULL ? NULL : hex_decode (hex);

  if (challenge == NULL || g_bytes_get_size (challenge) != 16)
    return cme_error (modem, CME_PARAMETERS);
  return token_answer (modem, g_bytes_get_data (challenge, NULL));
}

static char *
command_nothing (Modem *modem, const char *text)
{
  return g_strdup ("OK\r\n");
}

typedef struct {
  const char *start; /* ending in '=' where arguments follow, else the whole line */
  char *(*run) (Modem *modem, const char *arguments);
} Command;

static const Command commands[] = {
  { "AT", command_nothing },
  { "AT+CFUN?", command_function_read },
  { "AT+CFUN=", command_function },
  { "AT+CMEE=", command_errors },
  { "AT+CGSN", command_imei },
  { "AT+CGSN=0", command_imei },
  { "AT+CGMR", command_firmware },
  { "AT+CGMM", command_model },
  { "AT+CGMI", command_maker },
  { "AT%DEVICEUUID", command_uuid },
  { "AT%CMNG=", command_cmng },
  { "AT%KEYGEN=", command_keygen },
  { "AT%JWT=", command_jwt },
  { "AT%ATTESTTOKEN", command_token },
  { "AT%ATTESTTOKEN=", command_token_with },
};

char *
modem_command (Modem *modem, const char *line)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    gsize length = strlen (commands[i].start);
    gboolean open_ended = commands[i].start[length - 1] == '=';

    if (g_ascii_strncasecmp (line, commands[i].start, length) == 0
        && (open_ended || line[length] == '\0'))
      return commands[i].run (modem, line + length);
  }
  return g_ascii_strncasecmp (line, "AT", 2) == 0 ? cme_error (modem, CME_NOT_SUPPORTED)
                                                  : g_strdup ("ERROR\r\n");
}
