/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A certificate that is verified or void names the event by which it became so, and each such event
 * has its certificate. Lines are spilled by the event's id, and by the device; their texts stand in
 * a file of their own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/ledger-private.h"
#include "base/files.h"

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
  Spill *by_event;  /* order: line and role; value: mark of the device; other: where its text is */
  Spill *by_device; /* order: event; value: line; other: role */
  int texts;
  guint64 texts_length;
  GArray *wrong; /* of Wrong; the earliest lines */
  guint64 wrong_count;
};

LedgerReferences *
ledger_references_new (AuditDigest *digest, GError **error)
{
  g_autoptr (LedgerReferences) references = g_new0 (LedgerReferences, 1);

  references->digest = digest;
  references->wrong = g_array_new (FALSE, FALSE, sizeof (Wrong));
  references->texts = spill_file (error);
  if (references->texts < 0)
    return NULL;
  references->by_event = spill_new (error);
  if (references->by_event == NULL)
    return NULL;
  references->by_device = spill_new (error);
  return references->by_device == NULL ? NULL : g_steal_pointer (&references);
}

void
ledger_references_free (LedgerReferences *references)
{
  g_clear_pointer (&references->by_event, spill_free);
  g_clear_pointer (&references->by_device, spill_free);
  g_array_unref (references->wrong);
  if (references->texts >= 0)
    close (references->texts);
  g_free (references);
}

/* ---- reading the lines ---- */

static gboolean
put_text (LedgerReferences *references, Span text, guint64 *place, GError **error)
{
  guint64 length = text.length;

  *place = references->texts_length;
  references->texts_length += sizeof length + length;
  return fd_write_all (references->texts, &length, sizeof length, error)
         && fd_write_all (references->texts, text.data, text.length, error);
}

static gboolean
add (LedgerReferences *references, guint64 number, Role role, gint64 event, Span device, Span text,
     GError **error)
{
  guint64 mark = audit_digest_mark (references->digest, device, (Span){ NULL, 0 });
  SpillRecord by_event = { .key = (guint64)event * SPREAD,
                           .order = number << 3 | role,
                           .value = mark };
  SpillRecord by_device = { .key = mark, .order = (guint64)event, .value = number, .other = role };

  if (role != OF_VERIFIED && role != IS_VERIFICATION
      && !put_text (references, text, &by_event.other, error))
    return FALSE;
  if (!spill_add (references->by_event, by_event, error))
    return FALSE;
  return (role != OF_VERIFIED && role != IS_VERIFICATION)
         || spill_add (references->by_device, by_device, error);
}

gboolean
ledger_references_certificate (LedgerReferences *references, guint64 number, const JsonLine *line,
                               GError **error)
{
  const JsonValue *values = line->values;
  const Span device = values[CERTIFICATE_DEVICE].text;

  if (values[CERTIFICATE_VERIFIED].present
      && !add (references, number, OF_VERIFIED, values[CERTIFICATE_VERIFIED].number, device,
               (Span){ NULL, 0 }, error))
    return FALSE;
  return !values[CERTIFICATE_VOID].present
         || add (references, number, OF_VOID, values[CERTIFICATE_VOID].number, device,
                 values[CERTIFICATE_REASON].text, error);
}

gboolean
ledger_references_event (LedgerReferences *references, guint64 number, const JsonLine *line,
                         GError **error)
{
  static const struct {
    const char *kind;
    Role role;
  } kinds[] = {
    { "certificate-verified", IS_VERIFICATION },
    { "certificate-void", IS_VOIDING },
    { "certificate-store", IS_STORING },
  };
  const JsonValue *values = line->values;

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (span_is_text (values[EVENT_KIND].text, kinds[i].kind))
      return add (references, number, kinds[i].role, values[EVENT_ID].number,
                  values[EVENT_SUBJECT].text, values[EVENT_DETAIL].text, error);
  return TRUE;
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

static GBytes *
text_at (const LedgerReferences *references, guint64 place)
{
  guint64 length = 0;
  g_autofree guint8 *text = NULL;

  if (pread (references->texts, &length, sizeof length, (off_t)place) != sizeof length
      || length > references->texts_length)
    return NULL;
  text = g_malloc (length + 1);
  if (pread (references->texts, text, length, (off_t)(place + sizeof length)) != (ssize_t)length)
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&text), length);
}

/* The reason stands in the event's detail. */
static gboolean
has_reason (const LedgerReferences *references, const SpillRecord *certificate,
            const SpillRecord *event)
{
  g_autoptr (GBytes) reason = text_at (references, certificate->other);
  g_autoptr (GBytes) detail = text_at (references, event->other);
  gsize reason_length, detail_length;
  const void *reason_data, *detail_data;

  if (reason == NULL || detail == NULL)
    return FALSE;
  reason_data = g_bytes_get_data (reason, &reason_length);
  detail_data = g_bytes_get_data (detail, &detail_length);
  return reason_length == 0
         || memmem (detail_data, detail_length, reason_data, reason_length) != NULL;
}

static void
judge_certificate (LedgerReferences *references, const SpillRecord *certificate,
                   const SpillRecord *event)
{
  const gboolean verified = role_of (certificate) == OF_VERIFIED;

  if (event == NULL || verified != (role_of (event) == IS_VERIFICATION)
      || event->value != certificate->value)
    found (references, certificate->order >> 3,
           verified ? "its verified_event is not there, or tells something else"
                    : "its void_event is not there, or tells something else");
  else if (!verified && !has_reason (references, certificate, event))
    found (references, certificate->order >> 3, "its void_event tells of another reason");
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
