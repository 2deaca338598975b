/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-names.h.
 */
#include "db/manifest-names.h"

#define FEW_ROWS 5000    /* asking about each of them is quicker */
#define MOST_NAMES 20000 /* so that memory stays bounded */

#define NAMES_QUERY                                                                                \
  "SELECT common_name FROM certificates INDEXED BY certificates_by_name"                           \
  " WHERE batch = ? AND common_name IS NOT NULL ORDER BY common_name"

/* In the order of the index a name that is there again stands beside itself. */
static gboolean
load_several (ManifestNames *names, GError **error)
{
  gboolean more;
  g_autoptr (GString) before = g_string_new (NULL);
  g_autoptr (Statement) select = statement_prepare (names->database, NAMES_QUERY, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, names->walk->batch_id);
  do {
    if (!statement_step (select, &more, error))
      return FALSE;
    const char *name = more ? statement_text (select) : "";
    if (more && g_str_equal (name, before->str))
      g_hash_table_add (names->several, g_strdup (name));
    g_string_assign (before, name);
  } while (more && g_hash_table_size (names->several) <= MOST_NAMES);
  if (g_hash_table_size (names->several) > MOST_NAMES) {
    names->every_row = TRUE;
    g_hash_table_remove_all (names->several);
  }
  return TRUE;
}

gboolean
manifest_names_init (ManifestNames *names, Database *database, const ManifestWalk *walk,
                     guint64 count, GError **error)
{
  names->database = database;
  names->walk = walk;
  names->several = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!walk->writer->unique_names)
    return TRUE;
  names->every_row = count <= FEW_ROWS;
  return names->every_row || load_several (names, error);
}

void
manifest_names_clear (ManifestNames *names)
{
  g_clear_pointer (&names->several, g_hash_table_unref);
}

/* Left to itself, SQLite would look for the namesake among all certificates of the batch. */
#define TAKEN_QUERY                                                                                \
  "SELECT 1 FROM certificates INDEXED BY certificates_by_name WHERE batch = ? AND common_name = ?" \
  " AND device <> ? AND verified_event < ? AND (void_event IS NULL OR void_event > ?) LIMIT 1"

gboolean
manifest_names_judge (const ManifestNames *names, ManifestRow *row, GError **error)
{
  row->name_taken = FALSE;
  if (row->common_name == NULL
      || (!names->every_row && !g_hash_table_contains (names->several, row->common_name)))
    return TRUE;
  g_autoptr (Statement) select = statement_prepare (names->database, TAKEN_QUERY, error);
  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, names->walk->batch_id);
  statement_bind_text (select, row->common_name);
  statement_bind_int64 (select, row->device_id);
  statement_bind_int64 (select, row->verified_event);
  statement_bind_int64 (select, names->walk->as_of);
  return statement_step (select, &row->name_taken, error);
}
