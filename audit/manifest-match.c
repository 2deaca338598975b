/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-match.h. Log, ledger and rows are spilled by certificate, and by key where a format
 * has no more than that: one key may have several certificates, and a row is good if one of them
 * is.
 */
#include "audit/manifest-match.h"

#include <stdlib.h>

typedef enum { OF_LOG, OF_CHIP, OF_LEDGER, OF_ROW } Role;

/* `order` in the spill: the role, which manifest, and which row, or the entry of the log. */
#define ORDER_OF(role, manifest, row) ((guint64)(role) << 62 | (guint64)(manifest) << 40 | (row))
#define ROLE_OF(record) ((Role)((record)->order >> 62))
#define MANIFEST_OF(record) ((guint)((record)->order >> 40 & 0x3fffff))
#define ROW_OF(record) ((record)->order & G_GUINT64_CONSTANT (0xffffffffff))

/* How far a row gets with a certificate. */
typedef enum { NOT_THERE, OTHER_UNIT, OTHER_NAME, NOT_VERIFIED, WAS_VOID, FITS } Fit;

static const char *const faults[] = {
  [NOT_THERE] = "its certificate, or its key, is not in the log",
  [OTHER_UNIT] = "its certificate is another device's or batch's",
  [OTHER_NAME] = "its certificate is of another batch, or has another name",
  [NOT_VERIFIED] = "its certificate was not verified when the manifest was made",
  [WAS_VOID] = "its certificate was void when the manifest was made",
};

struct ManifestMatch {
  AuditDigest *digest;
  Spill *spill;    /* lent, or `own` */
  Spill *own;      /* where there is no ledger */
  Spill *units;    /* of rows that fit: no unit stands twice */
  GArray *events;  /* guint64, of each manifest's statement */
  gboolean by_key; /* there are such rows */
  gboolean by_chip;
  ManifestFault fault;
  gpointer data;
};

ManifestMatch *
manifest_match_new (AuditDigest *digest, Spill *states)
{
  ManifestMatch *match = g_new0 (ManifestMatch, 1);

  match->digest = digest;
  match->events = g_array_new (FALSE, TRUE, sizeof (guint64));
  match->own = states == NULL ? spill_new () : NULL;
  match->spill = states == NULL ? match->own : states;
  match->units = spill_new ();
  return match;
}

void
manifest_match_free (ManifestMatch *match)
{
  g_clear_pointer (&match->own, spill_free);
  spill_free (match->units);
  g_array_unref (match->events);
  g_free (match);
}

/* ---- what goes into the spill ---- */

gboolean
manifest_match_add_state (Spill *states, const Issued *issued, guint64 verified, guint64 voided,
                          GError **error)
{
  SpillRecord record = { .key = issued->certificate,
                         .order = ORDER_OF (OF_LEDGER, 0, issued->index),
                         .value = verified,
                         .other = voided };

  if (!spill_add (states, record, error))
    return FALSE;
  record.key = issued->key;
  return spill_add (states, record, error);
}

static guint64
unit_of (const ManifestMatch *match, Span batch, const ManifestRow *row)
{
  return row->said[SAYS_DEVICE] == NULL
             ? 0
             : audit_issued_unit (match->digest, batch, manifest_row_said (row, SAYS_DEVICE));
}

static guint64
name_of (const ManifestMatch *match, Span batch, const ManifestRow *row)
{
  if (row->said[SAYS_UNIQUE_ID] != NULL)
    return audit_issued_unique_id (match->digest, batch, manifest_row_said (row, SAYS_UNIQUE_ID));
  return row->said[SAYS_NAME] == NULL
             ? 0
             : audit_issued_name (match->digest, batch, manifest_row_said (row, SAYS_NAME));
}

gboolean
manifest_match_add (ManifestMatch *match, guint manifest, const ManifestStatement *statement,
                    const ManifestRow *row, GError **error)
{
  const Span batch = span_of_text (statement->batch);

  if (match->events->len <= manifest)
    g_array_set_size (match->events, manifest + 1);
  g_array_index (match->events, guint64, manifest) = statement->event;
  match->by_key |= row->by_key;
  match->by_chip |= row->said[SAYS_UNIQUE_ID] != NULL;
  return spill_add (match->spill,
                    (SpillRecord){ .key = audit_issued_hash (match->digest, row->hash),
                                   .order = ORDER_OF (OF_ROW, manifest, row->number),
                                   .value = unit_of (match, batch, row),
                                   .other = name_of (match, batch, row) },
                    error);
}

static gboolean
add_certificate (const ManifestMatch *match, const Issued *issued, GError **error)
{
  SpillRecord record = { .key = issued->certificate,
                         .order = ORDER_OF (OF_LOG, 0, issued->index),
                         .value = issued->unit,
                         .other = issued->name };
  SpillRecord by_key = record;
  const SpillRecord chip = { .key = issued->certificate,
                             .order = ORDER_OF (OF_CHIP, 0, issued->index),
                             .value = issued->unique_id };

  by_key.key = issued->key;
  return spill_add (match->spill, record, error)
         && (!match->by_key || spill_add (match->spill, by_key, error))
         && (!match->by_chip || spill_add (match->spill, chip, error));
}

static gboolean
add_log (const ManifestMatch *match, AuditIssued *issued, GError **error)
{
  Issued next;

  if (!audit_issued_rewind (issued, error))
    return FALSE;
  while (audit_issued_next (issued, &next))
    if (!add_certificate (match, &next, error))
      return FALSE;
  return TRUE;
}

/* ---- one certificate, or key ---- */

static int
compare_orders (const void *left, const void *right)
{
  const SpillRecord *a = left, *b = right;

  return a->order < b->order ? -1 : a->order > b->order;
}

/* What else there is about that entry of the log; the records are in order. */
static const SpillRecord *
find_beside (const SpillRecord *records, gsize n, Role role, const SpillRecord *log)
{
  const SpillRecord wanted = { .order = ORDER_OF (role, 0, ROW_OF (log)) };

  return bsearch (&wanted, records, n, sizeof wanted, compare_orders);
}

static Fit
fit_of (const ManifestMatch *match, const SpillRecord *row, const SpillRecord *log,
        const SpillRecord *chip, const SpillRecord *ledger)
{
  const guint64 event = g_array_index (match->events, guint64, MANIFEST_OF (row));

  if (row->value != 0 && row->value != log->value)
    return OTHER_UNIT;
  if (row->other != 0 && row->other != log->other && (chip == NULL || row->other != chip->value))
    return OTHER_NAME;
  if (match->own != NULL)
    return FITS;
  if (ledger == NULL || ledger->value > event)
    return NOT_VERIFIED;
  return ledger->other <= event ? WAS_VOID : FITS;
}

static gboolean
judge_row (const ManifestMatch *match, const SpillRecord *row, const SpillRecord *records, gsize n,
           GError **error)
{
  Fit best = NOT_THERE;
  guint64 unit = 0;

  for (gsize i = 0; best < FITS && i < n && ROLE_OF (&records[i]) == OF_LOG; i++) {
    const Fit fit = fit_of (match, row, &records[i], find_beside (records, n, OF_CHIP, &records[i]),
                            find_beside (records, n, OF_LEDGER, &records[i]));

    unit = fit >= best ? records[i].value : unit;
    best = MAX (best, fit);
  }
  if (best == FITS)
    return spill_add (match->units, (SpillRecord){ .key = unit, .order = row->order }, error);
  match->fault (MANIFEST_OF (row), ROW_OF (row), faults[best], match->data);
  return TRUE;
}

static gboolean
judge_group (const SpillRecord *records, gsize n, gpointer data, GError **error)
{
  for (gsize i = 0; i < n; i++)
    if (ROLE_OF (&records[i]) == OF_ROW && !judge_row (data, &records[i], records, n, error))
      return FALSE;
  return TRUE;
}

/* The rows of one unit, of all manifests. */
static gboolean
judge_unit (const SpillRecord *rows, gsize n, gpointer data, GError **error)
{
  const ManifestMatch *match = data;

  for (gsize i = 1; i < n; i++)
    if (MANIFEST_OF (&rows[i]) == MANIFEST_OF (&rows[i - 1]))
      match->fault (MANIFEST_OF (&rows[i]), ROW_OF (&rows[i]), "its unit stands in a row before",
                    match->data);
  return TRUE;
}

gboolean
manifest_match_judge (ManifestMatch *match, AuditIssued *issued, ManifestFault fault, gpointer data,
                      GError **error)
{
  match->fault = fault;
  match->data = data;
  return add_log (match, issued, error) && spill_groups (match->spill, judge_group, match, error)
         && spill_groups (match->units, judge_unit, match, error);
}
