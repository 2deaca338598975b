/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON of and for clouds: what they say is looked at without believing that it has any shape.
 */
#pragma once

#include <json-glib/json-glib.h>

/* NULL where `text` is no JSON, or deeper than any cloud's. Free with json_node_unref(). */
JsonNode *json_read (const char *text);
/* NULL where the node is none, or no object, or no array. */
JsonObject *json_object_of (JsonNode *node);
JsonArray *json_array_of (JsonNode *node);
/* Members; NULL, or 0, where they are absent or of another kind, or where `object` is NULL. */
const char *json_text_of (JsonObject *object, const char *name);
gint64 json_number_of (JsonObject *object, const char *name);
JsonObject *json_inside (JsonObject *object, const char *name);
JsonArray *json_list_in (JsonObject *object, const char *name);
/* Entry `place` where it is an object, or NULL. */
JsonObject *json_entry (JsonArray *array, guint place);
/* Takes `node`. Free with g_free(). */
char *json_write (JsonNode *node);
