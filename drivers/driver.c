/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What all drivers share: words, sessions, and the freeing of answers.
 */
#include "drivers/driver.h"

GQuark
driver_error_quark (void)
{
  return g_quark_from_static_string ("keycradle-driver-error");
}

const char *
driver_error_word (DriverError code)
{
  switch (code) {
  case DRIVER_ERROR_UNPLUGGED:
    return "unplugged";
  case DRIVER_ERROR_PORT:
    return "port";
  case DRIVER_ERROR_NO_ANSWER:
    return "no-answer";
  case DRIVER_ERROR_GARBLED:
    return "garbled";
  case DRIVER_ERROR_FLOOD:
    return "flood";
  case DRIVER_ERROR_REFUSED:
    return "refused";
  case DRIVER_ERROR_UNSUPPORTED:
    return "unsupported";
  case DRIVER_ERROR_UNKNOWN:
    return "unknown-device";
  case DRIVER_ERROR_IDENTITY:
    return "identity";
  case DRIVER_ERROR_KEY_GENERATION:
    return "key-generation";
  case DRIVER_ERROR_PRIVATE_KEY_LEAKED:
    return "private-key-leaked";
  case DRIVER_ERROR_READ_BACK:
    return "read-back";
  case DRIVER_ERROR_PROOF:
    return "proof";
  case DRIVER_ERROR_ATTESTATION:
    return "attestation";
  case DRIVER_ERROR_INTERNAL:
    return "internal";
  }
  return "internal";
}

static const char *const key_kind_words[N_KEY_KINDS] = {
  [KEY_KIND_RSA_2048] = "rsa-2048", [KEY_KIND_RSA_3072] = "rsa-3072",
  [KEY_KIND_RSA_4096] = "rsa-4096", [KEY_KIND_P256] = "p-256",
  [KEY_KIND_P384] = "p-384",        [KEY_KIND_P521] = "p-521",
};

const char *
key_kind_word (KeyKind kind)
{
  g_return_val_if_fail ((guint)kind < N_KEY_KINDS, "?");
  return key_kind_words[kind];
}

gboolean
key_kind_from_word (const char *word, KeyKind *kind)
{
  for (guint i = 0; i < N_KEY_KINDS; i++)
    if (g_strcmp0 (word, key_kind_words[i]) == 0) {
      *kind = (KeyKind)i;
      return TRUE;
    }
  return FALSE;
}

void
device_identity_free (DeviceIdentity *identity)
{
  if (identity == NULL)
    return;
  g_free (identity->chip_id);
  g_free (identity->serial);
  g_free (identity->model);
  g_free (identity->firmware);
  g_free (identity);
}

void
read_back_clear (ReadBack *read_back)
{
  g_clear_pointer (&read_back->certificate, g_bytes_unref);
  read_back->digest_matches = FALSE;
}

void
proof_clear (Proof *proof)
{
  g_clear_pointer (&proof->message, g_bytes_unref);
  g_clear_pointer (&proof->signature, g_bytes_unref);
  g_clear_pointer (&proof->claims, g_bytes_unref);
}

const char *
attestation_format_word (AttestationFormat format)
{
  static const char *const words[N_ATTESTATION_FORMATS] = { "nrf91", "piv", "tpm", "microchip" };

  g_return_val_if_fail ((guint)format < N_ATTESTATION_FORMATS, "?");
  return words[format];
}

void
attestation_clear (Attestation *attestation)
{
  g_clear_pointer (&attestation->parts, g_ptr_array_unref);
}

const char *
session_option (const Session *session, const char *name)
{
  const char *set = driver_option (session->options, name);

  for (const DriverOption *option = session->driver->options;
       set == NULL && option != NULL && option->name != NULL; option++)
    if (g_str_equal (option->name, name))
      return option->fallback;
  return set;
}

Session *
session_open (const Driver *driver, Transport *transport, const DriverOptions *options,
              Deadline deadline, GError **error)
{
  g_autoptr (Session) session = g_new0 (Session, 1);

  session->driver = driver;
  session->transport = transport;
  session->options = options;
  if (driver->open != NULL && !driver->open (session, deadline, error))
    return NULL;
  return g_steal_pointer (&session);
}

void
session_close (Session *session)
{
  if (session == NULL)
    return;
  if (session->driver->close != NULL)
    session->driver->close (session);
  g_free (session);
}
