/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Targets, which batches go where, and CAs in targets: what each takes, and what it says to what it
 * does not take.
 */
#include <string.h>

#include "registry-fixture.h"

#define CODE "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

static Fixture f;

static void
set_up (void)
{
  fixture_open (&f);
}

static void
tear_down (void)
{
  fixture_close (&f);
}

/* ---- members ---- */

#define L64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L128 L64 L64

/* Each beside its near twin that passes. */
static const struct {
  const char *kind;
  const char *mode;
  const char *account;
  const char *region;
  const char *member; /* "endpoint", ... or NULL */
  const char *value;
  const char *refusal; /* NULL: it is taken */
} members[] = {
  { "aws", "sni-only", OWN, REGION, NULL, NULL, NULL },
  { "aws", "sni-only", "11112222333", REGION, NULL, NULL, "is no account: say the 12 digits" },
  { "aws", "sni-only", "1111222233334", REGION, NULL, NULL, "is no account" },
  { "aws", "sni-only", "11112222333x", REGION, NULL, NULL, "is no account" },
  { "aws", "sni-only", OWN "\n", REGION, NULL, NULL, "is no account" },
  { "aws", "sni-only", "", REGION, NULL, NULL, "the account is missing" },
  { "aws", "sni-only", OWN, "", NULL, NULL, "the region is missing" },
  { "aws", "sni-only", OWN, "us-gov-west-1", NULL, NULL, NULL },
  { "aws", "sni-only", OWN, "ap-southeast-2", NULL, NULL, NULL },
  { "aws", "sni-only", OWN, "Frankfurt", NULL, NULL, "is no region" },
  { "aws", "sni-only", OWN, "eu-west", NULL, NULL, "is no region" },
  { "aws", "csr", OWN, REGION, NULL, NULL, NULL },
  { "aws", "registered-ca", OWN, REGION, "endpoint", "a1b2-ats.iot.eu-west-1.amazonaws.com", NULL },
  { "aws", "registered-ca", OWN, REGION, "endpoint", "https://a1b2.amazonaws.com",
    "is no endpoint" },
  { "aws", "registered-ca", OWN, REGION, "endpoint", "a1b2-.amazonaws.com", "is no endpoint" },
  { "aws", "registered-ca", OWN, REGION, "endpoint", "localhost", "is no endpoint" },
  { "aws", "without-ca", OWN, REGION, "policy", "a_+=,.@-9", NULL },
  { "aws", "without-ca", OWN, REGION, "policy", "a b", "is no policy" },
  { "aws", "without-ca", OWN, REGION, "policy",
    "stra\xc3\x9f"
    "e",
    "is no policy" },
  { "aws", "without-ca", OWN, REGION, "policy", L128, NULL },
  { "aws", "without-ca", OWN, REGION, "policy", L128 "a", "is no policy" },
  { "aws", "without-ca", OWN, REGION, "thing-type", "sensor:v1_2-b", NULL },
  { "aws", "without-ca", OWN, REGION, "thing-type", "sensor.v1", "is no thing type" },
  { "aws", "without-ca", OWN, REGION, "thing-group", "hall-1", NULL },
  { "aws", "without-ca", OWN, REGION, "thing-group", "hall/1", "is no thing group" },
  { "azure-hub", "without-ca", "plant-7", "", NULL, NULL, NULL },
  { "azure-hub", "without-ca", "plant-", "", NULL, NULL, "is no account: say the IoT Hub's name" },
  { "azure-hub", "without-ca", "plant-7", "westeurope", NULL, NULL, "has no region: leave it out" },
  { "azure-hub", "without-ca", "plant-7", "", "policy", "p", "has no policy: leave it out" },
  { "azure-hub", "sni-only", "plant-7", "", NULL, NULL, "has no mode sni-only" },
  { "azure-dps", "registered-ca", "dps1", "", NULL, NULL, NULL },
  { "azure-dps", "csr", "dps1", "", NULL, NULL, "has no mode csr" },
  { "nrfcloud", "without-ca", "b8c2e0a4-team", "", "thing-group", "red|blue", NULL },
  { "nrfcloud", "without-ca", "b8c2e0a4-team", "", "thing-group", "red|", "is no thing group" },
  { "nrfcloud", "registered-ca", "team", "", NULL, NULL, "has no mode registered-ca" },
  { "other", "without-ca", "", "", NULL, NULL, NULL },
  { "gcp", "without-ca", "", "", NULL, NULL, "aws, azure-hub, azure-dps, nrfcloud or other" },
};

static void
put (Target *target, const char *member, const char *value)
{
  char **text = g_str_equal (member, "endpoint")     ? &target->endpoint
                : g_str_equal (member, "policy")     ? &target->policy
                : g_str_equal (member, "thing-type") ? &target->thing_type
                                                     : &target->thing_group;

  g_free (*text);
  *text = g_strdup (value);
}

START_TEST (each_member_fits_its_kind)
{
  g_autoptr (GError) error = NULL;
  TargetMode mode;

  ck_assert (target_mode_from_word (members[_i].mode, &mode));
  g_autoptr (Target) target =
      target_of ("t", members[_i].kind, mode, members[_i].account, members[_i].region);
  if (members[_i].member != NULL)
    put (target, members[_i].member, members[_i].value);
  if (members[_i].refusal == NULL)
    assert_ok (ledger_add_target (f.ledger, target, "sue", &error), error);
  else
    assert_refused (!ledger_add_target (f.ledger, target, "sue", &error), LEDGER_ERROR_INVALID,
                    members[_i].refusal, error);
}
END_TEST

START_TEST (a_target_is_kept_as_it_was_given)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Target) given = target_of ("prod", "aws", TARGET_SNI_ONLY, OWN, REGION);
  put (given, "policy", "factory");
  assert_ok (ledger_add_target (f.ledger, given, "sue", &error), error);
  assert_refused (!ledger_add_target (f.ledger, given, "sue", &error), LEDGER_ERROR_EXISTS,
                  "choose another name", error);
  fixture_reopen (&f);
  g_autoptr (GPtrArray) targets = ledger_targets (f.ledger, NULL);
  const Target *kept = g_ptr_array_index (targets, 0);

  ck_assert_uint_eq (targets->len, 1);
  ck_assert_str_eq (kept->name, "prod");
  ck_assert_str_eq (kept->account, OWN);
  ck_assert_int_eq (kept->mode, TARGET_SNI_ONLY);
  ck_assert_str_eq (kept->policy, "factory");
  ck_assert_str_eq (kept->thing_type, "");
  ck_assert_str_eq (kept->added_by, "sue");
  assert_text ("aws, sni-only, account " OWN ", region " REGION,
               raw_text (f.path, "SELECT detail FROM audit_events WHERE kind = 'target-add'"));
  ck_assert (!raw_sql (f.path, "UPDATE targets SET account = '" OTHER "'"));
  ck_assert (!raw_sql (f.path, "DELETE FROM targets"));
  assert_refused (ledger_target (f.ledger, "test", &error) == NULL, LEDGER_ERROR_NOT_FOUND,
                  "no target test", error);
}
END_TEST

START_TEST (what_a_target_is_stays_and_the_rest_may_change)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Target) change = target_of ("prod", "", TARGET_CSR, "", "");

  add_aws (f.ledger, "prod", TARGET_SNI_ONLY, OWN);
  put (change, "policy", "new");
  assert_ok (ledger_set_target (f.ledger, change, "sue", &error), error);
  assert_ok (ledger_set_target (f.ledger, change, "sue", &error), error);
  g_autoptr (Target) kept = ledger_target (f.ledger, "prod", NULL);
  ck_assert_str_eq (kept->policy, "new");
  ck_assert_int_eq (kept->mode, TARGET_SNI_ONLY);
  assert_text ("policy nothing to new",
               raw_text (f.path, "SELECT group_concat (detail) FROM audit_events"
                                 " WHERE kind = 'target-set'"));
  put (change, "policy", "a b");
  assert_refused (!ledger_set_target (f.ledger, change, "sue", &error), LEDGER_ERROR_INVALID,
                  "is no policy", error);
}
END_TEST

/* ---- batches ---- */

static gboolean
send_to (const char *names, RegistrationStatus status, GError **error)
{
  g_auto (GStrv) list = g_strsplit (names, " ", 0);

  return ledger_set_batch_targets (f.ledger, "b1", (const char *const *)list, status, "sue", error);
}

START_TEST (a_batch_goes_to_targets_that_are_apart)
{
  g_autoptr (GError) error = NULL;
  start_batch (f.ledger, "b1", 0, NULL);
  add_aws (f.ledger, "prod", TARGET_SNI_ONLY, OWN);
  add_aws (f.ledger, "twin", TARGET_WITHOUT_CA, OWN);
  add_aws (f.ledger, "test", TARGET_SNI_ONLY, OTHER);
  add_aws (f.ledger, "csr", TARGET_CSR, "777788889999");
  g_autoptr (Target) nrf = target_of ("nrf", "nrfcloud", TARGET_WITHOUT_CA, "team", "");
  ck_assert (ledger_add_target (f.ledger, nrf, "sue", NULL));

  assert_ok (send_to ("prod test", REGISTRATION_ACTIVE, &error), error);
  assert_refused (!send_to ("prod twin", REGISTRATION_ACTIVE, &error), LEDGER_ERROR_INVALID,
                  "one account and region", error);
  assert_refused (!send_to ("prod prod", REGISTRATION_ACTIVE, &error), LEDGER_ERROR_INVALID,
                  "named twice", error);
  assert_refused (!send_to ("csr", REGISTRATION_ACTIVE, &error), LEDGER_ERROR_INVALID,
                  "signs the devices' requests itself", error);
  assert_refused (!send_to ("nrf", REGISTRATION_INACTIVE, &error), LEDGER_ERROR_INVALID,
                  "no inactive devices", error);
  assert_refused (!send_to ("prod", REGISTRATION_REVOKED, &error), LEDGER_ERROR_INVALID,
                  "ACTIVE or INACTIVE", error);
  assert_refused (!send_to ("nowhere", REGISTRATION_ACTIVE, &error), LEDGER_ERROR_NOT_FOUND,
                  "no target nowhere", error);
  /* What was refused changed nothing. */
  g_auto (GStrv) names = ledger_batch_targets (f.ledger, "b1", NULL);
  assert_text ("prod test", g_strjoinv (" ", names));
}
END_TEST

START_TEST (a_batch_may_go_nowhere_again)
{
  g_autoptr (GError) error = NULL;
  const char *const none[] = { NULL };
  start_batch (f.ledger, "b1", 0, NULL);
  add_aws (f.ledger, "prod", TARGET_SNI_ONLY, OWN);
  assert_ok (send_to ("prod", REGISTRATION_ACTIVE, &error), error);
  assert_ok (ledger_set_batch_targets (f.ledger, "b1", none, REGISTRATION_ACTIVE, "sue", &error),
             error);
  g_auto (GStrv) names = ledger_batch_targets (f.ledger, "b1", NULL);
  ck_assert_ptr_null (names[0]);
  assert_refused (ledger_batch_targets (f.ledger, "b9", &error) == NULL, LEDGER_ERROR_NOT_FOUND,
                  "no batch b9", error);
}
END_TEST

/* ---- CAs ---- */

static gboolean
try_ca (const char *target, const char *authority, const char *verification, GError **error)
{
  const AuthorityOrder order = {
    .target = target, .authority = authority, .verification = verification, .active = TRUE
  };

  return ledger_register_authority (f.ledger, &order, "sue", error);
}

START_TEST (mode_and_verification_certificate_go_together)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TestAuthority) ca = test_authority_new ("ca", 3650);
  g_autofree char *proof = test_authority_verify (ca, CODE, 30);
  keep_authority (f.ledger, ca);
  add_aws (f.ledger, "default", TARGET_REGISTERED_CA, OWN);
  add_aws (f.ledger, "sni", TARGET_SNI_ONLY, OTHER);
  add_aws (f.ledger, "none", TARGET_WITHOUT_CA, OWN);

  assert_refused (!try_ca ("default", "ca", NULL, &error), LEDGER_ERROR_INVALID,
                  "asks for a verification certificate", error);
  assert_refused (!try_ca ("sni", "ca", proof, &error), LEDGER_ERROR_INVALID,
                  "takes no verification certificate", error);
  assert_refused (!try_ca ("none", "ca", NULL, &error), LEDGER_ERROR_INVALID, "this one needs none",
                  error);
  assert_ok (try_ca ("default", "ca", proof, &error), error);
  assert_ok (try_ca ("sni", ca->sha256, NULL, &error), error);
  assert_text ("DEFAULT ACTIVE,SNI_ONLY ACTIVE",
               raw_text (f.path, "SELECT group_concat (certificate_mode || ' ' || status)"
                                 " FROM authority_registrations ORDER BY id"));
  g_autofree char *arguments = raw_text (
      f.path, "SELECT json_extract (arguments, '$.verification') FROM registry_operations");
  ck_assert_str_eq (arguments, proof);
}
END_TEST

START_TEST (the_verification_certificate_proves_the_key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TestAuthority) ca = test_authority_new ("ca", 3650);
  g_autoptr (TestAuthority) impostor = test_authority_new ("ca", 3650);
  g_autofree char *forged = test_authority_verify (impostor, CODE, 30);
  g_autofree char *late = test_authority_verify (ca, CODE, -1);
  g_autofree char *other = test_authority_verify (ca, "0123", 30);
  g_autofree char *letters = test_authority_verify (
      ca, "g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 30);
  g_autofree char *good = test_authority_verify (ca, CODE, 30);
  keep_authority (f.ledger, ca);
  add_aws (f.ledger, "t", TARGET_REGISTERED_CA, OWN);

  assert_refused (!try_ca ("t", "ca", forged, &error), LEDGER_ERROR_INVALID,
                  "not signed by this CA", error);
  assert_refused (!try_ca ("t", "ca", late, &error), LEDGER_ERROR_INVALID, "has expired", error);
  assert_refused (!try_ca ("t", "ca", other, &error), LEDGER_ERROR_INVALID, "no registration code",
                  error);
  assert_refused (!try_ca ("t", "ca", letters, &error), LEDGER_ERROR_INVALID,
                  "no registration code", error);
  assert_refused (!try_ca ("t", "ca", "hello", &error), LEDGER_ERROR_INVALID, "can't be read",
                  error);
  assert_ok (try_ca ("t", "ca", good, &error), error);
}
END_TEST

START_TEST (only_a_ca_within_its_dates_is_registered)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TestAuthority) expired = test_authority_new ("expired", -1);
  g_autoptr (TestAuthority) ca = test_authority_new ("ca", 3650);
  g_autoptr (EVP_PKEY) key = make_key ();
  g_autoptr (GBytes) leaf = test_authority_sign (ca, key, "leaf", 30);
  g_autoptr (GPtrArray) chain = g_ptr_array_new ();
  keep_authority (f.ledger, expired);
  g_ptr_array_add (chain, leaf);
  ck_assert (ledger_keep_chain (f.ledger, "leaf", chain, NULL));
  add_aws (f.ledger, "t", TARGET_SNI_ONLY, OWN);

  assert_refused (!try_ca ("t", "expired", NULL, &error), LEDGER_ERROR_INVALID, "has expired",
                  error);
  assert_refused (!try_ca ("t", "leaf", NULL, &error), LEDGER_ERROR_INVALID, "is no CA's", error);
  assert_refused (!try_ca ("t", "nobody", NULL, &error), LEDGER_ERROR_NOT_FOUND, "nobody", error);
}
END_TEST

START_TEST (two_cas_of_one_name_are_told_apart_by_digest)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TestAuthority) old = test_authority_new ("ca", 3650);
  g_autoptr (TestAuthority) new = test_authority_new ("ca", 3650);
  keep_authority (f.ledger, old);
  keep_authority (f.ledger, new);
  add_aws (f.ledger, "t", TARGET_SNI_ONLY, OWN);

  assert_refused (!try_ca ("t", "ca", NULL, &error), LEDGER_ERROR_INVALID, "by its SHA-256", error);
  assert_ok (try_ca ("t", old->sha256, NULL, &error), error);
}
END_TEST

START_TEST (ten_cas_of_a_subject_fit_into_an_account_and_region)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TestAuthority) eleventh = test_authority_new ("ca", 3650);
  g_autoptr (TestAuthority) other = test_authority_new ("other", 3650);
  add_aws (f.ledger, "t", TARGET_SNI_ONLY, OWN);
  add_aws (f.ledger, "twin", TARGET_SNI_ONLY, OWN);
  add_aws (f.ledger, "test", TARGET_SNI_ONLY, OTHER);
  for (guint i = 0; i < 10; i++) {
    g_autoptr (TestAuthority) ca = test_authority_new ("ca", 3650);
    keep_authority (f.ledger, ca);
    assert_ok (try_ca (i % 2 == 0 ? "t" : "twin", ca->sha256, NULL, &error), error);
  }
  keep_authority (f.ledger, eleventh);
  keep_authority (f.ledger, other);
  assert_refused (!try_ca ("t", eleventh->sha256, NULL, &error), LEDGER_ERROR_INVALID, "ten CAs",
                  error);
  assert_ok (try_ca ("t", other->sha256, NULL, &error), error);
  assert_ok (try_ca ("test", eleventh->sha256, NULL, &error), error);
}
END_TEST

START_TEST (default_mode_is_for_one_account_of_a_region)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TestAuthority) ca = test_authority_new ("ca", 3650);
  g_autofree char *proof = test_authority_verify (ca, CODE, 30);
  g_autoptr (Target) far = target_of ("far", "aws", TARGET_REGISTERED_CA, OTHER, "us-east-1");
  keep_authority (f.ledger, ca);
  ck_assert (ledger_add_target (f.ledger, far, "sue", NULL));
  add_aws (f.ledger, "t", TARGET_REGISTERED_CA, OWN);
  add_aws (f.ledger, "twin", TARGET_REGISTERED_CA, OWN);
  add_aws (f.ledger, "test", TARGET_REGISTERED_CA, OTHER);

  assert_ok (try_ca ("t", "ca", proof, &error), error);
  assert_refused (!try_ca ("t", "ca", proof, &error), LEDGER_ERROR_EXISTS, "by target t", error);
  assert_refused (!try_ca ("twin", "ca", proof, &error), LEDGER_ERROR_EXISTS, "by target t", error);
  assert_refused (!try_ca ("test", "ca", proof, &error), LEDGER_ERROR_INVALID, "use mode sni-only",
                  error);
  assert_ok (try_ca ("far", "ca", proof, &error), error);
}
END_TEST

START_TEST (a_ca_is_deleted_only_when_inactive)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TestAuthority) ca = test_authority_new ("ca", 3650);
  keep_authority (f.ledger, ca);
  add_aws (f.ledger, "t", TARGET_SNI_ONLY, OWN);
#define CHANGE(status, auto_registration)                                                          \
  ledger_change_authority (f.ledger, "t", "ca", status, auto_registration, "sue", &error)

  assert_refused (!CHANGE (REGISTRATION_INACTIVE, -1), LEDGER_ERROR_NOT_FOUND, "register it first",
                  error);
  register_ca (f.ledger, "t", ca);
  assert_refused (!CHANGE (REGISTRATION_NONE, -1), LEDGER_ERROR_INVALID, "deactivate it first",
                  error);
  assert_refused (!CHANGE (REGISTRATION_REVOKED, -1), LEDGER_ERROR_INVALID, "ACTIVE or INACTIVE",
                  error);
  assert_ok (CHANGE (REGISTRATION_ACTIVE, 1), error);
  assert_ok (CHANGE (REGISTRATION_ACTIVE, 1), error);
  g_autoptr (GPtrArray) list = ledger_authority_registrations (f.ledger, "t", NULL);
  const AuthorityRegistration *row = g_ptr_array_index (list, 0);
  ck_assert_str_eq (row->name, "ca");
  ck_assert_str_eq (row->sha256, ca->sha256);
  ck_assert_str_eq (row->subject, "CN=ca");
  ck_assert_str_eq (row->certificate_mode, "SNI_ONLY");
  ck_assert (row->auto_registration && row->not_after > row->not_before);
  assert_ok (CHANGE (REGISTRATION_INACTIVE, -1), error);
  assert_ok (CHANGE (REGISTRATION_NONE, -1), error);
  g_autoptr (GPtrArray) empty = ledger_authority_registrations (f.ledger, NULL, NULL);
  ck_assert_uint_eq (empty->len, 0);
  assert_text ("register-ca waiting,update-ca waiting,update-ca waiting,delete-ca waiting",
               operations_in (f.ledger, "t"));
  register_ca (f.ledger, "t", ca);
#undef CHANGE
}
END_TEST

/* A ledger that is damaged under us: an error, and no target. */
START_TEST (a_target_that_can_not_be_asked_for_is_none)
{
  g_autoptr (GError) error = NULL;

  ck_assert (raw_sql (f.path, "DROP TABLE targets"));
  ck_assert_ptr_null (ledger_target (f.ledger, "t", &error));
  ck_assert_ptr_nonnull (error);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("registry-targets");
  TCase *cases = tcase_create ("targets");

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_loop_test (cases, each_member_fits_its_kind, 0, G_N_ELEMENTS (members));
  tcase_add_test (cases, a_target_is_kept_as_it_was_given);
  tcase_add_test (cases, what_a_target_is_stays_and_the_rest_may_change);
  tcase_add_test (cases, a_batch_goes_to_targets_that_are_apart);
  tcase_add_test (cases, a_batch_may_go_nowhere_again);
  tcase_add_test (cases, mode_and_verification_certificate_go_together);
  tcase_add_test (cases, the_verification_certificate_proves_the_key);
  tcase_add_test (cases, only_a_ca_within_its_dates_is_registered);
  tcase_add_test (cases, two_cas_of_one_name_are_told_apart_by_digest);
  tcase_add_test (cases, ten_cas_of_a_subject_fit_into_an_account_and_region);
  tcase_add_test (cases, default_mode_is_for_one_account_of_a_region);
  tcase_add_test (cases, a_ca_is_deleted_only_when_inactive);
  tcase_add_test (cases, a_target_that_can_not_be_asked_for_is_none);
  suite_add_tcase (suite, cases);
  return run_suite (suite);
}
