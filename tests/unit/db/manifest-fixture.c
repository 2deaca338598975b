/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-fixture.h.
 */
#include "manifest-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"

GBytes *ca;
Fixture f;

void
set_up (void)
{
  g_autoptr (EVP_PKEY) key = make_key ();

  ca = make_certificate (key, "Issuing CA", 3650);
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  for (guint i = 0; i < DEVICES; i++) {
    g_autofree char *chip = g_strdup_printf ("chip-%u", i);
    g_autoptr (Certificate) certificate = pass (f.ledger, "b1", chip, i);
    ck_assert_ptr_nonnull (certificate);
  }
}

void
tear_down (void)
{
  fixture_close (&f);
  g_clear_pointer (&ca, g_bytes_unref);
}

static int
scratch (void)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("keycradle-test-XXXXXX", &path, NULL);

  ck_assert_int_ge (fd, 0);
  g_unlink (path);
  return fd;
}

static char *
content (int fd)
{
  GString *text = g_string_new (NULL);
  char buffer[4096];
  ssize_t got;
  off_t at = 0;

  while ((got = pread (fd, buffer, sizeof buffer, at)) > 0) {
    g_string_append_len (text, buffer, got);
    at += got;
  }
  return g_string_free (text, FALSE);
}

/* A request for each certificate, as a profile with KeepRequest=yes keeps them. */
void
keep_requests (void)
{
  ck_assert (raw_sql (f.path, "INSERT OR IGNORE INTO requests SELECT id, x'3003020100' FROM "
                              "certificates"));
}

void
add_target (const char *name, const char *kind, const char *mode, const char *thing_group)
{
  g_autofree char *sql = g_strdup_printf (
      "INSERT INTO targets (name, kind, mode, account, region, policy, thing_type, thing_group,"
      " added_at, added_by) VALUES ('%s', '%s', '%s', '123456789012', 'eu-west-1', '%s', '%s',"
      " '%s', 0, 'anna')",
      name, kind, mode, g_str_equal (kind, "aws") ? "factory-device" : "",
      g_str_equal (kind, "aws") ? "sensor" : "", thing_group);

  ck_assert (raw_sql (f.path, sql));
}

/* NULL where it is refused. */
static char *
try_order (ManifestOrder order, gboolean confirmed, ManifestSummary **summary, GError **error)
{
  int fd = scratch ();

  order.batch = "b1";
  order.ca_certificate = ca;
  order.fd = fd;
  order.actor = "anna";
  check_keys (f.ledger);
  ManifestSummary *made = manifest_export (f.ledger, &order, error);

  if (made == NULL) {
    close (fd);
    return NULL;
  }
  if (confirmed)
    ck_assert (ledger_confirm_export (f.ledger, made->id, "anna", NULL));
  char *text = content (fd);
  close (fd);
  if (summary != NULL)
    *summary = made;
  else
    manifest_summary_free (made);
  return text;
}

static char *
export_order (ManifestOrder order, gboolean confirmed, ManifestSummary **summary)
{
  g_autoptr (GError) error = NULL;
  char *text = try_order (order, confirmed, summary, &error);

  assert_ok (text != NULL, error);
  return text;
}

char *
export_as (ManifestOrder order, ManifestSummary **summary, GError **error)
{
  return try_order (order, TRUE, summary, error);
}

char *
export_part (ManifestOrder order, ManifestSummary **summary)
{
  return export_order (order, TRUE, summary);
}

void
refuse_export (ManifestOrder order, LedgerError code, const char *words)
{
  g_autoptr (GError) error = NULL;
  int fd = scratch ();

  order.batch = "b1";
  order.ca_certificate = ca;
  order.fd = fd;
  check_keys (f.ledger);
  ck_assert_ptr_null (manifest_export (f.ledger, &order, &error));
  ck_assert (g_error_matches (error, LEDGER_ERROR, (int)code));
  ck_assert_msg (strstr (error->message, words) != NULL, "%s", error->message);
  close (fd);
}

char *
check_order (ManifestOrder order, ManifestSummary **summary)
{
  g_autoptr (GError) error = NULL;
  int fd = scratch ();

  order.batch = "b1";
  order.ca_certificate = ca;
  order.fd = fd;
  check_keys (f.ledger);
  *summary = manifest_check (f.ledger, &order, &error);
  assert_ok (*summary != NULL, error);
  char *text = content (fd);
  close (fd);
  return text;
}

char *
export_text (const char *format, ManifestSummary **summary)
{
  return export_order ((ManifestOrder){ .format = format }, TRUE, summary);
}

char *
export_new (const char *format, ManifestSummary **summary)
{
  return export_order ((ManifestOrder){ .format = format, .new_only = TRUE }, TRUE, summary);
}

char *
export_lost (const char *format, gboolean new_only, ManifestSummary **summary)
{
  return export_order ((ManifestOrder){ .format = format, .new_only = new_only }, FALSE, summary);
}

char *
export_told (const char *format, gboolean new_only,
             void (*progress) (guint64 rows, guint64 total, gpointer data), gpointer data)
{
  return export_order (
      (ManifestOrder){ .format = format, .new_only = new_only, .progress = progress, .data = data },
      TRUE, NULL);
}

static ManifestVerdict *
verify_by (const char *text, gsize length, GBytes *station_certificate)
{
  g_autoptr (GError) error = NULL;
  int fd = scratch ();

  ck_assert_int_eq (write (fd, text, length), (ssize_t)length);
  lseek (fd, 0, SEEK_SET);
  ManifestVerdict *verdict = manifest_verify (f.ledger, fd, station_certificate, &error);
  assert_ok (verdict != NULL, error);
  close (fd);
  return verdict;
}

ManifestVerdict *
verify_bytes (const char *text, gsize length)
{
  return verify_by (text, length, NULL);
}

ManifestVerdict *
verify_signed (const char *text, GBytes *station_certificate)
{
  return verify_by (text, strlen (text), station_certificate);
}

ManifestVerdict *
verify_text (const char *text)
{
  return verify_bytes (text, strlen (text));
}

gboolean
has_problem (const ManifestVerdict *verdict, const char *part)
{
  for (guint i = 0; i < verdict->problems->len; i++)
    if (strstr (g_ptr_array_index (verdict->problems, i), part) != NULL)
      return TRUE;
  return FALSE;
}

void
assert_problem (const char *text, const char *part)
{
  g_autoptr (ManifestVerdict) verdict = verify_text (text);

  ck_assert (!verdict->genuine);
  for (guint i = 0; i < verdict->problems->len && !has_problem (verdict, part); i++)
    g_printerr ("  found: %s\n", (char *)g_ptr_array_index (verdict->problems, i));
  ck_assert_msg (has_problem (verdict, part), "no problem says: %s", part);
}

char *
replaced (const char *text, const char *from, const char *to)
{
  const char *at = strstr (text, from);

  ck_assert_ptr_nonnull (at);
  GString *result = g_string_new_len (text, at - text);
  g_string_append (result, to);
  g_string_append (result, at + strlen (from));
  return g_string_free (result, FALSE);
}

char *
pem_of (const char *device)
{
  g_autoptr (Certificate) certificate = ledger_certificate (f.ledger, device, NULL);

  return pem_encode ("CERTIFICATE", g_bytes_get_data (certificate->der, NULL),
                     g_bytes_get_size (certificate->der));
}
