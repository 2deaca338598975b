/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Long lists: pages of registrations and operations over a ledger of some thousand units, which the
 * filler of the benches makes; and what the clouds are told, in which order, until they answer.
 */
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/encode.h"
#include "db/registry-private.h"
#include "fill-ledger.h"
#include "registry-fixture.h"

#define UNITS 2500
#define MORE 300 /* in batch b2 */

static Fixture f;
static TestAuthority *ca;

static void
write_authority (const char *folder)
{
  g_autofree char *key_path = g_build_filename (folder, "ca.key", NULL);
  g_autofree char *pem_path = g_build_filename (folder, "ca.pem", NULL);
  g_autofree char *profiles = g_build_filename (folder, "profiles.d", NULL);
  g_autofree char *profile = g_build_filename (profiles, "sensor.profile", NULL);
  g_autofree char *pem =
      pem_encode ("CERTIFICATE", g_bytes_get_data (ca->der, NULL), g_bytes_get_size (ca->der));
  FILE *key = fopen (key_path, "w");

  ck_assert_int_eq (PEM_write_PrivateKey (key, ca->key, NULL, NULL, 0, NULL, NULL), 1);
  fclose (key);
  ck_assert (g_file_set_contents (pem_path, pem, -1, NULL));
  ck_assert_int_eq (g_mkdir_with_parents (profiles, 0700), 0);
  ck_assert (g_file_set_contents (profile, "", -1, NULL));
}

/* The ledger that each test gets a copy of. */
static char *template_folder;

static void
make_template (void)
{
  template_folder = g_dir_make_tmp ("keycradle-registry-XXXXXX", NULL);
  ck_assert_ptr_nonnull (template_folder);
  ca = test_authority_new ("ca", 3650);
  write_authority (template_folder);
  g_autoptr (EntryMaker) maker = entry_maker_new (template_folder, TRUE);
  g_autofree char *path = g_build_filename (template_folder, "station.db", NULL);
  ledger_fill (path, maker, "b1", 0, UNITS);
  ledger_fill (path, maker, "b2", UNITS, MORE);
}

static void
remove_template (void)
{
  const char *const names[] = { "profiles.d/sensor.profile",
                                "profiles.d",
                                "ca.key",
                                "ca.pem",
                                "station.db",
                                "station.db-wal",
                                "station.db-shm",
                                "station.db.clean",
                                "station.db.lock",
                                "" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (template_folder, names[i], NULL);
    g_remove (path);
  }
  g_clear_pointer (&template_folder, g_free);
  g_clear_pointer (&ca, test_authority_free);
}

/* "prod" is AWS with the CA; nothing is registered yet. */
static void
set_up (void)
{
  g_autofree char *path = g_build_filename (template_folder, "station.db", NULL);
  g_autofree char *data = NULL;
  gsize length;

  fixture_open (&f);
  g_clear_pointer (&f.ledger, ledger_close);
  ck_assert (g_file_get_contents (path, &data, &length, NULL));
  ck_assert (g_file_set_contents (f.path, data, (gssize)length, NULL));
  fixture_reopen (&f);
  add_aws (f.ledger, "prod", TARGET_SNI_ONLY, OWN);
  register_ca (f.ledger, "prod", ca);
}

static void
tear_down (void)
{
  fixture_close (&f);
}

static void
register_batch (const char *batch)
{
  g_autoptr (GError) error = NULL;
  RegistrySummary summary;
  const RegistryRequest request = { .operation = REGISTRY_REGISTER, .status = REGISTRATION_ACTIVE };
  const RegistrySelection selection = { .batch = batch };

  assert_ok (ledger_change_registry (f.ledger, "prod", &request, &selection, FALSE, "sue", NULL,
                                     NULL, &summary, &error),
             error);
  ck_assert_uint_eq (summary.refused + summary.unchanged, 0);
}

/* ---- the filler ---- */

START_TEST (a_filled_ledger_is_as_the_line_would_have_left_it)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "b1", NULL);
  g_autoptr (Certificate) certificate = ledger_certificate (f.ledger, "SN-0000002499", &error);
  guint64 next;

  ck_assert_uint_eq (batch->devices, UNITS);
  ck_assert_uint_eq (batch->passed, UNITS);
  ck_assert_uint_eq (batch->first_passed, UNITS);
  ck_assert_uint_eq (batch->attempts, UNITS);
  ck_assert (ledger_next_log_index (f.ledger, &next, NULL));
  ck_assert_uint_eq (next, UNITS + MORE);
  assert_text ("2800 2800 2800",
               raw_text (f.path, "SELECT count (DISTINCT sha256) || ' ' || count (DISTINCT"
                                 " spki_sha256) || ' ' || count (DISTINCT serial_number)"
                                 " FROM certificates WHERE state = 'verified'"));
  assert_ok (certificate != NULL, error);
  const guint8 *at = g_bytes_get_data (certificate->der, NULL);
  X509 *leaf = d2i_X509 (NULL, &at, (long)g_bytes_get_size (certificate->der));
  ck_assert_int_eq (X509_verify (leaf, ca->key), 1);
  X509_free (leaf);
  /* Each event's hash is that of what is before it. */
  ck_assert_ptr_null (raw_text (f.path, "PRAGMA foreign_key_check"));
  assert_text ("ok", raw_text (f.path, "PRAGMA integrity_check"));
  g_autofree char *events = raw_text (f.path, "SELECT count (*) || ' ' || max (id) FROM"
                                              " audit_events WHERE hash IS NOT NULL");
  g_autofree char *all =
      raw_text (f.path, "SELECT count (*) || ' ' || count (*) FROM audit_events");
  ck_assert_str_eq (events, all);
}
END_TEST

/* ---- a thousand a transaction ---- */

/* Fewer where the machine is slow: then the line has its turn sooner. */
START_TEST (many_are_registered_up_to_a_thousand_a_transaction)
{
  register_batch ("b1");
  g_autofree char *counts =
      raw_text (f.path, "SELECT group_concat (n) FROM (SELECT CAST (detail AS INTEGER) AS n"
                        " FROM audit_events WHERE kind = 'registry-register' ORDER BY id)");
  g_auto (GStrv) each = g_strsplit (counts, ",", 0);
  guint64 sum = 0;

  ck_assert_uint_ge (g_strv_length (each), 3);
  for (guint i = 0; each[i] != NULL; i++) {
    const guint64 count = g_ascii_strtoull (each[i], NULL, 10);
    ck_assert (count > 0 && count <= 1000);
    sum += count;
  }
  ck_assert_uint_eq (sum, UNITS);
  /* Each operation belongs to the event of its own thousand. */
  assert_text (counts, raw_text (f.path, "SELECT group_concat (n) FROM (SELECT count (*) AS n"
                                         " FROM registry_operations WHERE operation = 'register'"
                                         " GROUP BY event ORDER BY event)"));
}
END_TEST

/* ---- pages ---- */

/* Walks all pages; the serials' numbers as a digest of their order. Returns how many rows came. */
static guint
walk (const RegistrationFilter *filter, guint most, guint *pages, char **order)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *marker = NULL;
  guint rows = 0;

  *pages = 0;
  do {
    g_autoptr (GError) error = NULL;
    char *next = NULL;
    g_autoptr (GPtrArray) page =
        ledger_registrations (f.ledger, filter, most, marker, &next, &error);
    assert_ok (page != NULL, error);
    ck_assert_uint_le (page->len, most);
    for (guint i = 0; i < page->len; i++) {
      const Registration *row = g_ptr_array_index (page, i);
      g_checksum_update (sum, (const guchar *)row->sha256, -1);
    }
    rows += page->len;
    (*pages)++;
    g_free (marker);
    marker = next;
  } while (marker != NULL);
  if (order != NULL)
    *order = g_strdup (g_checksum_get_string (sum));
  return rows;
}

START_TEST (pages_hold_each_row_once_in_both_directions)
{
  RegistrationFilter filter = { .target = "prod", .ascending = TRUE };
  guint pages;
  g_autofree char *by_250 = NULL;
  g_autofree char *by_7 = NULL;

  register_batch ("b1");
  ck_assert_uint_eq (walk (&filter, 250, &pages, &by_250), UNITS);
  ck_assert_uint_eq (pages, UNITS / 250);
  ck_assert_uint_eq (walk (&filter, 7, &pages, &by_7), UNITS);
  ck_assert_str_eq (by_250, by_7);
  g_autofree char *list = raw_text (
      f.path,
      "SELECT group_concat (lower (hex (sha256)), '') FROM (SELECT sha256 FROM registrations"
      " JOIN certificates ON certificates.id = certificate ORDER BY registrations.id)");
  assert_text (by_7, g_compute_checksum_for_string (G_CHECKSUM_SHA256, list, -1));
  filter.ascending = FALSE;
  ck_assert_uint_eq (walk (&filter, 249, &pages, NULL), UNITS);
  ck_assert_uint_eq (pages, UNITS / 249 + 1);
}
END_TEST

START_TEST (what_comes_meanwhile_neither_repeats_nor_hides)
{
  g_autoptr (GError) error = NULL;
  const RegistrationFilter newest_first = { .target = "prod" };
  g_autofree char *marker = NULL;
  g_autofree char *next = NULL;
  register_batch ("b1");
  g_autoptr (GPtrArray) first =
      ledger_registrations (f.ledger, &newest_first, 100, NULL, &marker, &error);
  assert_ok (first != NULL, error);
  const Registration *last = g_ptr_array_index (first, 99);
  register_batch ("b2");
  g_autofree char *gone = change (f.ledger, REGISTRY_DEACTIVATE, "prod", last->device);
  g_autofree char *deleted = change (f.ledger, REGISTRY_DELETE, "prod", last->device);
  ck_assert (gone != NULL && deleted != NULL);
  g_autoptr (GPtrArray) second =
      ledger_registrations (f.ledger, &newest_first, 100, marker, &next, &error);
  assert_ok (second != NULL, error);
  const Registration *following = g_ptr_array_index (second, 0);
  ck_assert_uint_eq (second->len, 100);
  ck_assert_int_eq (following->id, last->id - 1);
}
END_TEST

START_TEST (filters_find_what_they_name)
{
  guint pages;
  g_autofree char *heard = NULL;
  g_autoptr (Certificate) seventh = ledger_certificate (f.ledger, "SN-0000000007", NULL);
  register_batch ("b1");
  register_batch ("b2");
  add_aws (f.ledger, "test", TARGET_WITHOUT_CA, OTHER);
  heard = change (f.ledger, REGISTRY_REGISTER, "test", "SN-0000000007 SN-0000000008");
  g_autofree char *revoked = change (f.ledger, REGISTRY_REVOKE, "prod", "SN-0000000007");
  ck_assert_ptr_nonnull (revoked);
  const struct {
    RegistrationFilter filter;
    guint rows;
  } cases[] = {
    { { .target = NULL }, UNITS + MORE + 2 },
    { { .target = "test" }, 2 },
    { { .batch = "b2" }, MORE },
    { { .batch = "b2", .target = "test" }, 0 },
    { { .authority = "ca" }, UNITS + MORE },
    { { .authority = ca->sha256, .target = "prod", .batch = "b2" }, MORE },
    { { .authority = "other" }, 0 },
    { { .device = "SN-0000000007" }, 2 },
    { { .device = "SN-0000000007", .target = "prod" }, 1 },
    { { .device = "nobody" }, 0 },
    { { .sha256 = seventh->sha256 }, 2 },
    { { .status = REGISTRATION_REVOKED }, 1 },
    { { .status = REGISTRATION_REVOKED, .target = "prod" }, 1 },
    { { .status = REGISTRATION_REVOKED, .target = "test" }, 0 },
    { { .status = REGISTRATION_ACTIVE, .target = "prod" }, UNITS + MORE - 1 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    RegistrationFilter filter = cases[i].filter;
    ck_assert_msg (walk (&filter, 250, &pages, NULL) == cases[i].rows, "case %u", i);
    filter.ascending = TRUE;
    ck_assert_msg (walk (&filter, 250, &pages, NULL) == cases[i].rows, "case %u", i);
  }
}
END_TEST

START_TEST (a_row_tells_what_is_known_of_it)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *next = NULL;
  const RegistrationFilter filter = { .device = "SN-0000000007" };
  g_autofree char *heard = change (f.ledger, REGISTRY_REGISTER, "prod", "SN-0000000007");
  g_autoptr (GPtrArray) page = ledger_registrations (f.ledger, &filter, 1, NULL, &next, &error);
  const Registration *row = g_ptr_array_index (page, 0);

  ck_assert_ptr_nonnull (heard);
  ck_assert_str_eq (row->target, "prod");
  ck_assert_str_eq (row->device, "SN-0000000007");
  ck_assert_str_eq (row->batch, "b1");
  ck_assert_str_eq (row->authority, "ca");
  ck_assert_str_eq (row->certificate_mode, "SNI_ONLY");
  ck_assert_int_eq (row->status, REGISTRATION_ACTIVE);
  ck_assert_uint_eq (row->waiting, 1);
  ck_assert_ptr_null (row->transferred_to);
}
END_TEST

START_TEST (markers_that_are_not_ours_are_refused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *marker = NULL;
  g_autofree char *next = NULL;
  const RegistrationFilter filter = { .target = "prod" };
  const OperationFilter operations = { .target = "prod" };
  register_batch ("b2");
  g_autoptr (GPtrArray) page = ledger_registrations (f.ledger, &filter, 10, NULL, &marker, &error);
  ck_assert (page != NULL && g_regex_match_simple ("^[A-Za-z0-9+/]+={0,2}$", marker, 0, 0));
  const char *const bad[] = { "", "abc", "AAAAAAAAAAAAAAAAAAAAAAAA", "\xff\xff" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_refused (ledger_registrations (f.ledger, &filter, 10, bad[i], &next, &error) == NULL,
                    LEDGER_ERROR_INVALID, "begin without one", error);
  for (guint i = 0; i < strlen (marker) - 1; i++) {
    g_autofree char *changed = g_strdup (marker);
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    assert_refused (ledger_registrations (f.ledger, &filter, 10, changed, &next, &error) == NULL,
                    LEDGER_ERROR_INVALID, "begin without one", error);
  }
  assert_refused (ledger_operations (f.ledger, &operations, 10, marker, &next, &error) == NULL,
                  LEDGER_ERROR_INVALID, "begin without one", error);
  assert_refused (ledger_registrations (f.ledger, &filter, 0, NULL, &next, &error) == NULL,
                  LEDGER_ERROR_INVALID, "1 to 250", error);
  assert_refused (ledger_registrations (f.ledger, &filter, 251, NULL, &next, &error) == NULL,
                  LEDGER_ERROR_INVALID, "1 to 250", error);
}
END_TEST

START_TEST (no_page_is_sorted_or_counted_off)
{
  for (guint way = 0; registration_page_query (way, FALSE) != NULL; way++)
    for (guint ascending = 0; ascending < 2; ascending++) {
      const char *query = registration_page_query (way, ascending != 0);
      g_autofree char *plan = query_plan (f.path, query);
      const gboolean few = strstr (query, " AND entry.certificate ") != NULL;
      const gboolean all = strstr (query, "?1 = 0") != NULL;

      ck_assert_msg (few || strstr (plan, "TEMP B-TREE") == NULL, "%s\n%s", query, plan);
      ck_assert_msg (all || strstr (plan, "SCAN") == NULL, "%s\n%s", query, plan);
      ck_assert_msg (!all || strstr (plan, "SEARCH entry USING INTEGER PRIMARY KEY") != NULL,
                     "%s\n%s", query, plan);
    }
  g_autofree char *plan = query_plan (f.path, due_operations_query ());
  ck_assert_msg (strstr (plan, "operations_waiting") != NULL, "%s", plan);
  ck_assert_msg (strstr (plan, "operations_open ") != NULL, "%s", plan);
  ck_assert_msg (strstr (plan, "SCAN") == NULL && strstr (plan, "TEMP B-TREE") == NULL, "%s", plan);
}
END_TEST

/* ---- operations ---- */

/* "OPERATION DEVICE" of what is due, with commas between; the CA has no device. */
static char *
due (gint64 after, guint most)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = ledger_due_operations (f.ledger, "prod", after, most, &error);
  GString *text = g_string_new (NULL);

  assert_ok (rows != NULL, error);
  for (guint i = 0; i < rows->len; i++) {
    const Operation *row = g_ptr_array_index (rows, i);

    g_string_append_printf (text, "%s%s %s", i > 0 ? "," : "", row->operation,
                            row->device == NULL ? "-" : row->device + 9);
  }
  return g_string_free (text, FALSE);
}

static void
answer (gint64 id, const char *state, const char *words, gint64 not_before)
{
  g_autoptr (GError) error = NULL;
  const OperationAnswer one = {
    .id = id, .state = state, .answer = words, .not_before = not_before
  };

  assert_ok (ledger_answer_operations (f.ledger, &one, 1, "courier", &error), error);
}

START_TEST (what_is_due_keeps_the_order_of_each_certificate)
{
  g_autofree char *heard =
      change (f.ledger, REGISTRY_REGISTER, "prod", "SN-0000000001 SN-0000000002");
  g_autofree char *revoked = change (f.ledger, REGISTRY_REVOKE, "prod", "SN-0000000001");
  ck_assert (heard != NULL && revoked != NULL);

  /* 1: the CA, 2 and 3: register, 4: revoke. */
  assert_text ("register-ca -", due (0, 10));
  answer (1, "done", NULL, 0);
  assert_text ("register 0001,register 0002", due (0, 10));
  assert_text ("register 0001", due (0, 1));
  assert_text ("register 0002", due (2, 10));
  answer (2, "handed", NULL, 0);
  assert_text ("register 0002", due (0, 10));
  answer (2, "done", NULL, 0);
  assert_text ("register 0002,revoke 0001", due (0, 10));
  answer (3, "waiting", "throttled", g_get_real_time () + 60 * G_USEC_PER_SEC);
  answer (4, "waiting", "throttled", 1);
  assert_text ("revoke 0001", due (0, 10));
  answer (4, "refused", "no such certificate", 0);
  assert_text ("", due (0, 10));
}
END_TEST

START_TEST (a_revocation_does_not_wait_for_what_was_refused)
{
  const char *one = "SN-0000000001";
  g_autofree char *heard = change (f.ledger, REGISTRY_REGISTER, "prod", one);
  g_autofree char *off = change (f.ledger, REGISTRY_DEACTIVATE, "prod", one);
  g_autofree char *on = change (f.ledger, REGISTRY_ACTIVATE, "prod", one);
  g_autofree char *revoked = change (f.ledger, REGISTRY_REVOKE, "prod", one);
  ck_assert (heard != NULL && off != NULL && on != NULL && revoked != NULL);

  /* 2: register, 3: deactivate, 4: activate, 5: revoke. Nor does it wait for the CA's change. */
  answer (1, "done", NULL, 0);
  answer (2, "done", NULL, 0);
  ck_assert (
      ledger_change_authority (f.ledger, "prod", "ca", REGISTRATION_INACTIVE, -1, "sue", NULL));
  answer (6, "refused", "in use", 0);
  answer (3, "refused", "conflict", 0);
  assert_text ("", due (0, 10));
  answer (4, "refused", "conflict", 0);
  assert_text ("revoke 0001", due (0, 10));
}
END_TEST

START_TEST (what_is_due_carries_certificate_and_ca)
{
  g_autofree char *heard = change (f.ledger, REGISTRY_REGISTER, "prod", "SN-0000000001");
  ck_assert_ptr_nonnull (heard);
  g_autoptr (GPtrArray) first = ledger_due_operations (f.ledger, "prod", 0, 0, NULL);
  const Operation *authority = g_ptr_array_index (first, 0);
  ck_assert (g_bytes_equal (authority->der, ca->der));
  answer (1, "done", NULL, 0);
  g_autoptr (GPtrArray) second = ledger_due_operations (f.ledger, "prod", 0, 0, NULL);
  const Operation *operation = g_ptr_array_index (second, 0);
  g_autoptr (Certificate) certificate = ledger_certificate (f.ledger, "SN-0000000001", NULL);

  ck_assert (g_bytes_equal (operation->der, certificate->der));
  ck_assert (g_bytes_equal (operation->authority, ca->der));
  ck_assert_str_eq (operation->sha256, certificate->sha256);
  ck_assert_ptr_null (operation->from_status);
  ck_assert_str_eq (operation->to_status, "ACTIVE");
  ck_assert_str_eq (operation->actor, "sue");
}
END_TEST

START_TEST (answers_are_taken_once_and_all_or_none)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *heard = change (f.ledger, REGISTRY_REGISTER, "prod", "SN-0000000001");
  const OperationAnswer two[] = { { .id = 1, .state = "done" }, { .id = 99, .state = "done" } };
  const OperationAnswer silent = { .id = 1, .state = "refused" };
  const OperationAnswer odd = { .id = 1, .state = "parked", .answer = "x" };

  ck_assert_ptr_nonnull (heard);
  assert_refused (!ledger_answer_operations (f.ledger, two, 2, "courier", &error),
                  LEDGER_ERROR_NOT_FOUND, "no operation 99", error);
  assert_text ("register-ca waiting,register waiting", operations_in (f.ledger, "prod"));
  assert_refused (!ledger_answer_operations (f.ledger, &silent, 1, "courier", &error),
                  LEDGER_ERROR_INVALID, "in words", error);
  assert_refused (!ledger_answer_operations (f.ledger, &odd, 1, "courier", &error),
                  LEDGER_ERROR_INVALID, "say one of these", error);
  answer (1, "done", NULL, 0);
  answer (1, "refused", "late", 0);
  assert_text ("register-ca done,register waiting", operations_in (f.ledger, "prod"));
  g_autoptr (Target) target = ledger_target (f.ledger, "prod", NULL);
  ck_assert_uint_eq (target->waiting, 1);
}
END_TEST

#define ANSWERED                                                                                   \
  "SELECT group_concat (actor || ' ' || subject || ': ' || detail, '; ') FROM audit_events"        \
  " WHERE kind = 'registry-answered'"

START_TEST (who_said_that_a_cloud_was_told_is_on_record)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *heard =
      change (f.ledger, REGISTRY_REGISTER, "prod", "SN-0000000001 SN-0000000002");
  const OperationAnswer page[] = { { .id = 2, .state = "refused", .answer = "no" },
                                   { .id = 3, .state = "done" } };

  ck_assert_ptr_nonnull (heard);
  answer (1, "waiting", "away", 1);
  answer (1, "done", NULL, 0);
  answer (1, "done", NULL, 0); /* that was known */
  assert_ok (ledger_answer_operations (f.ledger, page, 2, "mei (bench)", &error), error);
  assert_text ("courier operations 1 to 1: 1 done, 0 refused; "
               "mei (bench) operations 2 to 3: 1 done, 1 refused",
               raw_text (f.path, ANSWERED));
}
END_TEST

START_TEST (an_alarm_is_on_record)
{
  g_autofree char *heard = change (f.ledger, REGISTRY_REGISTER, "prod", "SN-0000000001");
  ck_assert_ptr_nonnull (heard);
  answer (1, "done", NULL, 0);
  answer (2, "alarm", "another certificate has this name", 0);
  assert_text ("courier SN-0000000001 register in target prod (operation 2): another certificate"
               " has this name",
               raw_text (f.path, "SELECT actor || ' ' || subject || ' ' || detail"
                                 " FROM audit_events WHERE kind = 'registry-alarm'"));
  g_autoptr (Target) target = ledger_target (f.ledger, "prod", NULL);
  ck_assert_uint_eq (target->alarms, 1);
  ck_assert (ledger_set_operation_state (f.ledger, 2, "dropped", "looked at", "sue", NULL));
  g_autoptr (Target) after = ledger_target (f.ledger, "prod", NULL);
  ck_assert_uint_eq (after->alarms, 0);
}
END_TEST

START_TEST (a_person_parks_retries_and_drops)
{
  g_autoptr (GError) error = NULL;
#define SAY(state, reason) ledger_set_operation_state (f.ledger, 1, state, reason, "sue", &error)

  assert_refused (!SAY ("parked", ""), LEDGER_ERROR_INVALID, "reason is missing", error);
  assert_refused (!SAY ("refused", "x"), LEDGER_ERROR_INVALID, "say one of these", error);
  assert_ok (SAY ("parked", "Monday"), error);
  assert_text ("", due (0, 10));
  assert_ok (SAY ("waiting", "now"), error);
  assert_ok (SAY ("waiting", "now"), error);
  assert_text ("register-ca -", due (0, 10));
  assert_ok (SAY ("dropped", "by hand"), error);
  assert_refused (!SAY ("waiting", "again"), LEDGER_ERROR_INVALID, "which is its end", error);
  assert_text ("3", raw_text (f.path, "SELECT count (*) FROM audit_events"
                                      " WHERE kind = 'registry-state'"));
  ck_assert (!raw_sql (f.path, "UPDATE registry_operations SET state = 'waiting'"));
#undef SAY
}
END_TEST

START_TEST (a_batch_that_a_manifest_carried_is_done)
{
  g_autoptr (GError) error = NULL;
  guint64 count;

  register_batch ("b1");
  register_batch ("b2");
  g_autofree char *revoked = change (f.ledger, REGISTRY_REVOKE, "prod", "SN-0000000001");
  ck_assert_ptr_nonnull (revoked);
  assert_ok (ledger_confirm_batch (f.ledger, "prod", "b1", "sue", &count, &error), error);
  ck_assert_uint_eq (count, UNITS);
  assert_ok (ledger_confirm_batch (f.ledger, "prod", "b1", "sue", &count, &error), error);
  ck_assert_uint_eq (count, 0);
  g_autoptr (Target) target = ledger_target (f.ledger, "prod", NULL);
  ck_assert_uint_eq (target->waiting,
                     MORE + 2); /* with the CA's and what came after the manifest */
  assert_text ("3", raw_text (f.path, "SELECT count (*) FROM audit_events"
                                      " WHERE kind = 'registry-confirmed'"));
}
END_TEST

START_TEST (operations_are_listed_newest_first_by_pages)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *marker = NULL;
  guint rows = 0;
  gint64 last = G_MAXINT64;
  const OperationFilter waiting = { .target = "prod", .state = "waiting" };
  const OperationFilter device = { .device = "SN-0000000001" };
  const OperationFilter odd = { .state = "open" };

  register_batch ("b1");
  do {
    char *next = NULL;
    g_autoptr (GPtrArray) page = ledger_operations (f.ledger, &waiting, 250, marker, &next, &error);
    assert_ok (page != NULL, error);
    for (guint i = 0; i < page->len; i++) {
      const Operation *row = g_ptr_array_index (page, i);
      ck_assert_int_lt (row->id, last);
      last = row->id;
    }
    rows += page->len;
    g_free (marker);
    marker = next;
  } while (marker != NULL);
  ck_assert_uint_eq (rows, UNITS + 1);
  g_autoptr (GPtrArray) one = ledger_operations (f.ledger, &device, 250, NULL, &marker, &error);
  ck_assert_uint_eq (one->len, 1);
  assert_refused (ledger_operations (f.ledger, &odd, 250, NULL, &marker, &error) == NULL,
                  LEDGER_ERROR_INVALID, "say one of these", error);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("registry-pages");
  TCase *cases = tcase_create ("pages");

  tcase_set_timeout (cases, 120);
  tcase_add_unchecked_fixture (cases, make_template, remove_template);
  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, a_filled_ledger_is_as_the_line_would_have_left_it);
  tcase_add_test (cases, many_are_registered_up_to_a_thousand_a_transaction);
  tcase_add_test (cases, pages_hold_each_row_once_in_both_directions);
  tcase_add_test (cases, what_comes_meanwhile_neither_repeats_nor_hides);
  tcase_add_test (cases, filters_find_what_they_name);
  tcase_add_test (cases, a_row_tells_what_is_known_of_it);
  tcase_add_test (cases, markers_that_are_not_ours_are_refused);
  tcase_add_test (cases, no_page_is_sorted_or_counted_off);
  tcase_add_test (cases, what_is_due_keeps_the_order_of_each_certificate);
  tcase_add_test (cases, a_revocation_does_not_wait_for_what_was_refused);
  tcase_add_test (cases, what_is_due_carries_certificate_and_ca);
  tcase_add_test (cases, answers_are_taken_once_and_all_or_none);
  tcase_add_test (cases, who_said_that_a_cloud_was_told_is_on_record);
  tcase_add_test (cases, an_alarm_is_on_record);
  tcase_add_test (cases, a_person_parks_retries_and_drops);
  tcase_add_test (cases, a_batch_that_a_manifest_carried_is_done);
  tcase_add_test (cases, operations_are_listed_newest_first_by_pages);
  suite_add_tcase (suite, cases);
  return run_suite (suite);
}
