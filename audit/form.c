/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What each type of entry may hold (docs/issuance-log.md, "An entry"): what a type does not name is
 * empty or zeros, numbers have one form.
 */
#include <string.h>

#include "audit/run.h"
#include "base/text.h"

#define LONGEST_SHOWN 255

enum {
  BATCH = 1 << 0,
  PROFILE = 1 << 1,
  PROFILE_SHA256 = 1 << 2,
  PRODUCT = 1 << 3,
  DEVICE = 1 << 4,
  CHIP = 1 << 5,
  CSR_SHA256 = 1 << 6,
  SPKI_SHA256 = 1 << 7,
  CERTIFICATE = 1 << 8,
};

static const char *const field_words[] = { "batch",      "profile",     "profile_sha256",
                                           "product",    "device",      "chip",
                                           "csr_sha256", "spki_sha256", "certificate" };

static const guint named[LOG_ENTRY_LAST + 1] = {
  [LOG_ENTRY_CERTIFICATE] = BATCH | PROFILE | PROFILE_SHA256 | PRODUCT | DEVICE | CHIP | CSR_SHA256
                            | SPKI_SHA256 | CERTIFICATE,
  [LOG_ENTRY_AUTHORITY] = DEVICE | SPKI_SHA256 | CERTIFICATE,
  [LOG_ENTRY_VERIFICATION] = DEVICE | CSR_SHA256 | SPKI_SHA256 | CERTIFICATE,
  [LOG_ENTRY_CRL] = DEVICE | CSR_SHA256 | SPKI_SHA256,
  [LOG_ENTRY_TICKET] = BATCH | PROFILE | DEVICE | CSR_SHA256 | SPKI_SHA256 | CERTIFICATE,
  [LOG_ENTRY_REPORT] = BATCH | DEVICE | CSR_SHA256 | SPKI_SHA256 | CERTIFICATE,
  [LOG_ENTRY_MANIFEST] = BATCH | DEVICE | CSR_SHA256 | SPKI_SHA256 | CERTIFICATE,
  [LOG_ENTRY_REFUSAL] = BATCH | PROFILE | PRODUCT | DEVICE | CHIP | CSR_SHA256,
  [LOG_ENTRY_CLOCK] = PRODUCT | DEVICE,
  [LOG_ENTRY_LOST] = DEVICE | SPKI_SHA256,
};

char *
audit_shown (Span text)
{
  return bytes_for_display (text.data, text.length, LONGEST_SHOWN);
}

static guint
flag_of_hash (const guint8 hash[LOG_HASH], guint flag)
{
  static const guint8 zeros[LOG_HASH];

  return memcmp (hash, zeros, LOG_HASH) != 0 ? flag : 0;
}

static guint
flag_of_span (Span span, guint flag)
{
  return span.length > 0 ? flag : 0;
}

static guint
fields_used (const LogEntry *entry)
{
  return flag_of_span (entry->batch, BATCH) | flag_of_span (entry->profile, PROFILE)
         | flag_of_hash (entry->profile_sha256, PROFILE_SHA256)
         | flag_of_span (entry->product, PRODUCT) | flag_of_span (entry->device, DEVICE)
         | flag_of_span (entry->chip, CHIP) | flag_of_hash (entry->csr_sha256, CSR_SHA256)
         | flag_of_hash (entry->spki_sha256, SPKI_SHA256)
         | flag_of_span (entry->certificate, CERTIFICATE);
}

static gboolean
has_number (LogEntryType type)
{
  return type == LOG_ENTRY_CRL || type == LOG_ENTRY_TICKET || type == LOG_ENTRY_REPORT
         || type == LOG_ENTRY_LOST;
}

gboolean
audit_span_number (Span text, guint64 *number)
{
  g_autofree char *copy = g_strndup ((const char *)text.data, text.length);
  g_autofree char *again = NULL;

  if (!g_ascii_string_to_unsigned (copy, 10, 0, G_MAXUINT64, number, NULL))
    return FALSE;
  again = g_strdup_printf ("%" G_GUINT64_FORMAT, *number);
  return span_is_text (text, again);
}

gboolean
audit_is_number (Span text, guint64 number)
{
  guint64 said;

  return audit_span_number (text, &said) && said == number;
}

/* A TPM counts with 32 bits: all that it ever lost can be added up. */
static gboolean
has_its_number (const LogEntry *entry)
{
  guint64 number;

  return audit_span_number (entry->device, &number)
         && (entry->type != LOG_ENTRY_LOST || number <= G_MAXUINT32);
}

/* Two readers would end a text with a zero in it at two places. */
static gboolean
has_zero (const LogEntry *entry)
{
  const Span texts[] = { entry->batch, entry->profile, entry->product, entry->device, entry->chip };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i].length > 0 && memchr (texts[i].data, 0, texts[i].length) != NULL)
      return TRUE;
  return FALSE;
}

static gboolean
is_plain (AuditRun *run, guint64 index, const LogEntry *entry)
{
  if (entry->signed_at < 0)
    audit_wrong (run->result, AUDIT_LOG, AUDIT_ENTRY (index), "its time is none that there is");
  else if (has_zero (entry))
    audit_wrong (run->result, AUDIT_LOG, AUDIT_ENTRY (index),
                 "there is a byte of zero in one of its texts");
  else
    return TRUE;
  return FALSE;
}

gboolean
audit_form_judge (AuditRun *run, guint64 index, const LogEntry *entry)
{
  guint extra = fields_used (entry) & ~named[entry->type];

  if (!is_plain (run, index, entry))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (field_words); i++)
    if ((extra & 1u << i) != 0) {
      audit_wrong (run->result, AUDIT_LOG, AUDIT_ENTRY (index),
                   "an entry of type %d has nothing in %s, this one has", (int)entry->type,
                   field_words[i]);
      return FALSE;
    }
  if (!has_number (entry->type) || has_its_number (entry))
    return TRUE;
  g_autofree char *shown = audit_shown (entry->device);
  audit_wrong (run->result, AUDIT_LOG, AUDIT_ENTRY (index),
               "'%s' is no number as this type of entry has it", shown);
  return FALSE;
}
