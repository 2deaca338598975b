/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Azure and nRF Cloud: what they are told, and what is made of their answers.
 */
#include <stdlib.h>

#include "courier/azure.h"
#include "courier/json.h"
#include "courier/nrfcloud.h"
#include "tests/unit/courier/course-rig.h"

#define HUB_VERSION "?api-version=2021-04-12"
#define DPS_VERSION "?api-version=2021-10-01"
#define OTHER_SHA256 "00000000000000000000000000000000000000000000000000000000deadbeef"

static CloudTarget *target;
static GPtrArray *order;
static Course *course;

static void
setup (void)
{
  order = rig_order ();
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
begin_hub (const char *operation, const char *to_status)
{
  target = rig_target ("azure-hub", "self-signed");
  rig_add (order, operation, "SN1", to_status, NULL);
  if (g_str_equal (operation, "register"))
    rig_add (order, operation, "SN2", to_status, NULL);
  course = azure_hub_course_new (target, order);
}

static void
begin_dps (const char *operation, const char *to_status)
{
  target = rig_target ("azure-dps", "self-signed");
  rig_add (order, operation, "SN1", to_status, NULL);
  course = azure_dps_course_new (target, order);
}

static const char *
words (guint place)
{
  return course->verdicts[place].words;
}

static void
expect_body_has (const char *text)
{
  ck_assert_msg (strstr (rig_request ()->body->str, text) != NULL, "no %s in %s", text,
                 rig_request ()->body->str);
}

static const char *
header (const char *name)
{
  for (guint i = 0; i < rig_request ()->headers->len; i++) {
    const RequestPair *pair = g_ptr_array_index (rig_request ()->headers, i);

    if (g_str_equal (pair->name, name))
      return pair->value;
  }
  return "(none)";
}

/* ---- IoT Hub ---- */

static void
hub_has (const char *status, const char *thumbprint, const char *reason)
{
  rig_answer (course, 200, NULL,
              "{\"deviceId\":\"SN1\",\"etag\":\"AAA=\",\"status\":\"%s\",\"statusReason\":\"%s\","
              "\"authentication\":{\"type\":\"selfSigned\",\"x509Thumbprint\":"
              "{\"primaryThumbprint\":\"%s\"}}}",
              status, reason, thumbprint);
}

START_TEST (a_hub_gets_many_devices_in_one_call)
{
  g_autofree char *mark = NULL;

  begin_hub ("register", "ACTIVE");
  expect_request (course, "POST /devices" HUB_VERSION);
  expect_body_has ("\"id\":\"SN1\",\"importMode\":\"create\",\"status\":\"enabled\"");
  expect_body_has ("\"id\":\"SN2\"");
  expect_body_has ("\"type\":\"selfSigned\",\"x509Thumbprint\":{\"primaryThumbprint\":\"");
  mark = g_strconcat ("\"statusReason\":\"Keycradle ", rig_sha256 (order, 0), "\"", NULL);
  expect_body_has (mark);
  rig_answer (course, 200, NULL, "{\"isSuccessful\":true,\"errors\":[],\"warnings\":[]}");
  expect_verdict (course, 0, VERDICT_DONE);
  expect_verdict (course, 1, VERDICT_DONE);
}
END_TEST

START_TEST (a_hub_that_knows_the_ca_gets_no_thumbprint)
{
  target = rig_target ("azure-hub", "registered-ca");
  rig_add (order, "register", "SN1", "INACTIVE", NULL);
  course = azure_hub_course_new (target, order);
  expect_request (course, "POST /devices" HUB_VERSION);
  expect_body_has ("\"status\":\"disabled\"");
  expect_body_has ("\"authentication\":{\"type\":\"certificateAuthority\"}");
  ck_assert_ptr_null (strstr (rig_request ()->body->str, "humbprint"));
}
END_TEST

/* The second of two is refused, the first exists: it is looked at. */
static void
begin_existing_hub (void)
{
  begin_hub ("register", "ACTIVE");
  expect_request (course, "POST /devices" HUB_VERSION);
  rig_answer (course, 200, NULL,
              "{\"isSuccessful\":false,\"errors\":[{\"deviceId\":\"SN1\",\"errorCode\":409001,"
              "\"errorStatus\":\"DeviceAlreadyExists\"},{\"deviceId\":\"SN2\",\"errorCode\":400000,"
              "\"errorStatus\":\"It has a bad name\"}]}");
  expect_request (course, "GET /devices/SN1" HUB_VERSION);
  ck_assert_int_eq (course->verdicts[1].kind, VERDICT_REFUSED);
  ck_assert_ptr_nonnull (strstr (words (1), "It has a bad name"));
}

START_TEST (a_device_that_is_there_with_the_same_certificate_is_done)
{
  g_autofree char *upper = NULL;

  begin_existing_hub ();
  upper = g_ascii_strup (rig_sha256 (order, 0), -1);
  hub_has ("enabled", upper, "");
  expect_verdict (course, 0, VERDICT_DONE);
}
END_TEST

START_TEST (a_device_that_is_there_with_another_is_an_alarm)
{
  begin_existing_hub ();
  hub_has ("enabled", OTHER_SHA256, "Keycradle " OTHER_SHA256);
  expect_verdict (course, 0, VERDICT_ALARM);
}
END_TEST

START_TEST (a_certificate_that_we_ended_is_replaced)
{
  begin_existing_hub ();
  hub_has ("disabled", OTHER_SHA256, "Keycradle " OTHER_SHA256);
  expect_request (course, "PUT /devices/SN1" HUB_VERSION);
  ck_assert_str_eq (header ("If-Match"), "\"AAA=\"");
  expect_body_has (rig_sha256 (order, 0));
  expect_body_has ("\"status\":\"enabled\"");
  rig_answer (course, 200, NULL, "{}");
  expect_verdict (course, 0, VERDICT_DONE);
}
END_TEST

START_TEST (a_certificate_that_others_disabled_is_not)
{
  begin_existing_hub ();
  hub_has ("disabled", OTHER_SHA256, "stolen");
  expect_verdict (course, 0, VERDICT_ALARM);
}
END_TEST

START_TEST (a_device_is_disabled_and_only_with_its_certificate)
{
  begin_hub ("revoke", "REVOKED");
  expect_request (course, "GET /devices/SN1" HUB_VERSION);
  if (_i == 0) {
    hub_has ("enabled", rig_sha256 (order, 0), "");
    expect_request (course, "PUT /devices/SN1" HUB_VERSION);
    expect_body_has ("\"status\":\"disabled\"");
    rig_answer (course, 200, NULL, "{}");
  }
  else
    hub_has ("enabled", OTHER_SHA256, "");
  expect_verdict (course, 0, VERDICT_DONE);
}
END_TEST

START_TEST (a_device_that_changed_meanwhile_is_tried_again)
{
  begin_hub ("delete", "");
  expect_request (course, "GET /devices/SN1" HUB_VERSION);
  hub_has ("disabled", rig_sha256 (order, 0), "");
  expect_request (course, "DELETE /devices/SN1" HUB_VERSION);
  rig_answer (course, 412, NULL, "{\"Message\":\"another etag\"}");
  expect_verdict (course, 0, VERDICT_LATER);
}
END_TEST

START_TEST (what_is_not_there_is_enough_for_an_end)
{
  begin_hub (_i == 0 ? "deactivate" : "activate", _i == 0 ? "INACTIVE" : "ACTIVE");
  expect_request (course, "GET /devices/SN1" HUB_VERSION);
  rig_answer (course, 404, NULL, "{\"Message\":\"DeviceNotFound\"}");
  expect_verdict (course, 0, _i == 0 ? VERDICT_DONE : VERDICT_REFUSED);
}
END_TEST

START_TEST (troubles_of_a_hub_are_of_all_in_the_call)
{
  static const struct {
    guint status;
    VerdictKind verdict;
  } cases[] = { { 0, VERDICT_AWAY },
                { 429, VERDICT_AWAY },
                { 503, VERDICT_AWAY },
                { 401, VERDICT_STOP },
                { 400, VERDICT_REFUSED } };

  begin_hub ("register", "ACTIVE");
  expect_request (course, "POST /devices" HUB_VERSION);
  rig_answer (course, cases[_i].status, NULL, "{\"Message\":\"a reason\"}");
  expect_verdict (course, 0, cases[_i].verdict);
  expect_verdict (course, 1, cases[_i].verdict);
}
END_TEST

START_TEST (a_hub_has_no_transfers)
{
  begin_hub ("transfer", "PENDING_TRANSFER");
  expect_verdict (course, 0, VERDICT_REFUSED);
}
END_TEST

/* Azure documentation, "Control access to IoT Hub with shared access signatures": the resource in
 * lower-case percent-encoding or upper, the signature over "resource\nexpiry". Computed with
 * `printf 'h.azure-devices.net\n1700000000' | openssl dgst -sha256 -hmac secret -binary | base64`.
 */
START_TEST (a_shared_access_signature_is_what_openssl_computes)
{
  g_autofree char *found =
      azure_signature ("h.azure-devices.net", "registryReadWrite", "c2VjcmV0", 1700000000);

  ck_assert_str_eq (
      found,
      "SharedAccessSignature sr=h.azure-devices.net&"
      "sig=e9l6HZImaYwYuHTPAzRT8TCKsU6%2BL8Sv5YIdydZggaU%3D&se=1700000000&skn=registryReadWrite");
  ck_assert_ptr_null (azure_signature ("h", "k", "no base64!", 1));
}
END_TEST

/* ---- DPS ---- */

static void
dps_has (const char *status, const char *thumbprint, const char *mark)
{
  rig_answer (course, 200, NULL,
              "{\"registrationId\":\"sn1\",\"etag\":\"\\\"AAA=\\\"\",\"provisioningStatus\":\"%s\","
              "\"optionalDeviceInformation\":{\"keycradle\":\"%s\"},"
              "\"attestation\":{\"type\":\"x509\",\"x509\":{\"clientCertificates\":{\"primary\":"
              "{\"info\":{\"sha256Thumbprint\":\"%s\"}}}}}}",
              status, mark, thumbprint);
}

START_TEST (enrolments_are_created)
{
  begin_dps ("register", "ACTIVE");
  expect_request (course, "POST /enrollments" DPS_VERSION);
  expect_body_has ("{\"mode\":\"create\",\"enrollments\":[{\"registrationId\":\"sn1\","
                   "\"deviceId\":\"SN1\"");
  expect_body_has ("\"clientCertificates\":{\"primary\":{\"certificate\":\"-----BEGIN");
  expect_body_has ("\"provisioningStatus\":\"enabled\"");
  rig_answer (course, 200, NULL, "{\"isSuccessful\":true,\"errors\":[]}");
  expect_verdict (course, 0, VERDICT_DONE);
}
END_TEST

START_TEST (an_enrolment_that_is_there_is_compared)
{
  static const VerdictKind verdicts[] = { VERDICT_DONE, VERDICT_ALARM };

  begin_dps ("register", "ACTIVE");
  expect_request (course, "POST /enrollments" DPS_VERSION);
  rig_answer (course, 200, NULL,
              "{\"isSuccessful\":false,\"errors\":[{\"registrationId\":\"sn1\","
              "\"errorCode\":409204,\"errorStatus\":\"Enrollment already exists\"}]}");
  expect_request (course, "GET /enrollments/sn1" DPS_VERSION);
  dps_has ("enabled", _i == 0 ? rig_sha256 (order, 0) : OTHER_SHA256, "");
  expect_verdict (course, 0, verdicts[_i]);
}
END_TEST

START_TEST (an_enrolment_is_deleted_as_it_was_seen)
{
  begin_dps ("delete", "");
  expect_request (course, "GET /enrollments/sn1" DPS_VERSION);
  dps_has ("disabled", rig_sha256 (order, 0), "");
  expect_request (course, "DELETE /enrollments/sn1" DPS_VERSION);
  ck_assert_str_eq (header ("If-Match"), "\"AAA=\"");
  rig_answer (course, 204, NULL, "%s", "");
  expect_verdict (course, 0, VERDICT_DONE);
}
END_TEST

/* ---- nRF Cloud ---- */

static void
begin_nrf (void)
{
  target = rig_target ("nrfcloud", "without-ca");
  g_free (target->thing_group);
  target->thing_group = g_strdup ("lamp|hall");
  for (guint i = 1; i <= 3; i++) {
    g_autofree char *device = g_strdup_printf ("SN%u", i);

    rig_add (order, "register", device, "ACTIVE", NULL);
  }
  course = nrfcloud_course_new (target, order);
  expect_request (course, "POST /v1/devices");
}

static void
nrf_fails (const char *address)
{
  rig_answer (course, 202, NULL, "{\"bulkOpsRequestId\":\"01GK/0\"}");
  expect_request (course, "GET /v1/bulk-ops-requests/01GK%2F0");
  ck_assert_uint_gt (rig_request ()->after, 0);
  rig_answer (course, 200, NULL, "{\"status\":\"IN_PROGRESS\"}");
  expect_request (course, "GET /v1/bulk-ops-requests/01GK%2F0");
  rig_answer (course, 200, NULL, "{\"status\":\"FAILED\",\"errorSummaryUrl\":\"%s\"}", address);
}

START_TEST (devices_are_onboarded_by_a_table)
{
  g_autofree char *row = NULL;

  begin_nrf ();
  ck_assert_str_eq (header ("Content-Type"), "text/csv");
  row = g_strndup (rig_request ()->body->str, strlen ("SN1,,lamp|hall,,\"-----BEGIN"));
  ck_assert_str_eq (row, "SN1,,lamp|hall,,\"-----BEGIN");
  expect_body_has ("-----END CERTIFICATE-----\n\"\nSN2,");
  rig_answer (course, 202, NULL, "{\"bulkOpsRequestId\":\"01GK\"}");
  expect_request (course, "GET /v1/bulk-ops-requests/01GK");
  rig_answer (course, 200, NULL, "{\"status\":\"SUCCEEDED\"}");
  for (guint i = 0; i < 3; i++)
    expect_verdict (course, i, VERDICT_DONE);
}
END_TEST

START_TEST (each_row_has_its_error)
{
  begin_nrf ();
  nrf_fails ("https://bulk-ops-requests.nrfcloud.com/team/01GK.json?x=1");
  expect_request (course, "GET /team/01GK.json?x=1");
  ck_assert_str_eq (rig_request ()->host, "bulk-ops-requests.nrfcloud.com");
  ck_assert (rig_request ()->without_key);
  rig_answer (course, 200, NULL,
              "{\"errors\":[\"[2]: The certificate is bad\",\"[0]: The device certificate is "
              "already registered and attached to a different device.\"]}");
  expect_verdict (course, 0, VERDICT_ALARM);
  expect_verdict (course, 1, VERDICT_DONE);
  expect_verdict (course, 2, VERDICT_REFUSED);
  ck_assert_str_eq (words (2), "nRF Cloud said: The certificate is bad");
}
END_TEST

START_TEST (errors_lead_nowhere_else)
{
  static const char *const addresses[] = { "https://nrfcloud.com.evil.example/x.json",
                                           "http://bulk.nrfcloud.com/x.json",
                                           "",
                                           "file:///etc",
                                           "https://bulk.nrfcloud.com",
                                           "https://bulk.nrfcloud.com/ü" };

  begin_nrf ();
  nrf_fails (addresses[_i]);
  for (guint i = 0; i < 3; i++)
    expect_verdict (course, i, VERDICT_LATER);
}
END_TEST

START_TEST (errors_that_can_not_be_read_are_no_success)
{
  static const char *const answers[] = { "nothing", "{\"errors\":[\"[7]: beyond\"]}",
                                         "{\"errors\":[\"all wrong\"]}", "{\"errors\":[]}",
                                         "{\"errors\":[7]}" };

  begin_nrf ();
  nrf_fails ("https://bulk.nrfcloud.com/x.json");
  expect_request (course, "GET /x.json");
  rig_answer (course, 200, NULL, "%s", answers[_i]);
  expect_verdict (course, 1, VERDICT_LATER);
}
END_TEST

START_TEST (nrf_cloud_has_no_status)
{
  target = rig_target ("nrfcloud", "without-ca");
  rig_add (order, _i == 0 ? "revoke" : "delete", "SN1", "REVOKED", NULL);
  course = nrfcloud_course_new (target, order);
  if (_i == 1) {
    expect_request (course, "DELETE /v1/devices/SN1");
    rig_answer (course, 404, NULL, "{}");
  }
  expect_verdict (course, 0, _i == 0 ? VERDICT_REFUSED : VERDICT_DONE);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("courier clouds");
  TCase *cases = tcase_create ("clouds");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_test (cases, a_hub_gets_many_devices_in_one_call);
  tcase_add_test (cases, a_hub_that_knows_the_ca_gets_no_thumbprint);
  tcase_add_test (cases, a_device_that_is_there_with_the_same_certificate_is_done);
  tcase_add_test (cases, a_device_that_is_there_with_another_is_an_alarm);
  tcase_add_test (cases, a_certificate_that_we_ended_is_replaced);
  tcase_add_test (cases, a_certificate_that_others_disabled_is_not);
  tcase_add_loop_test (cases, a_device_is_disabled_and_only_with_its_certificate, 0, 2);
  tcase_add_test (cases, a_device_that_changed_meanwhile_is_tried_again);
  tcase_add_loop_test (cases, what_is_not_there_is_enough_for_an_end, 0, 2);
  tcase_add_loop_test (cases, troubles_of_a_hub_are_of_all_in_the_call, 0, 5);
  tcase_add_test (cases, a_hub_has_no_transfers);
  tcase_add_test (cases, a_shared_access_signature_is_what_openssl_computes);
  tcase_add_test (cases, enrolments_are_created);
  tcase_add_loop_test (cases, an_enrolment_that_is_there_is_compared, 0, 2);
  tcase_add_test (cases, an_enrolment_is_deleted_as_it_was_seen);
  tcase_add_test (cases, devices_are_onboarded_by_a_table);
  tcase_add_test (cases, each_row_has_its_error);
  tcase_add_loop_test (cases, errors_lead_nowhere_else, 0, 6);
  tcase_add_loop_test (cases, errors_that_can_not_be_read_are_no_success, 0, 5);
  tcase_add_loop_test (cases, nrf_cloud_has_no_status, 0, 2);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
