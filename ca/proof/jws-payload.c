/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether a text is one JSON object, by the grammar of RFC 8259 and no more: the signer does not
 * care what it says, and has no JSON library.
 */
#include "ca/proof/jws.h"

#include <string.h>

#define DEEPEST 16

/* What is left of the text. */
typedef struct {
  const char *at;
  const char *end;
} Rest;

static gboolean skip_value (Rest *rest, guint depth);

static void
skip_spaces (Rest *rest)
{
  while (rest->at < rest->end && *rest->at == ' ')
    rest->at++;
}

static gboolean
skip_character (Rest *rest, char character)
{
  skip_spaces (rest);
  if (rest->at >= rest->end || *rest->at != character)
    return FALSE;
  rest->at++;
  skip_spaces (rest);
  return TRUE;
}

static gboolean
skip_word (Rest *rest, const char *word)
{
  const gsize length = strlen (word);

  if ((gsize)(rest->end - rest->at) < length || memcmp (rest->at, word, length) != 0)
    return FALSE;
  rest->at += length;
  return TRUE;
}

/* Behind the backslash. */
static gboolean
skip_escape (Rest *rest)
{
  guint digits = 0;

  if (rest->at >= rest->end)
    return FALSE;
  const char kind = *rest->at++;
  if (kind != 'u')
    return kind != '\0' && strchr ("\"\\/bfnrt", kind) != NULL;
  for (; digits < 4 && rest->at < rest->end && g_ascii_isxdigit (*rest->at); digits++)
    rest->at++;
  return digits == 4;
}

static gboolean
skip_string (Rest *rest)
{
  if (!skip_word (rest, "\""))
    return FALSE;
  while (rest->at < rest->end) {
    const char character = *rest->at++;

    if (character == '"')
      return TRUE;
    if (character == '\\' && !skip_escape (rest))
      return FALSE;
  }
  return FALSE;
}

static gboolean
skip_digits (Rest *rest)
{
  const char *from = rest->at;

  while (rest->at < rest->end && g_ascii_isdigit (*rest->at))
    rest->at++;
  return rest->at > from;
}

static gboolean
skip_number (Rest *rest)
{
  skip_word (rest, "-");
  if (!skip_word (rest, "0") && !skip_digits (rest))
    return FALSE;
  if (skip_word (rest, ".") && !skip_digits (rest))
    return FALSE;
  if (!skip_word (rest, "e") && !skip_word (rest, "E"))
    return TRUE;
  if (!skip_word (rest, "+"))
    skip_word (rest, "-");
  return skip_digits (rest);
}

static gboolean
skip_member (Rest *rest, gboolean named, guint depth)
{
  return (!named || (skip_string (rest) && skip_character (rest, ':'))) && skip_value (rest, depth);
}

/* An object or an array, behind its opening. */
static gboolean
skip_members (Rest *rest, gboolean named, guint depth)
{
  const char closing = named ? '}' : ']';

  if (depth == DEEPEST)
    return FALSE;
  if (skip_character (rest, closing))
    return TRUE;
  do
    if (!skip_member (rest, named, depth + 1))
      return FALSE;
  while (skip_character (rest, ','));
  return skip_character (rest, closing);
}

static gboolean
skip_value (Rest *rest, guint depth)
{
  if (skip_character (rest, '{'))
    return skip_members (rest, TRUE, depth);
  if (skip_character (rest, '['))
    return skip_members (rest, FALSE, depth);
  return skip_string (rest) || skip_word (rest, "true") || skip_word (rest, "false")
         || skip_word (rest, "null") || skip_number (rest);
}

static gboolean
holds_controls (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (g_ascii_iscntrl (text[i]))
      return TRUE;
  return FALSE;
}

gboolean
jws_payload_check (const char *payload, gsize length, GError **error)
{
  Rest rest = { payload, payload + length };

  if (length > JWS_PAYLOAD_MOST)
    return ca_refuse (error, CA_ERROR_PROOF, "a payload is longer than %d bytes", JWS_PAYLOAD_MOST);
  if (!g_utf8_validate (payload, (gssize)length, NULL) || holds_controls (payload, length))
    return ca_refuse (error, CA_ERROR_PROOF, "a payload is not one line of UTF-8 text");
  return (length > 0 && payload[0] == '{' && skip_value (&rest, 0) && rest.at == rest.end
          && payload[length - 1] == '}')
         || ca_refuse (error, CA_ERROR_PROOF, "a payload is not one JSON object");
}
