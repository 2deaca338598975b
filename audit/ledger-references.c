/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A certificate that is verified or void names the event by which it became so, and each such event
 * has its certificate. Lines are spilled by the event's id, and by the device; what an event tells
 * is compared by marks that nobody can foresee (audit_digest_mark()).
 */
#include "audit/ledger-private.h"

/* Odd, so that ids stay apart, and next ones fall into other files. */
#define SPREAD G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)
#define MOST_WRONG 4096u

typedef enum {
  OF_VERIFIED,     /* a certificate's line: it became verified by the event */
  OF_VOID,         /* a certificate's line: it became void by it */
  IS_VERIFICATION, /* an event's line */
  IS_VOIDING,      /* certificate-void */
  IS_STORING,      /* certificate-store: it may be void from the start */
} Role;

typedef struct {
  guint64 number; /* of the line */
  const char *why;
} Wrong;

struct LedgerReferences {
  AuditDigest *digest;
  Spill *by_event;  /* order: line and role; value, other: marks of what the event tells */
  Spill *by_device; /* order: event; value: line; other: role */
  GArray *wrong;    /* of Wrong; the earliest lines */
  guint64 wrong_count;
};

LedgerReferences *
ledger_references_new (AuditDigest *digest)
{
  LedgerReferences *references = g_new0 (LedgerReferences, 1);

  references->digest = digest;
  references->wrong = g_array_new (FALSE, FALSE, sizeof (Wrong));
  references->by_event = spill_new ();
  references->by_device = spill_new ();
  return references;
}

void
ledger_references_free (LedgerReferences *references)
{
  spill_free (references->by_event);
  spill_free (references->by_device);
  g_array_unref (references->wrong);
  g_free (references);
}

/* ---- reading the lines ---- */

static guint64
mark_of (const LedgerReferences *references, Span device, Span detail)
{
  return audit_digest_mark (references->digest, device, detail);
}

/* Of an event that says nothing but its subject. */
static const Span nothing = { NULL, 0 };

static gboolean
add (LedgerReferences *references, guint64 number, Role role, gint64 event, guint64 told,
     guint64 otherwise, GError **error)
{
  const SpillRecord record = {
    .key = (guint64)event * SPREAD, .order = number << 3 | role, .value = told, .other = otherwise
  };

  return spill_add (references->by_event, record, error);
}

static gboolean
add_verification (LedgerReferences *references, guint64 number, Role role, gint64 event,
                  Span device, GError **error)
{
  const guint64 mark = mark_of (references, device, nothing);
  const SpillRecord record = {
    .key = mark, .order = (guint64)event, .value = number, .other = role
  };

  return add (references, number, role, event, mark, 0, error)
         && spill_add (references->by_device, record, error);
}

/* By an event of its own, or by the one that stored it. */
static gboolean
add_void (LedgerReferences *references, guint64 number, const JsonValue *values, GError **error)
{
  const Span device = values[CERTIFICATE_DEVICE].text;
  const Span reason = values[CERTIFICATE_REASON].text;
  g_autofree char *stored = g_strdup_printf (
      "log index %" G_GINT64_FORMAT ", void from the start: %.*s", values[CERTIFICATE_INDEX].number,
      (int)reason.length, reason.data != NULL ? (const char *)reason.data : "");

  return add (references, number, OF_VOID, values[CERTIFICATE_VOID].number,
              mark_of (references, device, reason),
              mark_of (references, device, span_of_text (stored)), error);
}

gboolean
ledger_references_certificate (LedgerReferences *references, guint64 number, const JsonLine *line,
                               GError **error)
{
  const JsonValue *values = line->values;

  if (values[CERTIFICATE_VERIFIED].present
      && !add_verification (references, number, OF_VERIFIED, values[CERTIFICATE_VERIFIED].number,
                            values[CERTIFICATE_DEVICE].text, error))
    return FALSE;
  return !values[CERTIFICATE_VOID].present || add_void (references, number, values, error);
}

gboolean
ledger_references_event (LedgerReferences *references, guint64 number, const JsonLine *line,
                         GError **error)
{
  const JsonValue *values = line->values;
  const gint64 id = values[EVENT_ID].number;
  const Span subject = values[EVENT_SUBJECT].text;
  const Span kind = values[EVENT_KIND].text;
  const guint64 told = mark_of (references, subject, values[EVENT_DETAIL].text);

  if (span_is_text (kind, "certificate-verified"))
    return add_verification (references, number, IS_VERIFICATION, id, subject, error);
  if (span_is_text (kind, "certificate-void"))
    return add (references, number, IS_VOIDING, id, told, 0, error);
  return !span_is_text (kind, "certificate-store")
         || add (references, number, IS_STORING, id, 0, told, error);
}

/* ---- what does not fit ---- */

static int
compare_wrong (const void *left, const void *right)
{
  const Wrong *a = left, *b = right;

  return a->number < b->number ? -1 : a->number > b->number;
}

static void
found (LedgerReferences *references, guint64 number, const char *why)
{
  Wrong wrong = { number, why };

  references->wrong_count++;
  g_array_append_val (references->wrong, wrong);
  if (references->wrong->len < 2 * MOST_WRONG)
    return;
  g_array_sort (references->wrong, compare_wrong);
  g_array_set_size (references->wrong, MOST_WRONG);
}

static Role
role_of (const SpillRecord *record)
{
  return (Role)(record->order & 7);
}

static gboolean
tells (const SpillRecord *event, const SpillRecord *certificate)
{
  switch (role_of (event)) {
  case IS_VERIFICATION:
    return role_of (certificate) == OF_VERIFIED && event->value == certificate->value;
  case IS_VOIDING:
    return role_of (certificate) == OF_VOID && event->value == certificate->value;
  case IS_STORING:
    return role_of (certificate) == OF_VOID && event->other == certificate->other;
  case OF_VERIFIED:
  case OF_VOID:
    return FALSE;
  }
  g_assert_not_reached ();
}

static void
judge_certificate (LedgerReferences *references, const SpillRecord *certificate,
                   const SpillRecord *event)
{
  if (event == NULL || !tells (event, certificate))
    found (references, certificate->order >> 3,
           role_of (certificate) == OF_VERIFIED
               ? "its verified_event is not there, or tells of something else"
               : "its void_event is not there, or tells of another device or reason");
}

/* All lines that have to do with one event: certificates first, as they stand in front. */
static gboolean
judge_event (const SpillRecord *records, gsize n, gpointer data, GError **error)
{
  LedgerReferences *references = data;
  const SpillRecord *event = NULL;
  gsize voided = 0;

  for (gsize i = 0; i < n; i++) {
    if (role_of (&records[i]) >= IS_VERIFICATION && event == NULL)
      event = &records[i];
    voided += role_of (&records[i]) == OF_VOID;
  }
  for (gsize i = 0; i < n; i++)
    if (role_of (&records[i]) < IS_VERIFICATION)
      judge_certificate (references, &records[i], event);
    else if (role_of (&records[i]) == IS_VOIDING && voided != 1)
      found (references, records[i].order >> 3, "not one certificate became void by it");
  return TRUE;
}

/* A device that runs again is verified again, by the certificate that it has. */
static gboolean
judge_device (const SpillRecord *records, gsize n, gpointer data, GError **error)
{
  gboolean certified = FALSE;
  guint64 first = 0;

  for (gsize i = 0; i < n; i++) {
    if (records[i].other == OF_VERIFIED && !certified) {
      certified = TRUE;
      first = records[i].order;
    }
  }
  for (gsize i = 0; i < n; i++)
    if (records[i].other == IS_VERIFICATION && (!certified || records[i].order < first))
      found (data, records[i].value, "no certificate became verified by it");
  return TRUE;
}

gboolean
ledger_references_judge (LedgerReferences *references, AuditResult *result, GError **error)
{
  if (!spill_groups (references->by_event, judge_event, references, error)
      || !spill_groups (references->by_device, judge_device, references, error))
    return FALSE;
  g_array_sort (references->wrong, compare_wrong);
  for (guint i = 0; i < MIN (references->wrong->len, MOST_WRONG); i++) {
    const Wrong *wrong = &g_array_index (references->wrong, Wrong, i);
    audit_wrong (result, AUDIT_EVENTS, AUDIT_AT ("ledger", wrong->number), "%s", wrong->why);
  }
  return TRUE;
}
