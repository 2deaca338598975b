/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The stock as checks see it: who is in scope, what ends, what is shared, and rows that do not say
 * what their certificates say.
 */
#include "db/ledger-stock.h"

#include <string.h>

#include "base/certificate.h"
#include "base/encode.h"
#include "fixture.h"

#define DAY G_GINT64_CONSTANT (86400)

static Fixture f;
static EVP_PKEY *key;

static void
set_up (void)
{
  fixture_open (&f);
  key = make_key ();
  start_batch (f.ledger, "b1", 0, NULL);
}

static void
tear_down (void)
{
  EVP_PKEY_free (key);
  fixture_close (&f);
}

static StockReader *
open_reader (const char *target, const char *batch)
{
  g_autoptr (GError) error = NULL;
  StockReader *reader = stock_reader_open (f.ledger, target, batch, &error);

  assert_ok (reader != NULL, error);
  return reader;
}

static gboolean
note_device (const StockRow *row, gpointer data, GError **error)
{
  g_string_append_printf (data, "%s ", row->device);
  return TRUE;
}

static char *
all_devices (StockReader *reader)
{
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  for (StockPlace place = { 0 }; !place.done;)
    assert_ok (stock_each (reader, &place, note_device, names, &error), error);
  return g_string_free (g_steal_pointer (&names), FALSE);
}

static guint64
count_of (StockReader *reader)
{
  g_autoptr (GError) error = NULL;
  guint64 count = 0;

  assert_ok (stock_count (reader, &count, &error), error);
  return count;
}

static void
void_device (const char *serial)
{
  g_autofree char *sql = g_strdup_printf (
      "UPDATE certificates SET state = 'void', void_reason = 'test', void_event = 1 WHERE device ="
      " (SELECT id FROM devices WHERE serial = '%s')",
      serial);

  ck_assert (raw_sql (f.path, sql));
}

START_TEST (what_is_void_or_open_is_out_of_scope)
{
  g_autoptr (StockReader) reader = open_reader (NULL, NULL);
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr (GError) error = NULL;
  gint64 attempt;

  for (guint i = 0; i < 3; i++) {
    g_autofree char *chip = g_strdup_printf ("chip-%u", i);
    certificate_free (pass (f.ledger, "b1", chip, i));
  }
  EVP_PKEY *other = make_key ();
  g_autoptr (GBytes) open = make_certificate (other, "chip-3", 10);
  g_autoptr (GBytes) spki = spki_of (other);
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-3", NULL, &attempt, &error);
  assert_ok (device != NULL && ledger_take_key (f.ledger, device->id, spki, &error)
                 && store (f.ledger, 3, "b1", "chip-3", open, &error),
             error);
  EVP_PKEY_free (other);
  before = all_devices (reader);
  ck_assert_str_eq (before, "chip-0 chip-1 chip-2 ");
  ck_assert_uint_eq (count_of (reader), 3);
  void_device ("chip-1");
  after = all_devices (reader);
  ck_assert_str_eq (after, "chip-0 chip-2 ");
  ck_assert_uint_eq (count_of (reader), 2);
}
END_TEST

START_TEST (what_ends_comes_by_its_end)
{
  static const int days[] = { 40, 10, 20 };
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (StockReader) reader = open_reader (NULL, NULL);
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  StockPlace place = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (days); i++) {
    EVP_PKEY *own = make_key ();
    g_autofree char *chip = g_strdup_printf ("chip-%d", days[i]);
    g_autoptr (GBytes) der = make_certificate (own, chip, days[i]);
    certificate_free (pass_with (f.ledger, "b1", chip, i, der));
    EVP_PKEY_free (own);
  }
  assert_ok (stock_ending (reader, now + 30 * DAY, &place, note_device, names, &error), error);
  ck_assert (place.done);
  ck_assert_str_eq (names->str, "chip-10 chip-20 ");
}
END_TEST

static gboolean
note_serial (const StockRow *row, gpointer data, GError **error)
{
  ck_assert_ptr_nonnull (row->der);
  g_string_append_printf (data, "%s %s ", row->device, row->status);
  return TRUE;
}

START_TEST (a_serial_number_finds_its_own)
{
  g_autoptr (Certificate) certificate = pass (f.ledger, "b1", "chip-0", 0);
  g_autoptr (GBytes) serial = hex_decode (certificate->serial_number);
  g_autoptr (StockReader) reader = open_reader (NULL, NULL);
  g_autoptr (GString) found = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  assert_ok (stock_of_serial (reader, g_bytes_get_data (serial, NULL), g_bytes_get_size (serial),
                              note_serial, found, &error),
             error);
  ck_assert_str_eq (found->str, "chip-0 ACTIVE ");
  assert_ok (stock_of_serial (reader, (const guint8 *)"nobody's", 8, note_serial, found, &error),
             error);
  ck_assert_str_eq (found->str, "chip-0 ACTIVE ");
}
END_TEST

static gboolean
note_shared (const SharedKey *shared, gpointer data, GError **error)
{
  g_string_append_printf (data, "%s with %s in %s; ", shared->row.device,
                          shared->other != NULL ? shared->other : "-",
                          shared->slot != NULL ? shared->slot : "-");
  return TRUE;
}

static char *
shared_since (StockReader *reader, gint64 since)
{
  g_autoptr (GString) found = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  assert_ok (stock_shared (reader, since, note_shared, found, &error), error);
  return g_string_free (g_steal_pointer (&found), FALSE);
}

/* As the line records it: the sentence of the ledger's own refusal. */
START_TEST (a_key_at_two_devices_is_shared)
{
  g_autoptr (GBytes) der = make_certificate (key, "chip-0", 10);
  g_autoptr (GBytes) spki = spki_of (key);
  g_autoptr (StockReader) reader = open_reader (NULL, NULL);
  g_autoptr (GError) error = NULL, refusal = NULL;
  g_autofree char *none = NULL, *one = NULL, *later = NULL;
  gint64 attempt;

  certificate_free (pass_with (f.ledger, "b1", "chip-0", 0, der));
  none = shared_since (reader, 0);
  ck_assert_str_eq (none, "");
  g_autoptr (Device) second = arrive (f.ledger, "b1", "chip-1", NULL, &attempt, &error);
  ck_assert (!ledger_take_key (f.ledger, second->id, spki, &refusal));
  assert_ok (ledger_end_attempt (f.ledger, attempt, ATTEMPT_FAILED, "check-key", "duplicate-key",
                                 refusal->message, NULL, &error),
             error);
  one = shared_since (reader, 0);
  ck_assert (g_str_has_prefix (one, "chip-0 with chip-1 in "));
  later = shared_since (reader, g_get_real_time () + G_TIME_SPAN_DAY);
  ck_assert_str_eq (later, "");
}
END_TEST

static gboolean
note_stored (const StoredCertificate *stored, gpointer data, GError **error)
{
  g_string_append_printf (data, "%s: %s; ", stored->device, stored->differences);
  return TRUE;
}

static char *
stored_differences (const char *batch)
{
  g_autoptr (StockReader) reader = open_reader (NULL, batch);
  g_autoptr (GString) found = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gint64 first, last;

  assert_ok (stored_bounds (reader, &first, &last, &error)
                 && stored_each (reader, first, last + 1, note_stored, found, &error),
             error);
  return g_string_free (g_steal_pointer (&found), FALSE);
}

/* Each column, changed by somebody who has the file. */
START_TEST (a_row_that_lies_is_told_by_its_column)
{
  static const struct {
    const char *change;
    const char *told;
  } lies[] = {
    { "serial_number = x'010203'", "serial number" },
    { "sha256 = randomblob (32)", "SHA-256" },
    { "sha1 = randomblob (20)", "SHA-1" },
    { "subject = 'CN=other'", "subject" },
    { "common_name = NULL", "common name" },
    { "not_before = not_before + 1", "beginning" },
    { "not_after = not_after - 1", "end" },
    { "der = substr (der, 1, length (der) - 1)", "bytes" },
  };
  g_autofree char *good = NULL;

  certificate_free (pass (f.ledger, "b1", "chip-0", 0));
  good = stored_differences (NULL);
  ck_assert_str_eq (good, "chip-0: ; ");
  ck_assert (raw_sql (f.path, "DROP TRIGGER certificates_keep_facts"));
  for (guint i = 0; i < G_N_ELEMENTS (lies); i++) {
    g_autofree char *lie = g_strdup_printf ("CREATE TABLE kept AS SELECT * FROM certificates;"
                                            "UPDATE certificates SET %s",
                                            lies[i].change);
    g_autofree char *told = g_strdup_printf ("chip-0: %s; ", lies[i].told);
    g_autofree char *found = NULL;

    ck_assert_msg (raw_sql (f.path, lie), "%s", lie);
    found = stored_differences ("b1");
    ck_assert_str_eq (found, told);
    ck_assert (raw_sql (f.path,
                        "UPDATE certificates SET serial_number = kept.serial_number, sha256 ="
                        " kept.sha256, sha1 = kept.sha1, subject = kept.subject, common_name ="
                        " kept.common_name, not_before = kept.not_before, not_after ="
                        " kept.not_after, der = kept.der FROM kept; DROP TABLE kept"));
  }
}
END_TEST

START_TEST (unknown_targets_and_batches_are_refused)
{
  g_autoptr (GError) error = NULL;

  assert_error (stock_reader_open (f.ledger, "nowhere", NULL, &error) == NULL,
                LEDGER_ERROR_NOT_FOUND, error);
  assert_error (stock_reader_open (f.ledger, NULL, "b9", &error) == NULL, LEDGER_ERROR_NOT_FOUND,
                error);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("stock");
  TCase *tests = tcase_create ("stock");

  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, what_is_void_or_open_is_out_of_scope);
  tcase_add_test (tests, what_ends_comes_by_its_end);
  tcase_add_test (tests, a_serial_number_finds_its_own);
  tcase_add_test (tests, a_key_at_two_devices_is_shared);
  tcase_add_test (tests, a_row_that_lies_is_told_by_its_column);
  tcase_add_test (tests, unknown_targets_and_batches_are_refused);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}
