/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fuzzes both sides of SMP. The first byte chooses who is attacked: the station's
 * codec, the station's driver (whose answers' bodies come from the fuzzer), the
 * device's receiver, the device's commands; the driver on a raw channel, where bodies or
 * whole packets come from the fuzzer; the device's side of USB; and the station's
 * parser of USB descriptors.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/smp/device/provision_device.h"
#include "drivers/smp/device/smp_serial_frame.h"
#include "drivers/smp/device/smp_usb_packet.h"
#include "drivers/smp/device/usb_descriptors.h"
#include "drivers/smp/proto.h"
#include "drivers/transport-usb-private.h"

extern const Driver smp_driver;

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

typedef struct {
  const guint8 *at;
  gsize left;
} Input;

/* The next piece: its length stands in front of it. Exactly as large as it is, so that the
 * sanitizer sees every byte too many. */
static guint8 *
next_piece (Input *input, gsize *length)
{
  guint8 *piece;

  *length = input->left < 2 ? 0 : (gsize)(input->at[0] << 8 | input->at[1]) % 1024;
  *length = MIN (*length, input->left < 2 ? 0 : input->left - 2);
  piece = g_memdup2 (input->at + 2, *length);
  input->at += *length + 2;
  input->left -= MIN (input->left, *length + 2);
  return piece;
}

static void
attack_codec (Input *input)
{
  g_auto (SmpAssembly) assembly = { 0 };

  smp_assembly_init (&assembly);
  while (input->left > 2) {
    gsize length;
    g_autofree guint8 *piece = next_piece (input, &length);
    g_autoptr (cbor_item_t) body = NULL;
    SmpHeader header;

    smp_assembly_take (&assembly, piece, length);
    if (smp_packet_parse (piece, length, &header, &body))
      g_free (smp_map_get_text (body, "d"));
  }
}

/* A device whose answers have the right header and the fuzzer's body. */
typedef struct {
  Input *input;
  GByteArray *out;
} Liar;

/* The header of the answer to `request`, and the fuzzer's next piece. */
static GByteArray *
liar_answer (Liar *liar, const guint8 *request)
{
  GByteArray *answer = g_byte_array_new ();
  gsize length;
  g_autofree guint8 *body = next_piece (liar->input, &length);

  g_byte_array_append (answer, request, SMP_HEADER_LENGTH);
  answer->data[0]++;
  answer->data[2] = (guint8)(length >> 8);
  answer->data[3] = (guint8)length;
  g_byte_array_append (answer, body, (guint)length);
  return answer;
}

static gboolean
liar_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  Liar *liar = channel;
  static guint8 buffer[SMP_PACKET_MAX + 2];
  SmpSerialReceiver receiver;
  gsize size = 0;

  smp_serial_receiver_init (&receiver, buffer, sizeof buffer);
  for (gsize i = 0; i < length; i++)
    size = smp_serial_receive (&receiver, data[i]);
  g_assert (size >= SMP_HEADER_LENGTH);
  g_autoptr (GByteArray) answer = liar_answer (liar, buffer);
  g_autoptr (GBytes) packet = g_byte_array_free_to_bytes (g_steal_pointer (&answer));
  g_autoptr (GBytes) frames = smp_frames_new (packet);
  g_byte_array_append (liar->out, g_bytes_get_data (frames, NULL),
                       (guint)g_bytes_get_size (frames));
  return TRUE;
}

static gboolean
liar_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
           GError **error)
{
  Liar *liar = channel;

  *got = MIN (length, liar->out->len);
  if (*got == 0) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "nothing");
    return FALSE;
  }
  memcpy (data, liar->out->data, *got);
  g_byte_array_remove_range (liar->out, 0, (guint)*got);
  return TRUE;
}

static void
liar_nothing (gpointer channel)
{
}

static const TransportMethods liar_methods = {
  .read = liar_read,
  .write = liar_write,
  .discard_input = liar_nothing,
  .close = liar_nothing,
};

/* What came over USB is the packet itself. */
static gboolean
liar_write_raw (gpointer channel, const guint8 *data, gsize length, Deadline deadline,
                GError **error)
{
  Liar *liar = channel;
  g_autoptr (GByteArray) answer = NULL;

  g_assert (length > SMP_HEADER_LENGTH);
  answer = liar_answer (liar, data);
  g_byte_array_append (liar->out, answer->data, answer->len);
  return TRUE;
}

/* Not even the header is right. */
static gboolean
liar_write_anything (gpointer channel, const guint8 *data, gsize length, Deadline deadline,
                     GError **error)
{
  Liar *liar = channel;
  gsize piece_length;
  g_autofree guint8 *piece = next_piece (liar->input, &piece_length);

  g_byte_array_append (liar->out, piece, (guint)piece_length);
  return TRUE;
}

static const TransportMethods raw_liar_methods = {
  .read = liar_read,
  .write = liar_write_raw,
  .discard_input = liar_nothing,
  .close = liar_nothing,
};

static const TransportMethods wild_liar_methods = {
  .read = liar_read,
  .write = liar_write_anything,
  .discard_input = liar_nothing,
  .close = liar_nothing,
};

static void
attack_driver_on (Channel kind, const TransportMethods *methods, Input *input)
{
  static const guint8 nonce[PROOF_NONCE_LENGTH];
  Deadline deadline = deadline_in (10000);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  Liar liar = { input, out };
  g_autoptr (Transport) transport = transport_new (kind, methods, &liar, "liar");
  g_autoptr (Session) session = session_open (&smp_driver, transport, NULL, deadline, NULL);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GBytes) certificate = g_bytes_new_static (nonce, sizeof nonce);
  Credentials credentials = { certificate, none, none, "endpoint" };
  g_auto (ReadBack) read_back = { 0 };
  g_auto (Proof) proof = { 0 };

  device_identity_free (smp_driver.identify (session, deadline, NULL));
  g_bytes_unref (smp_driver.read_csr (session, "name", deadline, NULL));
  smp_driver.install (session, &credentials, deadline, NULL);
  smp_driver.read_back (session, &credentials, &read_back, deadline, NULL);
  smp_driver.prove (session, nonce, &proof, deadline, NULL);
}

static void
attack_driver (Input *input)
{
  attack_driver_on (CHANNEL_SERIAL, &liar_methods, input);
}

static void
attack_raw_driver (Input *input)
{
  attack_driver_on (CHANNEL_USB, &raw_liar_methods, input);
}

static void
attack_raw_driver_wildly (Input *input)
{
  attack_driver_on (CHANNEL_USB, &wild_liar_methods, input);
}

/* Packets of at most 64 bytes, and a setup packet in front of each. */
static void
attack_usb_device (Input *input)
{
  SmpUsbDevice device = { .strings = { NULL, "maker", NULL, "serial", "interface" } };
  g_autofree guint8 *buffer = g_malloc (200);
  SmpUsbReceiver receiver;

  smp_usb_receiver_init (&receiver, buffer, 200, 64);
  while (input->left > 2) {
    gsize length;
    g_autofree guint8 *piece = next_piece (input, &length);
    const uint8_t *answer;
    size_t answer_length;

    g_assert (smp_usb_receive (&receiver, piece, MIN (length, 64)) <= 200);
    if (length >= 8 && smp_usb_request (&device, piece, &answer, &answer_length) == SMP_USB_ANSWER)
      g_free (g_memdup2 (answer, answer_length)); /* touches every byte */
  }
}

static void
attack_descriptors (Input *input)
{
  g_autofree guint8 *copy = g_memdup2 (input->at, input->left);
  UsbInterface interface;

  if (!usb_interface_parse (copy, input->left, 0, 0, &interface, NULL))
    return;
  g_assert ((interface.in & 0x80) != 0 && (interface.out & 0x80) == 0);
  g_assert (interface.in_packet >= 8 && interface.out_packet >= 8);
}

static void
attack_receiver (Input *input)
{
  g_autofree guint8 *buffer = g_malloc (200);
  SmpSerialReceiver receiver;

  smp_serial_receiver_init (&receiver, buffer, 200);
  for (gsize i = 0; i < input->left; i++)
    g_assert (smp_serial_receive (&receiver, input->at[i]) <= 198);
}

static ProvisionError
fake_identify (void *context, ProvisionIdentity *identity)
{
  identity->chip_id = "CHIP";
  identity->key_kinds = identity->objects = 0xffffffff;
  identity->can_lock = 1;
  return PROVISION_OK;
}

static int
fake_has_key (void *context)
{
  return 1;
}

static ProvisionError
fake_generate_key (void *context, ProvisionKeyKind kind)
{
  return PROVISION_OK;
}

static ProvisionError
fake_make_csr (void *context, const char *common_name, uint8_t *der, size_t capacity,
               size_t *length)
{
  memset (der, (int)strlen (common_name), capacity);
  *length = capacity;
  return PROVISION_OK;
}

static ProvisionError
fake_store (void *context, ProvisionObject object, const uint8_t *data, size_t length)
{
  g_free (g_memdup2 (data, length)); /* touches every byte */
  return PROVISION_OK;
}

static ProvisionError
fake_load (void *context, ProvisionObject object, uint8_t *data, size_t capacity, size_t *length)
{
  memset (data, 0, capacity);
  *length = capacity;
  return PROVISION_OK;
}

static ProvisionError
fake_sign (void *context, const uint8_t *message, size_t length, ProvisionScheme *scheme,
           uint8_t *signature, size_t capacity, size_t *signature_length)
{
  memset (signature, message[length - 1], capacity);
  *signature_length = capacity;
  return PROVISION_OK;
}

static ProvisionError
fake_sha256 (void *context, const uint8_t *data, size_t length, uint8_t digest[32])
{
  memset (digest, 0, 32);
  return PROVISION_OK;
}

static const ProvisionCallbacks fake_callbacks = {
  .identify = fake_identify,
  .has_key = fake_has_key,
  .generate_key = fake_generate_key,
  .make_csr = fake_make_csr,
  .store = fake_store,
  .load = fake_load,
  .sign = fake_sign,
  .sha256 = fake_sha256,
};

static void
attack_device (Input *input)
{
  g_autofree guint8 *transfer = g_malloc (300);
  g_autofree guint8 *response = g_malloc (PROVISION_PACKET_MIN);
  ProvisionDevice device;

  provision_device_init (&device, &fake_callbacks, NULL, PROVISION_GROUP_DEFAULT, transfer, 300,
                         PROVISION_PACKET_MIN);
  while (input->left > 2) {
    gsize length;
    g_autofree guint8 *piece = next_piece (input, &length);

    g_assert (provision_device_answer (&device, piece, length, response, PROVISION_PACKET_MIN)
              <= PROVISION_PACKET_MIN);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static void (*const attacks[]) (Input *) = {
    attack_codec,      attack_driver,      attack_receiver,
    attack_device,     attack_raw_driver,  attack_raw_driver_wildly,
    attack_usb_device, attack_descriptors,
  };
  Input input = { data + 1, size - 1 };

  if (size > 1)
    attacks[data[0] % G_N_ELEMENTS (attacks)](&input);
  return 0;
}
