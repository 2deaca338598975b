/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A cursor over CBOR (RFC 8949) with definite, shortest lengths only.
 */
#include "drivers/nrf91/cose.h"

#include <string.h>

#define MAJOR_UNSIGNED 0
#define MAJOR_BYTES 2
#define MAJOR_ARRAY 4
#define MAJOR_MAP 5
#define MAJOR_TAG 6

#define TAG_COSE_SIGN1 18
#define TAG_SELF_DESCRIBED 55799
#define HEADER_KID 4
#define MESSAGE_CSR_V1 9
#define MESSAGE_IDENTITY_V1 1
#define NULL_VALUE 0xf6

typedef struct {
  const guint8 *data;
  gsize length;
} Cursor;

/* Takes the head of an item: its major type must be `major`. */
static gboolean
take_head (Cursor *cursor, guint8 major, guint64 *value)
{
  if (cursor->length < 1 || cursor->data[0] >> 5 != major)
    return FALSE;
  guint8 small = cursor->data[0] & 0x1f;
  if (small > 27)
    return FALSE;
  gsize octets = small < 24 ? 0 : (gsize)1 << (small - 24);
  if (cursor->length < 1 + octets)
    return FALSE;
  *value = small;
  if (octets > 0)
    *value = 0;
  for (gsize i = 1; i <= octets; i++)
    *value = *value << 8 | cursor->data[i];
  cursor->data += 1 + octets;
  cursor->length -= 1 + octets;
  /* The shortest form: what fits in half as many octets must not be written in this many. */
  return octets == 0 || (octets == 1 ? *value >= 24 : *value >> (octets * 4) != 0);
}

static gboolean
take_exactly (Cursor *cursor, guint8 major, guint64 expected)
{
  guint64 value;

  return take_head (cursor, major, &value) && value == expected;
}

static gboolean
take_bytes (Cursor *cursor, Cursor *bytes)
{
  guint64 length;

  if (!take_head (cursor, MAJOR_BYTES, &length) || length > cursor->length)
    return FALSE;
  *bytes = (Cursor){ cursor->data, (gsize)length };
  cursor->data += length;
  cursor->length -= (gsize)length;
  return TRUE;
}

static gboolean
take_bytes_of (Cursor *cursor, gsize length, Cursor *bytes)
{
  return take_bytes (cursor, bytes) && bytes->length == length;
}

/* << {1: -7} >>: ES256 and nothing else. */
static gboolean
take_protected_header (Cursor *cursor)
{
  static const guint8 es256[] = { 0xa1, 0x01, 0x26 };
  Cursor header;

  return take_bytes_of (cursor, sizeof es256, &header)
         && memcmp (header.data, es256, sizeof es256) == 0;
}

/* {4: << -2 >>}: the identity key's number, whichever it is. */
static gboolean
take_unprotected_header (Cursor *cursor)
{
  Cursor kid;

  return take_exactly (cursor, MAJOR_MAP, 1) && take_exactly (cursor, MAJOR_UNSIGNED, HEADER_KID)
         && take_bytes (cursor, &kid);
}

/* 18([ << {1: -7} >>, {4: kid}, ...: what stands before the payload. */
static gboolean
take_start (Cursor *cursor)
{
  return take_exactly (cursor, MAJOR_TAG, TAG_COSE_SIGN1) && take_exactly (cursor, MAJOR_ARRAY, 4)
         && take_protected_header (cursor) && take_unprotected_header (cursor);
}

static gboolean
take_signature (Cursor *cursor, guint8 signature[COSE_SIGNATURE_LENGTH])
{
  Cursor bytes;

  if (!take_bytes_of (cursor, COSE_SIGNATURE_LENGTH, &bytes) || cursor->length != 0)
    return FALSE;
  memcpy (signature, bytes.data, COSE_SIGNATURE_LENGTH);
  return TRUE;
}

static gboolean
parse_payload (Cursor payload, CoseRequestNote *note)
{
  Cursor uuid;
  Cursor sec_tag;
  Cursor digest;
  Cursor nonce;

  if (!take_exactly (&payload, MAJOR_TAG, TAG_SELF_DESCRIBED)
      || !take_exactly (&payload, MAJOR_ARRAY, 5)
      || !take_exactly (&payload, MAJOR_UNSIGNED, MESSAGE_CSR_V1)
      || !take_bytes_of (&payload, COSE_UUID_LENGTH, &uuid) || !take_bytes (&payload, &sec_tag)
      || !take_bytes_of (&payload, COSE_DIGEST_LENGTH, &digest)
      || !take_bytes_of (&payload, COSE_NONCE_LENGTH, &nonce) || payload.length != 0)
    return FALSE;
  if (!take_head (&sec_tag, MAJOR_UNSIGNED, &note->sec_tag) || sec_tag.length != 0)
    return FALSE;
  memcpy (note->uuid, uuid.data, COSE_UUID_LENGTH);
  memcpy (note->digest, digest.data, COSE_DIGEST_LENGTH);
  return TRUE;
}

gboolean
cose_parse_request_note (const guint8 *data, gsize length, CoseRequestNote *note)
{
  Cursor cursor = { data, length };
  Cursor payload;

  if (!take_start (&cursor) || !take_bytes (&cursor, &payload)
      || !take_signature (&cursor, note->signature))
    return FALSE;
  note->payload = payload.data;
  note->payload_length = payload.length;
  return parse_payload (payload, note);
}

gboolean
cose_parse_token (const guint8 *data, gsize length, CoseToken *token)
{
  Cursor cursor = { data, length };
  Cursor uuid;
  Cursor firmware;
  Cursor nonce;

  if (!take_exactly (&cursor, MAJOR_TAG, TAG_SELF_DESCRIBED)
      || !take_exactly (&cursor, MAJOR_ARRAY, 5)
      || !take_exactly (&cursor, MAJOR_UNSIGNED, MESSAGE_IDENTITY_V1)
      || !take_bytes_of (&cursor, COSE_UUID_LENGTH, &uuid)
      || !take_head (&cursor, MAJOR_UNSIGNED, &token->device_type)
      || !take_bytes_of (&cursor, COSE_UUID_LENGTH, &firmware)
      || !take_bytes_of (&cursor, COSE_NONCE_LENGTH, &nonce) || cursor.length != 0)
    return FALSE;
  memcpy (token->uuid, uuid.data, COSE_UUID_LENGTH);
  memcpy (token->firmware, firmware.data, COSE_UUID_LENGTH);
  memcpy (token->nonce, nonce.data, COSE_NONCE_LENGTH);
  return TRUE;
}

gboolean
cose_parse_detached (const guint8 *data, gsize length, guint8 signature[COSE_SIGNATURE_LENGTH])
{
  Cursor cursor = { data, length };

  if (!take_start (&cursor) || cursor.length < 1 || cursor.data[0] != NULL_VALUE)
    return FALSE;
  cursor.data++;
  cursor.length--;
  return take_signature (&cursor, signature);
}

/* A byte string's head for lengths that one octet or two hold. */
static void
append_head (GByteArray *into, gsize length)
{
  const guint8 head[] = { length < 24      ? (guint8)(0x40 | length)
                          : length < 0x100 ? 0x58
                                           : 0x59,
                          (guint8)(length >> 8), (guint8)length };

  g_byte_array_append (into, head, 1);
  if (length >= 0x100)
    g_byte_array_append (into, head + 1, 2);
  else if (length >= 24)
    g_byte_array_append (into, head + 2, 1);
}

GBytes *
cose_to_be_signed (const guint8 *payload, gsize length)
{
  /* ["Signature1", << {1: -7} >>, '', payload] */
  static const guint8 start[] = "\x84\x6aSignature1\x43\xa1\x01\x26\x40";
  GByteArray *structure = g_byte_array_new ();

  g_return_val_if_fail (length <= G_MAXUINT16, g_byte_array_free_to_bytes (structure));
  g_byte_array_append (structure, start, sizeof start - 1);
  append_head (structure, length);
  g_byte_array_append (structure, payload, (guint)length);
  return g_byte_array_free_to_bytes (structure);
}
