/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See json-line.h.
 */
#include "audit/json-line.h"

#include <string.h>

#define LONGEST_WAY 128 /* of what is nested; each is in our own tables */

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

/* Behind \u; a surrogate only with its other half, and no zero, which would end a text. */
static gboolean
take_character (Input *input, gunichar *character)
{
  gunichar low;

  if (!take_hex (input, character) || *character == 0)
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

/* ---- objects ---- */

static const char *take_keys (Input *input, JsonLine *line, const char *way);
static const char *take_elements (Input *input, JsonLine *line, const char *way);

/* What of a key's name stands behind `way`; NULL where it lies elsewhere. */
static const char *
rest_of (const JsonKey *key, const char *way)
{
  const gsize length = strlen (way);

  return length == 0 || strncmp (key->name, way, length) == 0 ? key->name + length : NULL;
}

/* The place of the key whose name ends here, or -1. */
static int
find_key (const JsonLine *line, const char *way, Span name)
{
  for (int i = 0; line->member->keys[i].name != NULL; i++) {
    const char *rest = rest_of (&line->member->keys[i], way);

    if (rest != NULL && span_equal (name, rest, strlen (rest))
        && memchr (name.data, '.', name.length) == NULL)
      return i;
  }
  return -1;
}

/* Whether keys lie within `name`, and whether one of them was read already. */
static gboolean
leads_on (const JsonLine *line, const char *way, Span name, gboolean *present)
{
  gboolean found = FALSE;

  *present = FALSE;
  for (guint i = 0; line->member->keys[i].name != NULL; i++) {
    const char *rest = rest_of (&line->member->keys[i], way);

    if (rest == NULL || strlen (rest) <= name.length || rest[name.length] != '.'
        || memcmp (rest, name.data, name.length) != 0)
      continue;
    found = TRUE;
    *present |= line->values[i].present;
  }
  return found && memchr (name.data, '.', name.length) == NULL;
}

static gboolean
is_fixed_text (const JsonKey *key, const JsonValue *value)
{
  return key->fixed == NULL || span_equal (value->text, key->fixed, strlen (key->fixed));
}

static const char *
take_nested (Input *input, JsonLine *line, const char *way, Span name)
{
  gboolean present;
  char deeper[LONGEST_WAY];

  if (!leads_on (line, way, name, &present))
    return "it has a key that is not known";
  if (present)
    return "a key stands twice";
  g_snprintf (deeper, sizeof deeper, "%s%.*s.", way, (int)name.length, (const char *)name.data);
  skip_blanks (input);
  return input->next < input->end && *input->next == '[' ? take_elements (input, line, deeper)
                                                         : take_keys (input, line, deeper);
}

static const char *
take_named (Input *input, JsonLine *line, const char *way, Span name)
{
  const int place = find_key (line, way, name);
  JsonValue *value = place < 0 ? NULL : &line->values[place];
  const JsonKey *key = place < 0 ? NULL : &line->member->keys[place];

  if (value == NULL)
    return take_nested (input, line, way, name);
  if (value->present)
    return "a key stands twice";
  return take_value (input, key->kind, value) && is_fixed_text (key, value)
             ? NULL
             : "a value is not of its kind";
}

static const char *
take_key (Input *input, JsonLine *line, const char *way)
{
  Span name;

  if (!take_text (input, &name) || !take (input, ':'))
    return "it is no JSON";
  if (name.length > 0 && name.data[0] == '[')
    return "it has a key that is not known";
  return take_named (input, line, way, name);
}

static const char *
take_keys (Input *input, JsonLine *line, const char *way)
{
  if (!take (input, '{'))
    return "what should be an object is none";
  do {
    const char *problem = take_key (input, line, way);
    if (problem != NULL)
      return problem;
  } while (take (input, ','));
  return take (input, '}') ? NULL : "it is no JSON";
}

static const char *
take_elements (Input *input, JsonLine *line, const char *way)
{
  guint number = 0;

  if (!take (input, '['))
    return "it is no JSON";
  do {
    char name[16];
    const int length = g_snprintf (name, sizeof name, "[%u]", number++);
    const char *problem =
        take_named (input, line, way, (Span){ (const guint8 *)name, (gsize)length });
    if (problem != NULL)
      return problem;
  } while (take (input, ','));
  return take (input, ']') ? NULL : "it is no JSON";
}

static const char *
take_object (Input *input, JsonLine *line)
{
  const char *problem = take_keys (input, line, "");

  if (problem != NULL)
    return problem;
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
  problem = take_object (&input, line);
  if (problem != NULL)
    return problem;
  return take (&input, '}') ? finish (&input) : "it is no JSON";
}

const char *
json_line_read_first (JsonLine *line, const JsonMember *member, const char *data, gsize length,
                      const char **end)
{
  Input input = { data, data + length, line->texts };
  const char *problem;

  begin (line, member, length);
  if (!g_utf8_validate_len (data, length, NULL))
    return "it is not UTF-8";
  problem = take_object (&input, line);
  *end = input.next;
  return problem;
}

const char *
json_line_read_flat (JsonLine *line, const JsonMember *member, const char *data, gsize length)
{
  const char *end = data;
  const char *problem = json_line_read_first (line, member, data, length, &end);
  Input rest = { end, data + length, NULL };

  return problem != NULL ? problem : finish (&rest);
}
