/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Chunk by chunk: each one follows the one before, or the object is refused.
 */
#include "drivers/smp/object.h"

#include "base/encode.h"
#include "base/private-key.h"

#define OBJECT_MAX 8192u /* the largest CSR or certificate that is believed */

/* Appends the chunk of an answer to `object`; *whole tells the object's length. */
static gboolean
take_chunk (const cbor_item_t *answer, GByteArray *object, guint64 *whole, GError **error)
{
  g_autoptr (GBytes) data = smp_map_get_bytes (answer, "data");
  guint64 offset, length;

  if (data == NULL || !smp_map_get_unsigned (answer, "off", &offset)
      || !smp_map_get_unsigned (answer, "len", &length))
    return smp_set_garbled ("a chunk lacks off, len or data", error);
  if (length == 0 || length > OBJECT_MAX || (object->len > 0 && length != *whole))
    return smp_set_garbled ("a chunk's len can't be", error);
  if (offset != object->len || g_bytes_get_size (data) == 0
      || g_bytes_get_size (data) > length - offset)
    return smp_set_garbled ("a chunk does not follow the one before", error);
  g_byte_array_append (object, g_bytes_get_data (data, NULL), (guint)g_bytes_get_size (data));
  *whole = length;
  return TRUE;
}

/* Where a CSR or certificate should be, something that begins like a private key in DER (PKCS#8,
 * PKCS#1, SEC 1: a version number comes first), or that holds one anywhere. The console's frames
 * cut it up, so that the transcript can't see it. */
static gboolean
is_private_key (const GByteArray *object)
{
  guint at = object->len > 1 && (object->data[1] & 0x80) != 0 ? 2u + (object->data[1] & 0x7f) : 2;

  if (holds_private_key (object->data, object->len))
    return TRUE;
  return object->len > at && object->data[0] == 0x30 && object->data[at] == 0x02;
}

static GBytes *
refuse_private_key (Session *session, gsize mark, GError **error)
{
  transport_blank_since (session->transport, mark);
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_PRIVATE_KEY_LEAKED,
                       "the device sent a private key, which must never leave it");
  return NULL;
}

/* Reads an object chunk by chunk, and judges each at once: the device may be gone before the last.
 */
GBytes *
smp_read_object (Session *session, SmpProvisionCommand command, const char *key, const char *value,
                 Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) object = g_byte_array_new ();
  gsize mark = transport_transcript_mark (session->transport);
  guint64 whole = 0;

  do {
    g_autoptr (cbor_item_t) body = smp_map_new (2);
    g_autoptr (cbor_item_t) answer = NULL;

    smp_map_add_text (body, key, value);
    smp_map_add_unsigned (body, "off", object->len);
    answer = smp_ask (session, SMP_READ, command, body, deadline, error);
    if (answer == NULL || !take_chunk (answer, object, &whole, error))
      return NULL;
    if (is_private_key (object))
      return refuse_private_key (session, mark, error);
  } while (object->len < whole);
  return g_byte_array_free_to_bytes (g_steal_pointer (&object));
}

static cbor_item_t *
install_body (const char *what, const guint8 *data, gsize length, gsize offset, gsize count)
{
  gboolean last = offset + count == length;
  cbor_item_t *body = smp_map_new (3u + (offset == 0 ? 1u : 0u) + (last ? 1u : 0u));

  smp_map_add_text (body, "what", what);
  smp_map_add_unsigned (body, "off", (guint32)offset);
  if (offset == 0)
    smp_map_add_unsigned (body, "len", (guint32)length);
  smp_map_add_bytes (body, "data", data + offset, count);
  if (last) {
    g_autoptr (GBytes) digest = sha256_of (data, length);

    smp_map_add_bytes (body, "sha", g_bytes_get_data (digest, NULL), g_bytes_get_size (digest));
  }
  return body;
}

static gboolean
check_offset (const cbor_item_t *answer, gsize wanted, GError **error)
{
  guint64 offset;

  if (smp_map_get_unsigned (answer, "off", &offset) && offset == wanted)
    return TRUE;
  return smp_set_garbled ("the device took another part than was sent", error);
}

gboolean
smp_install_object (Session *session, const char *what, const guint8 *data, gsize length,
                    Deadline deadline, GError **error)
{
  const SmpState *state = session->state;
  gsize offset = 0;

  if (!smp_keeps_object (session, what)) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "the profile installs \"%s\", which this device does not keep", what);
    return FALSE;
  }
  while (offset < length) {
    gsize count = MIN (length - offset, state->chunk);
    g_autoptr (cbor_item_t) body = install_body (what, data, length, offset, count);
    g_autoptr (cbor_item_t) answer =
        smp_ask (session, SMP_WRITE, SMP_PROVISION_INSTALL, body, deadline, error);

    offset += count;
    if (answer == NULL || !check_offset (answer, offset, error))
      return FALSE;
  }
  return TRUE;
}
