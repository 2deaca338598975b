/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See json.h.
 */
#include "courier/json.h"

#include <string.h>

#include "base/text.h"

#define DEEPEST 32

JsonNode *
json_read (const char *text)
{
  return json_is_shallow (text, strlen (text), DEEPEST) ? json_from_string (text, NULL) : NULL;
}

JsonObject *
json_object_of (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

JsonArray *
json_array_of (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static JsonNode *
member (JsonObject *object, const char *name)
{
  return object == NULL ? NULL : json_object_get_member (object, name);
}

const char *
json_text_of (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}

gint64
json_number_of (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_INT64)
    return 0;
  return json_node_get_int (node);
}

JsonObject *
json_inside (JsonObject *object, const char *name)
{
  return json_object_of (member (object, name));
}

JsonArray *
json_list_in (JsonObject *object, const char *name)
{
  return json_array_of (member (object, name));
}

JsonObject *
json_entry (JsonArray *array, guint place)
{
  return json_object_of (json_array_get_element (array, place));
}

char *
json_write (JsonNode *node)
{
  char *text = json_to_string (node, FALSE);

  json_node_unref (node);
  return text;
}
