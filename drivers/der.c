/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A walk over tag, length and value that never looks behind the end of what
 * holds it.
 */
#include "drivers/der.h"

#include <string.h>

#define TAG_INTEGER 0x02
#define TAG_BIT_STRING 0x03
#define TAG_SEQUENCE 0x30

/* The length octets at the front of `rest`, and how many they are. */
static gboolean
read_length (const DerStretch *rest, gsize *length, gsize *octets)
{
  if (rest->length < 1)
    return FALSE;
  guint8 first = rest->data[0];
  if (first < 0x80) {
    *length = first;
    *octets = 1;
    return TRUE;
  }
  gsize count = first & 0x7f;
  if (count < 1 || count > 3 || rest->length < 1 + count || rest->data[1] == 0)
    return FALSE;
  *length = 0;
  for (gsize i = 1; i <= count; i++)
    *length = *length << 8 | rest->data[i];
  *octets = 1 + count;
  return *length >= 0x80;
}

gboolean
der_take (DerStretch *rest, guint8 tag, DerStretch *whole, DerStretch *content)
{
  if (rest->length < 2 || rest->data[0] != tag)
    return FALSE;
  DerStretch behind_tag = { rest->data + 1, rest->length - 1 };
  gsize length;
  gsize octets;
  if (!read_length (&behind_tag, &length, &octets) || length > behind_tag.length - octets)
    return FALSE;
  gsize header = 1 + octets;
  if (whole != NULL)
    *whole = (DerStretch){ rest->data, header + length };
  if (content != NULL)
    *content = (DerStretch){ rest->data + header, length };
  *rest = (DerStretch){ rest->data + header + length, rest->length - header - length };
  return TRUE;
}

static GBytes *
part_of (GBytes *der, const DerStretch *part)
{
  const guint8 *start = g_bytes_get_data (der, NULL);

  return g_bytes_new_from_bytes (der, (gsize)(part->data - start), part->length);
}

gboolean
der_request_split (GBytes *der, DerRequest *request)
{
  DerStretch rest;
  DerStretch body;
  DerStretch info;
  DerStretch inside;
  DerStretch spki;
  DerStretch bits;

  memset (request, 0, sizeof *request);
  rest.data = g_bytes_get_data (der, &rest.length);
  if (!der_take (&rest, TAG_SEQUENCE, NULL, &body) || rest.length != 0)
    return FALSE;
  if (!der_take (&body, TAG_SEQUENCE, &info, &inside) || !der_take (&body, TAG_SEQUENCE, NULL, NULL)
      || !der_take (&body, TAG_BIT_STRING, NULL, &bits) || body.length != 0)
    return FALSE;
  if (!der_take (&inside, TAG_INTEGER, NULL, NULL) || !der_take (&inside, TAG_SEQUENCE, NULL, NULL)
      || !der_take (&inside, TAG_SEQUENCE, &spki, NULL))
    return FALSE;
  if (bits.length < 2 || bits.data[0] != 0)
    return FALSE;
  bits = (DerStretch){ bits.data + 1, bits.length - 1 };
  request->info = part_of (der, &info);
  request->spki = part_of (der, &spki);
  request->signature = part_of (der, &bits);
  return TRUE;
}

void
der_request_clear (DerRequest *request)
{
  g_clear_pointer (&request->info, g_bytes_unref);
  g_clear_pointer (&request->spki, g_bytes_unref);
  g_clear_pointer (&request->signature, g_bytes_unref);
}
