/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Devices with customers' own firmware that speak SMP and Keycradle's provisioning
 * group, on a serial line or raw over USB: docs/smp-provisioning-group.md. Each step is one
 * question, or a few where an object does not fit into one packet.
 */
#include "drivers/driver.h"

#include <string.h>

#include "base/text.h"
#include "drivers/smp/object.h"
#include "drivers/smp/session.h"

#define DISPLAY_MAX 64u

static const char proof_domain[] = "keycradle-proof-v1"; /* its NUL is part of the message */

static gboolean
check_name (const char *what, const char *name, GError **error)
{
  g_autofree char *shown = NULL;

  if (name == NULL || serial_is_valid (name))
    return TRUE;
  shown = text_for_display (name, DISPLAY_MAX);
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY, "the device's %s can't be one: \"%s\"",
               what, shown);
  return FALSE;
}

static char *
get_text_for_display (const cbor_item_t *map, const char *key)
{
  g_autofree char *text = smp_map_get_text (map, key);

  return text == NULL ? NULL : text_for_display (text, DISPLAY_MAX);
}

static DeviceIdentity *
smp_identify (Session *session, Deadline deadline, GError **error)
{
  g_autoptr (DeviceIdentity) identity = g_new0 (DeviceIdentity, 1);
  g_autoptr (cbor_item_t) body = smp_map_new (0);
  g_autoptr (cbor_item_t) answer = NULL;

  if (!smp_know_capabilities (session, deadline, error))
    return NULL;
  answer = smp_ask (session, SMP_READ, SMP_PROVISION_IDENTIFY, body, deadline, error);
  if (answer == NULL)
    return NULL;
  identity->chip_id = smp_map_get_text (answer, "chip");
  identity->serial = smp_map_get_text (answer, "serial");
  identity->model = get_text_for_display (answer, "model");
  identity->firmware = get_text_for_display (answer, "fw");
  identity->key_kinds = ((const SmpState *)session->state)->key_kinds;
  if (!check_name ("chip id", identity->chip_id, error)
      || !check_name ("serial", identity->serial, error))
    return NULL;
  if (identity->chip_id != NULL || identity->serial != NULL)
    return g_steal_pointer (&identity);
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY,
                       "the device has neither chip id nor serial: it could not be known again");
  return NULL;
}

static gboolean
smp_generate_key (Session *session, KeyKind kind, Deadline deadline, GError **error)
{
  g_autoptr (cbor_item_t) body = smp_map_new (1);
  g_autoptr (cbor_item_t) answer = NULL;

  smp_map_add_text (body, "kind", key_kind_word (kind));
  answer = smp_ask (session, SMP_WRITE, SMP_PROVISION_GENERATE_KEY, body, deadline, error);
  return answer != NULL;
}

static GBytes *
smp_read_csr (Session *session, const char *common_name, Deadline deadline, GError **error)
{
  return smp_read_object (session, SMP_PROVISION_READ_CSR, "cn",
                          common_name == NULL ? "" : common_name, deadline, error);
}

static gboolean
install_bytes (Session *session, const char *what, GBytes *bytes, Deadline deadline, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  return smp_install_object (session, what, data, length, deadline, error);
}

/* Certificates go as one object, one behind the other. None is nothing to do. */
static gboolean
install_list (Session *session, const char *what, GPtrArray *list, Deadline deadline,
              GError **error)
{
  g_autoptr (GByteArray) joined = g_byte_array_new ();

  for (guint i = 0; list != NULL && i < list->len; i++) {
    gsize length;
    const guint8 *data = g_bytes_get_data (g_ptr_array_index (list, i), &length);

    g_byte_array_append (joined, data, (guint)length);
  }
  return joined->len == 0
         || smp_install_object (session, what, joined->data, joined->len, deadline, error);
}

/* The certificate comes last: a device that holds it holds all the rest. */
static gboolean
smp_install (Session *session, const Credentials *credentials, Deadline deadline, GError **error)
{
  const char *endpoint = credentials->endpoint;

  if (!smp_know_capabilities (session, deadline, error)
      || !install_list (session, "chain", credentials->chain, deadline, error)
      || !install_list (session, "roots", credentials->roots, deadline, error))
    return FALSE;
  if (endpoint != NULL
      && !smp_install_object (session, "endpoint", (const guint8 *)endpoint, strlen (endpoint),
                              deadline, error))
    return FALSE;
  return install_bytes (session, "cert", credentials->certificate, deadline, error);
}

static gboolean
smp_assign_serial (Session *session, const char *serial, Deadline deadline, GError **error)
{
  return smp_know_capabilities (session, deadline, error)
         && smp_install_object (session, "serial", (const guint8 *)serial, strlen (serial),
                                deadline, error);
}

static gboolean
smp_read_back (Session *session, const Credentials *credentials, ReadBack *read_back,
               Deadline deadline, GError **error)
{
  read_back->digest_matches = FALSE;
  read_back->certificate =
      smp_read_object (session, SMP_PROVISION_READ_BACK, "what", "cert", deadline, error);
  return read_back->certificate != NULL;
}

static gboolean
scheme_from_word (const char *word, ProofScheme *scheme)
{
  if (g_strcmp0 (word, "ecdsa-sha256") == 0)
    *scheme = PROOF_ECDSA_SHA256_DER;
  else if (g_strcmp0 (word, "rsa-pkcs1-sha256") == 0)
    *scheme = PROOF_RSA_PKCS1_SHA256;
  else
    return FALSE;
  return TRUE;
}

static GBytes *
proof_message (const guint8 *nonce)
{
  GByteArray *message = g_byte_array_new ();

  g_byte_array_append (message, (const guint8 *)proof_domain, sizeof proof_domain);
  g_byte_array_append (message, nonce, PROOF_NONCE_LENGTH);
  return g_byte_array_free_to_bytes (message);
}

static gboolean
take_proof (const cbor_item_t *answer, const guint8 *nonce, Proof *proof, GError **error)
{
  g_autofree char *word = smp_map_get_text (answer, "scheme");
  g_autoptr (GBytes) signature = smp_map_get_bytes (answer, "sig");

  if (signature == NULL || !scheme_from_word (word, &proof->scheme))
    return smp_set_garbled ("the proof lacks scheme or sig", error);
  proof->message = proof_message (nonce);
  proof->signature = g_steal_pointer (&signature);
  return TRUE;
}

static gboolean
smp_prove (Session *session, const guint8 *nonce, Proof *proof, Deadline deadline, GError **error)
{
  g_autoptr (cbor_item_t) body = smp_map_new (1);
  g_autoptr (cbor_item_t) answer = NULL;
  GError *refused = NULL;

  smp_map_add_bytes (body, "nonce", nonce, PROOF_NONCE_LENGTH);
  answer = smp_ask (session, SMP_READ, SMP_PROVISION_PROVE, body, deadline, &refused);
  if (answer != NULL)
    return take_proof (answer, nonce, proof, error);
  if (g_error_matches (refused, DRIVER_ERROR, DRIVER_ERROR_REFUSED))
    refused->code = DRIVER_ERROR_PROOF;
  g_propagate_error (error, refused);
  return FALSE;
}

static gboolean
smp_lock (Session *session, Deadline deadline, GError **error)
{
  g_autoptr (cbor_item_t) body = smp_map_new (0);
  g_autoptr (cbor_item_t) answer =
      smp_ask (session, SMP_WRITE, SMP_PROVISION_LOCK, body, deadline, error);

  return answer != NULL;
}

extern const Driver smp_driver;

const Driver smp_driver = {
  .name = "smp",
  .title = "Firmware with MCUmgr SMP and Keycradle's provisioning group",
  .abilities = DRIVER_ASSIGNS_SERIAL | DRIVER_READS_CERTIFICATE | DRIVER_INSTALLS_CHAIN
               | DRIVER_INSTALLS_ROOTS | DRIVER_INSTALLS_ENDPOINT | DRIVER_LOCKS,
  .key_kinds = (1u << N_KEY_KINDS) - 1,
  .channels = CHANNEL_SERIAL | CHANNEL_USB,
  .baud = 115200,
  .rtscts = FALSE,
  .probe = smp_probe,
  .open = smp_session_open,
  .close = smp_session_close,
  .identify = smp_identify,
  .assign_serial = smp_assign_serial,
  .generate_key = smp_generate_key,
  .read_csr = smp_read_csr,
  .install = smp_install,
  .read_back = smp_read_back,
  .prove = smp_prove,
  .lock = smp_lock,
};
