/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader checks every length against what is left before it moves on; its
 * recursion is bounded by CBOR_SMALL_DEPTH.
 */
#include "cbor_small.h"

#include <string.h>

enum { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

#define INDEFINITE 31
#define BREAK 0xff

typedef struct {
  const uint8_t *at;
  const uint8_t *end;
} Reader;

typedef struct {
  uint8_t major;
  uint8_t indefinite;
  uint32_t value; /* number, length or count */
} Head;

static size_t
left (const Reader *reader)
{
  return (size_t)(reader->end - reader->at);
}

/* The 1, 2, 4 or 8 bytes behind the first one. Numbers beyond 32 bits are for SIMPLE only
 * (a double). */
static int
read_argument (Reader *reader, Head *head, unsigned additional)
{
  size_t count = (size_t)1 << (additional - 24);
  size_t i;

  if (left (reader) < count)
    return 0;
  for (i = 0; i < count; i++) {
    if (i < count - (count < 4 ? count : 4) && *reader->at != 0 && head->major != SIMPLE)
      return 0;
    head->value = (head->value << 8) | *reader->at++;
  }
  return 1;
}

static int
read_head (Reader *reader, Head *head)
{
  unsigned additional;

  if (left (reader) == 0)
    return 0;
  head->major = *reader->at >> 5;
  additional = *reader->at++ & 31u;
  head->indefinite = additional == INDEFINITE;
  head->value = additional < 24 ? additional : 0;
  if (additional < 24)
    return 1;
  if (head->indefinite)
    return head->major == ARRAY || head->major == MAP;
  return additional <= 27 && read_argument (reader, head, additional);
}

static int
at_break (Reader *reader)
{
  if (left (reader) == 0 || *reader->at != BREAK)
    return 0;
  reader->at++;
  return 1;
}

static int skip_item (Reader *reader, int depth);

/* The content of an array, a map or a tag. */
static int
skip_content (Reader *reader, const Head *head, int depth)
{
  uint32_t per_entry = head->major == MAP ? 2 : 1;
  uint32_t entries = head->major == TAG ? 1 : head->value;
  uint32_t i, part;

  if (depth == 0)
    return 0;
  for (i = 0; head->indefinite || i < entries; i++) {
    if (head->indefinite && at_break (reader))
      return 1;
    for (part = 0; part < per_entry; part++)
      if (!skip_item (reader, depth - 1))
        return 0;
  }
  return 1;
}

static int
skip_item (Reader *reader, int depth)
{
  Head head;

  if (!read_head (reader, &head))
    return 0;
  if (head.major == BYTES || head.major == TEXT) {
    if (head.value > left (reader))
      return 0;
    reader->at += head.value;
    return 1;
  }
  if (head.major == ARRAY || head.major == MAP || head.major == TAG)
    return skip_content (reader, &head, depth);
  return 1;
}

/* Steps to the next entry of a map: 1 with its key, 0 at the map's end, -1 where it is damaged. */
static int
next_key (Reader *reader, Head *map, const char **key, size_t *key_length)
{
  Head head;

  if (map->indefinite ? at_break (reader) : map->value == 0)
    return 0;
  map->value--;
  if (!read_head (reader, &head) || head.major != TEXT || head.value > left (reader))
    return -1;
  *key = (const char *)reader->at;
  *key_length = head.value;
  reader->at += head.value;
  return 1;
}

static int
open_map (Reader *reader, Head *map, const uint8_t *data, size_t length)
{
  reader->at = data;
  reader->end = data + length;
  return read_head (reader, map) && map->major == MAP;
}

int
cbor_small_is_map (const uint8_t *data, size_t length)
{
  Reader reader;
  Head map;
  const char *key;
  size_t key_length;
  int more;

  if (!open_map (&reader, &map, data, length))
    return 0;
  while ((more = next_key (&reader, &map, &key, &key_length)) == 1)
    if (!skip_item (&reader, CBOR_SMALL_DEPTH - 1))
      return 0;
  return more == 0 && left (&reader) == 0;
}

/* Leaves `reader` at the content of the wanted value. */
static int
find (Reader *reader, Head *value, const uint8_t *data, size_t length, const char *wanted)
{
  Head map;
  const char *key;
  size_t key_length;

  if (!open_map (reader, &map, data, length))
    return 0;
  while (next_key (reader, &map, &key, &key_length) == 1) {
    if (key_length == strlen (wanted) && memcmp (key, wanted, key_length) == 0)
      return read_head (reader, value);
    if (!skip_item (reader, CBOR_SMALL_DEPTH - 1))
      return 0;
  }
  return 0;
}

int
cbor_small_find_unsigned (const uint8_t *data, size_t length, const char *key, uint32_t *value)
{
  Reader reader;
  Head head;

  if (!find (&reader, &head, data, length, key) || head.major != UNSIGNED)
    return 0;
  *value = head.value;
  return 1;
}

static int
find_string (const uint8_t *data, size_t length, const char *key, int major, const uint8_t **string,
             size_t *string_length)
{
  Reader reader;
  Head head;

  if (!find (&reader, &head, data, length, key) || head.major != major
      || head.value > left (&reader))
    return 0;
  *string = reader.at;
  *string_length = head.value;
  return 1;
}

int
cbor_small_find_bytes (const uint8_t *data, size_t length, const char *key, const uint8_t **bytes,
                       size_t *bytes_length)
{
  return find_string (data, length, key, BYTES, bytes, bytes_length);
}

int
cbor_small_find_text (const uint8_t *data, size_t length, const char *key, const char **text,
                      size_t *text_length)
{
  const uint8_t *bytes;

  if (!find_string (data, length, key, TEXT, &bytes, text_length))
    return 0;
  *text = (const char *)bytes;
  return 1;
}

static void
put_raw (CborSmallWriter *writer, const void *data, size_t length)
{
  if (writer->overflow || length > writer->capacity - writer->length) {
    writer->overflow = 1;
    return;
  }
  if (length > 0)
    memcpy (writer->data + writer->length, data, length);
  writer->length += length;
}

/* The shortest form, as deterministic CBOR has it. */
static void
put_head (CborSmallWriter *writer, int major, uint32_t value)
{
  uint8_t head[5];
  size_t count = value < 24 ? 0 : value <= 0xff ? 1 : value <= 0xffff ? 2 : 4;
  size_t i;

  head[0] = (uint8_t)(major << 5
                      | (int)(count == 0   ? value
                              : count == 1 ? 24
                              : count == 2 ? 25
                                           : 26));
  for (i = 0; i < count; i++)
    head[1 + i] = (uint8_t)(value >> (8 * (count - 1 - i)));
  put_raw (writer, head, 1 + count);
}

void
cbor_small_put_map (CborSmallWriter *writer, size_t pairs)
{
  put_head (writer, MAP, (uint32_t)pairs);
}

void
cbor_small_put_array (CborSmallWriter *writer, size_t items)
{
  put_head (writer, ARRAY, (uint32_t)items);
}

void
cbor_small_put_unsigned (CborSmallWriter *writer, uint32_t value)
{
  put_head (writer, UNSIGNED, value);
}

void
cbor_small_put_bool (CborSmallWriter *writer, int value)
{
  put_head (writer, SIMPLE, value ? 21 : 20);
}

void
cbor_small_put_text (CborSmallWriter *writer, const char *text)
{
  cbor_small_put_text_of (writer, text, strlen (text));
}

void
cbor_small_put_text_of (CborSmallWriter *writer, const char *text, size_t length)
{
  put_head (writer, TEXT, (uint32_t)length);
  put_raw (writer, text, length);
}

void
cbor_small_put_bytes (CborSmallWriter *writer, const uint8_t *bytes, size_t length)
{
  put_head (writer, BYTES, (uint32_t)length);
  put_raw (writer, bytes, length);
}
