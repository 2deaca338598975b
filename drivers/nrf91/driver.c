/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nordic nRF91 modems: %KEYGEN makes the key and the request, %CMNG takes the
 * certificate and shows its digest, %JWT proves the key. The modem sits behind a
 * plain AT host or behind a Zephyr shell; which of them is found out on open.
 */
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "drivers/nrf91/dialogue.h"
#include "drivers/nrf91/proto.h"

typedef struct {
  Nrf91Host host;
  char *firmware;
  char *imei;
  GBytes *request; /* what KEYGEN answered in this session, or NULL */
  GBytes *note;    /* the COSE message that came with it */
} Modem;

static gboolean
probe (Transport *transport, gboolean *speaks, Deadline deadline, GError **error)
{
  Nrf91Host host;

  transport_discard_input (transport);
  Nrf91Listener listener = nrf91_find (transport, &host, deadline, error);
  *speaks = listener == NRF91_LISTENER_MODEM;
  return listener != NRF91_LISTENER_TROUBLE;
}

static void
close_session (Session *session)
{
  Modem *modem = session->state;

  if (modem == NULL)
    return;
  g_free (modem->firmware);
  g_free (modem->imei);
  g_clear_pointer (&modem->request, g_bytes_unref);
  g_clear_pointer (&modem->note, g_bytes_unref);
  g_free (modem);
  session->state = NULL;
}

/* As nrf91_exchange(), on a session. */
static gboolean
ask (Session *session, const char *command, Nrf91Answer *answer, Deadline deadline, GError **error)
{
  Modem *modem = session->state;

  return nrf91_exchange (session->transport, modem->host, command, answer, deadline, error);
}

/* What a modem's answer to AT+CGMR has, and no other answer: the line with its version. NULL where
 * this is the answer to something else. */
static const char *
version_line (const Nrf91Answer *answer)
{
  for (guint i = 0; i < answer->lines->len; i++) {
    const char *line = g_ptr_array_index (answer->lines, i);

    /* Not a notification, an echo, or an IMEI. */
    if (g_ascii_isalpha (line[0]) && !g_str_has_prefix (line, "AT")
        && !g_str_has_prefix (line, "at "))
      return line;
  }
  return NULL;
}

/* Reads the firmware's version. Answers to what a killed station asked may still be on their way,
 * and then each later answer would be taken for the one before it: all that come ahead of this one
 * are passed over. */
static gboolean
get_in_step (Session *session, Deadline deadline, GError **error)
{
  Modem *modem = session->state;
  g_auto (Nrf91Answer) answer = { 0 };
  gboolean read = ask (session, "AT+CGMR", &answer, deadline, error);

  while (read && version_line (&answer) == NULL)
    read = nrf91_read_answer (session->transport, &answer, deadline, error);
  if (!read)
    return FALSE;
  modem->firmware = text_for_display (version_line (&answer), 64);
  return TRUE;
}

static gboolean
open_session (Session *session, Deadline deadline, GError **error)
{
  Nrf91Host host;

  transport_discard_input (session->transport);
  Nrf91Listener listener = nrf91_find (session->transport, &host, deadline, error);
  if (!nrf91_refuse_listener (listener, error))
    return FALSE;
  Modem *modem = g_new0 (Modem, 1);
  modem->host = host;
  session->state = modem;
  transport_note (session->transport, "at-host", host == NRF91_SHELL ? "zephyr shell" : "plain");
  if (get_in_step (session, deadline, error))
    return TRUE;
  close_session (session);
  return FALSE;
}

/* The line with the IMEI, or NULL. */
static const char *
imei_line (const Nrf91Answer *answer)
{
  for (guint i = 0; i < answer->lines->len; i++)
    if (nrf91_is_imei (g_ptr_array_index (answer->lines, i)))
      return g_ptr_array_index (answer->lines, i);
  return NULL;
}

/* The first command behind AT+CGMR: where a killed station had asked for the version too, its
 * answer made us believe to be in step, and ours comes now. */
static gboolean
read_imei (Session *session, Deadline deadline, GError **error)
{
  Modem *modem = session->state;
  g_auto (Nrf91Answer) answer = { 0 };

  if (!ask (session, "AT+CGSN", &answer, deadline, error))
    return FALSE;
  if (nrf91_answer_line (&answer, modem->firmware) != NULL
      && !nrf91_read_answer (session->transport, &answer, deadline, error))
    return FALSE;
  const char *imei = answer.result == NRF91_OK ? imei_line (&answer) : NULL;
  if (imei == NULL) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY,
                         "the modem told no IMEI of 15 digits");
    return FALSE;
  }
  g_free (modem->imei);
  modem->imei = g_strdup (imei);
  if (!nrf91_imei_checks_out (imei))
    transport_note (session->transport, "imei", "its check digit does not fit");
  return TRUE;
}

/* Only firmware that can make keys is good enough. */
static gboolean
check_firmware (Modem *modem, GError **error)
{
  if (nrf91_firmware_has_keygen (modem->firmware))
    return TRUE;
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
               "modem firmware %s can't make keys: 1.3.0 or newer is needed", modem->firmware);
  return FALSE;
}

/* Numbers instead of a bare ERROR, where the firmware knows them, and flight mode: credentials
 * can't be changed in any other. */
static gboolean
prepare_modem (Session *session, Deadline deadline, GError **error)
{
  g_auto (Nrf91Answer) numeric_errors = { 0 };
  g_auto (Nrf91Answer) flight_mode = { 0 };

  return ask (session, "AT+CMEE=1", &numeric_errors, deadline, error)
         && ask (session, "AT+CFUN=4", &flight_mode, deadline, error)
         && nrf91_expect_ok (&flight_mode, "go into flight mode", DRIVER_ERROR_REFUSED, error);
}

/* "nrf9160" of "mfw_nrf9160_1.3.5", or NULL. */
static char *
model_of (const char *firmware)
{
  g_auto (GStrv) parts = g_strsplit (firmware, "_", 4);

  return g_strv_length (parts) == 3 ? g_strdup (parts[1]) : NULL;
}

static DeviceIdentity *
identify (Session *session, Deadline deadline, GError **error)
{
  Modem *modem = session->state;

  if (!read_imei (session, deadline, error) || !check_firmware (modem, error)
      || !prepare_modem (session, deadline, error))
    return NULL;
  DeviceIdentity *identity = g_new0 (DeviceIdentity, 1);
  identity->chip_id = g_strdup (modem->imei);
  identity->serial = g_strdup (modem->imei);
  identity->model = model_of (modem->firmware);
  identity->firmware = g_strdup (modem->firmware);
  identity->key_kinds = 1u << KEY_KIND_P256;
  return identity;
}

/* Deletes one credential; that there was none is no error. */
static gboolean
delete_credential (Session *session, Nrf91Credential type, Deadline deadline, GError **error)
{
  g_auto (Nrf91Answer) answer = { 0 };
  g_autofree char *command = g_strdup_printf ("AT%%CMNG=3,%u,%d", NRF91_SEC_TAG, (int)type);

  if (!ask (session, command, &answer, deadline, error))
    return FALSE;
  if (answer.result == NRF91_CME_ERROR && answer.code != NRF91_CME_NOT_FOUND)
    return nrf91_expect_ok (&answer, "delete its old credentials", DRIVER_ERROR_REFUSED, error);
  return TRUE;
}

static gboolean
generate_key (Session *session, KeyKind kind, Deadline deadline, GError **error)
{
  Modem *modem = session->state;
  g_auto (Nrf91Answer) answer = { 0 };
  g_autofree char *command = g_strdup_printf ("AT%%KEYGEN=%u,2,0", NRF91_SEC_TAG);

  g_clear_pointer (&modem->request, g_bytes_unref);
  g_clear_pointer (&modem->note, g_bytes_unref);
  if (kind != KEY_KIND_P256) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "the modem makes p-256 keys only, not %s", key_kind_word (kind));
    return FALSE;
  }
  if (!delete_credential (session, NRF91_ROOTS, deadline, error)
      || !delete_credential (session, NRF91_CERTIFICATE, deadline, error)
      || !delete_credential (session, NRF91_PRIVATE_KEY, deadline, error))
    return FALSE;
  if (!ask (session, command, &answer, deadline, error)
      || !nrf91_expect_ok (&answer, "make a key", DRIVER_ERROR_KEY_GENERATION, error))
    return FALSE;
  const char *line = nrf91_answer_line (&answer, "%KEYGEN:");
  modem->request = nrf91_parse_keygen (line == NULL ? "" : line, NRF91_SEC_TAG, error);
  if (modem->request != NULL)
    modem->note = nrf91_keygen_note (line);
  return modem->request != NULL;
}

static GBytes *
read_csr (Session *session, const char *common_name, Deadline deadline, GError **error)
{
  Modem *modem = session->state;

  (void)common_name;
  (void)deadline;
  if (modem->request != NULL)
    return g_bytes_ref (modem->request);
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                       "the modem shows a request only when it makes the key");
  return NULL;
}

static gboolean
send_credential (Session *session, Nrf91Credential type, const char *pem, Nrf91Answer *answer,
                 Deadline deadline, GError **error)
{
  g_autofree char *command =
      g_strdup_printf ("AT%%CMNG=0,%u,%d,\"%s\"", NRF91_SEC_TAG, (int)type, pem);

  return ask (session, command, answer, deadline, error);
}

/* Writes one credential, in the place of an earlier one. */
static gboolean
write_credential (Session *session, Nrf91Credential type, const char *pem, Deadline deadline,
                  GError **error)
{
  const char *what = type == NRF91_ROOTS ? "take the server roots" : "take the certificate";
  g_auto (Nrf91Answer) first = { 0 };
  g_auto (Nrf91Answer) second = { 0 };

  if (strlen (pem) > NRF91_CREDENTIAL_MAX) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "the modem can't %s: it is %" G_GSIZE_FORMAT " bytes, and the modem holds %u",
                 what, strlen (pem), NRF91_CREDENTIAL_MAX);
    return FALSE;
  }
  if (!send_credential (session, type, pem, &first, deadline, error))
    return FALSE;
  if (first.result != NRF91_CME_ERROR || first.code != NRF91_CME_EXISTS)
    return nrf91_expect_ok (&first, what, DRIVER_ERROR_REFUSED, error);
  return delete_credential (session, type, deadline, error)
         && send_credential (session, type, pem, &second, deadline, error)
         && nrf91_expect_ok (&second, what, DRIVER_ERROR_REFUSED, error);
}

static char *
roots_pem (const Credentials *credentials)
{
  return nrf91_pem_of ((GBytes *const *)credentials->roots->pdata, credentials->roots->len);
}

static gboolean
install (Session *session, const Credentials *credentials, Deadline deadline, GError **error)
{
  g_autofree char *certificate = nrf91_pem_of (&credentials->certificate, 1);

  if (credentials->roots != NULL && credentials->roots->len > 0) {
    g_autofree char *roots = roots_pem (credentials);

    if (!write_credential (session, NRF91_ROOTS, roots, deadline, error))
      return FALSE;
  }
  return write_credential (session, NRF91_CERTIFICATE, certificate, deadline, error);
}

/* Compares the modem's digest of one credential with that of `pem`, which is what it was sent. */
static gboolean
compare_digest (Session *session, Nrf91Credential type, const char *pem, gboolean *matches,
                Deadline deadline, GError **error)
{
  g_auto (Nrf91Answer) answer = { 0 };
  g_autofree char *command = g_strdup_printf ("AT%%CMNG=1,%u,%d", NRF91_SEC_TAG, (int)type);
  g_autoptr (GBytes) sent = sha256_of ((const guint8 *)pem, strlen (pem));

  if (!ask (session, command, &answer, deadline, error))
    return FALSE;
  *matches = FALSE;
  if (answer.result == NRF91_CME_ERROR && answer.code == NRF91_CME_NOT_FOUND)
    return TRUE;
  if (!nrf91_expect_ok (&answer, "show what it holds", DRIVER_ERROR_READ_BACK, error))
    return FALSE;
  for (guint i = 0; i < answer.lines->len && !*matches; i++) {
    g_autoptr (GBytes) held =
        nrf91_parse_digest (g_ptr_array_index (answer.lines, i), NRF91_SEC_TAG, type);

    *matches = held != NULL && g_bytes_equal (held, sent);
  }
  if (!*matches)
    transport_note (session->transport, "read-back",
                    type == NRF91_ROOTS ? "not the server roots that were sent"
                                        : "not the certificate that was sent");
  return TRUE;
}

static gboolean
read_back (Session *session, const Credentials *credentials, ReadBack *read_back, Deadline deadline,
           GError **error)
{
  g_autofree char *certificate = nrf91_pem_of (&credentials->certificate, 1);
  gboolean certificate_matches;
  gboolean roots_match = TRUE;

  if (!compare_digest (session, NRF91_CERTIFICATE, certificate, &certificate_matches, deadline,
                       error))
    return FALSE;
  if (credentials->roots != NULL && credentials->roots->len > 0) {
    g_autofree char *roots = roots_pem (credentials);

    if (!compare_digest (session, NRF91_ROOTS, roots, &roots_match, deadline, error))
      return FALSE;
  }
  *read_back = (ReadBack){ .digest_matches = certificate_matches && roots_match };
  return TRUE;
}

static gboolean
prove (Session *session, const guint8 *nonce, Proof *proof, Deadline deadline, GError **error)
{
  Modem *modem = session->state;
  g_auto (Nrf91Answer) answer = { 0 };
  g_autofree char *nonce_hex = hex_encode (nonce, PROOF_NONCE_LENGTH);
  g_autofree char *command =
      g_strdup_printf ("AT%%JWT=0,0,\"%s\",\"%s\",%u,%d", modem->imei == NULL ? "" : modem->imei,
                       nonce_hex, NRF91_SEC_TAG, (int)NRF91_PRIVATE_KEY);

  *proof = (Proof){ 0 };
  if (!ask (session, command, &answer, deadline, error))
    return FALSE;
  if (answer.result == NRF91_CME_ERROR && answer.code == NRF91_CME_NOT_FOUND) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_PROOF, "the modem holds no private key");
    return FALSE;
  }
  if (!nrf91_expect_ok (&answer, "sign the nonce", DRIVER_ERROR_PROOF, error))
    return FALSE;
  const char *line = nrf91_answer_line (&answer, "%JWT:");
  return nrf91_parse_jwt (line == NULL ? "" : line, nonce_hex, proof, error);
}

static gboolean
read_token (Session *session, const guint8 *nonce, GBytes **message, GBytes **cose,
            Deadline deadline, GError **error)
{
  g_auto (Nrf91Answer) answer = { 0 };
  g_autofree char *challenge = hex_encode (nonce, NRF91_CHALLENGE_LENGTH);
  g_autofree char *command = g_strdup_printf ("AT%%ATTESTTOKEN=\"%s\"", challenge);

  if (!ask (session, command, &answer, deadline, error)
      || !nrf91_expect_ok (&answer, "show who it is", DRIVER_ERROR_UNSUPPORTED, error))
    return FALSE;
  const char *line = nrf91_answer_line (&answer, "%ATTESTTOKEN:");
  return nrf91_parse_token (line == NULL ? "" : line, message, cose, error);
}

/* What ties the key to this modem came with the key, and with no later answer. */
static gboolean
attest (Session *session, const AttestationRequest *request, Attestation *attestation,
        Deadline deadline, GError **error)
{
  const Modem *modem = session->state;
  GBytes *message, *cose;

  if (modem->note == NULL) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                         "the modem attests a key only when it makes it");
    return FALSE;
  }
  if (!read_token (session, request->nonce, &message, &cose, deadline, error))
    return FALSE;
  attestation->format = ATTESTATION_NRF91;
  attestation->parts = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_ptr_array_add (attestation->parts, message);
  g_ptr_array_add (attestation->parts, cose);
  g_ptr_array_add (attestation->parts, g_bytes_ref (modem->note));
  return TRUE;
}

const Driver nrf91_driver = {
  .name = "nrf91",
  .title = "Nordic nRF91 modems: AT%KEYGEN and AT%CMNG, plain or through a Zephyr shell",
  .abilities = DRIVER_INSTALLS_ROOTS | DRIVER_ATTESTS,
  .key_kinds = 1u << KEY_KIND_P256,
  .channels = CHANNEL_SERIAL,
  .baud = 115200,
  .rtscts = TRUE,
  .probe = probe,
  .open = open_session,
  .close = close_session,
  .identify = identify,
  .generate_key = generate_key,
  .read_csr = read_csr,
  .install = install,
  .read_back = read_back,
  .prove = prove,
  .attest = attest,
};
