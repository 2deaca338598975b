/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The registry over the API's real socket, with a whole station and its ledger behind it: who may
 * do what, what is refused in words, the lines of a change, what two people decide, and what
 * whoever tells the clouds gets to read.
 */
#include <check.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "people.h"
#include "station/roles.h"

#define BADGE "BADGE-SVEN-77120"

/* ---- calls ---- */

static GVariant *
parsed (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (NULL, text, NULL, NULL, &error);

  ck_assert_msg (value != NULL, "%s: %s", text, error != NULL ? error->message : "");
  return value;
}

/* `parameters` as GVariant prints them; NULL with `error`. */
static GVariant *
call (ApiStation1 *proxy, const char *method, const char *parameters, GError **error)
{
  g_autoptr (GVariant) values = parsed (parameters);

  return g_dbus_proxy_call_sync (G_DBUS_PROXY (proxy), method, values, G_DBUS_CALL_FLAGS_NONE, -1,
                                 NULL, error);
}

static void
must (ApiStation1 *proxy, const char *method, const char *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = call (proxy, method, parameters, &error);

  ck_assert_msg (answer != NULL, "%s %s: %s", method, parameters, error->message);
}

static void
must_not (ApiStation1 *proxy, const char *method, const char *parameters, const char *name)
{
  GError *error = NULL;
  g_autoptr (GVariant) answer = call (proxy, method, parameters, &error);

  ck_assert_msg (answer == NULL, "%s %s", method, parameters);
  assert_error (FALSE, &error, name);
}

/* The lines that came are `lines` (may be NULL); free with g_free(). */
static gboolean
change (ApiStation1 *proxy, const char *operation, const char *options, char **lines,
        GVariant **summary, GError **error)
{
  g_autofree char *path = rig_path (rig, "lines");
  g_autoptr (GVariant) values = g_variant_ref_sink (parsed (options));
  int file = open (path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new_from_array (&file, 1);
  g_autoptr (GVariant) answer = NULL;
  const gboolean done = api_station1_call_change_registry_sync (
      proxy, operation, "pre", values, g_variant_new_handle (0), files, &answer, NULL, NULL, error);

  if (lines != NULL)
    ck_assert (g_file_get_contents (path, lines, NULL, NULL));
  if (summary != NULL)
    *summary = g_steal_pointer (&answer);
  return done;
}

static void
must_change (ApiStation1 *proxy, const char *operation, const char *options)
{
  g_autoptr (GError) error = NULL;

  ck_assert_msg (change (proxy, operation, options, NULL, NULL, &error), "%s: %s", operation,
                 error != NULL ? error->message : "");
}

static void
must_not_change (ApiStation1 *proxy, const char *operation, const char *options, const char *name)
{
  GError *error = NULL;

  assert_error (change (proxy, operation, options, NULL, NULL, &error), &error, name);
}

static void
add_target (ApiStation1 *proxy)
{
  must (proxy, "AddTarget",
        "('pre', {'kind': <'aws'>, 'mode': <'sni-only'>, 'account': <'123456789012'>,"
        " 'region': <'eu-west-1'>})");
  must (proxy, "RegisterAuthority", "('pre', 'ca', @a{sv} {})");
}

static void
make_unit (ApiStation1 *proxy)
{
  add_target (proxy);
  start_batch (proxy, "B");
  pass_one (proxy, "REG-1");
}

/* The status of the only registration, or "none". Free with g_free(). */
static char *
status (ApiStation1 *proxy)
{
  g_autoptr (GVariant) registrations = NULL;
  g_autoptr (GVariant) first = NULL;
  g_autofree char *next = NULL;
  char *word = NULL;

  ck_assert (api_station1_call_list_registrations_sync (proxy, no_filter (), &registrations, &next,
                                                        NULL, NULL));
  ck_assert_str_eq (next, "");
  if (g_variant_n_children (registrations) == 0)
    return g_strdup ("none");
  first = g_variant_get_child_value (registrations, 0);
  ck_assert (g_variant_lookup (first, "status", "s", &word));
  return word;
}

static void
assert_status (ApiStation1 *proxy, const char *expected)
{
  g_autofree char *found = status (proxy);

  ck_assert_str_eq (found, expected);
}

/* ---- mistakes ---- */

static const struct {
  const char *method;
  const char *parameters;
  const char *error;
} mistakes[] = {
  { "AddTarget", "('t', {'kind': <'aws'>})", "Invalid" },
  { "AddTarget", "('t', {'kind': <'aws'>, 'mode': <'sni'>})", "Invalid" },
  { "AddTarget", "('t', {'kind': <'aws'>, 'mode': <'sni-only'>, 'colour': <'red'>})", "Invalid" },
  { "AddTarget", "('t', {'kind': <'aws'>, 'mode': <'sni-only'>, 'account': <'12'>})", "Invalid" },
  { "AddTarget",
    "('pre', {'kind': <'aws'>, 'mode': <'sni-only'>, 'account': <'123456789012'>,"
    " 'region': <'eu-west-1'>})",
    "Invalid" },
  { "SetTarget", "('none', {'policy': <'p'>})", "NotFound" },
  { "SetTarget", "('pre', {'account': <'210987654321'>})", "Invalid" },
  { "SetBatchTargets", "('none', ['pre'], 'ACTIVE')", "NotFound" },
  { "SetBatchTargets", "('none', ['pre'], 'REVOKED')", "Invalid" },
  { "RegisterAuthority", "('pre', 'none', @a{sv} {})", "NotFound" },
  { "RegisterAuthority", "('pre', 'ca', {'code': <'00'>})", "Invalid" },
  { "RegisterAuthority", "('none', 'ca', {'code': <'00'>})", "NotFound" },
  { "SetAuthorityStatus", "('pre', 'ca', 'REVOKED', @a{sv} {})", "Invalid" },
  { "SetAuthorityStatus", "('pre', 'ca', 'ACTIVE', {'auto': <true>})", "Invalid" },
  { "SetAuthorityStatus", "('pre', 'none', 'ACTIVE', @a{sv} {})", "NotFound" },
  { "ListAuthorities", "({'ca': <'ca'>},)", "Invalid" },
  { "ListRegistrations", "({'limit': <uint32 0>},)", "Invalid" },
  { "ListRegistrations", "({'limit': <uint32 251>},)", "Invalid" },
  { "ListRegistrations", "({'status': <'active'>},)", "Invalid" },
  { "ListRegistrations", "({'status': <'none'>},)", "Invalid" },
  { "ListRegistrations", "({'marker': <'nonsense'>},)", "Invalid" },
  { "ListRegistrations", "({'colour': <'red'>},)", "Invalid" },
  { "ListOperations", "({'limit': <uint32 251>},)", "Invalid" },
  { "ListOperations", "({'batch': <'B'>},)", "Invalid" },
  { "TakeOperations", "('none', uint32 10, int64 0)", "NotFound" },
  { "AnswerOperations", "([{'id': <int64 1>, 'state': <'perhaps'>, 'answer': <'?'>}],)",
    "Invalid" },
  { "AnswerOperations", "([{'id': <int64 1>, 'state': <'refused'>}],)", "Invalid" },
  { "AnswerOperations", "([{'id': <int64 1>, 'stat': <'done'>}],)", "Invalid" },
  { "ConfirmBatch", "('none', 'B')", "NotFound" },
  { "ConfirmBatch", "('pre', 'none')", "NotFound" },
  { "SetOperationState", "(int64 1, 'lost', 'because')", "Invalid" },
  { "SetOperationState", "(int64 1, 'parked', '')", "Invalid" },
  { "SetOperationState", "(int64 99, 'parked', 'because')", "NotFound" },
};

static const struct {
  const char *operation;
  const char *options;
} wrong_changes[] = {
  { "activate-all", "{'devices': <['REG-1']>}" },
  { "register", "@a{sv} {}" },
  { "register", "{'devices': <['REG-1']>, 'batch': <'B'>}" },
  { "register", "{'devices': <['REG-1']>, 'status': <'active'>}" },
  { "register", "{'devices': <['REG-1']>, 'status': <'PENDING_TRANSFER'>}" },
  { "register", "{'devices': <['REG-1']>, 'dry': <true>}" },
  { "register", "{'devices': <'REG-1'>}" },
  { "transfer", "{'devices': <['REG-1']>}" },
  { "transfer", "{'devices': <['REG-1']>, 'account': <'99'>}" },
};

static void
make_mistakes (ApiStation1 *proxy)
{
  add_target (proxy);
  for (gsize i = 0; i < G_N_ELEMENTS (mistakes); i++)
    must_not (proxy, mistakes[i].method, mistakes[i].parameters, mistakes[i].error);
  for (gsize i = 0; i < G_N_ELEMENTS (wrong_changes); i++)
    must_not_change (proxy, wrong_changes[i].operation, wrong_changes[i].options, "Invalid");
  assert_status (proxy, "none");
}

START_TEST (each_mistake_has_its_error)
{
  run_client (make_mistakes);
}
END_TEST

static void
call_in_bulk (ApiStation1 *proxy)
{
  g_autoptr (GString) devices = g_string_new ("{'devices': <[");
  g_autoptr (GString) answers = g_string_new ("([");

  add_target (proxy);
  for (guint i = 0; i <= 10000; i++)
    g_string_append_printf (devices, "%s'D-%u'", i > 0 ? "," : "", i);
  g_string_append (devices, "]>}");
  must_not_change (proxy, "register", devices->str, "Invalid");
  for (guint i = 0; i <= 1000; i++)
    g_string_append_printf (answers, "%s{'id': <int64 99>, 'state': <'done'>}", i > 0 ? "," : "");
  g_string_append (answers, "],)");
  must_not (proxy, "AnswerOperations", answers->str, "Invalid");
}

START_TEST (a_call_has_its_bounds)
{
  run_client (call_in_bulk);
}
END_TEST

/* The sentence of a call that is refused. Free with g_free(). */
static char *
refusal_of (ApiStation1 *proxy, const char *method, GVariant *parameters)
{
  GError *error = NULL;
  g_autofree char *sentence = NULL;
  g_autoptr (GVariant) answer = g_dbus_proxy_call_sync (G_DBUS_PROXY (proxy), method, parameters,
                                                        G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

  ck_assert (answer == NULL);
  sentence = g_strdup (error->message);
  assert_error (FALSE, &error, "Invalid");
  return g_steal_pointer (&sentence);
}

static GVariant *
bytes_of (gsize length)
{
  g_autofree char *text = g_strnfill (length, 'x');

  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, text, length, 1);
}

static void
assert_refusal (ApiStation1 *proxy, const char *method, GVariant *parameters, const char *words,
                gboolean expected)
{
  g_autofree char *sentence = refusal_of (proxy, method, parameters);

  ck_assert_msg ((strstr (sentence, words) != NULL) == expected, "%s: %s", method, sentence);
}

static void
send_too_much (ApiStation1 *proxy)
{
  g_autofree char *large = g_strnfill (3 << 20, 'x');
  g_autofree char *name = g_strnfill (201, 'x');
  g_autofree char *options = g_strdup_printf ("{'profile': <'demo'>, 'product': <'%s'>}", name);
  g_autofree char *answer = g_strnfill (2001, 'x');
  g_autofree char *answers =
      g_strdup_printf ("([{'id': <int64 1>, 'state': <'refused'>, 'answer': <'%s'>}],)", answer);

  assert_refusal (proxy, "LoadTicket", g_variant_new ("(@ay)", bytes_of (48 * 1024 + 1)),
                  "LoadTicket takes up to 49152 bytes, and got 49153.", TRUE);
  assert_refusal (proxy, "LoadTicket", g_variant_new ("(@ay)", bytes_of (48 * 1024)), "takes up to",
                  FALSE);
  assert_refusal (proxy, "VoidDevice", g_variant_new ("(ss)", "X", large), "takes up to", TRUE);
  assert_refusal (proxy, "SetSlotEnabled", g_variant_new ("(ubs)", 1, FALSE, name), "1 to 200",
                  TRUE);
  assert_refusal (proxy, "CreateBatch", g_variant_new ("(s@a{sv})", "B", parsed (options)),
                  "200 bytes", TRUE);
  assert_refusal (proxy, "AnswerOperations", parsed (answers), "2000 characters", TRUE);
}

START_TEST (no_call_brings_more_than_it_needs)
{
  run_client (send_too_much);
}
END_TEST

/* ---- lines ---- */

static void
read_lines (ApiStation1 *proxy)
{
  g_autoptr (GVariant) summary = NULL;
  g_autofree char *lines = NULL, *sha256 = NULL, *expected = NULL;
  g_autoptr (GVariant) certificate = NULL;
  guint64 changed, unchanged, refused;

  make_unit (proxy);
  ck_assert (api_station1_call_get_certificate_sync (proxy, "REG-1", &certificate, NULL, NULL));
  ck_assert (g_variant_lookup (certificate, "sha256", "s", &sha256));
  ck_assert (change (proxy, "register", "{'devices': <['REG-1', 'NO\"ONE\\\\']>}", &lines, &summary,
                     NULL));
  expected =
      g_strdup_printf ("{\"line\":1,\"device\":\"REG-1\",\"sha256\":\"%s\",\"from\":\"none\","
                       "\"to\":\"ACTIVE\"}\n{\"line\":2,\"device\":\"NO\\\"ONE\\\\\",",
                       sha256);
  ck_assert_msg (g_str_has_prefix (lines, expected), "%s", lines);
  ck_assert_ptr_nonnull (strstr (lines + strlen (expected), "\"refusal\":\""));
  ck_assert (g_variant_lookup (summary, "changed", "t", &changed));
  ck_assert (g_variant_lookup (summary, "unchanged", "t", &unchanged));
  ck_assert (g_variant_lookup (summary, "refused", "t", &refused));
  ck_assert (changed == 1 && unchanged == 0 && refused == 1);
  assert_status (proxy, "ACTIVE");
}

START_TEST (each_line_of_a_change_comes_back)
{
  run_client (read_lines);
}
END_TEST

/* ---- roles ---- */

static void
be_an_operator (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) screen = visit_connect ();

  make_unit (proxy);
  people_limit (screen);
  must_not (screen, "AddTarget", "('t', {'kind': <'aws'>, 'mode': <'sni-only'>})", "NotPermitted");
  must_not (screen, "SetBatchTargets", "('B', ['pre'], 'ACTIVE')", "NotPermitted");
  must_not_change (screen, "register", "{'devices': <['REG-1']>, 'status': <'REVOKED'>}",
                   "NotPermitted");
  must_change (screen, "register", "{'devices': <['REG-1']>, 'status': <'INACTIVE'>}");
  must_change (screen, "activate", "{'devices': <['REG-1']>}");
  must_not_change (screen, "revoke", "{'devices': <['REG-1']>}", "NotPermitted");
  must_not_change (screen, "delete", "{'devices': <['REG-1']>}", "NotPermitted");
  must (screen, "SetOperationState", "(int64 2, 'parked', 'for now')");
  must (screen, "SetOperationState", "(int64 2, 'waiting', 'again')");
  must_not (screen, "SetOperationState", "(int64 2, 'dropped', 'for good')", "NotPermitted");
  assert_status (proxy, "ACTIVE");
}

START_TEST (an_operator_does_what_can_be_undone)
{
  run_client (be_an_operator);
}
END_TEST

static void
be_an_auditor (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) reader = visit_connect ();

  make_unit (proxy);
  must (reader, "LimitRole", "('auditor',)");
  must (reader, "ListTargets", "()");
  must (reader, "ListRegistrations", "(@a{sv} {},)");
  must (reader, "TakeOperations", "('pre', uint32 10, int64 0)");
  must_not (reader, "AnswerOperations", "([{'id': <int64 1>, 'state': <'done'>}],)",
            "NotPermitted");
  must_not (reader, "ConfirmBatch", "('pre', 'B')", "NotPermitted");
  must_not_change (reader, "register", "{'devices': <['REG-1']>}", "NotPermitted");
}

START_TEST (an_auditor_only_reads)
{
  run_client (be_an_auditor);
}
END_TEST

/* ---- for who tells the clouds ---- */

/* How many are due; the last one's certificate and id where there are any. */
static gsize
take (ApiStation1 *proxy, GVariant **certificate, gint64 *id)
{
  g_autoptr (GVariant) operations = NULL;
  gsize count;

  ck_assert (
      api_station1_call_take_operations_sync (proxy, "pre", 100, 0, &operations, NULL, NULL));
  count = g_variant_n_children (operations);
  if (count > 0) {
    g_autoptr (GVariant) last = g_variant_get_child_value (operations, count - 1);

    *certificate = g_variant_lookup_value (last, "certificate", G_VARIANT_TYPE_BYTESTRING);
    ck_assert (g_variant_lookup (last, "id", "x", id));
  }
  return count;
}

static void
answer (ApiStation1 *proxy, gint64 id, const char *rest)
{
  g_autofree char *parameters =
      g_strdup_printf ("([{'id': <int64 %" G_GINT64_FORMAT ">, %s}],)", id, rest);

  must (proxy, "AnswerOperations", parameters);
}

static void
tell_the_cloud (ApiStation1 *proxy)
{
  g_autoptr (GVariant) der = NULL;
  g_autoptr (GVariant) record = NULL;
  g_autofree char *sha256 = NULL, *found = NULL;
  gsize length;
  gint64 id;

  make_unit (proxy);
  must_change (proxy, "register", "{'devices': <['REG-1']>}");
  must_change (proxy, "deactivate", "{'devices': <['REG-1']>}");
  ck_assert_uint_eq (take (proxy, &der, &id), 1); /* the CA: what it signed waits for it */
  answer (proxy, id, "'state': <'done'>");
  g_clear_pointer (&der, g_variant_unref);
  ck_assert_uint_eq (take (proxy, &der, &id), 1); /* the certificate's first */
  const guint8 *data = g_variant_get_fixed_array (der, &length, 1);
  found = sha256_hex (data, length);
  ck_assert (api_station1_call_get_certificate_sync (proxy, "REG-1", &record, NULL, NULL));
  ck_assert (g_variant_lookup (record, "sha256", "s", &sha256));
  ck_assert_str_eq (found, sha256);

  answer (proxy, id,
          "'state': <'waiting'>, 'answer': <'slow down'>,"
          " 'not-before': <int64 9000000000000000>");
  g_clear_pointer (&der, g_variant_unref);
  ck_assert_uint_eq (take (proxy, &der, &id), 0); /* it is not due, and the next waits for it */
  answer (proxy, id, "'state': <'done'>");
  answer (proxy, id, "'state': <'refused'>, 'answer': <'too late'>"); /* passed over */
  ck_assert_uint_eq (take (proxy, &der, &id), 1);
}

START_TEST (who_tells_the_cloud_gets_what_is_due)
{
  run_client (tell_the_cloud);
}
END_TEST

/* ---- two people ---- */

static gint64
waiting_request (ApiStation1 *proxy)
{
  g_autoptr (GVariant) approvals = NULL;
  g_autoptr (GVariant) first = NULL;
  gint64 id;

  ck_assert (api_station1_call_list_approvals_sync (proxy, parsed ("{'waiting': <true>}"),
                                                    &approvals, NULL, NULL));
  ck_assert_uint_eq (g_variant_n_children (approvals), 1);
  first = g_variant_get_child_value (approvals, 0);
  ck_assert (g_variant_lookup (first, "id", "x", &id));
  return id;
}

static void
assert_outcome (ApiStation1 *proxy, const char *words)
{
  g_autoptr (GVariant) approvals = NULL;
  g_autoptr (GVariant) first = NULL;
  const char *outcome = "";

  ck_assert (api_station1_call_list_approvals_sync (proxy, no_filter (), &approvals, NULL, NULL));
  first = g_variant_get_child_value (approvals, 0);
  g_variant_lookup (first, "outcome", "&s", &outcome);
  ck_assert_msg (strstr (outcome, words) != NULL, "%s", outcome);
}

static void
revoke_by_two (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) screen = visit_connect ();
  g_autoptr (GVariant) approval = NULL;
  g_autofree char *event = NULL, *sven = people_name_here ("sven");

  people_add (proxy, "sven", "supervisor", BADGE, NULL);
  people_limit (screen);
  ck_assert (people_authorize (screen, BADGE, "", 300, NULL));
  make_unit (proxy);
  /* nor is a revocation one person's that goes by the name of a registration */
  must_not_change (proxy, "register", "{'devices': <['REG-1']>, 'status': <'REVOKED'>}",
                   "NeedsApproval");
  ck_assert (api_station1_call_refuse_approval_sync (screen, waiting_request (proxy), "a test",
                                                     NULL, NULL));
  assert_status (proxy, "none");
  must_change (proxy, "register", "{'devices': <['REG-1']>}"); /* needs nobody else */
  must_change (proxy, "revoke", "{'devices': <['REG-1']>, 'dry-run': <true>}");
  must_not_change (proxy, "revoke", "{'devices': <['REG-1', 'UNKNOWN']>}", "NeedsApproval");
  assert_status (proxy, "ACTIVE");
  /* what can be done is done, and what could not be is said */
  ck_assert (!api_station1_call_grant_approval_sync (screen, waiting_request (proxy), &approval,
                                                     NULL, NULL));
  assert_status (proxy, "REVOKED");
  assert_outcome (proxy, "1 are changed, 1 were refused: line 2, UNKNOWN: ");
  event = people_last_event (proxy, "registry-revoke");
  ck_assert_msg (strstr (event, sven) != NULL, "%s", event);

  must_not_change (proxy, "delete", "{'devices': <['REG-1']>}", "NeedsApproval");
  ck_assert (api_station1_call_grant_approval_sync (screen, waiting_request (proxy), &approval,
                                                    NULL, NULL));
  assert_status (proxy, "none");
  assert_outcome (proxy, "done");
  must_not_change (proxy, "revoke", "{'batch': <'none'>}", "NotFound");
  must_not_change (proxy, "revoke", "{'devices': <['REG-1']>, 'status': <'REVOKED'>}", "Invalid");
  must_not_change (proxy, "nonsense", "{'devices': <['REG-1']>, 'status': <'REVOKED'>}", "Invalid");
}

START_TEST (what_has_no_way_back_takes_two)
{
  run_client (revoke_by_two);
}
END_TEST

static void
set_up_two (void)
{
  visit_dual_control = "registry";
  visit_set_up ();
}

int
main (void)
{
  Suite *suite = suite_create ("station-registry");
  TCase *cases = tcase_create ("one");
  TCase *two = tcase_create ("two");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_set_timeout (two, 60);
  tcase_add_checked_fixture (cases, visit_set_up, visit_tear_down);
  tcase_add_checked_fixture (two, set_up_two, visit_tear_down);
  tcase_add_test (cases, each_mistake_has_its_error);
  tcase_add_test (cases, a_call_has_its_bounds);
  tcase_add_test (cases, no_call_brings_more_than_it_needs);
  tcase_add_test (cases, each_line_of_a_change_comes_back);
  tcase_add_test (cases, an_operator_does_what_can_be_undone);
  tcase_add_test (cases, an_auditor_only_reads);
  tcase_add_test (cases, who_tells_the_cloud_gets_what_is_due);
  tcase_add_test (two, what_has_no_way_back_takes_two);
  suite_add_tcase (suite, cases);
  suite_add_tcase (suite, two);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
