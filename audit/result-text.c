/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An audit's result for people and for programs.
 */
#include "audit/result.h"

#include <string.h>

#include "base/encode.h"
#include "base/json-write.h"

static const char *const titles[AUDIT_CHECKS] = {
  [AUDIT_LOG] = "Entries of the log",
  [AUDIT_TIMES] = "Times that may not decrease",
  [AUDIT_CHECKPOINTS] = "Checkpoints",
  [AUDIT_KEPT] = "What you kept",
  [AUDIT_CERTIFICATES] = "Certificates, issuer and key",
  [AUDIT_SIGNATURES] = "Certificates, signature",
  [AUDIT_TICKETS] = "Certificates against tickets",
  [AUDIT_REPORTS] = "Reports",
  [AUDIT_STATEMENTS] = "Statements of manifests",
  [AUDIT_LEDGER] = "Rows of the ledger",
  [AUDIT_EVENTS] = "Events of the ledger",
  [AUDIT_MANIFESTS] = "Rows of manifests",
};
static const char *const prefixes[] = {
  [AUDIT_WRONG] = "",
  [AUDIT_UNCHECKED] = "not checked: ",
  [AUDIT_NOTE] = "note: ",
};

static const char *
verdict_of_check (const AuditResult *result, guint check)
{
  if (result->found[check][AUDIT_WRONG] > 0)
    return "WRONG";
  if (result->checked[check] == 0)
    return "not checked";
  return result->found[check][AUDIT_UNCHECKED] > 0 ? "good, in part" : "good";
}

static void
put_checks (GString *text, const AuditResult *result)
{
  for (guint check = 0; check < AUDIT_CHECKS; check++) {
    g_string_append_printf (text, "%-30s %10" G_GUINT64_FORMAT "  %s", titles[check],
                            result->checked[check], verdict_of_check (result, check));
    if (result->found[check][AUDIT_WRONG] > 1)
      g_string_append_printf (text, " (%" G_GUINT64_FORMAT " times)",
                              result->found[check][AUDIT_WRONG]);
    g_string_append_c (text, '\n');
  }
}

/* What is wrong begins with its place alone: two verifiers' lines can be compared. */
static void
put_findings (GString *text, const AuditResult *result, AuditWeight weight)
{
  guint64 rest = audit_count (result, weight);

  for (guint i = 0; i < result->findings->len; i++) {
    const AuditFinding *finding = g_ptr_array_index (result->findings, i);
    if (finding->weight != weight)
      continue;
    g_string_append_printf (text, "%s%s: %s\n", prefixes[weight], finding->place,
                            finding->sentence);
    rest--;
  }
  if (rest > 0)
    g_string_append_printf (text, "%sand %" G_GUINT64_FORMAT " more like these\n", prefixes[weight],
                            rest);
}

char *
audit_result_text (const AuditResult *result)
{
  GString *text = g_string_new (NULL);
  g_autofree char *root = hex_encode (result->root, sizeof result->root);
  g_autofree char *origin = hex_encode (result->origin, sizeof result->origin);

  g_string_append_printf (text, "Log    %s\nSize   %" G_GUINT64_FORMAT "\nRoot   %s\n\n", origin,
                          result->entries, root);
  put_checks (text, result);
  g_string_append_c (text, '\n');
  for (AuditWeight weight = AUDIT_WRONG; weight <= AUDIT_NOTE; weight++)
    put_findings (text, result, weight);
  return g_string_free (text, FALSE);
}

static void
set_hash (JsonBuilder *builder, const char *name, const guint8 hash[32])
{
  g_autofree char *hex = hex_encode (hash, 32);

  json_set_text (builder, name, hex);
}

static void
add_checks (JsonBuilder *builder, const AuditResult *result)
{
  json_builder_set_member_name (builder, "checks");
  json_builder_begin_array (builder);
  for (guint check = 0; check < AUDIT_CHECKS; check++) {
    json_builder_begin_object (builder);
    json_set_text (builder, "check", audit_check_word ((AuditCheck)check));
    json_set_number (builder, "checked", result->checked[check]);
    json_set_number (builder, "wrong", result->found[check][AUDIT_WRONG]);
    json_set_number (builder, "unchecked", result->found[check][AUDIT_UNCHECKED]);
    json_set_number (builder, "notes", result->found[check][AUDIT_NOTE]);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static void
add_finding (JsonBuilder *builder, const AuditFinding *finding)
{
  static const char *const weights[] = {
    [AUDIT_WRONG] = "wrong",
    [AUDIT_UNCHECKED] = "unchecked",
    [AUDIT_NOTE] = "note",
  };

  json_builder_begin_object (builder);
  json_set_text (builder, "weight", weights[finding->weight]);
  json_set_text (builder, "check", audit_check_word (finding->check));
  json_set_text (builder, "place", finding->place);
  json_set_text (builder, "sentence", finding->sentence);
  json_builder_end_object (builder);
}

char *
audit_result_json (const AuditResult *result)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  const AuditFinding *first = audit_first_wrong (result);

  json_builder_begin_object (builder);
  json_set_text (builder, "verdict",
                 audit_count (result, AUDIT_WRONG) > 0       ? "wrong"
                 : audit_count (result, AUDIT_UNCHECKED) > 0 ? "partial"
                                                             : "good");
  set_hash (builder, "log-origin", result->origin);
  json_set_number (builder, "log-size", result->entries);
  set_hash (builder, "log-root", result->root);
  if (first != NULL)
    json_set_text (builder, "first-wrong", first->place);
  add_checks (builder, result);
  json_builder_set_member_name (builder, "findings");
  json_builder_begin_array (builder);
  for (guint i = 0; i < result->findings->len; i++)
    add_finding (builder, g_ptr_array_index (result->findings, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return json_to_text (builder, TRUE);
}
