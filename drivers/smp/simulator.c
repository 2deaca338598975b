/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A device that speaks SMP: the same device library that firmware uses, with
 * OpenSSL behind its callbacks.
 */
#include <string.h>

#include "base/encode.h"
#include "drivers/simulator/device.h"
#include "drivers/smp/device/provision_device.h"
#include "drivers/smp/device/smp_serial_frame.h"
#include "drivers/smp/device/smp_usb_packet.h"

#define PACKET_SIZE 1024u
#define TRANSFER_SIZE 8192u

#define OBJECTS                                                                                    \
  (1u << PROVISION_OBJECT_CERTIFICATE | 1u << PROVISION_OBJECT_CHAIN                               \
   | 1u << PROVISION_OBJECT_ROOTS | 1u << PROVISION_OBJECT_ENDPOINT                                \
   | 1u << PROVISION_OBJECT_SERIAL)

/* The same kinds, in the library's own enum. */
static const ProvisionKeyKind kinds[N_KEY_KINDS] = {
  [KEY_KIND_RSA_2048] = PROVISION_KEY_RSA_2048, [KEY_KIND_RSA_3072] = PROVISION_KEY_RSA_3072,
  [KEY_KIND_RSA_4096] = PROVISION_KEY_RSA_4096, [KEY_KIND_P256] = PROVISION_KEY_P256,
  [KEY_KIND_P384] = PROVISION_KEY_P384,         [KEY_KIND_P521] = PROVISION_KEY_P521,
};

static const char *const items[] = {
  [PROVISION_OBJECT_CERTIFICATE] = "cert.der", [PROVISION_OBJECT_CHAIN] = "chain.der",
  [PROVISION_OBJECT_ROOTS] = "roots.der",      [PROVISION_OBJECT_ENDPOINT] = "endpoint",
  [PROVISION_OBJECT_SERIAL] = "serial",
};

typedef struct {
  Device *device;
  char *serial; /* as identify() last gave it */
} Board;

/* Where the device was given a serial it came with it; else it has none until it is told. */
static ProvisionError
identify (void *context, ProvisionIdentity *identity)
{
  Board *board = context;
  const DeviceSettings *settings = &board->device->settings;
  gboolean hidden = device_fault (board->device, FAULT_NO_IDENTITY);

  g_free (board->serial);
  board->serial = device_get_text (board->device, "serial");
  if (board->serial == NULL && settings->serial_given)
    board->serial = g_strdup (settings->serial);
  identity->serial = hidden ? NULL : board->serial;
  identity->chip_id = hidden ? NULL : settings->chip;
  identity->model = "keycradle-sim";
  identity->firmware = KEYCRADLE_VERSION;
  identity->key_kinds =
      settings->key_given ? 1u << kinds[settings->key_kind] : (1u << N_KEY_KINDS) - 1;
  identity->objects = OBJECTS;
  identity->can_lock = 1;
  return PROVISION_OK;
}

static int
has_key (void *context)
{
  Board *board = context;
  g_autoptr (GBytes) key = device_get (board->device, "key");

  return key != NULL;
}

static ProvisionError
generate_key (void *context, ProvisionKeyKind kind)
{
  Board *board = context;

  for (guint i = 0; i < N_KEY_KINDS; i++)
    if (kinds[i] == kind)
      return device_make_key (board->device, (KeyKind)i, "key") ? PROVISION_OK
                                                                : PROVISION_ERROR_KEY_GENERATION;
  return PROVISION_ERROR_KEY_KIND;
}

static ProvisionError
give (GBytes *bytes, uint8_t *data, size_t capacity, size_t *length, ProvisionError none)
{
  if (bytes == NULL)
    return none;
  if (g_bytes_get_size (bytes) > capacity)
    return PROVISION_ERROR_TOO_LARGE;
  *length = g_bytes_get_size (bytes);
  memcpy (data, g_bytes_get_data (bytes, NULL), *length);
  return PROVISION_OK;
}

static ProvisionError
make_csr (void *context, const char *common_name, uint8_t *der, size_t capacity, size_t *length)
{
  Board *board = context;
  g_autoptr (EVP_PKEY) key = device_key (board->device, "key");
  g_autofree char *subject = g_strconcat (
      "CN=", *common_name != '\0' ? common_name : board->device->settings.serial, NULL);
  ChipRequest request = { .subject = subject, .key_usage = "1" };
  g_autofree char *leak = key != NULL ? device_leak (board->device, key) : NULL;
  g_autoptr (GBytes) csr = NULL;

  if (key == NULL)
    return PROVISION_ERROR_NO_KEY;
  /* On the console, between the frames. */
  if (leak != NULL)
    machine_send (board->device->machine, leak, strlen (leak));
  csr = device_make_csr (board->device, key, &request);
  return give (csr, der, capacity, length, PROVISION_ERROR_CSR);
}

static ProvisionError
store (void *context, ProvisionObject object, const uint8_t *data, size_t length)
{
  Board *board = context;

  if (object == PROVISION_OBJECT_CERTIFICATE && device_fault (board->device, FAULT_REFUSE_INSTALL))
    return PROVISION_ERROR_STORAGE;
  device_put (board->device, items[object], data, length);
  return PROVISION_OK;
}

static ProvisionError
load (void *context, ProvisionObject object, uint8_t *data, size_t capacity, size_t *length)
{
  Board *board = context;
  g_autoptr (GBytes) bytes = device_get (board->device, items[object]);

  if (bytes != NULL && object == PROVISION_OBJECT_CERTIFICATE
      && device_fault (board->device, FAULT_WRONG_CERTIFICATE))
  {
    g_autoptr (EVP_PKEY) key = chip_make_key (KEY_KIND_P256);

    g_bytes_unref (bytes);
    bytes = chip_make_other_certificate (key);
  }
  return give (bytes, data, capacity, length, PROVISION_ERROR_NOT_STORED);
}

static ProvisionError
sign (void *context, const uint8_t *message, size_t length, ProvisionScheme *scheme,
      uint8_t *signature, size_t capacity, size_t *signature_length)
{
  Board *board = context;
  g_autoptr (EVP_PKEY) key = device_proof_key (board->device, "key");
  g_autoptr (GBytes) bytes = NULL;

  if (key == NULL)
    return PROVISION_ERROR_NO_KEY;
  *scheme = EVP_PKEY_is_a (key, "EC") ? PROVISION_ECDSA_SHA256 : PROVISION_RSA_PKCS1_SHA256;
  bytes = chip_sign (key, message, length);
  return give (bytes, signature, capacity, signature_length, PROVISION_ERROR_SIGNING);
}

static ProvisionError
sha256 (void *context, const uint8_t *data, size_t length, uint8_t digest[PROVISION_DIGEST_SIZE])
{
  g_autoptr (GBytes) bytes = sha256_of (data, length);

  memcpy (digest, g_bytes_get_data (bytes, NULL), PROVISION_DIGEST_SIZE);
  return PROVISION_OK;
}

static ProvisionError
lock (void *context)
{
  Board *board = context;

  device_put_text (board->device, "locked", "yes");
  return PROVISION_OK;
}

static int
is_locked (void *context)
{
  Board *board = context;
  g_autoptr (GBytes) locked = device_get (board->device, "locked");

  return locked != NULL;
}

static const ProvisionCallbacks callbacks = {
  .identify = identify,
  .has_key = has_key,
  .generate_key = generate_key,
  .make_csr = make_csr,
  .store = store,
  .load = load,
  .sign = sign,
  .sha256 = sha256,
  .lock = lock,
  .is_locked = is_locked,
};

/* On a console, frames. One answer is one send, so that latency and faults see it whole. */
static void
put_frame (void *context, const uint8_t *data, size_t length)
{
  g_byte_array_append (context, data, (guint)length);
}

static gboolean
smp_answer (Device *device, const uint8_t *packet, size_t length)
{
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  if (length == 0)
    return TRUE;
  if (device->settings.usb.wanted)
    return machine_answer (device->machine, packet, length);
  smp_serial_send (packet, length, put_frame, frames);
  return machine_answer (device->machine, frames->data, frames->len);
}

/* How a request arrives: in frames, or as it is. */
typedef struct {
  gboolean raw;
  SmpSerialReceiver frames;
  uint8_t *packet;
  size_t filled;
} Ear;

/* The wire is a stream here (USB packets were put together where the device is attached), so the
 * header says where the packet ends. */
static size_t
hear_raw (Ear *ear, uint8_t byte)
{
  size_t whole = SMP_USB_HEADER;

  ear->packet[ear->filled++] = byte;
  if (ear->filled >= SMP_USB_HEADER)
    whole += (size_t)ear->packet[2] << 8 | ear->packet[3];
  if (whole > PACKET_SIZE)
    ear->filled = 0;
  if (ear->filled < whole)
    return 0;
  ear->filled = 0;
  return whole;
}

static size_t
hear (Ear *ear, uint8_t byte)
{
  return ear->raw ? hear_raw (ear, byte) : smp_serial_receive (&ear->frames, byte);
}

static void
smp_run (Device *device)
{
  g_autofree uint8_t *request = g_malloc (PACKET_SIZE + 2), *response = g_malloc (PACKET_SIZE),
                     *transfer = g_malloc (TRANSFER_SIZE);
  Board board = { .device = device };
  Ear ear = { .raw = device->settings.usb.wanted, .packet = request };
  ProvisionDevice provision;
  guint8 byte;

  provision_device_init (&provision, &callbacks, &board, PROVISION_GROUP_DEFAULT, transfer,
                         TRANSFER_SIZE, PACKET_SIZE);
  smp_serial_receiver_init (&ear.frames, request, PACKET_SIZE + 2);
  while (machine_receive (device->machine, &byte)) {
    size_t length = hear (&ear, byte);

    if (length > 0)
      length = provision_device_answer (&provision, request, length, response, PACKET_SIZE);
    if (!smp_answer (device, response, length))
      break;
    /* A reset changes nothing that a device without RAM of its own would lose. */
    provision_device_takes_reset (&provision);
  }
  g_free (board.serial);
}

static gboolean
smp_prepare (Device *device, GError **error)
{
  DeviceSettings *settings = &device->settings;
  g_autofree char *digest = NULL;

  if (settings->chip != NULL)
    return TRUE;
  digest = sha256_hex ((const guint8 *)settings->name, strlen (settings->name));
  settings->chip = g_strdup_printf ("SIM-%.16s", digest);
  return TRUE;
}

const Personality smp_personality = {
  .name = "smp",
  .title = "SMP with the provisioning group, RSA 2048 to 4096 and P-256 to P-521",
  .key_kinds = (1u << N_KEY_KINDS) - 1,
  .key_kind = KEY_KIND_P256,
  .usb = TRUE,
  .prepare = smp_prepare,
  .run = smp_run,
};
