/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See hello.h.
 */
#include "station/rehearse/hello.h"

#include "base/text.h"

#define MOST_NUMBERS 400u
#define MOST_PROTOCOLS 16u
#define MOST_NAME 255u

/* What is left to read. */
typedef struct {
  const guint8 *data;
  gsize length;
} Rest;

static gboolean
take_bytes (Rest *rest, gsize length, Rest *part)
{
  if (rest->length < length)
    return FALSE;
  *part = (Rest){ rest->data, length };
  rest->data += length;
  rest->length -= length;
  return TRUE;
}

/* A vector with its length in `width` bytes before it (RFC 8446, 3.4). */
static gboolean
take_vector (Rest *rest, guint width, Rest *part)
{
  gsize length = 0;
  Rest header;

  if (!take_bytes (rest, width, &header))
    return FALSE;
  for (guint i = 0; i < width; i++)
    length = length << 8 | header.data[i];
  return take_bytes (rest, length, part);
}

/* RFC 8701: 0x0A0A, 0x1A1A ... */
static gboolean
is_grease (guint16 number)
{
  return (number & 0x0f0f) == 0x0a0a && number >> 8 == (number & 0xff);
}

static gboolean
take_numbers (GArray *list, Rest rest)
{
  for (; rest.length >= 2 && list->len < MOST_NUMBERS; rest.data += 2, rest.length -= 2) {
    const guint16 number = (guint16)(rest.data[0] << 8 | rest.data[1]);
    if (!is_grease (number))
      g_array_append_val (list, number);
  }
  return rest.length == 0;
}

static gboolean
take_list (GArray *list, Rest rest, guint width)
{
  Rest numbers;

  if (!take_vector (&rest, width, &numbers))
    return FALSE;
  return take_numbers (list, numbers) && rest.length == 0;
}

/* RFC 6066, 3: of the types of names there is one, host_name. */
static gboolean
take_server_name (Hello *hello, Rest rest)
{
  Rest names, type, name;

  if (!take_vector (&rest, 2, &names) || !take_bytes (&names, 1, &type) || type.data[0] != 0
      || !take_vector (&names, 2, &name))
    return FALSE;
  g_free (hello->server_name);
  hello->server_name = bytes_for_display (name.data, name.length, MOST_NAME);
  return rest.length == 0 && names.length == 0;
}

static gboolean
take_protocols (Hello *hello, Rest rest)
{
  Rest names, name;

  if (!take_vector (&rest, 2, &names))
    return FALSE;
  while (hello->protocols->len < MOST_PROTOCOLS && take_vector (&names, 1, &name))
    g_ptr_array_add (hello->protocols, bytes_for_display (name.data, name.length, MOST_NAME));
  return rest.length == 0 && names.length == 0;
}

gboolean
hello_take_extension (Hello *hello, guint type, const guint8 *data, gsize length)
{
  const Rest rest = { data, length };

  switch (type) {
  case HELLO_SERVER_NAME:
    return take_server_name (hello, rest);
  case HELLO_SUPPORTED_GROUPS:
    return take_list (hello->groups, rest, 2);
  case HELLO_SIGNATURE_ALGORITHMS:
    return take_list (hello->signatures, rest, 2);
  case HELLO_SIGNATURE_ALGORITHMS_CERT:
    return take_list (hello->certificate_signatures, rest, 2);
  case HELLO_SUPPORTED_VERSIONS:
    return take_list (hello->versions, rest, 1);
  case HELLO_ALPN:
    return take_protocols (hello, rest);
  }
  return TRUE;
}

gboolean
hello_take_suites (Hello *hello, const guint8 *data, gsize length)
{
  return take_numbers (hello->suites, (Rest){ data, length });
}

guint16
hello_newest_version (const Hello *hello)
{
  guint16 newest = 0;

  for (guint i = 0; i < hello->versions->len; i++) {
    const guint16 version = g_array_index (hello->versions, guint16, i);
    if (version <= 0x0304 && version > newest)
      newest = version;
  }
  return newest != 0 ? newest : hello->version;
}

char *
tls_version_text (guint16 version)
{
  if (version == 0x0002)
    return g_strdup ("SSL 2");
  if (version == 0x0300)
    return g_strdup ("SSL 3");
  if (version > 0x0300 && version <= 0x0304)
    return g_strdup_printf ("TLS 1.%u", version - 0x0301u);
  return g_strdup_printf ("version 0x%04x", version);
}
