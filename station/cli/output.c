/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records as tables, lines or JSON.
 */
#include "station/cli/output.h"

#include <json-glib/json-glib.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define LINE_MAX_CHARACTERS 4000
#define DIGEST_SHORT 16

static char *
format_time (gint64 microseconds, const char *format)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (microseconds / G_USEC_PER_SEC);

  if (utc == NULL)
    return g_strdup ("?");
  g_autoptr (GDateTime) local = g_date_time_to_local (utc);
  return g_date_time_format (local, format);
}

char *
time_of_day (gint64 microseconds)
{
  return format_time (microseconds, "%H:%M:%S");
}

char *
date_and_time (gint64 microseconds)
{
  return format_time (microseconds, "%Y-%m-%d %H:%M:%S");
}

/* Any kind of integer as gint64; 0 for anything else. */
static gint64
integer_of (GVariant *value)
{
  switch (g_variant_classify (value)) {
  case G_VARIANT_CLASS_INT64:
    return g_variant_get_int64 (value);
  case G_VARIANT_CLASS_UINT64:
    return (gint64)g_variant_get_uint64 (value);
  case G_VARIANT_CLASS_UINT32:
    return g_variant_get_uint32 (value);
  case G_VARIANT_CLASS_INT32:
    return g_variant_get_int32 (value);
  default: /* GLib's enumeration: the rest are no integers of this API */
    return 0;
  }
}

static char *
list_text (GVariant *value)
{
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
    return g_strdup ("");
  g_autofree const char **members = g_variant_get_strv (value, NULL);
  g_autofree char *joined = g_strjoinv (", ", (char **)members);
  return text_for_display (joined, LINE_MAX_CHARACTERS);
}

static char *
string_text (GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return text_for_display (g_variant_get_string (value, NULL), LINE_MAX_CHARACTERS);
  g_autofree char *printed = g_variant_print (value, FALSE);
  return text_for_display (printed, LINE_MAX_CHARACTERS);
}

static char *
value_text (GVariant *value, FieldKind kind, gboolean whole)
{
  gint64 number = integer_of (value);

  switch (kind) {
  case FIELD_TEXT:
    return string_text (value);
  case FIELD_NUMBER:
    return g_strdup_printf ("%" G_GINT64_FORMAT, number);
  case FIELD_TIME:
    return number == 0 ? g_strdup ("") : date_and_time (number);
  case FIELD_SECONDS:
    return number == 0 ? g_strdup ("") : format_time (number * G_USEC_PER_SEC, "%Y-%m-%d %H:%M");
  case FIELD_DIGEST: {
    g_autofree char *digest = string_text (value);
    return whole ? g_steal_pointer (&digest) : g_strndup (digest, DIGEST_SHORT);
  }
  case FIELD_YES_NO:
    return g_strdup (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN)
                             && g_variant_get_boolean (value)
                         ? "yes"
                         : "no");
  case FIELD_LIST:
    return list_text (value);
  }
  g_assert_not_reached ();
}

char *
field_text (GVariant *record, const Field *field, gboolean whole)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (record, field->key, NULL);

  return value == NULL ? g_strdup ("") : value_text (value, field->kind, whole);
}

char *
record_text (GVariant *record, const char *key)
{
  const Field field = { key, NULL, FIELD_TEXT };

  return field_text (record, &field, TRUE);
}

/* ---- JSON ---- */

/* As JSON escapes it: what does not fit in four digits is a pair of surrogates. */
static void
append_escaped (GString *json, gunichar character)
{
  if (character <= 0xffff) {
    g_string_append_printf (json, "\\u%04x", character);
    return;
  }
  character -= 0x10000;
  g_string_append_printf (json, "\\u%04x\\u%04x", 0xd800 + (character >> 10),
                          0xdc00 + (character & 0x3ff));
}

/* json-glib escapes the control characters of ASCII, not those beyond it. */
static gboolean
may_steer_terminal (gunichar character)
{
  return character >= 0x7f && !character_is_showable (character);
}

/* Outside ASCII, JSON has nothing but the insides of strings, so escaping is safe anywhere. */
static char *
escape_steering (const char *json)
{
  g_autoptr (GString) safe = g_string_sized_new (strlen (json) + 1);

  for (const char *at = json; *at != '\0'; at = g_utf8_next_char (at)) {
    gunichar character = g_utf8_get_char (at);
    if (may_steer_terminal (character))
      append_escaped (safe, character);
    else
      g_string_append_unichar (safe, character);
  }
  return g_string_free (g_steal_pointer (&safe), FALSE);
}

/* The daemon's dictionaries have no order; the same record must give the same text. */
static void
sort_members (JsonNode *node)
{
  if (JSON_NODE_HOLDS_ARRAY (node)) {
    g_autoptr (GList) elements = json_array_get_elements (json_node_get_array (node));
    for (GList *element = elements; element != NULL; element = element->next)
      sort_members (element->data);
  }
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return;

  JsonObject *object = json_node_get_object (node);
  JsonObject *sorted = json_object_new ();
  g_autoptr (GList) names = g_list_sort (json_object_get_members (object), (GCompareFunc)strcmp);
  for (GList *name = names; name != NULL; name = name->next) {
    JsonNode *member = json_object_dup_member (object, name->data);
    sort_members (member);
    json_object_set_member (sorted, name->data, member);
  }
  json_node_take_object (node, sorted);
}

char *
json_text (GVariant *value, gboolean indented)
{
  g_autoptr (JsonNode) root = json_gvariant_serialize (value);
  sort_members (root);
  g_autofree char *json = json_to_string (root, indented);
  g_autofree char *safe = escape_steering (json);

  return g_strconcat (safe, "\n", NULL);
}

/* ---- tables ---- */

static void
add_column (struct libscols_table *table, const Field *field)
{
  int flags = field->kind == FIELD_NUMBER ? SCOLS_FL_RIGHT : 0;

  scols_table_new_column (table, field->heading, 0, flags);
}

static void
add_row (struct libscols_table *table, GVariant *record, const Field *fields)
{
  struct libscols_line *line = scols_table_new_line (table, NULL);

  for (size_t i = 0; fields[i].key != NULL && line != NULL; i++) {
    g_autofree char *text = field_text (record, &fields[i], FALSE);
    scols_line_set_data (line, i, *text == '\0' ? "-" : text);
  }
}

static void
print_table (const Cli *cli, GVariant *records, const Field *fields)
{
  struct libscols_table *table = scols_new_table ();
  GVariantIter rows;
  GVariant *record;

  scols_table_enable_noheadings (table, cli->options.no_headings);
  /* into a pipe: whole cells, whatever the width */
  if (!isatty (STDOUT_FILENO))
    scols_table_enable_maxout (table, FALSE);
  for (const Field *field = fields; field->key != NULL; field++)
    add_column (table, field);
  g_variant_iter_init (&rows, records);
  while ((record = g_variant_iter_next_value (&rows)) != NULL) {
    add_row (table, record, fields);
    g_variant_unref (record);
  }
  scols_print_table (table);
  scols_unref_table (table);
}

void
cli_print_records (const Cli *cli, GVariant *records, const Field *fields)
{
  if (cli->options.json) {
    g_autofree char *json = json_text (records, TRUE);
    fputs (json, stdout);
    return;
  }
  if (g_variant_n_children (records) > 0)
    print_table (cli, records, fields);
}

void
cli_print_record (const Cli *cli, GVariant *record, const Field *fields)
{
  if (cli->options.json) {
    g_autofree char *json = json_text (record, TRUE);
    fputs (json, stdout);
    return;
  }
  for (const Field *field = fields; field->key != NULL; field++) {
    g_autofree char *text = field_text (record, field, TRUE);
    if (*text != '\0')
      printf ("%-16s %s\n", field->heading, text);
  }
}
