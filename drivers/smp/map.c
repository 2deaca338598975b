/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Maps with text keys: what SMP bodies are made of.
 */
#include <string.h>

#include "drivers/smp/proto.h"

cbor_item_t *
smp_map_new (gsize pairs)
{
  return cbor_new_definite_map (pairs);
}

/* Takes `value` over. */
static void
add (cbor_item_t *map, const char *key, cbor_item_t *value)
{
  gboolean added;

  value = cbor_move (value);
  added = cbor_map_add (
      map, (struct cbor_pair){ .key = cbor_move (cbor_build_string (key)), .value = value });
  g_assert (added); /* smp_map_new() was given too few pairs */
}

void
smp_map_add_text (cbor_item_t *map, const char *key, const char *text)
{
  add (map, key, cbor_build_string (text));
}

/* libcbor writes the width that an integer was built with. */
void
smp_map_add_unsigned (cbor_item_t *map, const char *key, guint32 number)
{
  if (number <= G_MAXUINT8)
    add (map, key, cbor_build_uint8 ((guint8)number));
  else if (number <= G_MAXUINT16)
    add (map, key, cbor_build_uint16 ((guint16)number));
  else
    add (map, key, cbor_build_uint32 (number));
}

void
smp_map_add_bytes (cbor_item_t *map, const char *key, const guint8 *data, gsize length)
{
  add (map, key, cbor_build_bytestring (data, length));
}

static gboolean
is_key (const cbor_item_t *item, const char *key)
{
  gsize length = strlen (key);

  return cbor_isa_string (item) && cbor_string_is_definite (item)
         && cbor_string_length (item) == length
         && memcmp (cbor_string_handle (item), key, length) == 0;
}

cbor_item_t *
smp_map_get (const cbor_item_t *map, const char *key)
{
  const struct cbor_pair *pairs = cbor_map_handle (map);

  for (gsize i = 0; i < cbor_map_size (map); i++)
    if (is_key (pairs[i].key, key))
      return pairs[i].value;
  return NULL;
}

gboolean
smp_map_get_unsigned (const cbor_item_t *map, const char *key, guint64 *number)
{
  const cbor_item_t *item = smp_map_get (map, key);

  if (item == NULL || !cbor_isa_uint (item))
    return FALSE;
  *number = cbor_get_int (item);
  return TRUE;
}

gboolean
smp_map_get_bool (const cbor_item_t *map, const char *key, gboolean *value)
{
  const cbor_item_t *item = smp_map_get (map, key);

  if (item == NULL || !cbor_is_bool (item))
    return FALSE;
  *value = cbor_get_bool (item);
  return TRUE;
}

char *
smp_item_text (const cbor_item_t *item)
{
  const char *text;
  gsize length;

  if (item == NULL || !cbor_isa_string (item) || !cbor_string_is_definite (item))
    return NULL;
  text = (const char *)cbor_string_handle (item);
  length = cbor_string_length (item);
  return length == 0                                ? g_strdup ("")
         : g_utf8_validate_len (text, length, NULL) ? g_strndup (text, length)
                                                    : NULL;
}

char *
smp_map_get_text (const cbor_item_t *map, const char *key)
{
  return smp_item_text (smp_map_get (map, key));
}

GBytes *
smp_map_get_bytes (const cbor_item_t *map, const char *key)
{
  const cbor_item_t *item = smp_map_get (map, key);

  if (item == NULL || !cbor_isa_bytestring (item) || !cbor_bytestring_is_definite (item))
    return NULL;
  return g_bytes_new (cbor_bytestring_handle (item), cbor_bytestring_length (item));
}
