/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys, requests and signatures are OpenSSL's; storage is memory.
 */
#include "tests/unit/drivers/smp-chip.h"

#include <openssl/core_names.h>
#include <openssl/x509.h>
#include <string.h>

#include "drivers/driver.h"

#define USB_PACKET 64u

static ProvisionError
chip_identify (void *context, ProvisionIdentity *identity)
{
  SmpChip *chip = context;

  identity->chip_id = chip->chip_id;
  identity->serial = chip->serial[0] == '\0' ? NULL : chip->serial;
  identity->model = "test-chip";
  identity->firmware = "1.0";
  identity->key_kinds = chip->key_kinds;
  identity->objects = chip->kept;
  identity->can_lock = 1;
  return PROVISION_OK;
}

static int
chip_has_key (void *context)
{
  SmpChip *chip = context;

  return chip->key != NULL;
}

static ProvisionError
chip_generate_key (void *context, ProvisionKeyKind kind)
{
  static const char *const curves[] = { "P-256", "P-384", "P-521" };
  SmpChip *chip = context;

  EVP_PKEY_free (chip->key);
  chip->key = kind <= PROVISION_KEY_RSA_4096
                  ? EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t)(2048 + 1024 * (int)kind))
                  : EVP_PKEY_Q_keygen (NULL, NULL, "EC", curves[kind - PROVISION_KEY_P256]);
  return chip->key == NULL ? PROVISION_ERROR_KEY_GENERATION : PROVISION_OK;
}

static size_t
take (guint8 *into, size_t capacity, unsigned char *der, int length)
{
  size_t taken = length > 0 && (size_t)length <= capacity ? (size_t)length : 0;

  if (taken > 0)
    memcpy (into, der, taken);
  OPENSSL_free (der);
  return taken;
}

static ProvisionError
chip_make_csr (void *context, const char *common_name, uint8_t *der, size_t capacity,
               size_t *length)
{
  SmpChip *chip = context;
  X509_REQ *request = X509_REQ_new ();
  unsigned char *encoded = NULL;
  int size;

  if (chip->leaks)
    size = i2d_PrivateKey (chip->key, &encoded);
  else {
    X509_NAME_add_entry_by_txt (X509_REQ_get_subject_name (request), "CN", MBSTRING_UTF8,
                                (const unsigned char *)common_name, -1, -1, 0);
    X509_REQ_set_pubkey (request, chip->key);
    X509_REQ_sign (request, chip->key, EVP_sha256 ());
    size = i2d_X509_REQ (request, &encoded);
  }
  X509_REQ_free (request);
  *length = take (der, capacity, encoded, size);
  return *length > 0 ? PROVISION_OK : PROVISION_ERROR_CSR;
}

static ProvisionError
chip_store (void *context, ProvisionObject object, const uint8_t *data, size_t length)
{
  SmpChip *chip = context;

  if (chip->broken != PROVISION_OK)
    return chip->broken;
  if (object == PROVISION_OBJECT_SERIAL && length > PROVISION_TEXT_MAX)
    return PROVISION_ERROR_VALUE;
  if (object == PROVISION_OBJECT_SERIAL) {
    memcpy (chip->serial, data, length);
    chip->serial[length] = '\0';
  }
  g_clear_pointer (&chip->objects[object], g_bytes_unref);
  chip->objects[object] = g_bytes_new (data, length);
  return PROVISION_OK;
}

static ProvisionError
chip_load (void *context, ProvisionObject object, uint8_t *data, size_t capacity, size_t *length)
{
  SmpChip *chip = context;

  if (chip->objects[object] == NULL || g_bytes_get_size (chip->objects[object]) > capacity)
    return PROVISION_ERROR_NOT_STORED;
  *length = g_bytes_get_size (chip->objects[object]);
  memcpy (data, g_bytes_get_data (chip->objects[object], NULL), *length);
  return PROVISION_OK;
}

static ProvisionError
chip_sign (void *context, const uint8_t *message, size_t length, ProvisionScheme *scheme,
           uint8_t *signature, size_t capacity, size_t *signature_length)
{
  SmpChip *chip = context;
  EVP_MD_CTX *digest = EVP_MD_CTX_new ();
  gboolean signed_it;

  *scheme = EVP_PKEY_is_a (chip->key, "EC") ? PROVISION_ECDSA_SHA256 : PROVISION_RSA_PKCS1_SHA256;
  *signature_length = capacity;
  signed_it = EVP_DigestSignInit_ex (digest, NULL, "SHA256", NULL, NULL, chip->key, NULL) == 1
              && EVP_DigestSign (digest, signature, signature_length, message, length) == 1;
  EVP_MD_CTX_free (digest);
  return signed_it ? PROVISION_OK : PROVISION_ERROR_SIGNING;
}

static ProvisionError
chip_sha256 (void *context, const uint8_t *data, size_t length, uint8_t digest[32])
{
  return EVP_Digest (data, length, digest, NULL, EVP_sha256 (), NULL) == 1
             ? PROVISION_OK
             : PROVISION_ERROR_UNKNOWN;
}

static ProvisionError
chip_lock (void *context)
{
  SmpChip *chip = context;

  chip->locked = TRUE;
  return PROVISION_OK;
}

static int
chip_is_locked (void *context)
{
  SmpChip *chip = context;

  return chip->locked;
}

static const ProvisionCallbacks chip_callbacks = {
  .identify = chip_identify,
  .has_key = chip_has_key,
  .generate_key = chip_generate_key,
  .make_csr = chip_make_csr,
  .store = chip_store,
  .load = chip_load,
  .sign = chip_sign,
  .sha256 = chip_sha256,
  .lock = chip_lock,
  .is_locked = chip_is_locked,
};

SmpChip *
smp_chip_new (gsize packet_size)
{
  SmpChip *chip = g_new0 (SmpChip, 1);

  chip->out = g_byte_array_new ();
  chip->piece = G_MAXSIZE;
  chip->chip_id = "CHIP-0001";
  chip->key_kinds = (1u << PROVISION_KEY_P256) | (1u << PROVISION_KEY_P384)
                    | (1u << PROVISION_KEY_P521) | (1u << PROVISION_KEY_RSA_2048);
  chip->kept = (1u << N_OBJECTS) - 1;
  provision_device_init (&chip->device, &chip_callbacks, chip, PROVISION_GROUP_DEFAULT,
                         chip->transfer, sizeof chip->transfer, packet_size);
  smp_serial_receiver_init (&chip->receiver, chip->request, packet_size + 2);
  smp_usb_receiver_init (&chip->usb_receiver, chip->request, packet_size, USB_PACKET);
  return chip;
}

void
smp_chip_free (SmpChip *chip)
{
  g_byte_array_unref (chip->out);
  EVP_PKEY_free (chip->key);
  for (guint i = 0; i < N_OBJECTS; i++)
    g_clear_pointer (&chip->objects[i], g_bytes_unref);
  g_free (chip);
}

static void
say (void *context, const uint8_t *data, size_t length)
{
  SmpChip *chip = context;

  if (chip->chatter != NULL)
    g_byte_array_append (chip->out, (const guint8 *)chip->chatter, (guint)strlen (chip->chatter));
  g_byte_array_append (chip->out, data, (guint)length);
}

static gboolean
chip_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  SmpChip *chip = channel;

  for (gsize i = 0; i < length; i++) {
    gsize size = smp_serial_receive (&chip->receiver, data[i]);

    if (size == 0)
      continue;
    chip->requests++;
    size = provision_device_answer (&chip->device, chip->request, size, chip->response,
                                    sizeof chip->response);
    smp_serial_send (chip->response, size, say, chip);
  }
  return TRUE;
}

static gboolean
chip_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
           GError **error)
{
  SmpChip *chip = channel;

  *got = MIN (MIN (length, chip->piece), chip->out->len);
  if (*got == 0) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "the chip is silent");
    return FALSE;
  }
  memcpy (data, chip->out->data, *got);
  g_byte_array_remove_range (chip->out, 0, (guint)*got);
  return TRUE;
}

static void
chip_discard_input (gpointer channel)
{
  SmpChip *chip = channel;

  g_byte_array_set_size (chip->out, 0);
}

static void
chip_close (gpointer channel)
{
}

static const TransportMethods chip_methods = {
  .read = chip_read,
  .write = chip_write,
  .discard_input = chip_discard_input,
  .close = chip_close,
};

Transport *
smp_chip_transport (SmpChip *chip)
{
  return transport_new (CHANNEL_SERIAL, &chip_methods, chip, "chip");
}

static void
answer_over_usb (SmpChip *chip, gsize size, GByteArray *out)
{
  SmpUsbSender sender;
  const uint8_t *data;
  size_t length;

  if (size == 0)
    return;
  chip->requests++;
  size = provision_device_answer (&chip->device, chip->request, size, chip->response,
                                  sizeof chip->response);
  smp_usb_sender_init (&sender, chip->response, size, USB_PACKET);
  while (smp_usb_send_next (&sender, &data, &length))
    g_byte_array_append (out, data, (guint)length);
}

GByteArray *
smp_chip_hear_transfer (SmpChip *chip, const guint8 *data, gsize length, gboolean zero_packet)
{
  GByteArray *out = g_byte_array_new ();

  for (gsize at = 0; at < length; at += USB_PACKET)
    answer_over_usb (
        chip, smp_usb_receive (&chip->usb_receiver, data + at, MIN (USB_PACKET, length - at)), out);
  if (zero_packet)
    answer_over_usb (chip, smp_usb_receive (&chip->usb_receiver, data, 0), out);
  return out;
}

static gboolean
chip_write_usb (gpointer channel, const guint8 *data, gsize length, Deadline deadline,
                GError **error)
{
  SmpChip *chip = channel;
  g_autoptr (GByteArray) out =
      smp_chip_hear_transfer (chip, data, length, length % USB_PACKET == 0);

  g_byte_array_append (chip->out, out->data, out->len);
  return TRUE;
}

static const TransportMethods chip_usb_methods = {
  .read = chip_read,
  .write = chip_write_usb,
  .discard_input = chip_discard_input,
  .close = chip_close,
};

Transport *
smp_chip_usb_transport (SmpChip *chip)
{
  return transport_new (CHANNEL_USB, &chip_usb_methods, chip, "chip");
}

GBytes *
smp_chip_certify (SmpChip *chip)
{
  EVP_PKEY *issuer = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-256");
  X509 *certificate = X509_new ();
  unsigned char *der = NULL;
  int length;

  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), 1);
  X509_NAME_add_entry_by_txt (X509_get_subject_name (certificate), "CN", MBSTRING_UTF8,
                              (const unsigned char *)"device", -1, -1, 0);
  X509_gmtime_adj (X509_getm_notBefore (certificate), 0);
  X509_gmtime_adj (X509_getm_notAfter (certificate), 3600);
  X509_set_pubkey (certificate, chip->key);
  X509_sign (certificate, issuer, EVP_sha256 ());
  length = i2d_X509 (certificate, &der);
  X509_free (certificate);
  EVP_PKEY_free (issuer);
  g_assert (length > 0);
  GBytes *bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  return bytes;
}
