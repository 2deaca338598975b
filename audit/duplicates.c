/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See duplicates.h. Keys and serial numbers are known by 64 bits that nobody can foresee
 * (audit_digest_mark()); what falls together is read again before anything is said.
 */
#include "audit/duplicates.h"

#include "audit/spill.h"

/* id-ecPublicKey (RFC 5480, 2.1.1) */
static const guint8 elliptic[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };

struct AuditDuplicates {
  Spill *serials; /* value: nothing */
  Spill *keys;    /* value: the mark of who has it; other: the entry's type */
  GArray *pairs;  /* of Pair, as they were found */
};

typedef enum { SAME_SERIAL, SAME_KEY } PairKind;

typedef struct {
  PairKind kind;
  guint64 earlier;
  guint64 later;
} Pair;

AuditDuplicates *
audit_duplicates_new (void)
{
  AuditDuplicates *duplicates = g_new0 (AuditDuplicates, 1);

  duplicates->pairs = g_array_new (FALSE, FALSE, sizeof (Pair));
  duplicates->serials = spill_new ();
  duplicates->keys = spill_new ();
  return duplicates;
}

void
audit_duplicates_free (AuditDuplicates *duplicates)
{
  spill_free (duplicates->serials);
  spill_free (duplicates->keys);
  g_array_unref (duplicates->pairs);
  g_free (duplicates);
}

/* X alone, so that a negated point is the same, and one that is compressed (SEC 1, 2.3.3). */
static Span
x_of (Span point)
{
  const gboolean whole = point.length > 0 && point.data[0] >= 4;

  if (point.length == 0)
    return point;
  return (Span){ point.data + 1, whole ? (point.length - 1) / 2 : point.length - 1 };
}

/* An RSA key begins with its modulus, whatever scheme it is for. */
static Span
modulus_or_all (Span key)
{
  DerReader reader = der_reader (key.data, key.length), numbers;
  Span modulus;

  return der_enter (&reader, DER_SEQUENCE, "key", &numbers, NULL)
                 && der_read_unsigned (&numbers, "modulus", &modulus, NULL)
             ? modulus
             : key;
}

/* What makes a key this key, however it is encoded: unlike the signer's own reader this one takes
 * every form, for somebody may have chosen it so that the key is not recognized. */
static Span
number_of (const CertificateParts *parts)
{
  const Span spki = { parts->spki.data, parts->spki.length };
  DerReader whole = der_reader (spki.data, spki.length), key, algorithm;
  Span kind, bytes;

  if (!der_enter (&whole, DER_SEQUENCE, "key", &key, NULL)
      || !der_enter (&key, DER_SEQUENCE, "algorithm", &algorithm, NULL)
      || !der_read (&algorithm, DER_OID, "algorithm", &kind, NULL, NULL)
      || !der_read_bytes (&key, "key", &bytes, NULL))
    return spki;
  return span_equal (kind, elliptic, sizeof elliptic) ? x_of (bytes) : modulus_or_all (bytes);
}

gboolean
audit_duplicates_add (AuditDuplicates *duplicates, AuditRun *run, guint64 index,
                      const LogEntry *entry, const AuditAuthority *signer, GError **error)
{
  const guint8 type = (guint8)entry->type;
  const Span of_signer = { signer != NULL ? signer->spki_sha256 : NULL,
                           signer != NULL ? AUDIT_HASH : 0 };
  CertificateParts parts;
  SpillRecord record = { .order = index, .other = type };

  if (!certificate_split (entry->certificate.data, entry->certificate.length, &parts))
    return TRUE;
  record.key = audit_digest_mark (run->digest, number_of (&parts), (Span){ NULL, 0 });
  record.value = audit_digest_mark (run->digest, entry->device, (Span){ &type, 1 });
  if (!spill_add (duplicates->keys, record, error))
    return FALSE;
  if (entry->type == LOG_ENTRY_AUTHORITY) /* its number is another CA's */
    return TRUE;
  record.key =
      audit_digest_mark (run->digest, (Span){ parts.serial.data, parts.serial.length }, of_signer);
  return spill_add (duplicates->serials, record, error);
}

static void
found (AuditDuplicates *duplicates, PairKind kind, guint64 earlier, guint64 later)
{
  Pair pair = { kind, earlier, later };

  g_array_append_val (duplicates->pairs, pair);
}

static gboolean
find_serials (const SpillRecord *records, gsize n, gpointer data, GError **error)
{
  for (gsize i = 1; i < n; i++)
    found (data, SAME_SERIAL, records[0].order, records[i].order);
  return TRUE;
}

static gboolean
is_device (const SpillRecord *record)
{
  return record->other == LOG_ENTRY_CERTIFICATE;
}

static gboolean
find_keys (const SpillRecord *records, gsize n, gpointer data, GError **error)
{
  for (gsize i = 1; i < n; i++)
    if (records[i].value != records[0].value
        && (is_device (&records[0]) || is_device (&records[i])))
      found (data, SAME_KEY, records[0].order, records[i].order);
  return TRUE;
}

static int
compare_pairs (const void *left, const void *right)
{
  const Pair *a = left, *b = right;

  if (a->later != b->later)
    return a->later < b->later ? -1 : 1;
  return (int)a->kind - (int)b->kind;
}

/* What identifies the entry in this respect. Free with g_bytes_unref(). */
static GBytes *
read_again (AuditRun *run, guint64 index, PairKind kind)
{
  LogFrame frame;
  LogEntry entry;
  CertificateParts parts;
  Span span;

  if (!audit_roots_entry (run->roots, index, &frame)
      || !log_entry_decode (frame.entry.data, frame.entry.length, &entry, NULL)
      || !certificate_split (entry.certificate.data, entry.certificate.length, &parts))
    return NULL;
  span = kind == SAME_KEY ? number_of (&parts) : (Span){ parts.serial.data, parts.serial.length };
  return g_bytes_new (span.data, span.length);
}

static void
say (AuditRun *run, const Pair *pair)
{
  g_autoptr (GBytes) earlier = read_again (run, pair->earlier, pair->kind);
  g_autoptr (GBytes) later = read_again (run, pair->later, pair->kind);

  if (earlier == NULL || later == NULL || !g_bytes_equal (earlier, later))
    return;
  audit_wrong (run->result, AUDIT_CERTIFICATES, AUDIT_ENTRY (pair->later),
               pair->kind == SAME_KEY
                   ? "its public key is that of entry %" G_GUINT64_FORMAT
                     ", which is for another device"
                   : "its certificate has the serial number of the one in entry %" G_GUINT64_FORMAT,
               pair->earlier);
}

gboolean
audit_duplicates_judge (AuditDuplicates *duplicates, AuditRun *run, GError **error)
{
  if (!spill_groups (duplicates->serials, find_serials, duplicates, error)
      || !spill_groups (duplicates->keys, find_keys, duplicates, error))
    return FALSE;
  g_array_sort (duplicates->pairs, compare_pairs);
  for (guint i = 0; i < duplicates->pairs->len; i++)
    say (run, &g_array_index (duplicates->pairs, Pair, i));
  return TRUE;
}
