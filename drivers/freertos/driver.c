/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AWS's FreeRTOS reference boards (STM32U5): `pki` makes the key and the request
 * and takes the certificate, `conf` holds name and endpoint. The command line has
 * no command that signs a nonce; a request signed under the nonce as its name is
 * the proof. README.md explains.
 */
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "drivers/csr-proof.h"
#include "drivers/der.h"
#include "drivers/freertos/dialogue.h"

#define GET_CONFIGURATION "conf get"
#define SECRET_KEY "wifi_credential="
#define END_OF_CERTIFICATE "-----END CERTIFICATE-----"

typedef struct {
  gboolean name_known;
  char *name;       /* the thing's name as it is stored, or NULL where it has none */
  GBytes *key_info; /* SubjectPublicKeyInfo that the board printed when it made the key, or NULL */
} Board;

static gboolean
is_configuration (const char *answer)
{
  return freertos_says (answer, "thing_name=\"") || freertos_says (answer, "mqtt_endpoint=\"");
}

static char *
ask_configuration (Transport *transport, Deadline deadline, GError **error)
{
  transport_redact_after (transport, SECRET_KEY);
  return freertos_type_first (transport, GET_CONFIGURATION, deadline, error);
}

/* The configuration, or NULL without error where there is none. A board that was left in the
 * middle of a certificate takes the question for a part of it: it is given the end of one then,
 * and asked again. */
static char *
get_configuration (Transport *transport, Deadline deadline, GError **error)
{
  g_autofree char *first = ask_configuration (transport, deadline, error);

  if (first == NULL || freertos_knows_no_such_command (first))
    return NULL;
  if (is_configuration (first))
    return g_steal_pointer (&first);
  g_autofree char *ended = freertos_type_first (transport, END_OF_CERTIFICATE, deadline, error);
  if (ended == NULL)
    return NULL;
  g_autofree char *second = ask_configuration (transport, deadline, error);
  return second != NULL && is_configuration (second) ? g_steal_pointer (&second) : NULL;
}

static gboolean
probe (Transport *transport, gboolean *speaks, Deadline deadline, GError **error)
{
  g_autofree char *configuration = NULL;
  g_autoptr (GError) trouble = NULL;

  if (freertos_get_prompt (transport, deadline, &trouble))
    configuration = get_configuration (transport, deadline, &trouble);
  *speaks = configuration != NULL;
  if (trouble == NULL || g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER)
      || g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_GARBLED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&trouble));
  return FALSE;
}

static gboolean
open_session (Session *session, Deadline deadline, GError **error)
{
  if (!freertos_get_prompt (session->transport, deadline, error))
    return FALSE;
  session->state = g_new0 (Board, 1);
  return TRUE;
}

static void
close_session (Session *session)
{
  Board *board = session->state;

  if (board == NULL)
    return;
  g_free (board->name);
  g_clear_pointer (&board->key_info, g_bytes_unref);
  g_free (board);
  session->state = NULL;
}

/* The thing's name as the board has it now; "" where it has none. */
static char *
read_name (Session *session, Deadline deadline, GError **error)
{
  GError *trouble = NULL;
  g_autofree char *configuration = get_configuration (session->transport, deadline, &trouble);

  if (trouble != NULL) {
    g_propagate_error (error, trouble);
    return NULL;
  }
  if (configuration == NULL) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                         "the answer to \"" GET_CONFIGURATION "\" is no configuration");
    return NULL;
  }
  char *name = freertos_value_of (configuration, "thing_name");
  if (name == NULL)
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY,
                         "the board's configuration has no thing_name");
  return name;
}

/* The stored name. A proof that was cut off has left its nonce in its place, until the board
 * starts again. */
static char *
read_stored_name (Session *session, Deadline deadline, GError **error)
{
  g_autofree char *name = read_name (session, deadline, error);

  if (name == NULL || !freertos_is_nonce_name (name))
    return g_steal_pointer (&name);
  transport_note (session->transport, "reset", "a proof was cut off: its nonce is the name");
  if (!freertos_run_expecting (session->transport, "reset", "Resetting device", deadline, error)
      || !freertos_get_prompt (session->transport, deadline, error))
    return NULL;
  return read_name (session, deadline, error);
}

static void
remember_name (Board *board, const char *name)
{
  g_free (board->name);
  board->name = name[0] == '\0' ? NULL : g_strdup (name);
  board->name_known = TRUE;
}

static DeviceIdentity *
identify (Session *session, Deadline deadline, GError **error)
{
  Board *board = session->state;
  g_autofree char *name = read_stored_name (session, deadline, error);

  if (name == NULL)
    return NULL;
  if (name[0] != '\0' && !serial_is_valid (name)) {
    g_autofree char *shown = text_for_display (name, 64);

    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY,
                 "the board's thing_name \"%s\" can't be a device's name", shown);
    return NULL;
  }
  remember_name (board, name);
  DeviceIdentity *identity = g_new0 (DeviceIdentity, 1);
  identity->serial = g_strdup (board->name);
  identity->key_kinds = 1u << KEY_KIND_P256;
  return identity;
}

/* Sets `key` until the board starts again; `value` may be "". */
static gboolean
set_value (Session *session, const char *key, const char *value, Deadline deadline, GError **error)
{
  g_autofree char *command =
      g_strconcat ("conf set ", key, value[0] == '\0' ? "" : " ", value, NULL);
  g_autofree char *expected = g_strdup_printf ("%s=\"%s\"", key, value);

  if (strchr (value, ' ') == NULL)
    return freertos_run_expecting (session->transport, command, expected, deadline, error);
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED, "the board takes no space in %s",
               key);
  return FALSE;
}

static gboolean
commit (Session *session, Deadline deadline, GError **error)
{
  return freertos_run_expecting (session->transport, "conf commit", "Configuration saved", deadline,
                                 error);
}

static gboolean
assign_serial (Session *session, const char *serial, Deadline deadline, GError **error)
{
  if (!set_value (session, "thing_name", serial, deadline, error)
      || !commit (session, deadline, error))
    return FALSE;
  remember_name (session->state, serial);
  return TRUE;
}

static gboolean
generate_key (Session *session, KeyKind kind, Deadline deadline, GError **error)
{
  Board *board = session->state;

  g_clear_pointer (&board->key_info, g_bytes_unref);
  if (kind != KEY_KIND_P256) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "the board makes p-256 keys only, not %s", key_kind_word (kind));
    return FALSE;
  }
  g_autofree char *answer = freertos_run (session->transport, "pki generate key",
                                          DRIVER_ERROR_KEY_GENERATION, deadline, error);
  if (answer == NULL)
    return FALSE;
  if (!freertos_says (answer, "SUCCESS: Key pair generated")) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_KEY_GENERATION,
                         "the board does not say that it made a key");
    return FALSE;
  }
  board->key_info = pem_decode (answer, "PUBLIC KEY", NULL);
  return TRUE;
}

/* A new request under the name that is set now; `missing` is the error where none came. */
static GBytes *
generate_request (Session *session, DriverError missing, Deadline deadline, GError **error)
{
  g_autofree char *answer =
      freertos_run (session->transport, "pki generate csr", missing, deadline, error);

  if (answer == NULL)
    return NULL;
  GBytes *request = pem_decode (answer, "CERTIFICATE REQUEST", NULL);
  if (request == NULL)
    g_set_error_literal (error, DRIVER_ERROR, (int)missing,
                         "the board makes no certificate request: it seems to hold no key");
  return request;
}

static GBytes *
read_csr (Session *session, const char *common_name, Deadline deadline, GError **error)
{
  Board *board = session->state;
  g_auto (DerRequest) parts = { 0 };

  (void)common_name;
  g_autoptr (GBytes) request = generate_request (session, DRIVER_ERROR_REFUSED, deadline, error);
  if (request == NULL)
    return NULL;
  if (board->key_info == NULL)
    return g_steal_pointer (&request);
  if (!der_request_split (request, &parts) || !g_bytes_equal (parts.spki, board->key_info)) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                         "the request holds another key than the one that the board printed");
    return NULL;
  }
  return g_steal_pointer (&request);
}

/* Types one line of a certificate. The board says nothing to it until the last one. */
static gboolean
type_certificate_line (Session *session, const char *line, Deadline deadline, GError **error)
{
  g_autofree char *answer = freertos_type (session->transport, line, deadline, error);

  if (answer == NULL)
    return FALSE;
  if (answer[strspn (answer, "\n")] == '\0')
    return TRUE;
  g_autofree char *shown = text_for_display (g_strstrip (answer), 200);
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED,
               "the board does not take the certificate; it says: %s", shown);
  return FALSE;
}

/* Types a certificate, line by line: the board reads each one at a prompt of its own. */
static gboolean
import_certificate (Session *session, const char *label, GBytes *certificate, Deadline deadline,
                    GError **error)
{
  gsize length;
  const guint8 *der = g_bytes_get_data (certificate, &length);
  g_autofree char *pem = pem_encode ("CERTIFICATE", der, length);
  g_autofree char *command = g_strconcat ("pki import cert ", label, NULL);
  g_autofree char *success = g_strdup_printf ("Success: Certificate loaded to label: '%s'", label);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (pem), "\n", -1);
  guint last = g_strv_length (lines) - 1;

  if (!type_certificate_line (session, command, deadline, error))
    return FALSE;
  for (guint i = 0; i < last; i++)
    if (!type_certificate_line (session, lines[i], deadline, error))
      return FALSE;
  return freertos_run_expecting (session->transport, lines[last], success, deadline, error);
}

static gboolean
install (Session *session, const Credentials *credentials, Deadline deadline, GError **error)
{
  if (!import_certificate (session, FREERTOS_CERTIFICATE_LABEL, credentials->certificate, deadline,
                           error))
    return FALSE;
  if (credentials->roots != NULL && credentials->roots->len > 0) {
    if (credentials->roots->len > 1)
      transport_note (session->transport, "server-roots",
                      "only the first one: the board holds one");
    if (!import_certificate (session, FREERTOS_ROOT_LABEL,
                             g_ptr_array_index (credentials->roots, 0), deadline, error))
      return FALSE;
  }
  if (credentials->endpoint != NULL
      && !set_value (session, "mqtt_endpoint", credentials->endpoint, deadline, error))
    return FALSE;
  return commit (session, deadline, error);
}

static gboolean
read_back (Session *session, const Credentials *credentials, ReadBack *read_back, Deadline deadline,
           GError **error)
{
  (void)credentials;
  g_autofree char *answer =
      freertos_run (session->transport, "pki export cert " FREERTOS_CERTIFICATE_LABEL,
                    DRIVER_ERROR_READ_BACK, deadline, error);
  if (answer == NULL)
    return FALSE;
  *read_back = (ReadBack){ .certificate = pem_decode (answer, "CERTIFICATE", NULL) };
  if (read_back->certificate != NULL)
    return TRUE;
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_READ_BACK,
                       "the board shows no certificate");
  return FALSE;
}

/* Gives the board its own name back after a proof, also after one that failed. */
static gboolean
restore_name (Session *session, Deadline deadline, GError **error)
{
  Board *board = session->state;

  return set_value (session, "thing_name", board->name == NULL ? "" : board->name, deadline, error);
}

/* Makes sure that the name is known which a proof must give back. */
static gboolean
know_name (Session *session, Deadline deadline, GError **error)
{
  Board *board = session->state;

  if (board->name_known)
    return TRUE;
  g_autofree char *name = read_stored_name (session, deadline, error);
  if (name == NULL)
    return FALSE;
  remember_name (board, name);
  return TRUE;
}

static gboolean
prove (Session *session, const guint8 *nonce, Proof *proof, Deadline deadline, GError **error)
{
  g_autofree char *nonce_hex = hex_encode (nonce, PROOF_NONCE_LENGTH);

  *proof = (Proof){ 0 };
  if (!know_name (session, deadline, error)
      || !set_value (session, "thing_name", nonce_hex, deadline, error))
    return FALSE;
  g_autoptr (GBytes) request = generate_request (session, DRIVER_ERROR_PROOF, deadline, error);
  if (request == NULL) {
    restore_name (session, deadline, NULL);
    return FALSE;
  }
  return restore_name (session, deadline, error) && proof_from_request (request, proof, error);
}

const Driver freertos_driver = {
  .name = "freertos",
  .title = "AWS FreeRTOS reference boards (STM32U5): the pki and conf command line",
  .abilities = DRIVER_ASSIGNS_SERIAL | DRIVER_READS_CERTIFICATE | DRIVER_INSTALLS_ROOTS
               | DRIVER_INSTALLS_ENDPOINT,
  .key_kinds = 1u << KEY_KIND_P256,
  .channels = CHANNEL_SERIAL,
  .baud = 115200,
  .rtscts = FALSE,
  .probe = probe,
  .open = open_session,
  .close = close_session,
  .identify = identify,
  .assign_serial = assign_serial,
  .generate_key = generate_key,
  .read_csr = read_csr,
  .install = install,
  .read_back = read_back,
  .prove = prove,
};
