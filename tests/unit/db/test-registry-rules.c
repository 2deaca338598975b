/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The registry's rules: the table of docs/registry.md, every operation on every status, and then
 * whatever else decides, one fact at a time, each beside its twin that passes.
 */
#include <string.h>

#include "db/registry-rules.h"
#include "fixture.h"

#define OWN "111122223333"
#define OTHER "444455556666"

/* A certificate with nothing against it, in an AWS target of mode sni-only. */
static RegistryFacts
good_facts (RegistrationStatus status)
{
  RegistryFacts facts = { .status = status,
                          .kind = "aws",
                          .mode = TARGET_SNI_ONLY,
                          .verified = TRUE,
                          .authority_registered = TRUE,
                          .authority_active = TRUE,
                          .account = OWN };

  if (status == REGISTRATION_PENDING_TRANSFER)
    facts.transferred_to = OTHER;
  return facts;
}

static RegistryRequest
plain_request (RegistryOperation operation)
{
  RegistryRequest request = { .operation = operation };

  if (operation == REGISTRY_REGISTER)
    request.status = REGISTRATION_ACTIVE;
  if (operation == REGISTRY_TRANSFER)
    request.account = OTHER;
  return request;
}

/* `expected`: a status word, "=", or what the refusal says to do. */
static void
assert_verdict (const RegistryRequest *request, const RegistryFacts *facts, const char *expected)
{
  g_auto (RegistryVerdict) verdict = { 0 };
  RegistrationStatus status;
  g_autofree char *about =
      g_strdup_printf ("%s on %s, expected %s", registry_operation_word (request->operation),
                       registration_status_word (facts->status), expected);

  registry_judge (request, facts, &verdict);
  if (g_strcmp0 (expected, "=") == 0) {
    ck_assert_msg (verdict.allowed && !verdict.changes, "%s", about);
    ck_assert_msg (verdict.status == facts->status, "%s", about);
    ck_assert_ptr_null (verdict.refusal);
  }
  else if (registration_status_from_word (expected, &status)) {
    ck_assert_msg (verdict.allowed && verdict.changes && verdict.status == status, "%s: %s", about,
                   verdict.refusal);
    ck_assert_ptr_null (verdict.refusal);
  }
  else {
    ck_assert_msg (!verdict.allowed && !verdict.changes, "%s", about);
    ck_assert_msg (verdict.status == facts->status, "%s", about);
    ck_assert_msg (strstr (verdict.refusal, expected) != NULL, "%s: %s", about, verdict.refusal);
    /* What is wrong, a colon, what to do. */
    ck_assert_msg (strstr (verdict.refusal, ": ") != NULL, "%s: %s", about, verdict.refusal);
  }
}

/* ---- the table ---- */

#define REGISTER_FIRST "register it first"
#define CANCEL_FIRST ": cancel it first"
#define NEW_CERTIFICATE "which is final: give the device a new certificate"

/* In the order of the statuses: none, ACTIVE, INACTIVE, REVOKED, PENDING_TRANSFER,
 * PENDING_ACTIVATION. */
static const char *const table[N_REGISTRY_OPERATIONS][N_REGISTRATION_STATUSES] = {
  [REGISTRY_REGISTER] = { "ACTIVE", "=", "=", NEW_CERTIFICATE, "=", "=" },
  [REGISTRY_ACTIVATE] = { REGISTER_FIRST, "=", "ACTIVE", NEW_CERTIFICATE, CANCEL_FIRST, "ACTIVE" },
  [REGISTRY_DEACTIVATE] = { REGISTER_FIRST, "INACTIVE", "=", "leave it as it is", CANCEL_FIRST,
                            "INACTIVE" },
  [REGISTRY_REVOKE] = { "register it as REVOKED", "REVOKED", "REVOKED", "=", CANCEL_FIRST,
                        "REVOKED" },
  [REGISTRY_TRANSFER] = { REGISTER_FIRST, "deactivate it first", "PENDING_TRANSFER",
                          NEW_CERTIFICATE, "=", "PENDING_TRANSFER" },
  [REGISTRY_ACCEPT_TRANSFER] = { "start one there first", "as ACTIVE: there is no transfer",
                                 "as INACTIVE: there is no transfer",
                                 "as REVOKED: there is no transfer", "in that account's target",
                                 "as PENDING_ACTIVATION: there is no transfer" },
  [REGISTRY_REJECT_TRANSFER] = { "start one there first", "as ACTIVE: there is no transfer",
                                 "as INACTIVE: there is no transfer",
                                 "as REVOKED: there is no transfer", "in that account's target",
                                 "as PENDING_ACTIVATION: there is no transfer" },
  [REGISTRY_CANCEL_TRANSFER] = { "there is no transfer to cancel", "there is nothing to cancel",
                                 "there is nothing to cancel", "there is nothing to cancel",
                                 "INACTIVE", "there is nothing to cancel" },
  [REGISTRY_DELETE] = { "there is nothing to delete", "deactivate it first", "none", "none",
                        CANCEL_FIRST, "none" },
};

START_TEST (each_operation_on_each_status_is_as_in_the_table)
{
  const RegistryOperation operation = (RegistryOperation)(_i / N_REGISTRATION_STATUSES);
  const RegistrationStatus status = (RegistrationStatus)(_i % N_REGISTRATION_STATUSES);
  const RegistryRequest request = plain_request (operation);
  const RegistryFacts facts = good_facts (status);

  ck_assert_ptr_nonnull (table[operation][status]);
  assert_verdict (&request, &facts, table[operation][status]);
}
END_TEST

/* Done once more to what it has become, an operation changes nothing. */
START_TEST (what_was_done_is_not_done_twice)
{
  const RegistryOperation operation = (RegistryOperation)(_i / N_REGISTRATION_STATUSES);
  const RegistryRequest request = plain_request (operation);
  const RegistryFacts before = good_facts ((RegistrationStatus)(_i % N_REGISTRATION_STATUSES));
  g_auto (RegistryVerdict) first = { 0 };
  g_auto (RegistryVerdict) second = { 0 };

  registry_judge (&request, &before, &first);
  RegistryFacts after = good_facts (first.status);
  registry_judge (&request, &after, &second);
  ck_assert (!second.changes);
}
END_TEST

/* ---- accepting and rejecting, in both accounts ---- */

static const struct {
  RegistryOperation operation;
  RegistrationStatus wanted;
  RegistrationStatus status;
  const char *source;
  gboolean elsewhere;
  const char *expected;
} answers[] = {
  { REGISTRY_ACCEPT_TRANSFER, REGISTRATION_NONE, REGISTRATION_NONE, "here", FALSE, "INACTIVE" },
  { REGISTRY_ACCEPT_TRANSFER, REGISTRATION_INACTIVE, REGISTRATION_NONE, "here", FALSE, "INACTIVE" },
  { REGISTRY_ACCEPT_TRANSFER, REGISTRATION_ACTIVE, REGISTRATION_NONE, "here", FALSE, "ACTIVE" },
  { REGISTRY_REJECT_TRANSFER, REGISTRATION_NONE, REGISTRATION_NONE, "here", FALSE, "none" },
  { REGISTRY_ACCEPT_TRANSFER, REGISTRATION_NONE, REGISTRATION_PENDING_TRANSFER, NULL, TRUE,
    "none" },
  { REGISTRY_REJECT_TRANSFER, REGISTRATION_NONE, REGISTRATION_PENDING_TRANSFER, NULL, TRUE,
    "INACTIVE" },
  { REGISTRY_ACCEPT_TRANSFER, REGISTRATION_NONE, REGISTRATION_NONE, NULL, TRUE,
    "not registered here" },
  { REGISTRY_REJECT_TRANSFER, REGISTRATION_NONE, REGISTRATION_NONE, "here", TRUE,
    "not registered here" },
  { REGISTRY_ACCEPT_TRANSFER, REGISTRATION_NONE, REGISTRATION_INACTIVE, NULL, TRUE,
    "it is INACTIVE" },
  { REGISTRY_REJECT_TRANSFER, REGISTRATION_NONE, REGISTRATION_REVOKED, NULL, TRUE,
    "it is REVOKED" },
};

START_TEST (a_transfer_is_answered_where_it_goes_to)
{
  RegistryFacts facts = good_facts (answers[_i].status);
  RegistryRequest request = { .operation = answers[_i].operation,
                              .status = answers[_i].wanted,
                              .elsewhere = answers[_i].elsewhere };

  facts.source = answers[_i].source;
  assert_verdict (&request, &facts, answers[_i].expected);
}
END_TEST

START_TEST (what_is_void_or_there_already_is_not_accepted_as_active)
{
  RegistryFacts facts = good_facts (REGISTRATION_NONE);
  RegistryRequest request = { .operation = REGISTRY_ACCEPT_TRANSFER };

  facts.source = "here";
  facts.void_here = TRUE;
  assert_verdict (&request, &facts, "INACTIVE");
  request.status = REGISTRATION_ACTIVE;
  assert_verdict (&request, &facts, "give the device a new one");
  facts.void_here = FALSE;
  assert_verdict (&request, &facts, "ACTIVE");
  facts.registered_elsewhere = "twin";
  assert_verdict (&request, &facts, "in target twin");
}
END_TEST

START_TEST (a_transfer_goes_to_one_other_account)
{
  RegistryFacts facts = good_facts (REGISTRATION_INACTIVE);
  RegistryRequest request = { .operation = REGISTRY_TRANSFER, .account = OWN };

  assert_verdict (&request, &facts, "say another account");
  request.account = OTHER;
  assert_verdict (&request, &facts, "PENDING_TRANSFER");
  facts = good_facts (REGISTRATION_PENDING_TRANSFER);
  assert_verdict (&request, &facts, "=");
  request.account = "777788889999";
  assert_verdict (&request, &facts, "a transfer to account " OTHER " waits");
}
END_TEST

/* ---- what the station knows ---- */

typedef enum { VERIFIED, VOID, EXPIRED, ELSEWHERE, CA_REGISTERED, CA_ACTIVE } Fact;

static void
spoil (RegistryFacts *facts, Fact fact)
{
  switch (fact) {
  case VERIFIED:
    facts->verified = FALSE;
    return;
  case VOID:
    facts->void_here = TRUE;
    return;
  case EXPIRED:
    facts->expired = TRUE;
    return;
  case ELSEWHERE:
    facts->registered_elsewhere = "twin";
    return;
  case CA_REGISTERED:
    facts->authority_registered = FALSE;
    facts->authority_active = FALSE;
    return;
  case CA_ACTIVE:
    facts->authority_active = FALSE;
    return;
  }
}

/* What registering as ACTIVE, as REVOKED, and activating say to one bad fact. */
static const struct {
  Fact fact;
  const char *as_active;
  const char *as_revoked;
  const char *activated;
} spoilt[] = {
  { VERIFIED, "run it until it passes", "REVOKED", "run it until it passes" },
  { VOID, "give the device a new one", "REVOKED", "give the device a new one" },
  { EXPIRED, "give the device a new certificate", "give the device a new certificate", "ACTIVE" },
  { ELSEWHERE, "in target twin", "in target twin", "ACTIVE" },
  { CA_REGISTERED, "registry ca register", "registry ca register", "ACTIVE" },
  { CA_ACTIVE, "registry ca activate", "registry ca activate", "ACTIVE" },
};

START_TEST (one_bad_fact_is_enough)
{
  RegistryFacts absent = good_facts (REGISTRATION_NONE);
  RegistryFacts inactive = good_facts (REGISTRATION_INACTIVE);
  RegistryRequest request = plain_request (REGISTRY_REGISTER);
  const RegistryRequest activate = plain_request (REGISTRY_ACTIVATE);

  assert_verdict (&request, &absent, "ACTIVE");
  spoil (&absent, spoilt[_i].fact);
  spoil (&inactive, spoilt[_i].fact);
  assert_verdict (&request, &absent, spoilt[_i].as_active);
  request.status = REGISTRATION_REVOKED;
  assert_verdict (&request, &absent, spoilt[_i].as_revoked);
  assert_verdict (&activate, &inactive, spoilt[_i].activated);
}
END_TEST

/* What takes a certificate out of use never asks what it is worth. */
START_TEST (taking_out_of_use_asks_for_nothing)
{
  const RegistryOperation operations[] = { REGISTRY_DEACTIVATE, REGISTRY_REVOKE, REGISTRY_DELETE };
  const char *const expected[] = { "INACTIVE", "REVOKED", "none" };

  for (guint i = 0; i < G_N_ELEMENTS (operations); i++) {
    RegistryFacts facts = good_facts (REGISTRATION_PENDING_ACTIVATION);
    const RegistryRequest request = plain_request (operations[i]);
    spoil (&facts, (Fact)_i);
    assert_verdict (&request, &facts, expected[i]);
  }
}
END_TEST

/* ---- modes and kinds ---- */

static const struct {
  const char *kind;
  TargetMode mode;
  gboolean self_signed;
  gboolean authority;
  const char *expected;
} modes[] = {
  { "aws", TARGET_REGISTERED_CA, FALSE, TRUE, "ACTIVE" },
  { "aws", TARGET_REGISTERED_CA, FALSE, FALSE, "registry ca register" },
  { "aws", TARGET_SNI_ONLY, FALSE, TRUE, "ACTIVE" },
  { "aws", TARGET_SNI_ONLY, FALSE, FALSE, "registry ca register" },
  { "aws", TARGET_WITHOUT_CA, FALSE, FALSE, "ACTIVE" },
  { "aws", TARGET_WITHOUT_CA, TRUE, FALSE, "ACTIVE" },
  { "aws", TARGET_CSR, FALSE, TRUE, "export these instead" },
  { "aws", TARGET_SELF_SIGNED, TRUE, FALSE, "ACTIVE" },
  { "aws", TARGET_SELF_SIGNED, FALSE, TRUE, "use a target of mode without-ca" },
  /* Nobody registers CAs with Azure through here. */
  { "azure-dps", TARGET_REGISTERED_CA, FALSE, FALSE, "ACTIVE" },
  { "azure-hub", TARGET_WITHOUT_CA, FALSE, FALSE, "ACTIVE" },
  { "nrfcloud", TARGET_WITHOUT_CA, FALSE, FALSE, "ACTIVE" },
  { "other", TARGET_SELF_SIGNED, FALSE, FALSE, "use a target of mode without-ca" },
};

START_TEST (the_mode_says_who_must_have_signed)
{
  RegistryFacts facts = good_facts (REGISTRATION_NONE);
  const RegistryRequest request = plain_request (REGISTRY_REGISTER);

  facts.kind = modes[_i].kind;
  facts.mode = modes[_i].mode;
  facts.self_signed = modes[_i].self_signed;
  facts.authority_registered = modes[_i].authority;
  facts.authority_active = modes[_i].authority;
  assert_verdict (&request, &facts, modes[_i].expected);
}
END_TEST

START_TEST (only_aws_hands_certificates_over)
{
  const char *const kinds[] = { "azure-hub", "azure-dps", "nrfcloud", "other" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    for (int operation = REGISTRY_TRANSFER; operation <= REGISTRY_CANCEL_TRANSFER; operation++)
      for (int status = 0; status < N_REGISTRATION_STATUSES; status++) {
        RegistryFacts facts = good_facts ((RegistrationStatus)status);
        const RegistryRequest request = plain_request ((RegistryOperation)operation);
        facts.kind = kinds[i];
        facts.source = "here";
        assert_verdict (&request, &facts, "register it in the other target");
      }
}
END_TEST

START_TEST (nrf_cloud_has_no_inactive_devices)
{
  RegistryFacts facts = good_facts (REGISTRATION_ACTIVE);
  const RegistryRequest deactivate = plain_request (REGISTRY_DEACTIVATE);
  const RegistryRequest delete = plain_request (REGISTRY_DELETE);
  RegistryRequest request = plain_request (REGISTRY_REGISTER);

  facts.kind = "nrfcloud";
  facts.mode = TARGET_WITHOUT_CA;
  assert_verdict (&deactivate, &facts, "revoke it");
  assert_verdict (&delete, &facts, "revoke it first");
  facts.status = REGISTRATION_NONE;
  request.status = REGISTRATION_INACTIVE;
  assert_verdict (&request, &facts, "nRF Cloud has no inactive devices");
  facts.kind = "azure-hub";
  assert_verdict (&request, &facts, "INACTIVE");
}
END_TEST

START_TEST (registering_asks_for_the_status_that_it_has)
{
  RegistryFacts facts = good_facts (REGISTRATION_ACTIVE);
  RegistryRequest request = plain_request (REGISTRY_REGISTER);

  request.status = REGISTRATION_INACTIVE;
  assert_verdict (&request, &facts, "=");
  request.status = REGISTRATION_REVOKED;
  assert_verdict (&request, &facts, "as ACTIVE already: revoke it");
  facts.status = REGISTRATION_REVOKED;
  assert_verdict (&request, &facts, "=");
}
END_TEST

/* ---- requests ---- */

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define LONGEST HUNDRED TEN TEN "12345678"

static const struct {
  RegistryRequest request;
  const char *refusal; /* NULL: it is sound */
} requests[] = {
  { { REGISTRY_REGISTER, REGISTRATION_ACTIVE, NULL, NULL, FALSE }, NULL },
  { { REGISTRY_REGISTER, REGISTRATION_REVOKED, NULL, NULL, FALSE }, NULL },
  { { REGISTRY_REGISTER, REGISTRATION_NONE, NULL, NULL, FALSE }, "say which" },
  { { REGISTRY_REGISTER, REGISTRATION_PENDING_TRANSFER, NULL, NULL, FALSE }, "say which" },
  { { REGISTRY_ACTIVATE, REGISTRATION_NONE, NULL, NULL, FALSE }, NULL },
  { { REGISTRY_ACTIVATE, REGISTRATION_ACTIVE, NULL, NULL, FALSE }, "leave it out" },
  { { REGISTRY_ACTIVATE, REGISTRATION_NONE, OTHER, NULL, FALSE }, "leave it out" },
  { { REGISTRY_ACTIVATE, REGISTRATION_NONE, NULL, "why", FALSE }, "leave it out" },
  { { REGISTRY_ACTIVATE, REGISTRATION_NONE, NULL, NULL, TRUE }, "leave it out" },
  { { REGISTRY_TRANSFER, REGISTRATION_NONE, OTHER, NULL, FALSE }, NULL },
  { { REGISTRY_TRANSFER, REGISTRATION_NONE, NULL, NULL, FALSE }, "12 digits" },
  { { REGISTRY_TRANSFER, REGISTRATION_NONE, "44445555666", NULL, FALSE }, "12 digits" },
  { { REGISTRY_TRANSFER, REGISTRATION_NONE, "44445555666x", NULL, FALSE }, "12 digits" },
  { { REGISTRY_TRANSFER, REGISTRATION_NONE, "4444555566667", NULL, FALSE }, "12 digits" },
  { { REGISTRY_TRANSFER, REGISTRATION_NONE, OTHER, LONGEST, FALSE }, NULL },
  { { REGISTRY_TRANSFER, REGISTRATION_NONE, OTHER, LONGEST "9", FALSE }, "shorten it" },
  { { REGISTRY_TRANSFER, REGISTRATION_NONE, OTHER, "\xc3\x28", FALSE }, "no UTF-8" },
  { { REGISTRY_TRANSFER, REGISTRATION_NONE, OTHER, NULL, TRUE }, "leave it out" },
  { { REGISTRY_ACCEPT_TRANSFER, REGISTRATION_ACTIVE, NULL, NULL, FALSE }, NULL },
  { { REGISTRY_ACCEPT_TRANSFER, REGISTRATION_NONE, NULL, NULL, TRUE }, NULL },
  { { REGISTRY_ACCEPT_TRANSFER, REGISTRATION_REVOKED, NULL, NULL, FALSE }, "say which" },
  { { REGISTRY_ACCEPT_TRANSFER, REGISTRATION_NONE, NULL, "why", FALSE }, "leave it out" },
  { { REGISTRY_REJECT_TRANSFER, REGISTRATION_NONE, NULL, "why", TRUE }, NULL },
  { { REGISTRY_REJECT_TRANSFER, REGISTRATION_ACTIVE, NULL, "why", FALSE }, "leave it out" },
};

START_TEST (a_request_is_checked_before_any_certificate)
{
  g_autoptr (GError) error = NULL;
  const char *refusal = requests[_i].refusal;
  const gboolean sound = registry_request_check (&requests[_i].request, &error);

  if (refusal == NULL) {
    assert_ok (sound, error);
    return;
  }
  ck_assert (!sound);
  ck_assert_msg (strstr (error->message, refusal) != NULL, "%s", error->message);
  assert_error (!sound, LEDGER_ERROR_INVALID, error);
}
END_TEST

START_TEST (words_and_values_are_one_to_one)
{
  RegistryOperation operation;
  RegistrationStatus status;
  TargetMode mode;

  for (int i = 0; i < N_REGISTRY_OPERATIONS; i++) {
    const char *word = registry_operation_word ((RegistryOperation)i);
    ck_assert (registry_operation_from_word (word, &operation));
    ck_assert_int_eq (operation, i);
  }
  for (int i = 0; i < N_REGISTRATION_STATUSES; i++) {
    const char *word = registration_status_word ((RegistrationStatus)i);
    ck_assert (registration_status_from_word (word, &status));
    ck_assert_int_eq (status, i);
  }
  for (int i = 0; i < N_TARGET_MODES; i++) {
    const char *word = target_mode_word ((TargetMode)i);
    ck_assert (target_mode_from_word (word, &mode));
    ck_assert_int_eq (mode, i);
  }
  ck_assert (!registry_operation_from_word ("REGISTER", &operation));
  ck_assert (!registry_operation_from_word (NULL, &operation));
  ck_assert (!registration_status_from_word ("active", &status));
  ck_assert (!target_mode_from_word ("unknown", &mode));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("registry-rules");
  TCase *rules = tcase_create ("rules");

  tcase_add_loop_test (rules, each_operation_on_each_status_is_as_in_the_table, 0,
                       N_REGISTRY_OPERATIONS * N_REGISTRATION_STATUSES);
  tcase_add_loop_test (rules, what_was_done_is_not_done_twice, 0,
                       N_REGISTRY_OPERATIONS * N_REGISTRATION_STATUSES);
  tcase_add_loop_test (rules, a_transfer_is_answered_where_it_goes_to, 0, G_N_ELEMENTS (answers));
  tcase_add_test (rules, what_is_void_or_there_already_is_not_accepted_as_active);
  tcase_add_test (rules, a_transfer_goes_to_one_other_account);
  tcase_add_loop_test (rules, one_bad_fact_is_enough, 0, G_N_ELEMENTS (spoilt));
  tcase_add_loop_test (rules, taking_out_of_use_asks_for_nothing, 0, CA_ACTIVE + 1);
  tcase_add_loop_test (rules, the_mode_says_who_must_have_signed, 0, G_N_ELEMENTS (modes));
  tcase_add_test (rules, only_aws_hands_certificates_over);
  tcase_add_test (rules, nrf_cloud_has_no_inactive_devices);
  tcase_add_test (rules, registering_asks_for_the_status_that_it_has);
  tcase_add_loop_test (rules, a_request_is_checked_before_any_certificate, 0,
                       G_N_ELEMENTS (requests));
  tcase_add_test (rules, words_and_values_are_one_to_one);
  suite_add_tcase (suite, rules);
  return run_suite (suite);
}
