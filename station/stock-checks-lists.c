/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The checks that go by revocation lists: the station's own, as they are published, and those that
 * the caller brought, say of the CA above. A list is only believed with its CA's signature.
 */
#include <string.h>

#include "base/certificate.h"
#include "station/stock-checks-private.h"

/* ---- lists ---- */

static void
say_of_all (ChecksRun *run, const char *sentence)
{
  static const Check of_lists[] = { CHECK_CA_REVOKED, CHECK_DEVICE_REVOKED,
                                    CHECK_INTERMEDIATE_REVOKED };

  for (guint i = 0; i < G_N_ELEMENTS (of_lists); i++)
    run_say (run, of_lists[i], "%s", sentence);
}

/* Of two lists of one CA the newer counts: lists are whole. TRUE where it is `list`. */
static gboolean
keep_newest (ChecksRun *run, CrlList *list)
{
  for (guint i = 0; i < run->lists->len; i++) {
    const CrlList *other = g_ptr_array_index (run->lists, i);

    if (other->authority != list->authority)
      continue;
    if (other->this_update >= list->this_update) {
      crl_list_free (list);
      return FALSE;
    }
    g_ptr_array_remove_index (run->lists, i);
    break;
  }
  g_ptr_array_add (run->lists, list);
  return TRUE;
}

/* An old list still tells who is revoked, but not all. */
static void
take_list (ChecksRun *run, CrlList *list)
{
  g_autofree char *sentence = NULL;

  if (!keep_newest (run, list))
    return;
  if (list->next_update == 0 || list->next_update >= run->order->now)
    return;
  sentence = g_strdup_printf ("The list of CA %s is out of date: a newer one may say more.",
                              list->authority->name);
  say_of_all (run, sentence);
}

static CrlList *
read_published (ChecksRun *run, const CheckedAuthority *authority, GError **error)
{
  g_autofree char *name = g_strconcat (authority->name, ".crl", NULL);
  g_autofree char *path = g_build_filename (run->order->crl_folder, name, NULL);
  g_autoptr (GBytes) bytes = NULL;
  char *data;
  gsize length;

  if (!g_file_get_contents (path, &data, &length, error))
    return NULL;
  bytes = g_bytes_new_take (data, length);
  return crl_list_read (bytes, run->authorities, error);
}

/* A list that can't be read is told, and not taken for one that is empty. */
static void
read_folder (ChecksRun *run)
{
  for (guint i = 0; i < checked_authorities_count (run->authorities); i++) {
    const CheckedAuthority *authority = checked_authorities_at (run->authorities, i);
    g_autoptr (GError) error = NULL;
    g_autofree char *sentence = NULL;
    CrlList *list;

    if (!authority->issues)
      continue;
    list = read_published (run, authority, &error);
    if (list != NULL)
      take_list (run, list);
    else if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
      sentence = g_strdup_printf ("The published list of CA %s can't be used: %s.", authority->name,
                                  error->message);
      say_of_all (run, sentence);
    }
  }
}

gboolean
run_read_lists (ChecksRun *run, GError **error)
{
  run->lists = g_ptr_array_new_with_free_func ((GDestroyNotify)crl_list_free);
  for (guint i = 0; run->order->lists != NULL && i < run->order->lists->len; i++) {
    CrlList *list =
        crl_list_read (g_ptr_array_index (run->order->lists, i), run->authorities, error);

    if (list == NULL) {
      g_prefix_error (error, "revocation list %u of those that were given: ", i + 1);
      return FALSE;
    }
    take_list (run, list);
  }
  if (run->order->crl_folder != NULL)
    read_folder (run);
  return TRUE;
}

static gboolean
has_list_of (const ChecksRun *run, const CheckedAuthority *authority)
{
  for (guint i = 0; i < run->lists->len; i++) {
    const CrlList *list = g_ptr_array_index (run->lists, i);
    if (list->authority == authority)
      return TRUE;
  }
  return FALSE;
}

/* ---- CAs ---- */

static const CheckedAuthority *
above (const ChecksRun *run, const CheckedAuthority *authority)
{
  return authority->self_signed ? NULL
                                : checked_authorities_find (run->authorities, authority->issuer,
                                                            authority->issuer_key_id);
}

/* `looked` where there is a list of the CA above it at all. */
static gboolean
is_revoked (const ChecksRun *run, const CheckedAuthority *authority, gboolean *looked)
{
  const CheckedAuthority *parent = above (run, authority);

  *looked = FALSE;
  for (guint i = 0; parent != NULL && i < run->lists->len; i++) {
    const CrlList *list = g_ptr_array_index (run->lists, i);

    if (list->authority != parent)
      continue;
    *looked = TRUE;
    if (crl_list_has (list, authority->serial))
      return TRUE;
  }
  return FALSE;
}

static void
check_authority (ChecksRun *run, const CheckedAuthority *authority)
{
  CheckResult *result = &run->results[CHECK_CA_REVOKED];
  g_auto (CheckReason) reason = { "CERTIFICATE_REVOKED_BY_ISSUER", NULL };
  gboolean looked;
  const gboolean revoked = is_revoked (run, authority, &looked);

  result->looked |= looked;
  result->checked += looked ? 1 : 0;
  if (!looked && !authority->self_signed)
    run_say (run, CHECK_CA_REVOKED,
             "There is no list of the CA above %s: bring it with --crl FILE.", authority->name);
  if (!revoked || !run_asks (run, CHECK_CA_REVOKED))
    return;
  reason.reason = g_strdup ("the list of the CA above it says that it is revoked");
  run_find_authority (run, CHECK_CA_REVOKED, authority, &reason, (CheckFinding){ 0 });
}

/* The first that is revoked, from the CA that issues up to below the root. */
static void
look_up_chain (ChecksRun *run, const CheckedAuthority *issuing)
{
  const CheckedAuthority *at = issuing;
  gboolean looked;

  for (guint level = 0; at != NULL && level < 16; level++, at = above (run, at)) {
    if (is_revoked (run, at, &looked))
      g_hash_table_insert (run->revoked, (gpointer)issuing, (gpointer)at);
    run->results[CHECK_INTERMEDIATE_REVOKED].looked |= looked;
    if (g_hash_table_contains (run->revoked, issuing))
      return;
  }
}

gboolean
run_revoked_authorities (ChecksRun *run, GError **error)
{
  CheckResult *intermediate = &run->results[CHECK_INTERMEDIATE_REVOKED];

  run->revoked = g_hash_table_new (g_direct_hash, g_direct_equal);
  for (guint i = 0; i < checked_authorities_count (run->authorities); i++) {
    const CheckedAuthority *authority = checked_authorities_at (run->authorities, i);

    if (run_active_authority (run, i) != NULL)
      check_authority (run, authority);
    if (authority->issues)
      look_up_chain (run, authority);
  }
  if (!intermediate->looked)
    run_say (run, CHECK_INTERMEDIATE_REVOKED,
             "There is no list of a CA above those that issue: bring it with --crl FILE.");
  else if (!stock_count (run->reader, &intermediate->checked, error))
    return FALSE;
  return TRUE;
}

/* ---- devices ---- */

typedef struct {
  ChecksRun *run;
  const CrlList *list;
  gint64 revoked_at;
} Revoking;

/* Serial numbers are each CA's own. */
static gboolean
is_issued_by (const StockRow *row, const CheckedAuthority *authority)
{
  CertificateParts parts;
  CertificatePart id;

  if (!certificate_split (row->der, row->length, &parts)
      || !span_equal (authority->subject, parts.issuer.data, parts.issuer.length))
    return FALSE;
  return !certificate_authority_key_id (&parts, &id) || id.length == 0
         || span_equal (authority->key_id, id.data, id.length);
}

static gboolean
find_revoked (const StockRow *row, gpointer data, GError **error)
{
  const Revoking *revoking = data;
  g_auto (CheckReason) reason = { "CERTIFICATE_REVOKED_BY_ISSUER", NULL };
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (revoking->revoked_at);
  g_autofree char *day = time != NULL ? g_date_time_format (time, "%Y-%m-%d") : g_strdup ("?");

  if (!is_issued_by (row, revoking->list->authority))
    return TRUE;
  reason.reason = g_strdup_printf ("the list of its CA %s says that it was revoked on %s",
                                   revoking->list->authority->name, day);
  run_find_device (revoking->run, CHECK_DEVICE_REVOKED, row, &reason, (CheckFinding){ 0 });
  return TRUE;
}

static Span
without_zero (Span serial)
{
  while (serial.length > 0 && serial.data[0] == 0) {
    serial.data++;
    serial.length--;
  }
  return serial;
}

static gboolean
look_for_entries (ChecksRun *run, const CrlList *list, GError **error)
{
  Revoking revoking = { .run = run, .list = list };
  DerReader entries = list->entries;
  Span serial;

  for (guint i = 1; crl_list_next (&entries, &serial, &revoking.revoked_at); i++) {
    serial = without_zero (serial);
    if (!stock_of_serial (run->reader, serial.data, serial.length, find_revoked, &revoking, error)
        || (i % 1024 == 0 && !stock_output_flush (run->output, error)))
      return FALSE;
  }
  return stock_output_flush (run->output, error);
}

gboolean
run_revoked_devices (ChecksRun *run, GError **error)
{
  CheckResult *result = &run->results[CHECK_DEVICE_REVOKED];

  for (guint i = 0; i < checked_authorities_count (run->authorities); i++) {
    const CheckedAuthority *authority = checked_authorities_at (run->authorities, i);
    const gboolean listed = has_list_of (run, authority);

    result->looked |= authority->issues && listed;
    if (authority->issues && !listed)
      run_say (run, CHECK_DEVICE_REVOKED,
               "There is no list of CA %s: `keycradle ca crl --ca %s --output FILE` makes one, "
               "--crl FILE brings it.",
               authority->name, authority->name);
  }
  if (result->looked && !stock_count (run->reader, &result->checked, error))
    return FALSE;
  for (guint i = 0; i < run->lists->len; i++)
    if (!look_for_entries (run, g_ptr_array_index (run->lists, i), error))
      return FALSE;
  return TRUE;
}
