/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See json-line.h.
 */
#include "audit/json-line.h"

#include <string.h>

typedef struct {
  const char *next;
  const char *end;
  GByteArray *texts; /* has room for all, so that what points into it stays */
} Input;

void
json_line_init (JsonLine *line)
{
  *line = (JsonLine){ .texts = g_byte_array_new () };
}

void
json_line_clear (JsonLine *line)
{
  g_clear_pointer (&line->texts, g_byte_array_unref);
}

static void
skip_blanks (Input *input)
{
  while (input->next < input->end && strchr (" \t\r\n", *input->next) != NULL
         && *input->next != '\0')
    input->next++;
}

static gboolean
take (Input *input, char wanted)
{
  skip_blanks (input);
  if (input->next >= input->end || *input->next != wanted)
    return FALSE;
  input->next++;
  return TRUE;
}

static gboolean
take_word (Input *input, const char *word)
{
  gsize length = strlen (word);

  if ((gsize)(input->end - input->next) < length || memcmp (input->next, word, length) != 0)
    return FALSE;
  input->next += length;
  return TRUE;
}

/* ---- texts ---- */

static gboolean
take_hex (Input *input, gunichar *value)
{
  *value = 0;
  for (int i = 0; i < 4; i++, input->next++) {
    if (input->next >= input->end || !g_ascii_isxdigit (*input->next))
      return FALSE;
    *value = *value << 4 | (gunichar)g_ascii_xdigit_value (*input->next);
  }
  return TRUE;
}

/* Behind \u; a surrogate only with its other half. */
static gboolean
take_character (Input *input, gunichar *character)
{
  gunichar low;

  if (!take_hex (input, character))
    return FALSE;
  if (*character < 0xd800 || *character > 0xdfff)
    return TRUE;
  if (*character > 0xdbff || !take_word (input, "\\u") || !take_hex (input, &low) || low < 0xdc00
      || low > 0xdfff)
    return FALSE;
  *character = 0x10000 + ((*character - 0xd800) << 10) + (low - 0xdc00);
  return TRUE;
}

static gboolean
take_escape (Input *input)
{
  static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  const char *letter =
      input->next < input->end && *input->next != '\0' ? strchr (letters, *input->next) : NULL;
  gunichar character;
  char utf8[6];

  if (letter != NULL) {
    input->next++;
    g_byte_array_append (input->texts, (const guint8 *)meant + (letter - letters), 1);
    return TRUE;
  }
  if (!take_word (input, "u") || !take_character (input, &character))
    return FALSE;
  g_byte_array_append (input->texts, (guint8 *)utf8, (guint)g_unichar_to_utf8 (character, utf8));
  return TRUE;
}

/* What has escapes is copied; the rest is where it stands. */
static gboolean
take_text (Input *input, Span *text)
{
  const guint from = input->texts->len;
  const char *start;
  gboolean copied = FALSE;

  if (!take (input, '"'))
    return FALSE;
  start = input->next;
  for (; input->next < input->end && *input->next != '"';) {
    if ((guint8)*input->next < 0x20)
      return FALSE;
    if (*input->next != '\\') {
      input->next++;
      continue;
    }
    g_byte_array_append (input->texts, (const guint8 *)start, (guint)(input->next - start));
    input->next++;
    if (!take_escape (input))
      return FALSE;
    start = input->next;
    copied = TRUE;
  }
  *text = (Span){ (const guint8 *)start, (gsize)(input->next - start) };
  if (copied) {
    g_byte_array_append (input->texts, text->data, (guint)text->length);
    *text = (Span){ input->texts->data + from, input->texts->len - from };
  }
  return take (input, '"');
}

/* ---- values ---- */

static gboolean
take_number (Input *input, gint64 *number)
{
  gboolean negative;
  guint64 value = 0;
  const char *first;

  skip_blanks (input);
  negative = take_word (input, "-");
  for (first = input->next; input->next < input->end && g_ascii_isdigit (*input->next);
       input->next++) {
    guint digit = (guint)(*input->next - '0');
    if (value > ((guint64)G_MAXINT64 - digit) / 10)
      return FALSE;
    value = value * 10 + digit;
  }
  *number = negative ? -(gint64)value : (gint64)value;
  return input->next > first && (*first != '0' || input->next == first + 1);
}

static gboolean
take_flag (Input *input, gint64 *flag)
{
  skip_blanks (input);
  *flag = take_word (input, "true");
  return *flag || take_word (input, "false");
}

static gboolean
take_value (Input *input, JsonKind kind, JsonValue *value)
{
  value->present = TRUE;
  switch (kind) {
  case JSON_NUMBER:
    return take_number (input, &value->number);
  case JSON_TEXT:
    return take_text (input, &value->text);
  case JSON_FLAG:
    return take_flag (input, &value->number);
  }
  g_assert_not_reached ();
}

static const char *
take_key (Input *input, JsonLine *line)
{
  Span name;

  if (!take_text (input, &name) || !take (input, ':'))
    return "it is no JSON";
  for (guint i = 0; line->member->keys[i].name != NULL; i++) {
    if (!span_equal (name, line->member->keys[i].name, strlen (line->member->keys[i].name)))
      continue;
    if (line->values[i].present)
      return "a key stands twice";
    return take_value (input, line->member->keys[i].kind, &line->values[i])
               ? NULL
               : "a value is not of its kind";
  }
  return "it has a key that is not known";
}

static const char *
take_keys (Input *input, JsonLine *line)
{
  if (!take (input, '{'))
    return "its member is no object";
  do {
    const char *problem = take_key (input, line);
    if (problem != NULL)
      return problem;
  } while (take (input, ','));
  if (!take (input, '}'))
    return "it is no JSON";
  for (guint i = 0; line->member->keys[i].name != NULL; i++)
    if (!line->values[i].present && !line->member->keys[i].optional)
      return "a key is missing";
  return NULL;
}

static const JsonMember *
take_member (Input *input, const JsonMember *members)
{
  Span name;

  if (!take (input, '{') || !take_text (input, &name) || !take (input, ':'))
    return NULL;
  for (; members->name != NULL; members++)
    if (span_equal (name, members->name, strlen (members->name)))
      return members;
  return NULL;
}

/* Room for all texts, so that they do not move. */
static void
begin (JsonLine *line, const JsonMember *member, gsize length)
{
  g_byte_array_set_size (line->texts, (guint)length);
  g_byte_array_set_size (line->texts, 0);
  memset (line->values, 0, sizeof line->values);
  line->member = member;
}

static const char *
finish (Input *input)
{
  skip_blanks (input);
  return input->next == input->end ? NULL : "something follows the object";
}

const char *
json_line_read (JsonLine *line, const JsonMember *members, const char *data, gsize length)
{
  Input input = { data, data + length, line->texts };
  const char *problem;

  begin (line, NULL, length);
  if (!g_utf8_validate_len (data, length, NULL))
    return "it is not UTF-8";
  line->member = take_member (&input, members);
  if (line->member == NULL)
    return "it is no object with one member that is known";
  problem = take_keys (&input, line);
  if (problem != NULL)
    return problem;
  return take (&input, '}') ? finish (&input) : "it is no JSON";
}

const char *
json_line_read_flat (JsonLine *line, const JsonMember *member, const char *data, gsize length)
{
  Input input = { data, data + length, line->texts };
  const char *problem;

  begin (line, member, length);
  if (!g_utf8_validate_len (data, length, NULL))
    return "it is not UTF-8";
  problem = take_keys (&input, line);
  return problem != NULL ? problem : finish (&input);
}
