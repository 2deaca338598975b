/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What AWS is told of an operation, and what is made of each of its answers.
 */
#include <stdlib.h>

#include "courier/aws.h"
#include "courier/json.h"
#include "tests/unit/courier/course-rig.h"

#define ARN "arn:aws:iot:eu-west-1:123456789012:cert/"
#define REGISTERED "{\"certificateArn\":\"" ARN "%s\",\"certificateId\":\"%s\"}"

static CloudTarget *target;
static GPtrArray *order;
static Course *course;
static const char *id;

static void
setup (void)
{
  target = rig_target ("aws", "registered-ca");
}

static void
teardown (void)
{
  rig_clear ();
  g_clear_pointer (&course, course_free);
  g_clear_pointer (&order, g_ptr_array_unref);
  g_clear_pointer (&target, cloud_target_free);
}

static void
begin (const char *operation, const char *to_status, const char *arguments)
{
  rig_clear ();
  g_clear_pointer (&course, course_free);
  g_clear_pointer (&order, g_ptr_array_unref);
  order = rig_order_of (operation, to_status, arguments);
  id = rig_sha256 (order, 0);
  course = aws_course_new (target, order);
}

static void
set (char **place, const char *value)
{
  g_free (*place);
  *place = g_strdup (value);
}

/* "METHOD before ID after". */
static void
expect_about (const char *before, const char *after)
{
  g_autofree char *wanted = g_strconcat (before, id, after, NULL);

  expect_request (course, wanted);
}

static void
expect_done (void)
{
  expect_verdict (course, 0, VERDICT_DONE);
}

static const char *
words (void)
{
  return course->verdicts[0].words;
}

static char *
member (const char *name)
{
  g_autoptr (JsonNode) node = json_read (rig_request ()->body->str);

  return g_strdup (json_text_of (json_object_of (node), name));
}

static void
expect_member (const char *name, const char *wanted)
{
  g_autofree char *found = member (name);

  ck_assert_str_eq (found == NULL ? "(none)" : found, wanted);
}

static void
expect_principal (void)
{
  const RequestPair *pair = g_ptr_array_index (rig_request ()->headers, 0);
  g_autofree char *wanted = g_strconcat (ARN, id, NULL);

  ck_assert_str_eq (pair->name, "x-amzn-principal");
  ck_assert_str_eq (pair->value, wanted);
}

static void
describe (const char *status)
{
  rig_answer (course, 200, NULL, "{\"certificateDescription\":{\"status\":\"%s\"}}", status);
}

START_TEST (a_certificate_with_a_ca_is_registered)
{
  g_autofree char *pem = NULL;

  begin ("register", "ACTIVE", NULL);
  expect_request (course, "POST /certificate/register");
  pem = member ("certificatePem");
  ck_assert_msg (g_str_has_prefix (pem, "-----BEGIN CERTIFICATE-----\n"), "%s", pem);
  expect_member ("status", "ACTIVE");
  rig_answer (course, 200, NULL, REGISTERED, id, id);
  expect_done ();
  ck_assert_ptr_null (words ());
}
END_TEST

START_TEST (one_without_is_registered_without)
{
  set (&target->mode, "without-ca");
  begin ("register", "INACTIVE", NULL);
  expect_request (course, "POST /certificate/register-no-ca");
  expect_member ("caCertificatePem", "(none)");
  expect_member ("status", "INACTIVE");
  rig_answer (course, 200, NULL, REGISTERED, id, id);
  expect_done ();
}
END_TEST

START_TEST (it_gets_what_the_target_names)
{
  g_autofree char *arn = NULL;

  set (&target->policy, "factory+device");
  set (&target->thing_type, "lamp");
  set (&target->thing_group, "hall");
  begin ("register", "ACTIVE", NULL);
  expect_request (course, "POST /certificate/register");
  rig_answer (course, 200, NULL, REGISTERED, id, id);
  expect_request (course, "PUT /target-policies/factory%2Bdevice");
  arn = g_strconcat (ARN, id, NULL);
  expect_member ("target", arn);
  rig_answer (course, 200, NULL, "%s", "");
  expect_request (course, "POST /things/SN%3A1");
  expect_member ("thingTypeName", "lamp");
  rig_answer (course, 200, NULL, "{}");
  expect_request (course, "PUT /things/SN%3A1/principals");
  expect_principal ();
  rig_answer (course, 200, NULL, "{}");
  expect_request (course, "PUT /thing-groups/addThingToThingGroup");
  expect_member ("thingGroupName", "hall");
  expect_member ("thingName", "SN:1");
  rig_answer (course, 200, NULL, "{}");
  expect_done ();
}
END_TEST

START_TEST (a_revoked_one_gets_no_policy)
{
  set (&target->policy, "factory");
  begin ("register", "REVOKED", NULL);
  expect_request (course, "POST /certificate/register");
  rig_answer (course, 200, NULL, REGISTERED, id, id);
  expect_done ();
}
END_TEST

/* ---- told before ---- */

static void
begin_existing (const char *to_status)
{
  begin ("register", to_status, NULL);
  expect_request (course, "POST /certificate/register");
  rig_answer (course, 409, "ResourceAlreadyExistsException:http://internal.amazon.com/",
              "{\"message\":\"it is there\",\"resourceId\":\"%s\"}", id);
  expect_about ("GET /certificates/", "");
}

START_TEST (what_is_there_already_is_done)
{
  set (&target->policy, "factory");
  begin_existing ("ACTIVE");
  describe ("ACTIVE");
  expect_request (course,
                  "PUT /target-policies/factory"); /* it may have been cut off before this */
  rig_answer (course, 200, NULL, "%s", "");
  expect_done ();
  ck_assert_str_eq (words (), "AWS had it so already.");
}
END_TEST

START_TEST (another_status_is_set_right)
{
  begin_existing ("ACTIVE");
  describe ("INACTIVE");
  expect_about ("PUT /certificates/", "?newStatus=ACTIVE");
  rig_answer (course, 200, NULL, "%s", "");
  expect_done ();
}
END_TEST

START_TEST (what_was_revoked_there_stays_revoked)
{
  begin_existing ("ACTIVE");
  describe ("REVOKED");
  expect_verdict (course, 0, VERDICT_ALARM);
}
END_TEST

START_TEST (another_certificate_in_its_place_is_an_alarm)
{
  begin ("register", "ACTIVE", NULL);
  expect_request (course, "POST /certificate/register");
  rig_answer (course, 409, "ResourceAlreadyExistsException",
              "{\"message\":\"it is there\",\"resourceId\":\"%s\"}",
              "00000000000000000000000000000000000000000000000000000000deadbeef");
  expect_verdict (course, 0, VERDICT_ALARM);
  ck_assert_ptr_nonnull (strstr (words (), "deadbeef"));
}
END_TEST

START_TEST (another_account_is_an_alarm)
{
  begin ("register", "ACTIVE", NULL);
  expect_request (course, "POST /certificate/register");
  rig_answer (course, 200, NULL,
              "{\"certificateArn\":\"arn:aws:iot:eu-west-1:999999999999:cert/%s\","
              "\"certificateId\":\"%s\"}",
              id, id);
  expect_verdict (course, 0, VERDICT_ALARM);
  ck_assert_ptr_nonnull (strstr (words (), "another account"));
}
END_TEST

START_TEST (what_is_no_aws_is_not_believed)
{
  begin ("register", "ACTIVE", NULL);
  expect_request (course, "POST /certificate/register");
  rig_answer (course, 200, NULL, "<html>Please sign in</html>");
  expect_verdict (course, 0, VERDICT_AWAY);
}
END_TEST

/* ---- the other operations ---- */

START_TEST (a_status_is_one_call)
{
  static const char *const changes[][2] = { { "activate", "ACTIVE" },
                                            { "deactivate", "INACTIVE" },
                                            { "revoke", "REVOKED" } };
  g_autofree char *after = g_strconcat ("?newStatus=", changes[_i][1], NULL);

  set (&target->policy, "factory");
  begin (changes[_i][0], changes[_i][1], NULL);
  expect_about ("PUT /certificates/", after);
  rig_answer (course, 200, NULL, "%s", "");
  expect_done ();
}
END_TEST

static void
begin_transfer (void)
{
  set (&target->policy, "factory");
  set (&target->thing_type, "lamp");
  begin ("transfer", "PENDING_TRANSFER",
         "{\"account\":\"210987654321\",\"message\":\"for the owner\"}");
  expect_request (course, "POST /target-policies/factory");
  rig_answer (course, 200, NULL, "%s", "");
  expect_request (course, "DELETE /things/SN%3A1/principals");
  expect_principal ();
  rig_answer (course, 404, "ResourceNotFoundException", "{\"message\":\"no thing\"}");
  expect_about ("PATCH /transfer-certificate/", "?targetAwsAccount=210987654321");
  expect_member ("transferMessage", "for the owner");
}

START_TEST (a_transfer_detaches_first)
{
  begin_transfer ();
  rig_answer (course, 200, NULL, "{}");
  expect_done ();
}
END_TEST

START_TEST (a_transfer_that_was_begun_is_done)
{
  begin_transfer ();
  rig_answer (course, 406, "CertificateStateException", "{\"message\":\"pending\"}");
  expect_about ("GET /certificates/", "");
  describe ("PENDING_TRANSFER");
  expect_done ();
}
END_TEST

START_TEST (a_transfer_that_can_not_be_is_refused)
{
  begin_transfer ();
  rig_answer (course, 406, "CertificateStateException", "{\"message\":\"It must not be ACTIVE\"}");
  expect_about ("GET /certificates/", "");
  describe ("ACTIVE");
  expect_verdict (course, 0, VERDICT_REFUSED);
  ck_assert_ptr_nonnull (strstr (words (), "It must not be ACTIVE"));
}
END_TEST

START_TEST (a_transfer_is_accepted)
{
  begin ("accept-transfer", "INACTIVE", NULL);
  expect_about ("PATCH /accept-certificate-transfer/", "?setAsActive=false");
  rig_answer (course, 410, "TransferAlreadyCompletedException", "{\"message\":\"over\"}");
  expect_about ("GET /certificates/", "");
  describe ("INACTIVE");
  expect_done ();
}
END_TEST

START_TEST (a_transfer_is_rejected)
{
  begin ("reject-transfer", "", "{\"message\":\"not ours\"}");
  expect_about ("PATCH /reject-certificate-transfer/", "");
  expect_member ("rejectReason", "not ours");
  rig_answer (course, 404, "ResourceNotFoundException", "{\"message\":\"nothing\"}");
  expect_about ("GET /certificates/", "");
  rig_answer (course, 404, "ResourceNotFoundException", "{\"message\":\"nothing\"}");
  expect_done ();
}
END_TEST

START_TEST (a_transfer_is_cancelled)
{
  begin ("cancel-transfer", "INACTIVE", NULL);
  expect_about ("PATCH /cancel-certificate-transfer/", "");
  rig_answer (course, 200, NULL, "{}");
  expect_done ();
}
END_TEST

START_TEST (a_transfer_that_was_accepted_is_not_cancelled)
{
  begin ("cancel-transfer", "INACTIVE", NULL);
  expect_about ("PATCH /cancel-certificate-transfer/", "");
  rig_answer (course, 410, "TransferAlreadyCompletedException", "{\"message\":\"It is theirs\"}");
  expect_about ("GET /certificates/", "");
  rig_answer (course, 404, "ResourceNotFoundException", "{\"message\":\"nothing\"}");
  expect_verdict (course, 0, VERDICT_REFUSED);
  ck_assert_ptr_nonnull (strstr (words (), "It is theirs"));
}
END_TEST

START_TEST (what_is_deleted_need_not_be_there)
{
  begin ("delete", "", NULL);
  expect_about ("DELETE /certificates/", "");
  rig_answer (course, 404, "ResourceNotFoundException", "{\"message\":\"nothing\"}");
  expect_done ();
  begin ("delete", "", NULL);
  expect_about ("DELETE /certificates/", "");
  rig_answer (course, 409, "DeleteConflictException", "{\"message\":\"Things are attached\"}");
  expect_verdict (course, 0, VERDICT_REFUSED);
}
END_TEST

START_TEST (a_ca_is_registered_with_what_its_mode_wants)
{
  const char *const arguments = "{\"verification\":\"PEM\",\"auto-registration\":true}";

  begin ("register-ca", "ACTIVE", arguments);
  expect_request (course, "POST /cacertificate?setAsActive=true&allowAutoRegistration=true");
  expect_member ("verificationCertificate", "PEM");
  expect_member ("certificateMode", "DEFAULT");
  rig_answer (course, 200, NULL, REGISTERED, id, id);
  expect_done ();
  set (&target->mode, "sni-only");
  begin ("register-ca", "INACTIVE", NULL);
  expect_request (course, "POST /cacertificate?setAsActive=false&allowAutoRegistration=false");
  expect_member ("verificationCertificate", "(none)");
  expect_member ("certificateMode", "SNI_ONLY");
}
END_TEST

START_TEST (a_ca_that_is_there_is_compared)
{
  static const VerdictKind verdicts[] = { VERDICT_DONE, VERDICT_ALARM };
  static const char *const modes[] = { "DEFAULT", "SNI_ONLY" };

  begin ("register-ca", "ACTIVE", NULL);
  expect_request (course, "POST /cacertificate?setAsActive=true&allowAutoRegistration=false");
  rig_answer (course, 409, "ResourceAlreadyExistsException", "{\"resourceId\":\"%s\"}", id);
  expect_about ("GET /cacertificate/", "");
  rig_answer (course, 200, NULL, "{\"certificateDescription\":{\"certificateMode\":\"%s\"}}",
              modes[_i]);
  if (_i == 0) {
    expect_about ("PUT /cacertificate/", "?newStatus=ACTIVE");
    rig_answer (course, 200, NULL, "%s", "");
  }
  expect_verdict (course, 0, verdicts[_i]);
}
END_TEST

START_TEST (a_ca_is_changed_and_deleted)
{
  begin ("update-ca", "INACTIVE", "{\"auto-registration\":false}");
  expect_about ("PUT /cacertificate/", "?newStatus=INACTIVE&newAutoRegistrationStatus=DISABLE");
  rig_answer (course, 200, NULL, "%s", "");
  expect_done ();
  begin ("delete-ca", "", NULL);
  expect_about ("DELETE /cacertificate/", "");
  rig_answer (course, 406, "CertificateStateException", "{\"message\":\"It is ACTIVE\"}");
  expect_verdict (course, 0, VERDICT_REFUSED);
}
END_TEST

/* ---- errors ---- */

static const struct {
  guint status;
  const char *type;
  VerdictKind verdict;
} errors[] = {
  { 0, NULL, VERDICT_AWAY },
  { 400, "ThrottlingException", VERDICT_AWAY },
  { 429, "", VERDICT_AWAY },
  { 503, "ServiceUnavailableException", VERDICT_AWAY },
  { 502, NULL, VERDICT_AWAY },
  { 500, "InternalFailureException", VERDICT_LATER },
  { 409, "ConflictingResourceUpdateException", VERDICT_LATER },
  { 403, "ExpiredTokenException", VERDICT_STOP },
  { 403, "UnrecognizedClientException", VERDICT_STOP },
  { 403, "com.amazon.coral.service#InvalidSignatureException", VERDICT_STOP },
  { 403, "AccessDeniedException", VERDICT_STOP },
  { 401, "UnauthorizedException", VERDICT_STOP },
  { 407, NULL, VERDICT_STOP },
  { 400, "CertificateValidationException", VERDICT_REFUSED },
  { 409, "CertificateConflictException", VERDICT_REFUSED },
  { 400, "InvalidRequestException", VERDICT_REFUSED },
  { 404, "ResourceNotFoundException", VERDICT_REFUSED },
  { 410, "LimitExceededException", VERDICT_REFUSED },
  { 406, "CertificateStateException", VERDICT_REFUSED },
  { 302, NULL, VERDICT_REFUSED },
};

START_TEST (each_error_means_what_it_says)
{
  begin ("register", "ACTIVE", NULL);
  expect_request (course, "POST /certificate/register");
  rig_answer (course, errors[_i].status, errors[_i].type, "{\"message\":\"a reason\"}");
  expect_verdict (course, 0, errors[_i].verdict);
  ck_assert_ptr_nonnull (words ());
  if (errors[_i].verdict == VERDICT_REFUSED && errors[_i].type != NULL)
    ck_assert_ptr_nonnull (strstr (words (), "AWS said: a reason"));
}
END_TEST

START_TEST (what_it_can_not_do_it_refuses)
{
  begin ("dance", "", NULL);
  expect_verdict (course, 0, VERDICT_REFUSED);
  set (&target->mode, "csr");
  begin ("register", "ACTIVE", NULL);
  expect_verdict (course, 0, VERDICT_REFUSED);
}
END_TEST

START_TEST (regions_have_their_hosts)
{
  static const char *const cases[][3] = {
    { "eu-west-1", "iot.eu-west-1.amazonaws.com", "arn:aws:iot:eu-west-1:123456789012:cert/x" },
    { "cn-north-1", "iot.cn-north-1.amazonaws.com.cn",
      "arn:aws-cn:iot:cn-north-1:123456789012:cert/x" },
    { "us-gov-west-1", "iot.us-gov-west-1.amazonaws.com",
      "arn:aws-us-gov:iot:us-gov-west-1:123456789012:cert/x" },
  };
  g_autofree char *host = NULL;
  g_autofree char *arn = NULL;

  set (&target->region, cases[_i][0]);
  host = aws_host (target);
  arn = aws_arn (target, "cert", "x");
  ck_assert_str_eq (host, cases[_i][1]);
  ck_assert_str_eq (arn, cases[_i][2]);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("courier aws");
  TCase *cases = tcase_create ("aws");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_test (cases, a_certificate_with_a_ca_is_registered);
  tcase_add_test (cases, one_without_is_registered_without);
  tcase_add_test (cases, it_gets_what_the_target_names);
  tcase_add_test (cases, a_revoked_one_gets_no_policy);
  tcase_add_test (cases, what_is_there_already_is_done);
  tcase_add_test (cases, another_status_is_set_right);
  tcase_add_test (cases, what_was_revoked_there_stays_revoked);
  tcase_add_test (cases, another_certificate_in_its_place_is_an_alarm);
  tcase_add_test (cases, another_account_is_an_alarm);
  tcase_add_test (cases, what_is_no_aws_is_not_believed);
  tcase_add_loop_test (cases, a_status_is_one_call, 0, 3);
  tcase_add_test (cases, a_transfer_detaches_first);
  tcase_add_test (cases, a_transfer_that_was_begun_is_done);
  tcase_add_test (cases, a_transfer_that_can_not_be_is_refused);
  tcase_add_test (cases, a_transfer_is_accepted);
  tcase_add_test (cases, a_transfer_is_rejected);
  tcase_add_test (cases, a_transfer_is_cancelled);
  tcase_add_test (cases, a_transfer_that_was_accepted_is_not_cancelled);
  tcase_add_test (cases, what_is_deleted_need_not_be_there);
  tcase_add_test (cases, a_ca_is_registered_with_what_its_mode_wants);
  tcase_add_loop_test (cases, a_ca_that_is_there_is_compared, 0, 2);
  tcase_add_test (cases, a_ca_is_changed_and_deleted);
  tcase_add_loop_test (cases, each_error_means_what_it_says, 0, G_N_ELEMENTS (errors));
  tcase_add_test (cases, what_it_can_not_do_it_refuses);
  tcase_add_loop_test (cases, regions_have_their_hosts, 0, 3);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
