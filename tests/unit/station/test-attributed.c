/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every act has a name on it. Each method of the interface that changes something stands in one
 * table with the event that it leaves; most are called here, by a supervisor's badge at a screen,
 * and the event must bear that badge and the screen's user. A method that is added to the interface
 * and not to this table fails.
 */
#include <check.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "people.h"
#include "station/roles.h"
#include "tests/unit/db/fault-vfs.h"

#define BADGE "BADGE-SVEN-77120"
#define CODE "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static gint64 export_id;

/* ---- what stands between the calls ---- */

static void
pass_a_device (ApiStation1 *screen)
{
  pass_one (screen, "ATT-1");
}

static void
wait_for_fail (ApiStation1 *screen)
{
  wait_for_state (screen, "fail");
}

/* The file that an export goes to comes with the call. */
static void
export_to_file (ApiStation1 *screen)
{
  g_autofree char *path = rig_path (rig, "attributed.jsonl");
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new ();
  g_autoptr (GVariant) summary = NULL;
  g_autoptr (GError) error = NULL;
  int file = open (path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int handle = g_unix_fd_list_append (files, file, NULL);

  close (file);
  ck_assert_msg (api_station1_call_export_sync (screen, "jsonl", "A", g_variant_new ("a{sv}", NULL),
                                                g_variant_new_handle (handle), files, &summary,
                                                NULL, NULL, &error),
                 "%s", error != NULL ? error->message : "");
  ck_assert (g_variant_lookup (summary, "id", "x", &export_id));
}

static void
confirm (ApiStation1 *screen)
{
  ck_assert (api_station1_call_confirm_export_sync (screen, export_id, NULL, NULL));
}

/* Who asked is on record before the signer is, which wants neither of these two. */
static void
load_no_ticket (ApiStation1 *screen)
{
  g_autoptr (GVariant) state = NULL;
  GVariant *ticket = g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, "no ticket", 9, 1);

  ck_assert (!api_station1_call_load_ticket_sync (screen, ticket, &state, NULL, NULL));
}

static void
reset_a_right_clock (ApiStation1 *screen)
{
  ck_assert (!api_station1_call_reset_clock_sync (screen, "it was set back", NULL, NULL));
}

/* So do the lines of a change of the registry. */
static void
register_device (ApiStation1 *screen)
{
  g_autoptr (GVariant) options =
      g_variant_ref_sink (g_variant_new_parsed ("{'devices': <['ATT-1']>}"));
  g_autoptr (GVariant) summary = NULL;
  g_autoptr (GError) error = NULL;
  int nothing = open ("/dev/null", O_WRONLY | O_CLOEXEC);
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new_from_array (&nothing, 1);

  ck_assert_msg (api_station1_call_change_registry_sync (screen, "register", "pre", options,
                                                         g_variant_new_handle (0), files, &summary,
                                                         NULL, NULL, &error),
                 "%s", error != NULL ? error->message : "");
}

/* ---- the table ---- */

typedef struct {
  const char *method;
  const char *event; /* that it leaves */
  const char *call;  /* its parameters, as GVariant prints them; NULL where `act` does it */
  void (*act) (ApiStation1 *screen);
  void (*after) (ApiStation1 *screen);
} Act;

/* In this order. */
static const Act acts[] = {
  { .method = "AddOperator",
    .event = "operator-add",
    .call = "('mei', {'role': <'operator'>, 'badge': <'BADGE-MEI'>})" },
  { .method = "SignIn", .event = "sign-in", .call = "('BADGE-MEI',)" },
  { .method = "SignOut", .event = "sign-out", .call = "()" },
  { .method = "SetOperatorEnabled", .event = "operator-disable", .call = "('mei', false)" },
  { .method = "CreateBatch",
    .event = "batch-create",
    .call = "('A', {'profile': <'demo'>, 'product': <'Gadget'>})" },
  { .method = "SetBatchState",
    .event = "batch-start",
    .call = "('A', 'running')",
    .after = pass_a_device },
  { .method = "MakeReport", .event = "report-ask", .call = "('A',)" },
  { .method = "LoadTicket", .event = "ticket-load", .act = load_no_ticket },
  { .method = "ResetClock", .event = "clock-override", .act = reset_a_right_clock },
  { .method = "Export", .event = "export", .act = export_to_file },
  { .method = "ConfirmExport", .event = "export-confirmed", .act = confirm },
  { .method = "AddTarget",
    .event = "target-add",
    .call = "('pre', {'kind': <'aws'>, 'mode': <'sni-only'>, 'account': <'123456789012'>,"
            " 'region': <'eu-west-1'>})" },
  { .method = "SetTarget", .event = "target-set", .call = "('pre', {'policy': <'factory'>})" },
  { .method = "SetBatchTargets", .event = "batch-targets", .call = "('A', ['pre'], 'INACTIVE')" },
  { .method = "RegisterAuthority",
    .event = "registry-register-ca",
    .call = "('pre', 'ca', @a{sv} {})" },
  { .method = "ChangeRegistry", .event = "registry-register", .act = register_device },
  { .method = "AnswerOperations",
    .event = "registry-alarm",
    .call = "([{'id': <int64 1>, 'state': <'alarm'>, 'answer': <'another CA has that name'>}],)" },
  { .method = "SetOperationState",
    .event = "registry-state",
    .call = "(int64 2, 'parked', 'the account is moved')" },
  { .method = "SetOperationState",
    .event = "registry-state",
    .call = "(int64 2, 'waiting', 'it was moved')" },
  { .method = "ConfirmBatch", .event = "registry-confirmed", .call = "('pre', 'A')" },
  { .method = "SetAuthorityStatus",
    .event = "registry-update-ca",
    .call = "('pre', 'ca', 'INACTIVE', @a{sv} {})" },
  { .method = "RetryDevice", .event = "retry-allowed", .call = "('ATT-1',)" },
  { .method = "VoidDevice",
    .event = "certificate-void",
    .call = "('ATT-1', 'fell off the table')" },
  { .method = "StartSlot", .event = "slot-start", .call = "(uint32 1,)", .after = wait_for_fail },
  { .method = "AcknowledgeSlot", .event = "fail-acknowledged", .call = "(uint32 1,)" },
  { .method = "SetBatchState", .event = "batch-pause", .call = "('A', 'paused')" },
  { .method = "SetBatchState", .event = "batch-close", .call = "('A', 'closed')" },
  { .method = "CreateBatch",
    .event = "batch-create",
    .call = "('S', {'profile': <'demo'>, 'serial-scan': <true>})" },
  { .method = "SetBatchState", .event = "batch-start", .call = "('S', 'running')" },
  { .method = "BindSerial", .event = "serial-scan", .call = "(uint32 0, 'SCAN-1')" },
  { .method = "CreateBatch",
    .event = "batch-create",
    .call = "('R', {'profile': <'demo'>, 'kind': <'renew'>, 'listed': <true>})" },
  { .method = "AddBatchUnits", .event = "batch-units", .call = "('R', ['ATT-1'])" },
  { .method = "SetSlotEnabled", .event = "slot-disable", .call = "(uint32 2, false, 'broken')" },
  { .method = "SetSlotEnabled", .event = "slot-enable", .call = "(uint32 2, true, '')" },
  { .method = "MakeCrl", .event = "crl", .call = "('',)" },
  { .method = "CertifyCode", .event = "verification-certificate", .call = "('" CODE "', '')" },
};

/* Their events are looked at where their devices, signers and second people are. */
static const Act elsewhere[] = {
  { .method = "Authorize", .event = "authorize" },            /* test-operators.c */
  { .method = "SwapSlots", .event = "slot-swap" },            /* test-detect.c */
  { .method = "LearnSlot", .event = "slot-learn" },           /* test-detect.c */
  { .method = "AcceptCa", .event = "ca-accept" },             /* test-approvals.c */
  { .method = "GrantApproval", .event = "approval-grant" },   /* test-approvals.c */
  { .method = "RefuseApproval", .event = "approval-refuse" }, /* test-approvals.c */
};

/* These read, or change nothing but the connection that calls. */
static const char *const no_acts[] = { "LimitRole",
                                       "Listen",
                                       "Deauthorize",
                                       "CancelLearn",
                                       "VerifyManifest",
                                       "CollectEvidence",
                                       "Prove",
                                       "TakeOperations",
                                       "RunChecks",
                                       "VerifyCertificates",
                                       NULL };

static gboolean
stands_in (const char *method, const Act *table, gsize count)
{
  for (gsize i = 0; i < count; i++)
    if (g_str_equal (table[i].method, method))
      return TRUE;
  return FALSE;
}

static gboolean
reads (const char *method)
{
  return g_str_has_prefix (method, "Get") || g_str_has_prefix (method, "List")
         || g_strv_contains (no_acts, method);
}

/* An auditor reads all there is, and changes nothing. */
START_TEST (what_reads_is_for_auditors_and_nothing_else_is)
{
  GDBusInterfaceInfo *info = api_station1_interface_info ();
  g_autoptr (GVariant) none = g_variant_ref_sink (g_variant_new ("()"));

  for (guint i = 0; info->methods[i] != NULL; i++) {
    const char *method = info->methods[i]->name;
    const Role least = role_for_call (method, none);

    if (g_str_equal (method, "CancelLearn")) /* changes nothing, but is no reader's business */
      ck_assert_int_eq (least, ROLE_OPERATOR);
    else
      ck_assert_msg ((least == ROLE_AUDITOR) == reads (method), "%s", method);
  }
}
END_TEST

START_TEST (every_method_that_changes_something_has_its_event)
{
  GDBusInterfaceInfo *info = api_station1_interface_info ();
  guint changing = 0;

  for (guint i = 0; info->methods[i] != NULL; i++) {
    const char *method = info->methods[i]->name;
    const gboolean there = stands_in (method, acts, G_N_ELEMENTS (acts))
                           || stands_in (method, elsewhere, G_N_ELEMENTS (elsewhere));

    ck_assert_msg (there != (gboolean)reads (method), "%s", method);
    changing += there ? 1 : 0;
  }
  ck_assert_uint_gt (changing, 20);
}
END_TEST

static void
call (ApiStation1 *screen, const Act *act)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) parameters = g_variant_parse (NULL, act->call, NULL, NULL, &error);
  g_autoptr (GVariant) answer = NULL;

  ck_assert_msg (parameters != NULL, "%s: %s", act->call, error != NULL ? error->message : "");
  answer = g_dbus_proxy_call_sync (G_DBUS_PROXY (screen), act->method, parameters,
                                   G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  ck_assert_msg (answer != NULL, "%s: %s", act->method, error != NULL ? error->message : "");
}

/* How many events there are of that kind; `actor` (may be NULL) receives the newest one's. */
static guint
count_events (ApiStation1 *screen, const char *kind, char **actor)
{
  g_autoptr (GVariant) events = NULL;
  guint count = 0;

  ck_assert (api_station1_call_list_events_sync (screen, 10000, &events, NULL, NULL));
  for (gsize i = 0; i < g_variant_n_children (events); i++) {
    g_autoptr (GVariant) event = g_variant_get_child_value (events, i);
    const char *found;

    ck_assert (g_variant_lookup (event, "kind", "&s", &found));
    if (g_str_equal (found, kind) && ++count == 1 && actor != NULL)
      ck_assert (g_variant_lookup (event, "actor", "s", actor));
  }
  return count;
}

static void
act_and_look (ApiStation1 *screen, const Act *act)
{
  g_autofree char *sven = people_name_here ("sven");
  g_autofree char *actor = NULL;
  const guint before = count_events (screen, act->event, NULL);

  if (act->act != NULL)
    act->act (screen);
  else
    call (screen, act);
  ck_assert_msg (count_events (screen, act->event, &actor) == before + 1, "%s left no %s",
                 act->method, act->event);
  ck_assert_msg (g_strcmp0 (actor, sven) == 0, "%s by %s, not %s", act->event, actor, sven);
  if (act->after != NULL)
    act->after (screen);
}

static ApiStation1 *
screen_of_supervisor (ApiStation1 *admin)
{
  ApiStation1 *screen = visit_connect ();

  people_add (admin, "sven", "supervisor", BADGE, NULL);
  people_limit (screen);
  ck_assert (people_authorize (screen, BADGE, "", 300, NULL));
  return screen;
}

static void
act_all (ApiStation1 *admin)
{
  g_autoptr (ApiStation1) screen = screen_of_supervisor (admin);

  for (gsize i = 0; i < G_N_ELEMENTS (acts); i++)
    act_and_look (screen, &acts[i]);
}

START_TEST (each_act_bears_the_badge_that_allowed_it)
{
  run_client (act_all);
}
END_TEST

/* ---- what can't be recorded ---- */

static void
refuse_while_full (ApiStation1 *screen, const Act *act)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;
  g_autofree char *name = NULL;

  if (act->call == NULL)
    return;
  fault_vfs_set (FAULT_NO_SPACE);
  answer = g_dbus_proxy_call_sync (G_DBUS_PROXY (screen), act->method,
                                   g_variant_parse (NULL, act->call, NULL, NULL, NULL),
                                   G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  fault_vfs_set (FAULT_NONE);
  ck_assert_msg (answer == NULL, "%s was done without its event", act->method);
  name = g_dbus_error_get_remote_error (error);
  ck_assert_msg (g_strcmp0 (name, "org.keycradle.Error.Storage") == 0, "%s: %s", act->method,
                 error->message);
}

/* First in vain, then in earnest: what had been done all the same would not be done once more. */
static void
act_all_with_a_full_disk (ApiStation1 *admin)
{
  g_autoptr (ApiStation1) screen = screen_of_supervisor (admin);

  for (gsize i = 0; i < G_N_ELEMENTS (acts); i++) {
    refuse_while_full (screen, &acts[i]);
    act_and_look (screen, &acts[i]);
  }
}

START_TEST (no_act_is_done_that_cannot_be_recorded)
{
  run_client (act_all_with_a_full_disk);
}
END_TEST

/* Before the station opens its ledger. */
static void
set_up (void)
{
  fault_vfs_install ();
  visit_set_up ();
}

int
main (void)
{
  Suite *suite = suite_create ("station-attributed");
  TCase *table = tcase_create ("table");
  TCase *cases = tcase_create ("acts");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, set_up, visit_tear_down);
  tcase_add_test (table, what_reads_is_for_auditors_and_nothing_else_is);
  tcase_add_test (table, every_method_that_changes_something_has_its_event);
  tcase_add_test (cases, each_act_bears_the_badge_that_allowed_it);
  tcase_add_test (cases, no_act_is_done_that_cannot_be_recorded);
  suite_add_tcase (suite, table);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
