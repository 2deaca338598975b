/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See record.h. A record is walked once and its values compared in place, so that a signal that
 * changes a step costs one small text and no more.
 */
#include "ui-tui/record.h"

#include <string.h>

#include "base/text.h"

#define MOST_TEXT 4096
#define MOST_LINES 20000

static void *
member (const RecordField *field, void *target)
{
  return (guint8 *)target + field->offset;
}

static char *
lines_for_display (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", MOST_LINES);

  for (char **line = lines; *line != NULL; line++) {
    char *safe = text_for_display (*line, MOST_TEXT);

    g_free (*line);
    *line = safe;
  }
  return g_strjoinv ("\n", lines);
}

static void
read_text (const RecordField *field, GVariant *value, char **text)
{
  const char *told = g_variant_get_string (value, NULL);

  if (g_strcmp0 (told, *text) == 0) /* it was made safe when it came */
    return;
  g_free (*text);
  *text =
      field->kind == RECORD_LINES ? lines_for_display (told) : text_for_display (told, MOST_TEXT);
}

static void
read_words (GVariant *value, char ***words)
{
  g_autoptr (GStrvBuilder) safe = g_strv_builder_new ();
  g_autofree const char **told = g_variant_get_strv (value, NULL);

  for (const char **word = told; *word != NULL; word++) {
    g_autofree char *shown = text_for_display (*word, MOST_TEXT);

    g_strv_builder_add (safe, shown);
  }
  g_strfreev (*words);
  *words = g_strv_builder_end (safe);
}

static void
read_choice (const RecordField *field, GVariant *value, int *choice)
{
  const char *told = g_variant_get_string (value, NULL);

  for (int i = 0; field->words[i] != NULL; i++)
    if (g_str_equal (told, field->words[i]))
      *choice = i;
}

static void
read_list (const RecordField *field, GVariant *value, GPtrArray **list)
{
  g_clear_pointer (list, g_ptr_array_unref);
  *list = record_read_list (field->table, value);
}

static const GVariantType *
type_of (RecordKind kind)
{
  switch (kind) {
  case RECORD_TEXT:
  case RECORD_LINES:
  case RECORD_CHOICE:
    return G_VARIANT_TYPE_STRING;
  case RECORD_WORDS:
    return G_VARIANT_TYPE_STRING_ARRAY;
  case RECORD_NUMBER:
    return G_VARIANT_TYPE_UINT32;
  case RECORD_LARGE:
    return G_VARIANT_TYPE_UINT64;
  case RECORD_TIME:
    return G_VARIANT_TYPE_INT64;
  case RECORD_FLAG:
    return G_VARIANT_TYPE_BOOLEAN;
  case RECORD_INSIDE:
    return G_VARIANT_TYPE_VARDICT;
  case RECORD_LIST:
    return G_VARIANT_TYPE ("aa{sv}");
  }
  return G_VARIANT_TYPE_UNIT;
}

static void
read_value (const RecordField *field, GVariant *value, void *target)
{
  void *place = member (field, target);

  switch (field->kind) {
  case RECORD_TEXT:
  case RECORD_LINES:
    read_text (field, value, place);
    break;
  case RECORD_WORDS:
    read_words (value, place);
    break;
  case RECORD_NUMBER:
    *(guint *)place = g_variant_get_uint32 (value);
    break;
  case RECORD_LARGE:
    *(guint64 *)place = g_variant_get_uint64 (value);
    break;
  case RECORD_TIME:
    *(gint64 *)place = g_variant_get_int64 (value);
    break;
  case RECORD_FLAG:
    *(gboolean *)place = g_variant_get_boolean (value);
    break;
  case RECORD_CHOICE:
    read_choice (field, value, place);
    break;
  case RECORD_INSIDE:
    record_read (field->table, value, place);
    break;
  case RECORD_LIST:
    read_list (field, value, place);
    break;
  }
}

static void
clear_value (const RecordField *field, void *target)
{
  void *place = member (field, target);

  switch (field->kind) {
  case RECORD_TEXT:
  case RECORD_LINES:
    g_clear_pointer ((char **)place, g_free);
    break;
  case RECORD_WORDS:
    g_clear_pointer ((char ***)place, g_strfreev);
    break;
  case RECORD_NUMBER:
    *(guint *)place = 0;
    break;
  case RECORD_LARGE:
    *(guint64 *)place = 0;
    break;
  case RECORD_TIME:
    *(gint64 *)place = 0;
    break;
  case RECORD_FLAG:
    *(gboolean *)place = FALSE;
    break;
  case RECORD_CHOICE:
    *(int *)place = 0;
    break;
  case RECORD_INSIDE:
    record_clear (field->table, place);
    break;
  case RECORD_LIST:
    g_clear_pointer ((GPtrArray **)place, g_ptr_array_unref);
    break;
  }
}

/* The number of the field, or -1. */
static int
find_field (const RecordTable *table, const char *key)
{
  for (int i = 0; table->fields[i].key != NULL; i++)
    if (strcmp (table->fields[i].key, key) == 0)
      return i;
  return -1;
}

static gboolean
stays_when_missing (RecordKind kind)
{
  return kind == RECORD_INSIDE || kind == RECORD_LIST || kind == RECORD_CHOICE;
}

/* Which fields were there: a bit each. */
static guint64
read_fields (const RecordTable *table, GVariant *record, void *target)
{
  GVariantIter iterator;
  const char *key;
  GVariant *value;
  guint64 seen = 0;

  g_variant_iter_init (&iterator, record);
  while (g_variant_iter_loop (&iterator, "{&sv}", &key, &value)) {
    const int i = find_field (table, key);

    if (i < 0 || !g_variant_is_of_type (value, type_of (table->fields[i].kind)))
      continue;
    read_value (&table->fields[i], value, target);
    seen |= G_GUINT64_CONSTANT (1) << i;
  }
  return seen;
}

void
record_read (const RecordTable *table, GVariant *record, void *target)
{
  guint64 seen;

  if (!g_variant_is_of_type (record, G_VARIANT_TYPE_VARDICT))
    return;
  seen = read_fields (table, record, target);
  for (int i = 0; table->fields[i].key != NULL; i++)
    if ((seen >> i & 1) == 0 && !stays_when_missing (table->fields[i].kind))
      clear_value (&table->fields[i], target);
}

void
record_update (const RecordTable *table, GVariant *record, void *target)
{
  if (g_variant_is_of_type (record, G_VARIANT_TYPE_VARDICT))
    read_fields (table, record, target);
}

void
record_clear (const RecordTable *table, void *target)
{
  for (const RecordField *field = table->fields; field->key != NULL; field++)
    clear_value (field, target);
}

GPtrArray *
record_read_list (const RecordTable *table, GVariant *list)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (table->free);
  GVariantIter iterator;
  GVariant *record;

  if (!g_variant_is_of_type (list, G_VARIANT_TYPE ("aa{sv}")))
    return items;
  g_variant_iter_init (&iterator, list);
  while (g_variant_iter_loop (&iterator, "@a{sv}", &record)) {
    void *item = g_malloc0 (table->size);

    record_read (table, record, item);
    g_ptr_array_add (items, item);
  }
  return items;
}
