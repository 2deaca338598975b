/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What everybody writes who writes JSON with a JsonBuilder. Nothing of it is linked where it is not
 * used: the signer has no JSON.
 */
#pragma once

#include <json-glib/json-glib.h>

/* One member; a text that is NULL is left out. */
static inline void
json_set_text (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static inline void
json_set_number (JsonBuilder *builder, const char *name, guint64 number)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, (gint64)number);
}

static inline void
json_set_boolean (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

static inline void
json_begin_member (JsonBuilder *builder, const char *name)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
}

/* What was built, in one line or over many. Free with g_free(). */
static inline char *
json_to_text (JsonBuilder *builder, gboolean pretty)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = json_builder_get_root (builder);

  json_generator_set_root (generator, root);
  json_generator_set_pretty (generator, pretty);
  return json_generator_to_data (generator, NULL);
}
