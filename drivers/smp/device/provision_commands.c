/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the provisioning group. One object at a time is on its way,
 * whole, in the caller's transfer buffer.
 */
#include "provision_commands.h"

#include <string.h>

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

/* Room for everything of a chunked answer but the chunk: map, "off", "len", "data". */
#define CHUNK_OVERHEAD 40u

enum { TRANSFER_NONE, TRANSFER_CSR, TRANSFER_INSTALL, TRANSFER_READ_BACK };

static const char *const key_kind_words[] = { "rsa-2048", "rsa-3072", "rsa-4096",
                                              "p-256",    "p-384",    "p-521" };
static const char *const object_words[] = { "cert", "chain", "roots", "endpoint", "serial" };
static const char proof_domain[] = "keycradle-proof-v1"; /* its NUL is part of the message */

/* The place of the request's text `key` in `words`, or -1. */
static int
find_word (const Call *call, const char *key, const char *const *words, size_t count)
{
  const char *text;
  size_t length, i;

  if (!cbor_small_find_text (call->body, call->length, key, &text, &length))
    return -1;
  for (i = 0; i < count; i++)
    if (strlen (words[i]) == length && memcmp (words[i], text, length) == 0)
      return (int)i;
  return -1;
}

/* Copies the request's text `key`, "" where there is none; 0 where it is too long or holds NUL. */
static int
copy_text (const Call *call, const char *key, char copy[PROVISION_TEXT_MAX + 1])
{
  const char *text;
  size_t length;

  copy[0] = '\0';
  if (!cbor_small_find_text (call->body, call->length, key, &text, &length))
    return 1;
  if (length > PROVISION_TEXT_MAX || memchr (text, 0, length) != NULL)
    return 0;
  memcpy (copy, text, length);
  copy[length] = '\0';
  return 1;
}

static int
is_presentable (const char *text)
{
  return text != NULL && memchr (text, 0, PROVISION_TEXT_MAX + 1) != NULL;
}

static int
is_locked (ProvisionDevice *device)
{
  return device->callbacks->is_locked != NULL && device->callbacks->is_locked (device->context);
}

static int
ask_identity (ProvisionDevice *device, ProvisionIdentity *identity)
{
  memset (identity, 0, sizeof *identity);
  return (int)device->callbacks->identify (device->context, identity);
}

static void
put_pair_text (CborSmallWriter *answer, const char *key, const char *text)
{
  if (!is_presentable (text))
    return;
  cbor_small_put_text (answer, key);
  cbor_small_put_text (answer, text);
}

int
command_identify (ProvisionDevice *device, Call *call)
{
  ProvisionIdentity identity;
  int error = ask_identity (device, &identity);
  CborSmallWriter *answer = &call->answer;

  if (error != 0)
    return error;
  cbor_small_put_map (answer, (size_t)is_presentable (identity.chip_id)
                                  + (size_t)is_presentable (identity.serial)
                                  + (size_t)is_presentable (identity.model)
                                  + (size_t)is_presentable (identity.firmware));
  put_pair_text (answer, "chip", identity.chip_id);
  put_pair_text (answer, "serial", identity.serial);
  put_pair_text (answer, "model", identity.model);
  put_pair_text (answer, "fw", identity.firmware);
  return 0;
}

static void
put_words (CborSmallWriter *answer, const char *key, uint32_t bits, const char *const *words,
           size_t count)
{
  size_t chosen = 0;
  size_t i;

  for (i = 0; i < count; i++)
    chosen += (bits >> i) & 1u;
  cbor_small_put_text (answer, key);
  cbor_small_put_array (answer, chosen);
  for (i = 0; i < count; i++)
    if ((bits >> i) & 1u)
      cbor_small_put_text (answer, words[i]);
}

static void
put_pair_bool (CborSmallWriter *answer, const char *key, int value)
{
  cbor_small_put_text (answer, key);
  cbor_small_put_bool (answer, value);
}

int
command_capabilities (ProvisionDevice *device, Call *call)
{
  ProvisionIdentity identity;
  int error = ask_identity (device, &identity);
  CborSmallWriter *answer = &call->answer;

  if (error != 0)
    return error;
  cbor_small_put_map (answer, 7);
  cbor_small_put_text (answer, "ver");
  cbor_small_put_unsigned (answer, PROVISION_VERSION);
  cbor_small_put_text (answer, "buf");
  cbor_small_put_unsigned (answer, (uint32_t)device->packet_size);
  put_words (answer, "keys", identity.key_kinds, key_kind_words, COUNT (key_kind_words));
  put_words (answer, "what", identity.objects, object_words, COUNT (object_words));
  put_pair_bool (answer, "key", device->callbacks->has_key (device->context));
  put_pair_bool (answer, "lock", identity.can_lock && device->callbacks->lock != NULL);
  put_pair_bool (answer, "locked", is_locked (device));
  return 0;
}

int
command_generate_key (ProvisionDevice *device, Call *call)
{
  ProvisionIdentity identity;
  int error = ask_identity (device, &identity);
  int kind = find_word (call, "kind", key_kind_words, COUNT (key_kind_words));

  if (is_locked (device))
    return PROVISION_ERROR_LOCKED;
  if (error != 0)
    return error;
  if (kind < 0 || ((identity.key_kinds >> kind) & 1u) == 0)
    return PROVISION_ERROR_KEY_KIND;
  device->transfer_use = TRANSFER_NONE; /* a CSR of the old key must not be read further */
  error = (int)device->callbacks->generate_key (device->context, (ProvisionKeyKind)kind);
  if (error != 0)
    return error;
  cbor_small_put_map (&call->answer, 0);
  return 0;
}

/* Answers with as much of the transfer buffer from `offset` on as fits. */
static int
put_chunk (ProvisionDevice *device, Call *call, uint32_t offset)
{
  size_t rest = device->transfer_length - offset;
  size_t room = call->answer.capacity - CHUNK_OVERHEAD;
  size_t count = rest < room ? rest : room;
  CborSmallWriter *answer = &call->answer;

  cbor_small_put_map (answer, 3);
  cbor_small_put_text (answer, "off");
  cbor_small_put_unsigned (answer, offset);
  cbor_small_put_text (answer, "len");
  cbor_small_put_unsigned (answer, (uint32_t)device->transfer_length);
  cbor_small_put_text (answer, "data");
  cbor_small_put_bytes (answer, device->transfer + offset, count);
  return 0;
}

static int
begin_csr (ProvisionDevice *device, Call *call)
{
  char common_name[PROVISION_TEXT_MAX + 1];
  size_t length = 0;
  int error;

  device->transfer_use = TRANSFER_NONE;
  if (!copy_text (call, "cn", common_name))
    return SMP_INVALID;
  if (!device->callbacks->has_key (device->context))
    return PROVISION_ERROR_NO_KEY;
  error = (int)device->callbacks->make_csr (device->context, common_name, device->transfer,
                                            device->transfer_size, &length);
  if (error != 0)
    return error;
  if (length == 0 || length > device->transfer_size)
    return PROVISION_ERROR_CSR;
  device->transfer_use = TRANSFER_CSR;
  device->transfer_length = length;
  return 0;
}

int
command_read_csr (ProvisionDevice *device, Call *call)
{
  uint32_t offset;
  int error;

  if (!cbor_small_find_unsigned (call->body, call->length, "off", &offset))
    return SMP_INVALID;
  error = offset == 0 ? begin_csr (device, call) : 0;
  if (error != 0)
    return error;
  if (device->transfer_use != TRANSFER_CSR || offset >= device->transfer_length)
    return PROVISION_ERROR_OFFSET;
  return put_chunk (device, call, offset);
}

/* 0 where the device keeps `object` at all. */
static int
check_object (ProvisionDevice *device, int object)
{
  ProvisionIdentity identity;
  int error = ask_identity (device, &identity);

  if (error != 0)
    return error;
  return ((identity.objects >> object) & 1u) != 0 ? 0 : PROVISION_ERROR_OBJECT;
}

static int
begin_install (ProvisionDevice *device, Call *call, int object)
{
  int error = check_object (device, object);
  uint32_t length;

  device->transfer_use = TRANSFER_NONE;
  if (error != 0)
    return error;
  if (!cbor_small_find_unsigned (call->body, call->length, "len", &length))
    return SMP_INVALID;
  if (length > device->transfer_size)
    return PROVISION_ERROR_TOO_LARGE;
  device->transfer_use = TRANSFER_INSTALL;
  device->transfer_object = (uint8_t)object;
  device->transfer_length = length;
  device->transfer_filled = 0;
  return 0;
}

/* The last chunk has come: the digest is checked before anything is kept. */
static int
finish_install (ProvisionDevice *device, Call *call)
{
  uint8_t digest[PROVISION_DIGEST_SIZE];
  const uint8_t *wanted;
  size_t length;
  int error;

  device->transfer_use = TRANSFER_NONE;
  if (!cbor_small_find_bytes (call->body, call->length, "sha", &wanted, &length)
      || length != sizeof digest)
    return SMP_INVALID;
  error = (int)device->callbacks->sha256 (device->context, device->transfer,
                                          device->transfer_length, digest);
  if (error != 0)
    return error;
  if (memcmp (digest, wanted, sizeof digest) != 0)
    return PROVISION_ERROR_DIGEST;
  return (int)device->callbacks->store (device->context, (ProvisionObject)device->transfer_object,
                                        device->transfer, device->transfer_length);
}

static int
take_chunk (ProvisionDevice *device, Call *call, int object, uint32_t offset)
{
  const uint8_t *data;
  size_t length;

  if (!cbor_small_find_bytes (call->body, call->length, "data", &data, &length))
    return SMP_INVALID;
  if (device->transfer_use != TRANSFER_INSTALL || device->transfer_object != object
      || offset != device->transfer_filled
      || length > device->transfer_length - device->transfer_filled)
    return PROVISION_ERROR_OFFSET;
  memcpy (device->transfer + offset, data, length);
  device->transfer_filled += length;
  return device->transfer_filled == device->transfer_length ? finish_install (device, call) : 0;
}

int
command_install (ProvisionDevice *device, Call *call)
{
  int object = find_word (call, "what", object_words, COUNT (object_words));
  uint32_t offset;
  int error = 0;

  if (is_locked (device))
    return PROVISION_ERROR_LOCKED;
  if (object < 0)
    return PROVISION_ERROR_OBJECT;
  if (!cbor_small_find_unsigned (call->body, call->length, "off", &offset))
    return SMP_INVALID;
  if (offset == 0)
    error = begin_install (device, call, object);
  if (error == 0)
    error = take_chunk (device, call, object, offset);
  if (error != 0) {
    device->transfer_use = TRANSFER_NONE;
    return error;
  }
  cbor_small_put_map (&call->answer, 1);
  cbor_small_put_text (&call->answer, "off");
  cbor_small_put_unsigned (&call->answer, (uint32_t)device->transfer_filled);
  return 0;
}

static int
begin_read_back (ProvisionDevice *device, int object)
{
  size_t length = 0;
  int error = check_object (device, object);

  device->transfer_use = TRANSFER_NONE;
  if (error != 0)
    return error;
  error = (int)device->callbacks->load (device->context, (ProvisionObject)object, device->transfer,
                                        device->transfer_size, &length);
  if (error != 0)
    return error;
  if (length == 0 || length > device->transfer_size)
    return PROVISION_ERROR_NOT_STORED;
  device->transfer_use = TRANSFER_READ_BACK;
  device->transfer_object = (uint8_t)object;
  device->transfer_length = length;
  return 0;
}

int
command_read_back (ProvisionDevice *device, Call *call)
{
  int object = find_word (call, "what", object_words, COUNT (object_words));
  uint32_t offset;
  int error;

  if (object < 0)
    return PROVISION_ERROR_OBJECT;
  if (!cbor_small_find_unsigned (call->body, call->length, "off", &offset))
    return SMP_INVALID;
  error = offset == 0 ? begin_read_back (device, object) : 0;
  if (error != 0)
    return error;
  if (device->transfer_use != TRANSFER_READ_BACK || device->transfer_object != object
      || offset >= device->transfer_length)
    return PROVISION_ERROR_OFFSET;
  return put_chunk (device, call, offset);
}

/* What is signed begins with words that no TLS handshake and no CSR begins with, so that a proof
 * can't be turned into anything else. */
static size_t
proof_message (const uint8_t *nonce, uint8_t message[sizeof proof_domain + PROVISION_NONCE_SIZE])
{
  memcpy (message, proof_domain, sizeof proof_domain);
  memcpy (message + sizeof proof_domain, nonce, PROVISION_NONCE_SIZE);
  return sizeof proof_domain + PROVISION_NONCE_SIZE;
}

int
command_prove (ProvisionDevice *device, Call *call)
{
  uint8_t message[sizeof proof_domain + PROVISION_NONCE_SIZE];
  uint8_t signature[PROVISION_SIGNATURE_MAX];
  ProvisionScheme scheme = PROVISION_ECDSA_SHA256;
  const uint8_t *nonce;
  size_t length;
  int error;

  if (!cbor_small_find_bytes (call->body, call->length, "nonce", &nonce, &length)
      || length != PROVISION_NONCE_SIZE)
    return SMP_INVALID;
  if (!device->callbacks->has_key (device->context))
    return PROVISION_ERROR_NO_KEY;
  length = 0;
  error = (int)device->callbacks->sign (device->context, message, proof_message (nonce, message),
                                        &scheme, signature, sizeof signature, &length);
  if (error != 0)
    return error;
  if (length == 0 || length > sizeof signature)
    return PROVISION_ERROR_SIGNING;
  cbor_small_put_map (&call->answer, 2);
  cbor_small_put_text (&call->answer, "scheme");
  cbor_small_put_text (&call->answer,
                       scheme == PROVISION_ECDSA_SHA256 ? "ecdsa-sha256" : "rsa-pkcs1-sha256");
  cbor_small_put_text (&call->answer, "sig");
  cbor_small_put_bytes (&call->answer, signature, length);
  return 0;
}

int
command_lock (ProvisionDevice *device, Call *call)
{
  int error = 0;

  if (device->callbacks->lock == NULL)
    return SMP_NOT_SUPPORTED;
  if (!is_locked (device))
    error = (int)device->callbacks->lock (device->context);
  if (error != 0)
    return error;
  device->transfer_use = TRANSFER_NONE;
  cbor_small_put_map (&call->answer, 0);
  return 0;
}
