/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What ends, and by when: certificates, the CAs that signed them, the roots that devices trust. CAs
 * and sets of roots are few, so these are asked first, and lead to their units by an index; nothing
 * is read of the units that it does not concern.
 */
#include "db/certificate-fields.h"
#include "db/ledger-private.h"

const char *
ending_word (EndingWhat what)
{
  switch (what) {
  case ENDING_CERTIFICATE:
    return "certificate";
  case ENDING_CA:
    return "ca";
  case ENDING_ROOT:
    return "root";
  }
  return "unknown";
}

gboolean
ending_from_word (const char *word, EndingWhat *what)
{
  for (*what = ENDING_CERTIFICATE; *what <= ENDING_ROOT; (*what)++)
    if (g_strcmp0 (word, ending_word (*what)) == 0)
      return TRUE;
  *what = ENDING_CERTIFICATE;
  return FALSE;
}

void
unit_ending_free (UnitEnding *ending)
{
  if (ending == NULL)
    return;
  g_free (ending->device);
  g_free (ending->batch);
  g_free (ending->sha256);
  g_free (ending->about);
  g_free (ending);
}

/* ---- pages ---- */

char *
page_marker (const gint64 *numbers, guint count)
{
  g_autoptr (GString) marker = g_string_new (NULL);

  for (guint i = 0; i < count; i++)
    g_string_append_printf (marker, "%s%" G_GINT64_FORMAT, i == 0 ? "" : ".", numbers[i]);
  return g_strdup (marker->str);
}

gboolean
page_marker_read (const char *marker, gint64 *numbers, guint count, GError **error)
{
  if (marker == NULL)
    return TRUE;
  g_auto (GStrv) parts = g_strsplit (marker, ".", (gint)count + 1);
  gboolean good = g_strv_length (parts) == count;

  for (guint i = 0; good && i < count; i++)
    good = g_ascii_string_to_signed (parts[i], 10, G_MININT64, G_MAXINT64, &numbers[i], NULL);
  if (!good)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "\"%s\" is no marker of such a list: take the one that came with the page before",
                 marker);
  return good;
}

/* ---- what is looked for ---- */

/* A CA or a set of roots that ends; its units stand in an index under `id`. */
typedef struct {
  gint64 id;
  gint64 ends;
  char *about;
} Source;

static void
source_free (gpointer data)
{
  Source *source = data;

  g_free (source->about);
  g_free (source);
}

typedef struct {
  Database *database;
  const EndingFilter *filter;
  gint64 target; /* 0: all */
  guint most;
  gint64 place[2]; /* behind it the page begins; then, where it ends */
  GPtrArray *endings;
} Page;

static gboolean
find_target (Page *page, GError **error)
{
  gboolean found;

  if (page->filter->target == NULL)
    return TRUE;
  g_autoptr (Statement) select =
      statement_prepare (page->database, "SELECT id FROM targets WHERE name = ?", error);
  if (select == NULL)
    return FALSE;
  statement_bind_text (select, page->filter->target);
  if (!load_id (select, &page->target, &found, error))
    return FALSE;
  return found || ledger_not_found ("target", page->filter->target, error);
}

/* Target (0: any), at the end of each question. */
#define IN_TARGET(number)                                                                          \
  " AND (" number                                                                                  \
  " = 0 OR EXISTS (SELECT 1 FROM registrations WHERE certificate = certificates.id"                \
  " AND registrations.target = " number " AND ended IS NULL))"
#define UNIT_COLUMNS "devices.serial, batches.name, certificates.sha256, certificates.not_after"
#define UNIT_TABLES                                                                                \
  " CROSS JOIN devices ON devices.id = certificates.device"                                        \
  " CROSS JOIN batches ON batches.id = devices.batch"

static UnitEnding *
load_ending (Statement *select)
{
  UnitEnding *ending = g_new0 (UnitEnding, 1);

  ending->device = statement_dup_text (select);
  ending->batch = statement_dup_text (select);
  ending->sha256 = statement_dup_hex (select);
  ending->not_after = statement_int64 (select);
  ending->ends = ending->not_after;
  return ending;
}

/* Two columns say where each row stands. */
static gboolean
load_page (Page *page, Statement *select, const Source *source, GError **error)
{
  gboolean row;

  while (statement_step (select, &row, error)) {
    if (!row)
      return TRUE;
    page->place[0] = statement_int64 (select);
    page->place[1] = statement_int64 (select);
    UnitEnding *ending = load_ending (select);
    if (source != NULL) {
      ending->ends = source->ends;
      ending->about = g_strdup (source->about);
    }
    g_ptr_array_add (page->endings, ending);
  }
  return FALSE;
}

/* ---- certificates ---- */

#define CERTIFICATES                                                                               \
  "SELECT certificates.not_after, certificates.id, " UNIT_COLUMNS                                  \
  " FROM certificates INDEXED BY certificates_ending" UNIT_TABLES                                  \
  " WHERE certificates.state = 'verified'"
#define OF_ONE_END                                                                                 \
  CERTIFICATES " AND certificates.not_after = ?1 AND certificates.id > ?2" IN_TARGET (             \
      "?3") " ORDER BY certificates.id LIMIT ?4"
#define OF_LATER_ENDS                                                                              \
  CERTIFICATES " AND certificates.not_after > ?1 AND certificates.not_after < ?2" IN_TARGET (      \
      "?3") " ORDER BY certificates.not_after, certificates.id LIMIT ?4"

static gboolean
add_certificates (Page *page, const char *sql, gint64 end, gint64 limit, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (page->database, sql, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, end);
  statement_bind_int64 (select, limit);
  statement_bind_int64 (select, page->target);
  statement_bind_int64 (select, (gint64)(page->most - page->endings->len));
  return load_page (page, select, NULL, error);
}

/* A million may end in the same second: so the rest of these first, by their numbers. */
static gboolean
page_certificates (Page *page, GError **error)
{
  const gint64 end = page->place[0];

  if (end < page->filter->before
      && !add_certificates (page, OF_ONE_END, end, page->place[1], error))
    return FALSE;
  return page->endings->len == page->most
         || add_certificates (page, OF_LATER_ENDS, end, page->filter->before, error);
}

/* ---- CAs and roots ---- */

static gboolean
page_source (Page *page, const char *sql, const Source *source, GError **error)
{
  const gint64 behind = source->id == page->place[0] ? page->place[1] : 0;
  g_autoptr (Statement) select = statement_prepare (page->database, sql, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, source->id);
  statement_bind_int64 (select, behind);
  statement_bind_int64 (select, page->target);
  statement_bind_int64 (select, (gint64)(page->most - page->endings->len));
  return load_page (page, select, source, error);
}

static gboolean
page_sources (Page *page, const char *sql, const GPtrArray *sources, GError **error)
{
  if (sources == NULL)
    return FALSE;
  for (guint i = 0; i < sources->len && page->endings->len < page->most; i++) {
    const Source *source = g_ptr_array_index (sources, i);

    if (source->id >= page->place[0] && !page_source (page, sql, source, error))
      return FALSE;
  }
  return TRUE;
}

typedef struct {
  gint64 id;
  GBytes *name;
  GBytes *key_id;
} Issuer;

static void
issuer_free (gpointer data)
{
  Issuer *issuer = data;

  g_clear_pointer (&issuer->name, g_bytes_unref);
  g_clear_pointer (&issuer->key_id, g_bytes_unref);
  g_free (issuer);
}

static gpointer
load_issuer (Statement *select)
{
  Issuer *issuer = g_new0 (Issuer, 1);

  issuer->id = statement_int64 (select);
  issuer->name = statement_dup_bytes (select);
  issuer->key_id = statement_dup_bytes (select);
  if (issuer->key_id == NULL) /* an empty one */
    issuer->key_id = g_bytes_new_static ("", 0);
  return issuer;
}

static gboolean
has_signed (GBytes *ca, const Issuer *issuer)
{
  CertificateParts parts;
  CertificatePart key_id;
  gsize length;
  const void *data = g_bytes_get_data (issuer->name, &length);

  if (!certificate_split (g_bytes_get_data (ca, NULL), g_bytes_get_size (ca), &parts)
      || !certificate_part_equal (parts.subject, data, length))
    return FALSE;
  data = g_bytes_get_data (issuer->key_id, &length);
  return length == 0 || !certificate_subject_key_id (&parts, &key_id)
         || certificate_part_equal (key_id, data, length);
}

/* A CA's certificate may be made anew for the same key: it ends with the last one. NULL where none
 * is known, or it ends later. */
static Source *
source_of (const Issuer *issuer, const GPtrArray *chains, gint64 before)
{
  Source *source = NULL;
  GBytes *last = NULL;
  gint64 ends = 0;

  for (guint i = 0; i < chains->len; i++) {
    const GPtrArray *chain = g_ptr_array_index (chains, i);
    GBytes *ca = chain->len > 0 ? g_ptr_array_index (chain, 0) : NULL;
    gint64 end;

    if (ca == NULL || !has_signed (ca, issuer) || !certificate_read_end (ca, &end, NULL)
        || (last != NULL && end <= ends))
      continue;
    last = ca;
    ends = end;
  }
  if (last == NULL || ends >= before)
    return NULL;
  source = g_new0 (Source, 1);
  source->id = issuer->id;
  source->ends = ends;
  certificate_read_end (last, &ends, &source->about);
  return source;
}

static GPtrArray *
ending_issuers (const Page *page, GError **error)
{
  g_autoptr (GPtrArray) chains = authorities_load (page->database, error);
  g_autoptr (GPtrArray) issuers = NULL;
  GPtrArray *sources;

  if (chains == NULL)
    return NULL;
  g_autoptr (Statement) select =
      statement_prepare (page->database, "SELECT id, name, key_id FROM issuers ORDER BY id", error);
  if (select == NULL)
    return NULL;
  issuers = load_rows (select, load_issuer, issuer_free, error);
  if (issuers == NULL)
    return NULL;
  sources = g_ptr_array_new_with_free_func (source_free);
  for (guint i = 0; i < issuers->len; i++) {
    Source *source = source_of (g_ptr_array_index (issuers, i), chains, page->filter->before);
    if (source != NULL)
      g_ptr_array_add (sources, source);
  }
  return sources;
}

static gboolean
page_authorities (Page *page, GError **error)
{
  g_autoptr (GPtrArray) sources = ending_issuers (page, error);

  return page_sources (
      page,
      "SELECT certificates.issuer, certificates.id, " UNIT_COLUMNS
      " FROM certificates INDEXED BY certificates_of_issuer" UNIT_TABLES
      " WHERE certificates.state = 'verified' AND certificates.issuer = ?1"
      " AND certificates.id > ?2" IN_TARGET ("?3") " ORDER BY certificates.id LIMIT ?4",
      sources, error);
}

static gpointer
load_set (Statement *select)
{
  Source *source = g_new0 (Source, 1);

  source->id = statement_int64 (select);
  source->ends = statement_int64 (select);
  source->about = statement_dup_text (select);
  return source;
}

static GPtrArray *
ending_sets (const Page *page, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (
      page->database,
      "SELECT id, ends, (SELECT subject FROM trust_roots JOIN server_roots ON server_roots.id = "
      "root"
      " WHERE trust = trusts.id ORDER BY not_after LIMIT 1) FROM trusts WHERE ends < ? ORDER BY id",
      error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, page->filter->before);
  return load_rows (select, load_set, source_free, error);
}

static gboolean
page_roots (Page *page, GError **error)
{
  g_autoptr (GPtrArray) sources = ending_sets (page, error);

  return page_sources (page,
                       "SELECT devices.trust, devices.id, " UNIT_COLUMNS
                       " FROM devices INDEXED BY devices_of_trust"
                       " CROSS JOIN certificates ON certificates.device = devices.id"
                       "   AND certificates.state = 'verified' AND certificates.state <> 'void'"
                       " CROSS JOIN batches ON batches.id = devices.batch"
                       " WHERE devices.trust = ?1 AND devices.id > ?2" IN_TARGET (
                           "?3") " ORDER BY devices.id LIMIT ?4",
                       sources, error);
}

static gboolean
fill_page (Page *page, GError **error)
{
  switch (page->filter->what) {
  case ENDING_CERTIFICATE:
    return page_certificates (page, error);
  case ENDING_CA:
    return page_authorities (page, error);
  case ENDING_ROOT:
    return page_roots (page, error);
  }
  return FALSE;
}

GPtrArray *
ledger_ending (Ledger *ledger, const EndingFilter *filter, guint most, const char *marker,
               char **next, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (GPtrArray) endings = g_ptr_array_new_with_free_func ((GDestroyNotify)unit_ending_free);
  Page page = { .database = ledger->list.database,
                .filter = filter,
                .most = most,
                .place = { filter->what == ENDING_CERTIFICATE ? G_MININT64 : 0, 0 },
                .endings = endings };

  *next = NULL;
  if (!page_marker_read (marker, page.place, G_N_ELEMENTS (page.place), error)
      || !find_target (&page, error) || !fill_page (&page, error))
    return NULL;
  if (endings->len == most)
    *next = page_marker (page.place, G_N_ELEMENTS (page.place));
  return g_steal_pointer (&endings);
}
