/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The file itself: who may open it, how it grows older, and what it refuses even from
 * someone who holds SQLite in the hand.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "base/encode.h"
#include "db/migrate.h"
#include "fixture.h"

static char *
file_digest (const char *path)
{
  g_autofree char *data = NULL;
  gsize length;

  ck_assert (g_file_get_contents (path, &data, &length, NULL));
  return sha256_hex ((const guint8 *)data, length);
}

static gboolean
exists_beside (const char *path, const char *suffix)
{
  g_autofree char *name = g_strconcat (path, suffix, NULL);

  return g_file_test (name, G_FILE_TEST_EXISTS);
}

START_TEST (a_newer_schema_is_refused_and_not_touched)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  g_clear_pointer (&f.ledger, ledger_close);
  ck_assert (raw_sql (f.path, "PRAGMA user_version = 99"));
  g_autofree char *before = file_digest (f.path);
  assert_error (ledger_open (f.path, &error) == NULL, LEDGER_ERROR_NEWER_SCHEMA, error);
  g_autofree char *after = file_digest (f.path);
  ck_assert_str_eq (before, after);
  ck_assert (!exists_beside (f.path, "-wal"));
  ck_assert (!exists_beside (f.path, ".v99.bak"));
}
END_TEST

START_TEST (a_newer_schema_that_is_only_in_the_wal_is_not_folded_in)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *wal = NULL;
  g_autofree char *kept_wal = NULL;
  g_autofree char *kept = NULL;
  gsize length;
  gsize wal_length;
  fixture_open (&f);
  g_clear_pointer (&f.ledger, ledger_close);
  wal = g_strconcat (f.path, "-wal", NULL);
  sqlite3 *handle;
  ck_assert_int_eq (sqlite3_open (f.path, &handle), SQLITE_OK);
  ck_assert_int_eq (sqlite3_exec (handle, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
  ck_assert (g_file_get_contents (f.path, &kept, &length, NULL));
  ck_assert (g_file_get_contents (wal, &kept_wal, &wal_length, NULL));
  sqlite3_close (handle);
  ck_assert (g_file_set_contents (f.path, kept, (gssize)length, NULL));
  ck_assert (g_file_set_contents (wal, kept_wal, (gssize)wal_length, NULL));
  g_autofree char *before = file_digest (f.path);

  assert_error (ledger_open (f.path, &error) == NULL, LEDGER_ERROR_NEWER_SCHEMA, error);
  g_autofree char *after = file_digest (f.path);
  ck_assert_str_eq (before, after);
  g_autofree char *version = raw_text (f.path, "PRAGMA user_version");
  ck_assert_str_eq (version, "99");
}
END_TEST

START_TEST (another_programs_database_is_refused_and_not_touched)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  g_autofree char *foreign = g_build_filename (f.folder, "foreign.db", NULL);
  g_autofree char *unmarked = g_build_filename (f.folder, "unmarked.db", NULL);
  g_autofree char *text = g_build_filename (f.folder, "text.db", NULL);
  ck_assert (raw_sql (foreign, "PRAGMA application_id = 7; CREATE TABLE t (x)"));
  ck_assert (raw_sql (unmarked, "CREATE TABLE t (x)"));
  ck_assert (g_file_set_contents (text, "hello", -1, NULL));
  const char *paths[] = { foreign, unmarked, text };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autofree char *before = file_digest (paths[i]);
    assert_error (ledger_open (paths[i], &error) == NULL, LEDGER_ERROR_CORRUPT, error);
    g_autofree char *after = file_digest (paths[i]);
    ck_assert_str_eq (before, after);
  }
}
END_TEST

START_TEST (a_damaged_file_is_refused)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *data = NULL;
  gsize length;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_clear_pointer (&f.ledger, ledger_close);
  ck_assert (g_file_get_contents (f.path, &data, &length, NULL));
  memset (data + 2 * 4096, 0xa5, length - 2 * 4096);
  ck_assert (g_file_set_contents (f.path, data, (gssize)length, NULL));
  assert_error (ledger_open (f.path, &error) == NULL, LEDGER_ERROR_CORRUPT, error);
}
END_TEST

START_TEST (a_ledger_has_one_owner)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  Ledger *second = ledger_open (f.path, &error);
  ck_assert_ptr_null (second);
  ck_assert_ptr_nonnull (strstr (error->message, "in use by another keycradled"));
}
END_TEST

static gboolean
add_colour (Database *database, GError **error)
{
  return database_run_script (
      database, "ALTER TABLE devices ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'", error);
}

static gboolean
fail_half_way (Database *database, GError **error)
{
  return add_colour (database, error) && database_run_script (database, "no such SQL", error);
}

/* The schema that this Keycradle knows, or `more` further. */
static char *
schema_plus (guint more)
{
  guint count;

  migrations (&count);
  return g_strdup_printf ("%u", count + more);
}

/* One schema further than this Keycradle knows. */
static gboolean
migrate_further (const char *path, gboolean (*change) (Database *, GError **), GError **error)
{
  guint count;
  const Migration *known = migrations (&count);
  g_autofree Migration *list = g_new0 (Migration, count + 1);

  memcpy (list, known, count * sizeof *list);
  list[count].change = change;
  g_autoptr (Database) database = database_open_writer (path, count + 1, error);
  return database != NULL && migrate (database, list, count + 1, error);
}

START_TEST (an_older_ledger_is_copied_and_brought_forward)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) certificate = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert_ptr_nonnull (certificate);
  g_clear_pointer (&f.ledger, ledger_close);
  g_autofree char *known = schema_plus (0);
  g_autofree char *further = schema_plus (1);
  g_autofree char *backup = g_strdup_printf ("%s.v%s.bak", f.path, known);

  assert_ok (migrate_further (f.path, add_colour, &error), error);
  g_autofree char *version = raw_text (f.path, "PRAGMA user_version");
  g_autofree char *colour = raw_text (f.path, "SELECT colour FROM devices");
  g_autofree char *old_version = raw_text (backup, "PRAGMA user_version");
  g_autofree char *old_device = raw_text (backup, "SELECT serial FROM devices");
  ck_assert_str_eq (version, further);
  ck_assert_str_eq (colour, "grey");
  ck_assert_str_eq (old_version, known);
  ck_assert_str_eq (old_device, "chip-a");
  /* This Keycradle does not know that schema. */
  assert_error (ledger_open (f.path, &error) == NULL, LEDGER_ERROR_NEWER_SCHEMA, error);
  /* The copy is a ledger of its own. */
  ck_assert_int_eq (g_rename (backup, f.path), 0);
  fixture_reopen (&f);
}
END_TEST

START_TEST (a_migration_that_fails_leaves_the_ledger_as_it_was)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_clear_pointer (&f.ledger, ledger_close);
  ck_assert (!migrate_further (f.path, fail_half_way, &error));
  g_autofree char *version = raw_text (f.path, "PRAGMA user_version");
  g_autofree char *known = schema_plus (0);
  ck_assert_str_eq (version, known);
  ck_assert_ptr_null (raw_text (f.path, "SELECT colour FROM devices"));
  fixture_reopen (&f);
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "b1", NULL);
  ck_assert_ptr_nonnull (batch);
}
END_TEST

#define REPLACE_EVENT                                                                              \
  "INSERT OR REPLACE INTO audit_events SELECT id, at, 'mallory', kind, subject, detail, hash"      \
  " FROM audit_events LIMIT 1"

static const char *const forbidden[] = {
  "UPDATE audit_events SET detail = 'x'",
  "DELETE FROM audit_events",
  REPLACE_EVENT,
  "DELETE FROM certificates",
  "DELETE FROM devices",
  "DELETE FROM attempts",
  "DELETE FROM batches",
  "DELETE FROM keys",
  "UPDATE keys SET device = 2",
  "UPDATE certificates SET der = zeroblob (100)",
  "UPDATE certificates SET serial_number = x'01'",
  "UPDATE certificates SET sha256 = zeroblob (32)",
  "UPDATE certificates SET state = 'issued'",
  "UPDATE certificates SET device = 2",
  "UPDATE certificates SET log_index = 17",
  "UPDATE certificates SET verified_at = 1",
  "UPDATE devices SET serial = 'other'",
  "UPDATE devices SET chip_id = 'other'",
  "UPDATE attempts SET result = 'failed', reason = 'x'",
  "UPDATE batches SET serial_next = serial_next - 1",
  "INSERT INTO audit_events (id, at, actor, kind, subject, detail, hash)"
  " SELECT max (id) + 1, 'now', 'a', 'b', 'c', 'd', zeroblob (32) FROM audit_events",
  "INSERT INTO keys VALUES (x'00', 1)",
  "DELETE FROM seen_keys",
  "UPDATE seen_keys SET device = 2",
  "INSERT OR REPLACE INTO seen_keys SELECT id, number_sha256, type, number, 2, seen_at FROM "
  "seen_keys",
  "INSERT OR REPLACE INTO seen_keys SELECT id + 9, number_sha256, type, number, 2, seen_at"
  " FROM seen_keys",
  "DELETE FROM key_findings",
  "UPDATE key_findings SET device = 2",
  "INSERT OR REPLACE INTO key_findings SELECT id, kind, 1, 1, 1, 1, found_at FROM key_findings",
  "UPDATE meta SET value = 0 WHERE name = 'keys_checked'",
};

START_TEST (what_is_written_stays_written)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, "S");
  g_autoptr (Certificate) first = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert_ptr_nonnull (first);
  g_autoptr (Certificate) second = pass (f.ledger, "b1", "chip-b", 1);
  ck_assert_ptr_nonnull (second);
  const KeyPair pair = { .key = 2, .partner = 1, .kind = "ec-near-key" };
  ck_assert (ledger_record_key_check (f.ledger, 2, &pair, 1, NULL));
  ck_assert (!raw_sql (f.path, forbidden[_i]));
  ck_assert (raw_sql (f.path, "UPDATE devices SET model = 'm2'"));
}
END_TEST

/* Of certificate 1, with another log index, serial number and digest. */
#define COPY_OF_CERTIFICATE(device, serial, digest, index, state)                                  \
  "INSERT INTO certificates (device, batch, profile, state, log_index, issued_at, verified_at,"    \
  " verified_event, serial_number, sha256, sha1, spki_sha256, subject, not_before, not_after, "    \
  "der)"                                                                                           \
  " SELECT " device ", batch, profile, " state ", " index                                          \
  ", issued_at, verified_at, verified_event, " serial ", " digest                                  \
  ", sha1, spki_sha256, subject, not_before, not_after, der FROM certificates WHERE id = 1"

START_TEST (the_schema_itself_keeps_what_must_be_unique)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (EVP_PKEY) key = make_key ();
  g_autoptr (GBytes) der = make_certificate (key, "chip-b", 10);
  ck_assert_ptr_nonnull (der);
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) first = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert_ptr_nonnull (first);
  g_autoptr (Device) other = arrive (f.ledger, "b1", "chip-b", NULL, &attempt, NULL);
  ck_assert_ptr_nonnull (other);

  /* A second live one for the same device; the same key for another device. */
  ck_assert (!raw_sql (f.path, COPY_OF_CERTIFICATE ("1", "x'02'", "zeroblob (32)", "5", "state")));
  ck_assert (!raw_sql (f.path, COPY_OF_CERTIFICATE ("2", "x'02'", "zeroblob (32)", "5", "state")));
  /* The same row goes in once the live one is void: only uniqueness stood in its way. */
  ck_assert (ledger_void_certificate (f.ledger, first->id, "lost", "sue", NULL));
  ck_assert (
      raw_sql (f.path, COPY_OF_CERTIFICATE ("1", "x'02'", "zeroblob (32)", "5", "'verified'")));
  ck_assert (raw_sql (f.path, "INSERT INTO keys SELECT zeroblob (32), 2"));
  ck_assert (!raw_sql (f.path, "INSERT INTO keys SELECT zeroblob (32), 1"));
  ck_assert (!raw_sql (f.path, "INSERT INTO devices (serial, batch, driver, state, created_at)"
                               " VALUES ('chip-a', 1, 'x', 'started', 0)"));
  ck_assert (!raw_sql (f.path, "INSERT INTO devices (serial, chip_id, batch, driver, state,"
                               " created_at) VALUES ('new', 'chip-a', 1, 'x', 'started', 0)"));
  ck_assert (!raw_sql (f.path, "INSERT INTO attempts (slot, batch, device, started_at, result,"
                               " step) VALUES ('9', 1, 2, 0, 'running', 'open')"));
}
END_TEST

START_TEST (the_file_is_set_up_for_power_cuts)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  g_autofree char *mode = raw_text (f.path, "PRAGMA journal_mode");
  g_autofree char *loose =
      raw_text (f.path, "SELECT group_concat (name) FROM pragma_table_list WHERE strict = 0 AND"
                        " schema = 'main' AND name NOT LIKE 'sqlite_%'");
  g_autofree char *id = raw_text (f.path, "PRAGMA application_id");
  ck_assert_str_eq (mode, "wal");
  ck_assert_ptr_null (loose);
  ck_assert_str_eq (id, "1262703180");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("schema");
  TCase *file = tcase_create ("file");

  tcase_set_timeout (file, 60);
  tcase_add_test (file, a_newer_schema_is_refused_and_not_touched);
  tcase_add_test (file, a_newer_schema_that_is_only_in_the_wal_is_not_folded_in);
  tcase_add_test (file, another_programs_database_is_refused_and_not_touched);
  tcase_add_test (file, a_damaged_file_is_refused);
  tcase_add_test (file, a_ledger_has_one_owner);
  tcase_add_test (file, an_older_ledger_is_copied_and_brought_forward);
  tcase_add_test (file, a_migration_that_fails_leaves_the_ledger_as_it_was);
  tcase_add_loop_test (file, what_is_written_stays_written, 0, G_N_ELEMENTS (forbidden));
  tcase_add_test (file, the_schema_itself_keeps_what_must_be_unique);
  tcase_add_test (file, the_file_is_set_up_for_power_cuts);
  suite_add_tcase (suite, file);
  return run_suite (suite);
}
