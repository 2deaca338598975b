/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See result.h.
 */
#include "audit/result.h"

#include "base/text.h"

#define LONGEST_FILE_NAME 200

static const char *const words[AUDIT_CHECKS] = {
  [AUDIT_LOG] = "log",
  [AUDIT_TIMES] = "times",
  [AUDIT_CHECKPOINTS] = "checkpoints",
  [AUDIT_KEPT] = "kept",
  [AUDIT_CERTIFICATES] = "certificates",
  [AUDIT_SIGNATURES] = "certificate-signatures",
  [AUDIT_TICKETS] = "tickets",
  [AUDIT_REPORTS] = "reports",
  [AUDIT_STATEMENTS] = "manifest-statements",
  [AUDIT_LEDGER] = "ledger",
  [AUDIT_EVENTS] = "events",
  [AUDIT_MANIFESTS] = "manifests",
};

static void
finding_free (gpointer data)
{
  AuditFinding *finding = data;

  g_free (finding->place);
  g_free (finding->sentence);
  g_free (finding);
}

AuditResult *
audit_result_new (void)
{
  AuditResult *result = g_new0 (AuditResult, 1);

  result->findings = g_ptr_array_new_with_free_func (finding_free);
  return result;
}

void
audit_result_free (AuditResult *result)
{
  g_ptr_array_unref (result->findings);
  g_free (result);
}

const char *
audit_check_word (AuditCheck check)
{
  return words[check];
}

static char *
place_text (AuditPlace place)
{
  g_autofree char *name = place.file != NULL ? g_path_get_basename (place.file) : NULL;
  g_autofree char *shown = name != NULL ? text_for_display (name, LONGEST_FILE_NAME) : NULL;

  if (shown != NULL)
    return g_strdup_printf ("%s %s", place.word, shown);
  if (place.number != AUDIT_NO_NUMBER)
    return g_strdup_printf ("%s %" G_GUINT64_FORMAT, place.word, place.number);
  return g_strdup (place.word);
}

static void G_GNUC_PRINTF (5, 0) add (AuditResult *result, AuditWeight weight, AuditCheck check,
                                      AuditPlace place, const char *format, va_list arguments)
{
  AuditFinding *finding;

  if (result->found[check][weight]++ >= AUDIT_MOST_FINDINGS)
    return;
  finding = g_new0 (AuditFinding, 1);
  *finding =
      (AuditFinding){ weight, check, place_text (place), g_strdup_vprintf (format, arguments) };
  g_ptr_array_add (result->findings, finding);
}

void
audit_wrong (AuditResult *result, AuditCheck check, AuditPlace place, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  add (result, AUDIT_WRONG, check, place, format, arguments);
  va_end (arguments);
}

void
audit_wrong_again (AuditResult *result, AuditCheck check)
{
  result->found[check][AUDIT_WRONG]++;
}

void
audit_unchecked (AuditResult *result, AuditCheck check, AuditPlace place, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  add (result, AUDIT_UNCHECKED, check, place, format, arguments);
  va_end (arguments);
}

void
audit_note (AuditResult *result, AuditCheck check, AuditPlace place, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  add (result, AUDIT_NOTE, check, place, format, arguments);
  va_end (arguments);
}

guint64
audit_count (const AuditResult *result, AuditWeight weight)
{
  guint64 count = 0;

  for (guint check = 0; check < AUDIT_CHECKS; check++)
    count += result->found[check][weight];
  return count;
}

const AuditFinding *
audit_first_wrong (const AuditResult *result)
{
  for (guint i = 0; i < result->findings->len; i++) {
    const AuditFinding *finding = g_ptr_array_index (result->findings, i);
    if (finding->weight == AUDIT_WRONG)
      return finding;
  }
  return NULL;
}
