/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines of a manifest taken apart again. The file may come from anywhere: what can't be
 * read is NULL, never a guess.
 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "db/manifest-private.h"

#define MOST_OPEN 16 /* objects and arrays */

static GHashTable *
fields_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

/* ---- JSON ---- */

static void add_node (GHashTable *fields, const char *name, JsonNode *node);

typedef struct {
  GHashTable *fields;
  const char *way; /* to the object, with a dot at its end */
} Place;

static void
add_member (JsonObject *object, const char *name, JsonNode *node, gpointer data)
{
  const Place *place = data;
  g_autofree char *whole = g_strconcat (place->way, name, NULL);

  add_node (place->fields, whole, node);
}

static void
add_element (JsonArray *array, guint index, JsonNode *node, gpointer data)
{
  const Place *place = data;
  g_autofree char *whole = g_strdup_printf ("%s%u", place->way, index);

  add_node (place->fields, whole, node);
}

static void
add_node (GHashTable *fields, const char *name, JsonNode *node)
{
  g_autofree char *way = g_strconcat (name, ".", NULL);
  Place place = { .fields = fields, .way = way };

  if (JSON_NODE_HOLDS_OBJECT (node))
    json_object_foreach_member (json_node_get_object (node), add_member, &place);
  else if (JSON_NODE_HOLDS_ARRAY (node))
    json_array_foreach_element (json_node_get_array (node), add_element, &place);
  else
    g_hash_table_insert (fields, g_strdup (name),
                         json_node_get_value_type (node) == G_TYPE_STRING
                             ? json_node_dup_string (node)
                             : json_to_string (node, FALSE));
}

GHashTable *
json_fields (const char *line, gsize length)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  Place place = { .way = "" };

  if (length == 0 || line[0] != '{' || !json_is_shallow (line, length, MOST_OPEN)
      || !g_utf8_validate_len (line, length, NULL)
      || !json_parser_load_from_data (parser, line, (gssize)length, NULL)
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return NULL;
  place.fields = fields_new ();
  json_object_foreach_member (json_node_get_object (json_parser_get_root (parser)), add_member,
                              &place);
  return place.fields;
}

/* ---- CSV ---- */

/* The field at `*at`; moves behind it. NULL where its quotes are wrong. */
static char *
next_csv_field (const char **at, const char *end)
{
  g_autoptr (GString) field = g_string_new (NULL);
  const char *next = *at;
  gboolean quoted = next < end && *next == '"';

  if (quoted)
    next++;
  for (; next < end; next++) {
    gboolean quote = *next == '"';
    if (quoted && quote && next + 1 < end && next[1] == '"')
      next++;
    else if (quote && !quoted)
      return NULL;
    else if (quoted ? quote : *next == ',')
      break;
    g_string_append_c (field, *next);
  }
  if (quoted && (next >= end || *next++ != '"'))
    return NULL;
  if (next < end && *next != ',')
    return NULL;
  *at = next;
  return g_string_free (g_steal_pointer (&field), FALSE);
}

static GPtrArray *
split_csv (const char *line, gsize length)
{
  g_autoptr (GPtrArray) fields = g_ptr_array_new_with_free_func (g_free);
  const char *end = line + length;
  const char *at = line;

  while (end > line && (end[-1] == '\n' || end[-1] == '\r'))
    end--;
  for (;;) {
    char *field = next_csv_field (&at, end);
    if (field == NULL)
      return NULL;
    g_ptr_array_add (fields, field);
    if (at >= end)
      return g_steal_pointer (&fields);
    at++;
  }
}

GHashTable *
csv_fields (const char *header, const char *line, gsize length)
{
  g_autoptr (GPtrArray) names = split_csv (header, strlen (header));
  g_autoptr (GPtrArray) values = split_csv (line, length);

  if (values == NULL || names == NULL || values->len != names->len)
    return NULL;
  GHashTable *fields = fields_new ();
  for (guint i = 0; i < names->len; i++)
    g_hash_table_insert (fields, g_strdup (g_ptr_array_index (names, i)),
                         g_strdup (g_ptr_array_index (values, i)));
  return fields;
}
