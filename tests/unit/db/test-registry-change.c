/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changing registrations, by people and by the line: what becomes of the rows, what waits for the
 * cloud, and what stands in the audit trail.
 */
#include <string.h>

#include "registry-fixture.h"

static Fixture f;
static TestAuthority *ca;

/* b1 with chip-0, chip-1 and chip-2, which passed; "prod" is AWS with the CA, ACTIVE. */
static void
set_up (void)
{
  fixture_open (&f);
  ca = test_authority_new ("ca", 3650);
  keep_authority (f.ledger, ca);
  start_batch (f.ledger, "b1", 0, NULL);
  add_aws (f.ledger, "prod", TARGET_SNI_ONLY, OWN);
  register_ca (f.ledger, "prod", ca);
  for (guint i = 0; i < 3; i++) {
    g_autofree char *chip = g_strdup_printf ("chip-%u", i);
    pass_signed (f.ledger, "b1", chip, i, ca, 365);
  }
}

static void
tear_down (void)
{
  test_authority_free (ca);
  fixture_close (&f);
}

START_TEST (a_batch_is_registered_and_done_again_changes_nothing)
{
  RegistrySummary summary;
  const RegistryRequest request = { .operation = REGISTRY_REGISTER, .status = REGISTRATION_ACTIVE };

  assert_text ("chip-0 none ACTIVE\nchip-1 none ACTIVE\nchip-2 none ACTIVE\n",
               change_with (f.ledger, &request, "prod", NULL, FALSE, &summary));
  ck_assert_uint_eq (summary.changed, 3);
  g_autofree char *events = event_kinds (f.ledger);
  assert_text ("chip-0 ACTIVE ACTIVE\nchip-1 ACTIVE ACTIVE\nchip-2 ACTIVE ACTIVE\n",
               change_with (f.ledger, &request, "prod", NULL, FALSE, &summary));
  ck_assert_uint_eq (summary.changed, 0);
  ck_assert_uint_eq (summary.unchanged, 3);
  assert_text (events, event_kinds (f.ledger));
  assert_text ("register-ca waiting,register waiting,register waiting,register waiting",
               operations_in (f.ledger, "prod"));
  g_autoptr (Target) target = ledger_target (f.ledger, "prod", NULL);
  ck_assert_uint_eq (target->registered, 3);
  ck_assert_uint_eq (target->waiting, 4);
}
END_TEST

START_TEST (one_event_tells_count_and_digest_of_the_list)
{
  g_autofree char *heard = change (f.ledger, REGISTRY_REGISTER, "prod", NULL);
  g_autofree char *detail = raw_text (
      f.path, "SELECT kind || ' ' || actor || ' ' || subject || ' ' || detail FROM audit_events"
              " ORDER BY id DESC LIMIT 1");
  g_autofree char *list = raw_text (
      f.path, "SELECT group_concat (lower (hex (sha256)) || ' none ACTIVE' || char (10), '')"
              " FROM (SELECT sha256 FROM certificates ORDER BY id)");
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, list, -1);
  g_autofree char *expected = g_strdup_printf (
      "registry-register sue prod 3 certificates of batch b1, SHA-256 of the list %s", digest);

  ck_assert_ptr_nonnull (heard);
  ck_assert_str_eq (detail, expected);
}
END_TEST

START_TEST (each_line_of_devices_has_its_own_end)
{
  RegistrySummary summary;
  const RegistryRequest request = { .operation = REGISTRY_REGISTER, .status = REGISTRATION_ACTIVE };
  g_autoptr (Certificate) first = ledger_certificate (f.ledger, "chip-0", NULL);
  g_autofree char *devices = g_strdup_printf ("%s nobody chip-0 chip-1", first->sha256);

  assert_text ("chip-0 none ACTIVE\n"
               "nobody ! neither a device nor a certificate is called so: look at the line again\n"
               "chip-0 ACTIVE ACTIVE\nchip-1 none ACTIVE\n",
               change_with (f.ledger, &request, "prod", devices, FALSE, &summary));
  ck_assert_uint_eq (summary.changed, 2);
  ck_assert_uint_eq (summary.unchanged, 1);
  ck_assert_uint_eq (summary.refused, 1);
}
END_TEST

START_TEST (a_dry_run_says_the_same_and_writes_nothing)
{
  RegistrySummary dry;
  RegistrySummary wet;
  const RegistryRequest request = { .operation = REGISTRY_REGISTER,
                                    .status = REGISTRATION_INACTIVE };
  const char *everything = "SELECT (SELECT count (*) FROM registrations) || ' ' ||"
                           " (SELECT count (*) FROM registry_operations) || ' ' ||"
                           " (SELECT count (*) FROM audit_events)";
  g_autofree char *before = raw_text (f.path, everything);
  g_autofree char *told =
      change_with (f.ledger, &request, "prod", "chip-1 nobody chip-1 chip-2", TRUE, &dry);
  assert_text (before, raw_text (f.path, everything));
  assert_text (
      told, change_with (f.ledger, &request, "prod", "chip-1 nobody chip-1 chip-2", FALSE, &wet));
  ck_assert_int_eq (memcmp (&dry, &wet, sizeof dry), 0);
  ck_assert_uint_eq (wet.changed, 2);
}
END_TEST

START_TEST (what_is_not_asked_rightly_is_refused_as_a_whole)
{
  g_autoptr (GError) error = NULL;
  RegistrySummary summary;
  const char *const devices[] = { "chip-0", NULL };
  const RegistryRequest request = { .operation = REGISTRY_REGISTER };
  const RegistryRequest good = { .operation = REGISTRY_DEACTIVATE };
  const RegistrySelection one = { .devices = devices };
  const RegistrySelection both = { .batch = "b1", .devices = devices };
  const RegistrySelection none = { .batch = NULL };
  const RegistrySelection other = { .batch = "b9" };

#define TRY(target, what, which)                                                                   \
  !ledger_change_registry (f.ledger, target, what, which, FALSE, "sue", NULL, NULL, &summary,      \
                           &error)
  assert_refused (TRY ("prod", &request, &one), LEDGER_ERROR_INVALID, "say which", error);
  assert_refused (TRY ("prod", &good, &both), LEDGER_ERROR_INVALID, "one of the two", error);
  assert_refused (TRY ("prod", &good, &none), LEDGER_ERROR_INVALID, "one of the two", error);
  assert_refused (TRY ("prod", &good, &other), LEDGER_ERROR_NOT_FOUND, "no batch b9", error);
  assert_refused (TRY ("nowhere", &good, &one), LEDGER_ERROR_NOT_FOUND, "no target nowhere", error);
  ck_assert (!(TRY ("prod", &good, &one)));
#undef TRY
}
END_TEST

/* ---- the sink ---- */

typedef struct {
  guint heard;
  guint stop_at;
  guint on_disk; /* of those that it heard of */
} Listener;

static gboolean
listen (const RegistryLine *line, gpointer data, GError **error)
{
  Listener *listener = data;
  g_autofree char *sql = g_strdup_printf (
      "SELECT count (*) FROM registrations JOIN certificates ON certificates.id = certificate"
      " WHERE sha256 = x'%s'",
      line->sha256);
  g_autofree char *count = raw_text (f.path, sql);

  listener->on_disk += g_strcmp0 (count, "1") == 0 ? 1 : 0;
  if (++listener->heard < listener->stop_at)
    return TRUE;
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE, "enough");
  return FALSE;
}

START_TEST (the_sink_hears_what_is_on_the_disk_and_may_stop)
{
  g_autoptr (GError) error = NULL;
  Listener listener = { .stop_at = 2 };
  RegistrySummary summary;
  const RegistryRequest request = { .operation = REGISTRY_REGISTER, .status = REGISTRATION_ACTIVE };
  const RegistrySelection selection = { .batch = "b1" };

  assert_refused (!ledger_change_registry (f.ledger, "prod", &request, &selection, FALSE, "sue",
                                           listen, &listener, &summary, &error),
                  LEDGER_ERROR_STORAGE, "enough", error);
  ck_assert_uint_eq (listener.heard, 2);
  ck_assert_uint_eq (listener.on_disk, 2);
  /* What is done by then stays done. */
  ck_assert_uint_eq (summary.changed, 3);
  assert_text ("chip-0 ACTIVE,chip-1 ACTIVE,chip-2 ACTIVE", registered_in (f.ledger, "prod"));
}
END_TEST

/* ---- at once ---- */

static gpointer
register_all (gpointer data)
{
  g_autofree char *heard = change (f.ledger, REGISTRY_REGISTER, "prod", NULL);
  guint changed = 0;

  for (const char *at = heard; (at = strstr (at, " none ")) != NULL; at++)
    changed++;
  return GUINT_TO_POINTER (changed);
}

START_TEST (two_at_once_never_register_twice)
{
  GThread *threads[4];
  guint changed = 0;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, register_all, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    changed += GPOINTER_TO_UINT (g_thread_join (threads[i]));
  ck_assert_uint_eq (changed, 3);
  assert_text ("3", raw_text (f.path, "SELECT count (*) FROM registrations"));
  /* And who goes past the ledger is refused by the schema. */
  ck_assert (!raw_sql (f.path, "INSERT INTO registrations (target, certificate, batch, status,"
                               " registered_at, changed_at) SELECT target, certificate, batch,"
                               " 'ACTIVE', 0, 0 FROM registrations LIMIT 1"));
}
END_TEST

/* ---- the line ---- */

static void
send_batch_to (const char *target, RegistrationStatus status)
{
  g_autoptr (GError) error = NULL;
  const char *const names[] = { target, NULL };

  assert_ok (ledger_set_batch_targets (f.ledger, "b1", names, status, "sue", &error), error);
}

START_TEST (a_unit_is_registered_as_it_passes)
{
  send_batch_to ("prod", REGISTRATION_INACTIVE);
  pass_signed (f.ledger, "b1", "chip-9", 9, ca, 365);
  assert_text ("chip-9 INACTIVE", registered_in (f.ledger, "prod"));
  assert_text ("certificate-verified",
               raw_text (f.path, "SELECT kind FROM registry_operations JOIN audit_events"
                                 " ON audit_events.id = event WHERE operation = 'register'"));
  send_batch_to ("prod", REGISTRATION_ACTIVE);
  pass_signed (f.ledger, "b1", "chip-8", 10, ca, 365);
  assert_text ("chip-9 INACTIVE,chip-8 ACTIVE", registered_in (f.ledger, "prod"));
}
END_TEST

START_TEST (what_the_rules_refuse_does_not_hold_up_a_unit)
{
  g_autoptr (TestAuthority) stranger = test_authority_new ("stranger", 3650);

  send_batch_to ("prod", REGISTRATION_ACTIVE);
  pass_signed (f.ledger, "b1", "chip-9", 9, stranger, 365);
  g_autoptr (Device) device = ledger_device (f.ledger, "chip-9", NULL);
  ck_assert_str_eq (device->state, "passed");
  assert_text ("", registered_in (f.ledger, "prod"));
  assert_text ("register-ca waiting,register refused", operations_in (f.ledger, "prod"));
  assert_says ("registry ca register",
               raw_text (f.path, "SELECT answer FROM registry_operations WHERE state = 'refused'"));
  /* No cloud can be asked again; registering it settles it. */
  g_autoptr (GError) error = NULL;
  g_autofree char *id = raw_text (f.path, "SELECT max (id) FROM registry_operations");
  const gint64 refused = g_ascii_strtoll (id, NULL, 10);
  assert_refused (!ledger_set_operation_state (f.ledger, refused, "waiting", "now", "sue", &error),
                  LEDGER_ERROR_INVALID, "register the certificate", error);
  keep_authority (f.ledger, stranger);
  register_ca (f.ledger, "prod", stranger);
  assert_text ("chip-9 none ACTIVE\n", change (f.ledger, REGISTRY_REGISTER, "prod", "chip-9"));
  assert_text ("register-ca waiting,register dropped,register-ca waiting,register waiting",
               operations_in (f.ledger, "prod"));
}
END_TEST

static void
void_device (const char *serial)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Certificate) certificate = ledger_certificate (f.ledger, serial, &error);

  assert_ok (certificate != NULL, error);
  assert_ok (ledger_void_certificate (f.ledger, certificate->id, "stolen", "sue", &error), error);
}

START_TEST (void_means_revoked_wherever_it_is_registered)
{
  add_aws (f.ledger, "test", TARGET_WITHOUT_CA, OTHER);
  g_autofree char *first = change (f.ledger, REGISTRY_REGISTER, "prod", "chip-0 chip-1");
  g_autofree char *second = change (f.ledger, REGISTRY_REGISTER, "test", "chip-0");
  g_autofree char *third = change (f.ledger, REGISTRY_DEACTIVATE, "test", "chip-0");
  ck_assert (first != NULL && second != NULL && third != NULL);
  void_device ("chip-0");
  assert_text ("chip-0 REVOKED,chip-1 ACTIVE", registered_in (f.ledger, "prod"));
  assert_text ("chip-0 REVOKED", registered_in (f.ledger, "test"));
  assert_text ("register waiting,deactivate waiting,revoke waiting",
               operations_in (f.ledger, "test"));
  /* It never comes back. */
  assert_says ("which is final", change (f.ledger, REGISTRY_ACTIVATE, "prod", "chip-0"));
  ck_assert (
      !raw_sql (f.path, "UPDATE registrations SET status = 'ACTIVE' WHERE status = 'REVOKED'"));
}
END_TEST

START_TEST (a_later_certificate_makes_the_earlier_one_inactive)
{
  g_autofree char *heard = change (f.ledger, REGISTRY_REGISTER, "prod", "chip-0");
  g_autoptr (EVP_PKEY) key = make_key ();
  g_autoptr (GBytes) der = test_authority_sign (ca, key, "chip-0", 365);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_nonnull (heard);
  assert_ok (store (f.ledger, 7, "b1", "chip-0", der, &error), error);
  assert_text ("chip-0 INACTIVE", registered_in (f.ledger, "prod"));
  assert_text ("register-ca waiting,register waiting,deactivate waiting",
               operations_in (f.ledger, "prod"));
}
END_TEST

START_TEST (a_transfer_that_waits_is_told_when_its_certificate_is_void)
{
  RegistrySummary summary;
  const RegistryRequest inactive = { .operation = REGISTRY_REGISTER,
                                     .status = REGISTRATION_INACTIVE };
  g_autofree char *first = change_with (f.ledger, &inactive, "prod", "chip-0", FALSE, &summary);
  g_autofree char *second = change (f.ledger, REGISTRY_TRANSFER, "prod", "chip-0");

  ck_assert (first != NULL && second != NULL);
  void_device ("chip-0");
  assert_text ("chip-0 PENDING_TRANSFER", registered_in (f.ledger, "prod"));
  assert_text ("chip-0 void in target prod while a transfer to account " OTHER
               " waits: cancel that, then revoke it",
               raw_text (f.path, "SELECT subject || ' ' || detail FROM audit_events"
                                 " WHERE kind = 'registry-pending'"));
}
END_TEST

/* ---- transfer ---- */

static void
begin_transfer (const char *devices)
{
  RegistrySummary summary;
  const RegistryRequest inactive = { .operation = REGISTRY_REGISTER,
                                     .status = REGISTRATION_INACTIVE };
  const RegistryRequest transfer = { .operation = REGISTRY_TRANSFER,
                                     .account = OTHER,
                                     .message = "for \"you\"" };
  g_autofree char *first = change_with (f.ledger, &inactive, "prod", devices, FALSE, &summary);
  g_autofree char *second = change_with (f.ledger, &transfer, "prod", devices, FALSE, &summary);

  ck_assert (first != NULL && second != NULL);
  ck_assert_uint_eq (summary.refused, 0);
}

START_TEST (an_accepted_transfer_moves_the_certificate)
{
  add_aws (f.ledger, "taker", TARGET_SNI_ONLY, OTHER);
  begin_transfer ("chip-0");
  assert_text ("{\"account\":\"" OTHER "\",\"message\":\"for \\\"you\\\"\"}",
               raw_text (f.path, "SELECT arguments FROM registry_operations"
                                 " WHERE operation = 'transfer'"));
  assert_text ("chip-0 none INACTIVE\n",
               change (f.ledger, REGISTRY_ACCEPT_TRANSFER, "taker", "chip-0"));
  assert_text ("", registered_in (f.ledger, "prod"));
  assert_text ("chip-0 INACTIVE", registered_in (f.ledger, "taker"));
  assert_text ("accept-transfer waiting", operations_in (f.ledger, "taker"));
  assert_text ("register-ca waiting,register waiting,transfer waiting,accept-transfer done",
               operations_in (f.ledger, "prod"));
  assert_text (OWN, raw_text (f.path, "SELECT previous_owner FROM registrations"
                                      " WHERE ended IS NULL"));
  g_autoptr (Target) giver = ledger_target (f.ledger, "prod", NULL);
  g_autoptr (Target) taker = ledger_target (f.ledger, "taker", NULL);
  ck_assert_uint_eq (giver->registered, 0);
  ck_assert_uint_eq (taker->registered, 1);
}
END_TEST

START_TEST (a_rejected_transfer_leaves_it_where_it_was)
{
  RegistrySummary summary;
  const RegistryRequest reject = { .operation = REGISTRY_REJECT_TRANSFER, .message = "not ours" };

  add_aws (f.ledger, "taker", TARGET_SNI_ONLY, OTHER);
  begin_transfer ("chip-0");
  assert_text ("chip-0 none none\n",
               change_with (f.ledger, &reject, "taker", NULL, FALSE, &summary));
  ck_assert_uint_eq (summary.changed, 1);
  assert_text ("chip-0 INACTIVE", registered_in (f.ledger, "prod"));
  assert_text ("", registered_in (f.ledger, "taker"));
  assert_text ("not ours", raw_text (f.path, "SELECT reject_reason FROM registrations"));
  assert_text ("reject-transfer waiting", operations_in (f.ledger, "taker"));
}
END_TEST

START_TEST (another_region_is_no_way_for_a_transfer)
{
  g_autoptr (Target) target = target_of ("far", "aws", TARGET_SNI_ONLY, OTHER, "us-east-1");

  ck_assert (ledger_add_target (f.ledger, target, "sue", NULL));
  begin_transfer ("chip-0");
  assert_says ("no target of this ledger has started",
               change (f.ledger, REGISTRY_ACCEPT_TRANSFER, "far", "chip-0"));
  assert_text ("", change (f.ledger, REGISTRY_ACCEPT_TRANSFER, "far", NULL));
}
END_TEST

START_TEST (what_was_heard_of_elsewhere_is_recorded_at_the_source)
{
  RegistrySummary summary;
  RegistryRequest heard = { .operation = REGISTRY_ACCEPT_TRANSFER, .elsewhere = TRUE };

  begin_transfer ("chip-0 chip-1");
  assert_text ("chip-0 PENDING_TRANSFER none\n",
               change_with (f.ledger, &heard, "prod", "chip-0", FALSE, &summary));
  heard.operation = REGISTRY_REJECT_TRANSFER;
  assert_text ("chip-1 PENDING_TRANSFER INACTIVE\n",
               change_with (f.ledger, &heard, "prod", NULL, FALSE, &summary));
  assert_text ("chip-1 INACTIVE", registered_in (f.ledger, "prod"));
  /* Nobody is to be told. */
  assert_text ("2", raw_text (f.path, "SELECT count (*) FROM registry_operations"
                                      " WHERE state = 'done' AND answer = 'in account " OTHER "'"));
}
END_TEST

START_TEST (a_cancelled_transfer_can_begin_again)
{
  begin_transfer ("chip-0");
  assert_text ("chip-0 PENDING_TRANSFER PENDING_TRANSFER\n",
               change (f.ledger, REGISTRY_TRANSFER, "prod", "chip-0"));
  assert_text ("chip-0 PENDING_TRANSFER INACTIVE\n",
               change (f.ledger, REGISTRY_CANCEL_TRANSFER, "prod", "chip-0"));
  assert_text ("chip-0 INACTIVE PENDING_TRANSFER\n",
               change (f.ledger, REGISTRY_TRANSFER, "prod", "chip-0"));
}
END_TEST

START_TEST (what_was_deleted_can_be_registered_anew)
{
  RegistrySummary summary;
  const RegistryRequest inactive = { .operation = REGISTRY_REGISTER,
                                     .status = REGISTRATION_INACTIVE };
  g_autofree char *first = change_with (f.ledger, &inactive, "prod", "chip-0", FALSE, &summary);

  ck_assert_ptr_nonnull (first);
  assert_text ("chip-0 INACTIVE none\n", change (f.ledger, REGISTRY_DELETE, "prod", "chip-0"));
  assert_says ("register it first", change (f.ledger, REGISTRY_ACTIVATE, "prod", "chip-0"));
  assert_text ("chip-0 none ACTIVE\n", change (f.ledger, REGISTRY_REGISTER, "prod", "chip-0"));
  assert_text ("2", raw_text (f.path, "SELECT count (*) FROM registrations"));
  ck_assert (!raw_sql (f.path, "UPDATE registrations SET ended = NULL"));
  ck_assert (!raw_sql (f.path, "DELETE FROM registrations"));
  ck_assert (!raw_sql (f.path, "DELETE FROM registry_operations"));
  ck_assert (!raw_sql (f.path, "UPDATE registry_operations SET operation = 'revoke'"));
}
END_TEST

START_TEST (one_account_and_region_has_a_certificate_once)
{
  add_aws (f.ledger, "twin", TARGET_WITHOUT_CA, OWN);
  add_aws (f.ledger, "test", TARGET_WITHOUT_CA, OTHER);
  g_autofree char *first = change (f.ledger, REGISTRY_REGISTER, "prod", "chip-0");
  ck_assert_ptr_nonnull (first);
  assert_says ("registered in target prod", change (f.ledger, REGISTRY_REGISTER, "twin", "chip-0"));
  assert_text ("chip-0 none ACTIVE\n", change (f.ledger, REGISTRY_REGISTER, "test", "chip-0"));
}
END_TEST

START_TEST (a_certificate_needs_its_ca_active_there)
{
  g_autoptr (GError) error = NULL;
#define SET(status)                                                                                \
  assert_ok (ledger_change_authority (f.ledger, "prod", "ca", status, -1, "sue", &error), error)

  SET (REGISTRATION_INACTIVE);
  assert_says ("registry ca activate", change (f.ledger, REGISTRY_REGISTER, "prod", "chip-0"));
  SET (REGISTRATION_NONE);
  assert_says ("registry ca register", change (f.ledger, REGISTRY_REGISTER, "prod", "chip-0"));
  register_ca (f.ledger, "prod", ca);
  assert_text ("chip-0 none ACTIVE\n", change (f.ledger, REGISTRY_REGISTER, "prod", "chip-0"));
  /* What is registered stays so, whatever becomes of the CA. */
  SET (REGISTRATION_INACTIVE);
  assert_text ("chip-0 ACTIVE INACTIVE\n",
               change (f.ledger, REGISTRY_DEACTIVATE, "prod", "chip-0"));
  assert_text ("chip-0 INACTIVE ACTIVE\n", change (f.ledger, REGISTRY_ACTIVATE, "prod", "chip-0"));
#undef SET
}
END_TEST

START_TEST (an_impostor_of_the_ca_is_no_ca_of_it)
{
  g_autoptr (TestAuthority) impostor = test_authority_new ("ca", 3650);

  /* The same name, another key. */
  pass_signed (f.ledger, "b1", "chip-9", 9, impostor, 365);
  assert_says ("registry ca register", change (f.ledger, REGISTRY_REGISTER, "prod", "chip-9"));
}
END_TEST

START_TEST (an_expired_certificate_is_not_registered)
{
  pass_signed (f.ledger, "b1", "chip-8", 8, ca, -1);
  pass_signed (f.ledger, "b1", "chip-9", 9, ca, 1);
  assert_says ("it has expired", change (f.ledger, REGISTRY_REGISTER, "prod", "chip-8"));
  assert_text ("chip-9 none ACTIVE\n", change (f.ledger, REGISTRY_REGISTER, "prod", "chip-9"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("registry-change");
  TCase *cases = tcase_create ("change");

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, a_batch_is_registered_and_done_again_changes_nothing);
  tcase_add_test (cases, one_event_tells_count_and_digest_of_the_list);
  tcase_add_test (cases, each_line_of_devices_has_its_own_end);
  tcase_add_test (cases, a_dry_run_says_the_same_and_writes_nothing);
  tcase_add_test (cases, what_is_not_asked_rightly_is_refused_as_a_whole);
  tcase_add_test (cases, the_sink_hears_what_is_on_the_disk_and_may_stop);
  tcase_add_test (cases, two_at_once_never_register_twice);
  tcase_add_test (cases, a_unit_is_registered_as_it_passes);
  tcase_add_test (cases, what_the_rules_refuse_does_not_hold_up_a_unit);
  tcase_add_test (cases, void_means_revoked_wherever_it_is_registered);
  tcase_add_test (cases, a_later_certificate_makes_the_earlier_one_inactive);
  tcase_add_test (cases, a_transfer_that_waits_is_told_when_its_certificate_is_void);
  tcase_add_test (cases, an_accepted_transfer_moves_the_certificate);
  tcase_add_test (cases, a_rejected_transfer_leaves_it_where_it_was);
  tcase_add_test (cases, another_region_is_no_way_for_a_transfer);
  tcase_add_test (cases, what_was_heard_of_elsewhere_is_recorded_at_the_source);
  tcase_add_test (cases, a_cancelled_transfer_can_begin_again);
  tcase_add_test (cases, what_was_deleted_can_be_registered_anew);
  tcase_add_test (cases, one_account_and_region_has_a_certificate_once);
  tcase_add_test (cases, a_certificate_needs_its_ca_active_there);
  tcase_add_test (cases, an_impostor_of_the_ca_is_no_ca_of_it);
  tcase_add_test (cases, an_expired_certificate_is_not_registered);
  suite_add_tcase (suite, cases);
  return run_suite (suite);
}
