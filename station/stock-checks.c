/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See stock-checks.h. What ends soon is found by an index, what is revoked by serial number; the
 * whole stock is walked only for what nothing else tells: keys, ages, and whose CA was revoked.
 */
#include "station/stock-checks.h"

#include "base/certificate.h"
#include "base/encode.h"
#include "station/stock-checks-private.h"

/* How long AWS looks back for certificates that are shared. */
#define SHARED_WINDOW (31 * G_TIME_SPAN_DAY)

void
check_results_clear (CheckResult results[N_CHECKS])
{
  for (guint i = 0; i < N_CHECKS; i++)
    g_clear_pointer (&results[i].message, g_free);
}

gboolean
run_asks (const ChecksRun *run, Check check)
{
  return run->results[check].asked;
}

void
run_say (ChecksRun *run, Check check, const char *format, ...)
{
  CheckResult *result = &run->results[check];
  g_autofree char *before = result->message;
  g_autofree char *sentence = NULL;
  va_list arguments;

  va_start (arguments, format);
  sentence = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  result->message =
      before != NULL ? g_strconcat (before, " ", sentence, NULL) : g_steal_pointer (&sentence);
}

/* ---- devices ---- */

static gboolean
find_ending (const StockRow *row, gpointer data, GError **error)
{
  ChecksRun *run = data;
  g_auto (CheckReason) reason = { 0 };

  if (!check_end (row->not_after, run->order->now, run->order->expiring_days, &reason))
    run_find_device (run, CHECK_DEVICE_EXPIRING, row, &reason, (CheckFinding){ 0 });
  return TRUE;
}

static gboolean
run_ending (ChecksRun *run, GError **error)
{
  const gint64 limit = run->order->now + (gint64)run->order->expiring_days * 86400;

  for (StockPlace place = { 0 }; !place.done;)
    if (!stock_ending (run->reader, limit, &place, find_ending, run, error)
        || !stock_output_flush (run->output, error))
      return FALSE;
  return TRUE;
}

/* The CA in its chain that was revoked, or NULL. */
static const CheckedAuthority *
revoked_above (const ChecksRun *run, const CertificateParts *parts)
{
  const CheckedAuthority *authority;
  CertificatePart id;

  if (run->revoked == NULL || g_hash_table_size (run->revoked) == 0)
    return NULL;
  certificate_authority_key_id (parts, &id);
  authority = checked_authorities_find (run->authorities,
                                        (Span){ parts->issuer.data, parts->issuer.length },
                                        (Span){ id.data, id.length });
  return authority != NULL ? g_hash_table_lookup (run->revoked, authority) : NULL;
}

static void
find_revoked_above (ChecksRun *run, const StockRow *row, const CertificateParts *parts)
{
  const CheckedAuthority *revoked = revoked_above (run, parts);
  g_auto (CheckReason) reason = { 0 };

  if (revoked == NULL || !run_asks (run, CHECK_INTERMEDIATE_REVOKED))
    return;
  reason.code = "INTERMEDIATE_CA_REVOKED_BY_ISSUER";
  reason.reason =
      g_strdup_printf ("CA %s in its chain was revoked by the CA above it", revoked->name);
  run_find_device (run, CHECK_INTERMEDIATE_REVOKED, row, &reason,
                   (CheckFinding){ .related_sha256 = revoked->sha256 });
}

/* What can't be split is not judged here: `audit certificates` names it. */
static gboolean
find_in_row (const StockRow *row, gpointer data, GError **error)
{
  ChecksRun *run = data;
  g_auto (CheckReason) key = { 0 }, age = { 0 };
  CertificateParts parts;

  if (run_asks (run, CHECK_DEVICE_AGE)
      && !check_age (row->since / G_USEC_PER_SEC, run->order->now, run->order->age_days, &age))
    run_find_device (run, CHECK_DEVICE_AGE, row, &age, (CheckFinding){ 0 });
  if (!certificate_split (row->der, row->length, &parts))
    return TRUE;
  if (run_asks (run, CHECK_DEVICE_KEY)
      && !check_key ((Span){ parts.spki.data, parts.spki.length }, run->known, &key))
    run_find_device (run, CHECK_DEVICE_KEY, row, &key, (CheckFinding){ 0 });
  find_revoked_above (run, row, &parts);
  return TRUE;
}

static gboolean
run_whole_stock (ChecksRun *run, GError **error)
{
  const gboolean revoked = run->revoked != NULL && g_hash_table_size (run->revoked) > 0;

  if (!run_asks (run, CHECK_DEVICE_KEY) && !run_asks (run, CHECK_DEVICE_AGE)
      && !(revoked && run_asks (run, CHECK_INTERMEDIATE_REVOKED)))
    return TRUE;
  for (StockPlace place = { 0 }; !place.done;)
    if (!stock_each (run->reader, &place, find_in_row, run, error)
        || !stock_output_flush (run->output, error))
      return FALSE;
  return TRUE;
}

typedef struct {
  ChecksRun *run;
  GHashTable *told; /* "CERTIFICATE OTHER SLOT": a unit that came ten times is told once */
} Sharing;

static gboolean
find_shared (const SharedKey *shared, gpointer data, GError **error)
{
  Sharing *sharing = data;
  g_auto (CheckReason) reason = { "CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES", NULL };
  char *key = g_strdup_printf ("%" G_GINT64_FORMAT " %s %s", shared->row.id,
                               shared->other != NULL ? shared->other : "",
                               shared->slot != NULL ? shared->slot : "");

  if (!g_hash_table_add (sharing->told, key))
    return TRUE;
  reason.reason =
      shared->other != NULL
          ? g_strdup_printf ("device %s came with its key, too", shared->other)
          : g_strdup_printf ("a device that says it is this one came into slot %s while it was in "
                             "another",
                             shared->slot != NULL ? shared->slot : "?");
  run_find_device (sharing->run, CHECK_DEVICE_SHARED, &shared->row, &reason,
                   (CheckFinding){ .other_device = shared->other, .slot = shared->slot });
  return TRUE;
}

static gboolean
run_shared (ChecksRun *run, GError **error)
{
  g_autoptr (GHashTable) told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Sharing sharing = { run, told };
  const gint64 since = run->order->now * G_USEC_PER_SEC - SHARED_WINDOW;

  return stock_shared (run->reader, since, find_shared, &sharing, error)
         && stock_output_flush (run->output, error);
}

/* ---- CAs ---- */

const CheckedAuthority *
run_active_authority (const ChecksRun *run, guint i)
{
  const CheckedAuthority *authority = checked_authorities_at (run->authorities, i);

  for (guint s = 0; s < run->stock->len; s++) {
    const StockAuthority *stock = g_ptr_array_index (run->stock, s);
    if (stock->active && stock->chain->len > 0
        && g_bytes_equal (g_ptr_array_index (stock->chain, 0), authority->der))
      return authority;
  }
  return NULL;
}

static void
check_authority (ChecksRun *run, const CheckedAuthority *authority)
{
  g_auto (CheckReason) end = { 0 }, key = { 0 };

  run->results[CHECK_CA_EXPIRING].checked++;
  run->results[CHECK_CA_KEY].checked++;
  if (run_asks (run, CHECK_CA_EXPIRING)
      && !check_end (authority->not_after, run->order->now, run->order->expiring_days, &end))
    run_find_authority (run, CHECK_CA_EXPIRING, authority, &end, (CheckFinding){ 0 });
  if (run_asks (run, CHECK_CA_KEY) && !check_key (authority->spki, run->known, &key))
    run_find_authority (run, CHECK_CA_KEY, authority, &key, (CheckFinding){ 0 });
}

static void
run_authorities (ChecksRun *run)
{
  for (guint i = 0; i < checked_authorities_count (run->authorities); i++)
    if (run_active_authority (run, i) != NULL)
      check_authority (run, run_active_authority (run, i));
}

/* ---- the whole ---- */

static gboolean
read_authorities (ChecksRun *run, GError **error)
{
  g_autoptr (GPtrArray) chains = g_ptr_array_new ();
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autoptr (GPtrArray) unreadable = g_ptr_array_new_with_free_func (g_free);

  run->stock = stock_authorities (run->reader, error);
  if (run->stock == NULL)
    return FALSE;
  for (guint i = 0; i < run->stock->len; i++) {
    const StockAuthority *stock = g_ptr_array_index (run->stock, i);
    g_ptr_array_add (chains, stock->chain);
    g_ptr_array_add (names, stock->name);
  }
  run->authorities =
      checked_authorities_new (chains, (const char *const *)names->pdata, unreadable);
  for (guint i = 0; i < unreadable->len; i++)
    run_say (run, CHECK_CA_KEY, "CA %s can't be read.", (char *)g_ptr_array_index (unreadable, i));
  return TRUE;
}

static gboolean
read_known_keys (ChecksRun *run, GError **error)
{
  static const char hint[] = "No lists of known keys are configured (KnownKeys= in "
                             "keycradle.conf): Debian's weak keys of 2008 were not looked for.";

  run->known = known_keys_load (run->order->known_keys, error);
  if (run->known == NULL)
    return FALSE;
  if (known_keys_size (run->known) == 0) {
    run_say (run, CHECK_DEVICE_KEY, "%s", hint);
    run_say (run, CHECK_CA_KEY, "%s", hint);
  }
  return TRUE;
}

static gboolean
count_stock (ChecksRun *run, GError **error)
{
  static const Check of_all[] = { CHECK_DEVICE_EXPIRING, CHECK_DEVICE_KEY, CHECK_DEVICE_SHARED,
                                  CHECK_DEVICE_AGE };
  guint64 count;

  if (!stock_count (run->reader, &count, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (of_all); i++)
    run->results[of_all[i]].checked = count;
  return TRUE;
}

/* Nothing to check is not the same as nothing found. */
static void
settle_results (ChecksRun *run)
{
  for (guint i = 0; i < N_CHECKS; i++) {
    const CheckRule *rule = check_rule ((Check)i);
    CheckResult *result = &run->results[i];

    if (!rule->needs_lists)
      result->looked = result->checked > 0;
    if (result->asked && !result->looked && result->message == NULL)
      run_say (run, (Check)i, "There is no %s here that is ACTIVE.",
               rule->of_devices ? "certificate of a device" : "CA");
  }
}

static gboolean
run_all (ChecksRun *run, GError **error)
{
  if (!read_authorities (run, error) || !read_known_keys (run, error) || !count_stock (run, error)
      || !run_read_lists (run, error))
    return FALSE;
  run_authorities (run);
  if (!run_revoked_authorities (run, error)
      || (run_asks (run, CHECK_DEVICE_EXPIRING) && !run_ending (run, error))
      || (run_asks (run, CHECK_DEVICE_SHARED) && !run_shared (run, error))
      || (run_asks (run, CHECK_DEVICE_REVOKED) && !run_revoked_devices (run, error))
      || !run_whole_stock (run, error) || !stock_output_flush (run->output, error))
    return FALSE;
  settle_results (run);
  return TRUE;
}

static void
run_clear (ChecksRun *run)
{
  g_clear_pointer (&run->reader, stock_reader_close);
  g_clear_pointer (&run->stock, g_ptr_array_unref);
  g_clear_pointer (&run->lists, g_ptr_array_unref);
  g_clear_pointer (&run->authorities, checked_authorities_free);
  g_clear_pointer (&run->known, known_keys_free);
  g_clear_pointer (&run->revoked, g_hash_table_unref);
}

gboolean
stock_checks_run (Ledger *ledger, const ChecksOrder *order, StockOutput *output,
                  CheckResult results[N_CHECKS], GError **error)
{
  ChecksRun run = { .order = order, .output = output, .results = results };
  gboolean done;

  for (guint i = 0; i < N_CHECKS; i++)
    results[i] = (CheckResult){ .asked = order->checks != 0 ? (order->checks & 1u << i) != 0
                                                            : check_rule ((Check)i)->by_default };
  run.reader = stock_reader_open (ledger, order->target, NULL, error);
  done = run.reader != NULL && run_all (&run, error);
  run_clear (&run);
  return done;
}
