/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See private-key.h. Each form is looked for when its last telling byte comes, from there
 * backwards.
 */
#include "base/private-key.h"

#include <string.h>

enum { INTEGER = 0x02, OCTET_STRING = 0x04, OBJECT = 0x06, SEQUENCE = 0x30 };

#define SHORTEST_SCALAR 0x1b /* of 224 bits, where leading zeros were left out */
#define LONGEST_SCALAR 0x42  /* of P-521 */

static void
push (PrivateKeyWindow *window, guint8 byte)
{
  if (window->length == PRIVATE_KEY_WINDOW)
    memmove (window->bytes, window->bytes + 1, --window->length);
  window->bytes[window->length++] = byte;
}

/* The byte `back` places from the end, the last is 1; 0xff, which begins nothing here, where none
 * is. */
static guint8
at (const PrivateKeyWindow *window, guint back)
{
  return back <= window->length ? window->bytes[window->length - back] : 0xff;
}

static gboolean
ends_with (const PrivateKeyWindow *window, const void *what, guint length)
{
  return length <= window->length
         && memcmp (window->bytes + window->length - length, what, length) == 0;
}

/* A SEQUENCE's header ends `back` places from the end; its own length, or 0. */
static guint
sequence_before (const PrivateKeyWindow *window, guint back)
{
  if (at (window, back + 1) == SEQUENCE && at (window, back) < 0x80)
    return 2;
  if (at (window, back + 2) == SEQUENCE && at (window, back + 1) == 0x81)
    return 3;
  if (at (window, back + 3) == SEQUENCE && at (window, back + 2) == 0x82)
    return 4;
  return 0;
}

/* INTEGER 0 or 1 ends there. */
static gboolean
version_before (const PrivateKeyWindow *window, guint back)
{
  return at (window, back + 2) == INTEGER && at (window, back + 1) == 1 && at (window, back) <= 1;
}

/* ECPrivateKey: SEQUENCE, INTEGER 1, OCTET STRING as long as a scalar. */
static gboolean
is_sec1 (const PrivateKeyWindow *window)
{
  const guint8 length = at (window, 1);

  return length >= SHORTEST_SCALAR && length <= LONGEST_SCALAR && at (window, 2) == OCTET_STRING
         && version_before (window, 3) && at (window, 3) == 1 && sequence_before (window, 6) > 0;
}

/* RSAPrivateKey: SEQUENCE, INTEGER 0 or 1, an INTEGER of 64 bytes or more. The old form of DSA's
 * key too. */
static gboolean
is_pkcs1 (const PrivateKeyWindow *window)
{
  return at (window, 1) >= 0x40 && at (window, 1) <= 0x82 && at (window, 2) == INTEGER
         && version_before (window, 3) && sequence_before (window, 6) > 2;
}

/* Object identifiers with their headers. */
typedef struct {
  guint8 length;
  guint8 bytes[14];
} Identifier;

/* Of keys: such an AlgorithmIdentifier follows a version in PKCS#8 alone. In a certificate of
 * version 1 and in a revocation list one of a signature follows the first INTEGER. */
static const Identifier key_algorithms[] = {
  { 9, { OBJECT, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 } },              /* EC */
  { 11, { OBJECT, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 } }, /* RSA */
  { 9, { OBJECT, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01 } },              /* DSA */
  { 5, { OBJECT, 3, 0x2b, 0x65, 0x6e } },                                      /* X25519 */
  { 5, { OBJECT, 3, 0x2b, 0x65, 0x6f } },                                      /* X448 */
  { 5, { OBJECT, 3, 0x2b, 0x65, 0x70 } },                                      /* Ed25519 */
  { 5, { OBJECT, 3, 0x2b, 0x65, 0x71 } },                                      /* Ed448 */
};

/* Of what holds keys and nothing else. */
static const Identifier key_holders[] = {
  { 11, { OBJECT, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d } }, /* PBES2 */
  { 13,
    { OBJECT, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x01 } }, /* P12 */
  { 13, { OBJECT, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x02 } },
};

static gboolean
is_pkcs8 (const PrivateKeyWindow *window)
{
  for (guint i = 0; i < G_N_ELEMENTS (key_algorithms); i++) {
    const Identifier *one = &key_algorithms[i];

    if (!ends_with (window, one->bytes, one->length))
      continue;
    const guint header = sequence_before (window, one->length + 1u);
    if (header > 0 && version_before (window, one->length + header + 1u))
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_key_holder (const PrivateKeyWindow *window)
{
  for (guint i = 0; i < G_N_ELEMENTS (key_holders); i++)
    if (ends_with (window, key_holders[i].bytes, key_holders[i].length))
      return TRUE;
  return FALSE;
}

static gboolean
is_der_after (PrivateKeyWindow *window, guint8 byte)
{
  push (window, byte);
  return is_sec1 (window) || is_pkcs1 (window) || is_pkcs8 (window) || is_key_holder (window);
}

/* ---- text ---- */

static gboolean
is_pem_after (PrivateKeyWindow *window, guint8 byte)
{
  static const char mark[] = "PRIVATE KEY-----";

  return byte == '-' && ends_with (window, mark, sizeof mark - 1);
}

static gboolean
is_hex_after (PrivateKeySearch *search, guint8 byte)
{
  const int digit = g_ascii_xdigit_value ((char)byte);
  gboolean found = FALSE;

  if (digit < 0) {
    search->digits = 0;
    return FALSE;
  }
  if (search->digits++ > 0)
    found =
        is_der_after (&search->hex[search->digits % 2], (guint8)(search->last_digit << 4 | digit));
  search->last_digit = (guint8)digit;
  return found;
}

/* -1 for what is of neither alphabet. */
static int
base64_value (guint8 byte)
{
  if (byte >= 'A' && byte <= 'Z')
    return byte - 'A';
  if (byte >= 'a' && byte <= 'z')
    return byte - 'a' + 26;
  if (byte >= '0' && byte <= '9')
    return byte - '0' + 52;
  if (byte == '+' || byte == '-')
    return 62;
  return byte == '/' || byte == '_' ? 63 : -1;
}

/* The group's second, third and fourth character each end a byte; what is second in one reading is
 * third in another. */
static gboolean
is_base64_after (PrivateKeySearch *search, guint8 byte)
{
  const int value = base64_value (byte);
  gboolean found = FALSE;

  if (value < 0) {
    search->characters = 0;
    return FALSE;
  }
  search->last_characters = search->last_characters << 6 | (guint32)value;
  search->characters++;
  for (guint place = 1; place < 4 && place < search->characters; place++)
    found |= is_der_after (&search->base64[(search->characters - 1 - place) % 4],
                           (guint8)(search->last_characters >> (6 - 2 * place)));
  return found;
}

/* Lines end, and digits stand in pairs, without an end of what they tell. */
static gboolean
is_between (guint8 byte)
{
  return byte == '\r' || byte == '\n' || byte == ' ' || byte == '\t' || byte == ':';
}

gboolean
private_key_search (PrivateKeySearch *search, guint8 byte)
{
  gboolean found = is_der_after (&search->plain, byte) || is_pem_after (&search->plain, byte);

  if (is_between (byte))
    return found;
  found |= is_hex_after (search, byte);
  return found | is_base64_after (search, byte);
}

gboolean
holds_private_key (const guint8 *data, gsize length)
{
  PrivateKeySearch search = { 0 };

  for (gsize i = 0; i < length; i++)
    if (private_key_search (&search, data[i]))
      return TRUE;
  return FALSE;
}
