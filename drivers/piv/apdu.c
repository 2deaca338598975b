/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Only short APDUs: every card and reader has them. What is longer is chained, and answers are
 * fetched piece by piece.
 */
#include "drivers/piv/apdu.h"

#include <string.h>

#include "base/encode.h"
#include "drivers/request.h"

#define CHAINED 0x10
#define PART_MAX 255u

#define TAG_APPLICATION 0x61
#define TAG_IDENTIFIER 0x4f
#define TAG_PUBLIC_KEY 0x7f49
#define TAG_MODULUS 0x81
#define TAG_EXPONENT 0x82
#define TAG_POINT 0x86
#define TAG_OBJECT 0x53
#define TAG_CERTIFICATE 0x70
#define TAG_GUID 0x34
#define GUID_LENGTH 16u

guint
piv_command_parts (const PivCommand *command)
{
  return command->length == 0 ? 1 : (guint)((command->length + PART_MAX - 1) / PART_MAX);
}

GByteArray *
piv_command_part (const PivCommand *command, guint part)
{
  const gsize start = (gsize)part * PART_MAX;
  const guint8 count = (guint8)MIN (command->length - start, PART_MAX);
  const gboolean last = part + 1 == piv_command_parts (command);
  const guint8 head[] = { last ? 0x00 : CHAINED, (guint8)command->instruction, command->p1,
                          command->p2, count };
  GByteArray *apdu = g_byte_array_new ();

  g_byte_array_append (apdu, head, command->length > 0 ? 5 : 4);
  if (count > 0)
    g_byte_array_append (apdu, command->data + start, count);
  if (last && command->wants_answer)
    g_byte_array_append (apdu, (const guint8 *)"", 1);
  return apdu;
}

gboolean
piv_answer_split (const guint8 *apdu, gsize length, GByteArray *data, guint16 *status)
{
  if (length < 2 || length - 2 > PIV_DATA_MAX - data->len)
    return FALSE;
  *status = (guint16)(apdu[length - 2] << 8 | apdu[length - 1]);
  if ((*status & 0xf000) != 0x6000 && (*status & 0xf000) != 0x9000)
    return FALSE;
  g_byte_array_append (data, apdu, (guint)(length - 2));
  return TRUE;
}

static gboolean
take_byte (PivValue *rest, guint8 *byte)
{
  if (rest->length < 1)
    return FALSE;
  *byte = rest->data[0];
  *rest = (PivValue){ rest->data + 1, rest->length - 1 };
  return TRUE;
}

/* One byte, or two where the low five bits of the first are set. */
static gboolean
take_tag (PivValue *rest, guint *tag)
{
  guint8 first;
  guint8 second;

  if (!take_byte (rest, &first))
    return FALSE;
  *tag = first;
  if ((first & 0x1f) != 0x1f)
    return TRUE;
  if (!take_byte (rest, &second) || second >= 0x80)
    return FALSE;
  *tag = (guint)first << 8 | second;
  return TRUE;
}

/* Cards write 82 00 41 as well as 41. */
static gboolean
take_length (PivValue *rest, gsize *length)
{
  guint8 first;
  guint8 byte;

  if (!take_byte (rest, &first))
    return FALSE;
  *length = first;
  if (first < 0x80)
    return TRUE;
  if (first != 0x81 && first != 0x82)
    return FALSE;
  *length = 0;
  for (guint i = 0x80; i < first; i++) {
    if (!take_byte (rest, &byte))
      return FALSE;
    *length = *length << 8 | byte;
  }
  return TRUE;
}

gboolean
piv_find (PivValue in, guint tag, PivValue *value)
{
  while (in.length > 0) {
    guint found;
    gsize length;

    if (!take_tag (&in, &found) || !take_length (&in, &length) || length > in.length)
      return FALSE;
    if (found == tag) {
      *value = (PivValue){ in.data, length };
      return TRUE;
    }
    in = (PivValue){ in.data + length, in.length - length };
  }
  return FALSE;
}

static const struct {
  KeyKind kind;
  PivAlgorithm algorithm;
  gsize modulus;
} kinds[] = {
  { KEY_KIND_RSA_2048, PIV_RSA_2048, 256 }, { KEY_KIND_RSA_3072, PIV_RSA_3072, 384 },
  { KEY_KIND_RSA_4096, PIV_RSA_4096, 512 }, { KEY_KIND_P256, PIV_P256, 0 },
  { KEY_KIND_P384, PIV_P384, 0 },
};

gboolean
piv_algorithm_of (KeyKind kind, PivAlgorithm *algorithm)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].kind == kind) {
      *algorithm = kinds[i].algorithm;
      return TRUE;
    }
  return FALSE;
}

gsize
piv_modulus_length (PivAlgorithm algorithm)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].algorithm == algorithm)
      return kinds[i].modulus;
  return algorithm == PIV_RSA_1024 ? 128 : 0;
}

/* 1024 bits are taken as well: the station judges keys, and says what is wrong with this one. */
static gboolean
rsa_of_length (gsize modulus, PivAlgorithm *algorithm)
{
  static const PivAlgorithm sizes[] = { PIV_RSA_1024, PIV_RSA_2048, PIV_RSA_3072, PIV_RSA_4096 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    if (piv_modulus_length (sizes[i]) == modulus) {
      *algorithm = sizes[i];
      return TRUE;
    }
  return FALSE;
}

static gboolean
parse_rsa (PivValue parts, PivKey *key)
{
  PivValue modulus;
  PivValue exponent;

  if (!piv_find (parts, TAG_MODULUS, &modulus) || !piv_find (parts, TAG_EXPONENT, &exponent)
      || !rsa_of_length (modulus.length, &key->algorithm))
    return FALSE;
  key->info = request_rsa_key (modulus.data, modulus.length, exponent.data, exponent.length);
  return TRUE;
}

gboolean
piv_key_parse (PivValue answer, PivKey *key)
{
  PivValue parts;
  PivValue point;

  *key = (PivKey){ 0 };
  if (!piv_find (answer, TAG_PUBLIC_KEY, &parts))
    return FALSE;
  if (!piv_find (parts, TAG_POINT, &point))
    return parse_rsa (parts, key);
  key->algorithm = point.length == 65 ? PIV_P256 : PIV_P384;
  key->info =
      request_ec_key (point.length == 65 ? KEY_KIND_P256 : KEY_KIND_P384, point.data, point.length);
  return key->info != NULL;
}

void
piv_key_clear (PivKey *key)
{
  g_clear_pointer (&key->info, g_bytes_unref);
}

/* The name is whole (A0 00 00 03 08 00 00 10 00 …), or only what the application's provider chose
 * of it (00 00 10 00 …). */
gboolean
piv_is_selected (PivValue answer)
{
  static const guint8 whole[] = { 0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00 };
  PivValue template;
  PivValue name;

  if (!piv_find (answer, TAG_APPLICATION, &template) || !piv_find (template, TAG_IDENTIFIER, &name))
    return FALSE;
  if (name.length >= sizeof whole)
    return memcmp (name.data, whole, sizeof whole) == 0;
  return name.length >= 4 && memcmp (name.data, whole + 5, 4) == 0;
}

GBytes *
piv_certificate_parse (PivValue object)
{
  PivValue content;
  PivValue certificate;

  if (!piv_find (object, TAG_OBJECT, &content) || !piv_find (content, TAG_CERTIFICATE, &certificate)
      || certificate.length == 0)
    return NULL;
  return g_bytes_new (certificate.data, certificate.length);
}

char *
piv_guid_parse (PivValue object)
{
  static const guint8 nothing[GUID_LENGTH];
  PivValue content;
  PivValue guid;

  if (!piv_find (object, TAG_OBJECT, &content) || !piv_find (content, TAG_GUID, &guid)
      || guid.length != GUID_LENGTH || memcmp (guid.data, nothing, GUID_LENGTH) == 0)
    return NULL;
  return hex_encode (guid.data, guid.length);
}

gboolean
piv_slot_parse (const char *word, guint8 *slot, guint32 *object)
{
  static const struct {
    guint8 slot;
    guint32 object;
  } active[] = { { 0x9a, 0x5fc105 }, { 0x9c, 0x5fc10a }, { 0x9d, 0x5fc10b }, { 0x9e, 0x5fc101 } };
  const guint32 first_retired = 0x5fc10d;
  guint64 number;

  if (strlen (word) != 2 || !g_ascii_string_to_unsigned (word, 16, 0x82, 0x9e, &number, NULL))
    return FALSE;
  *slot = (guint8)number;
  for (guint i = 0; i < G_N_ELEMENTS (active); i++)
    if (active[i].slot == number) {
      *object = active[i].object;
      return TRUE;
    }
  *object = first_retired + (guint32)number - 0x82;
  return number <= 0x95;
}

char *
piv_status_text (guint16 status)
{
  static const struct {
    guint16 status;
    const char *text;
  } texts[] = {
    { PIV_STATUS_SECURITY, "it needs a PIN or a management key that it was not given" },
    { PIV_STATUS_BLOCKED, "the PIN is blocked" },
    { 0x6985, "it was not touched, or not in the state for this" },
    { PIV_STATUS_BAD_DATA, "it does not take what was sent" },
    { PIV_STATUS_NO_FUNCTION, "it does not know this function" },
    { PIV_STATUS_NOT_FOUND, "it has no such object" },
    { PIV_STATUS_NO_ROOM, "it has no room left" },
    { PIV_STATUS_BAD_PARAMETER, "it does not know this slot or algorithm" },
    { PIV_STATUS_NO_REFERENCE, "it has no such key" },
    { PIV_STATUS_NO_INSTRUCTION, "it does not know this command" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i].status == status)
      return g_strdup_printf ("%s (status %04x)", texts[i].text, status);
  if ((status & 0xfff0) == 0x63c0)
    return g_strdup_printf ("wrong PIN, %u tries left (status %04x)", status & 0xfu, status);
  return g_strdup_printf ("status %04x", status);
}
