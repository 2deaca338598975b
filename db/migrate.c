/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Migrations: all or none, with the old file kept beside.
 */
#include "db/migrate.h"

#include <gio/gio.h>

#include "db-resources.h"
#include "db/statement.h"

/* Append only. */
static const Migration ledger_migrations[] = {
  { .script = "/org/keycradle/db/001.sql" }, { .script = "/org/keycradle/db/002.sql" },
  { .script = "/org/keycradle/db/003.sql" }, { .script = "/org/keycradle/db/004.sql" },
  { .script = "/org/keycradle/db/005.sql" }, { .script = "/org/keycradle/db/006.sql" },
  { .script = "/org/keycradle/db/007.sql" }, { .script = "/org/keycradle/db/008.sql" },
  { .script = "/org/keycradle/db/009.sql" }, { .script = "/org/keycradle/db/010.sql" },
};

const Migration *
migrations (guint *count)
{
  *count = G_N_ELEMENTS (ledger_migrations);
  return ledger_migrations;
}

static gboolean
run_resource (Database *database, const char *name, GError **error)
{
  g_autoptr (GBytes) script =
      g_resource_lookup_data (db_get_resource (), name, G_RESOURCE_LOOKUP_FLAGS_NONE, error);

  /* The resource compiler puts a NUL behind the data. */
  return script != NULL && database_run_script (database, g_bytes_get_data (script, NULL), error);
}

static gboolean
run_migration (Database *database, const Migration *migration, GError **error)
{
  if (migration->script != NULL && !run_resource (database, migration->script, error))
    return FALSE;
  return migration->change == NULL || migration->change (database, error);
}

static gboolean
run_from (Database *database, guint from, const Migration *list, guint count, GError **error)
{
  for (guint i = from; i < count; i++)
    if (!run_migration (database, &list[i], error))
      return FALSE;

  g_autofree char *mark = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %u;",
                                           LEDGER_APPLICATION_ID, count);
  return database_run_script (database, mark, error);
}

static gboolean
keep_old_file (Database *database, guint schema, GError **error)
{
  g_autofree char *path = g_strdup_printf ("%s.v%u.bak", database->path, schema);

  return schema == 0 || database_back_up (database, path, error);
}

gboolean
migrate (Database *database, const Migration *list, guint count, GError **error)
{
  gint64 schema;

  if (!database_read_number (database, "PRAGMA user_version", &schema, error))
    return FALSE;
  if (schema >= count)
    return TRUE;
  if (!keep_old_file (database, (guint)schema, error)
      || !statement_execute (database, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (run_from (database, (guint)schema, list, count, error)
      && statement_execute (database, "COMMIT", error))
    return TRUE;
  statement_execute (database, "ROLLBACK", NULL);
  return FALSE;
}
