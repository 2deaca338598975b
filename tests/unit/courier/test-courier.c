/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Throttles, pauses, credentials and the configuration of the courier.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "courier/credentials.h"
#include "courier/error.h"
#include "courier/settings.h"
#include "courier/throttle.h"

#define SECOND G_USEC_PER_SEC

/* ---- throttles ---- */

/* Calls as fast as it lets us, for ten seconds; how many began in the fullest second. */
static guint
fullest_second (Throttle *throttle, double documented, guint *all)
{
  gint64 began[4000];
  guint n = 0, most = 0;

  for (gint64 now = 0; now < 10 * SECOND && n < G_N_ELEMENTS (began);) {
    const gint64 wait = throttle_wait (throttle, "call", documented, now);

    if (wait == 0)
      began[n++] = now;
    now += MAX (wait, 1000);
  }
  for (guint i = 0; i < n; i++) {
    guint here = 0;

    for (guint j = i; j < n && began[j] < began[i] + SECOND; j++)
      here++;
    most = MAX (most, here);
  }
  *all = n;
  return most;
}

START_TEST (no_second_has_more_calls_than_are_allowed)
{
  static const double limits[] = { 10, 15, 60, 2, 1.7 };
  g_autoptr (Throttle) throttle = throttle_new (0);
  guint all;
  const guint most = fullest_second (throttle, limits[_i], &all);

  ck_assert_uint_le (most, (guint)(limits[_i] + 0.999));
  ck_assert_uint_ge (all, (guint)(limits[_i] * 10 * 0.45)); /* and not for nothing */
}
END_TEST

START_TEST (a_configured_speed_is_kept)
{
  g_autoptr (Throttle) throttle = throttle_new (100);
  guint all;

  ck_assert_uint_le (fullest_second (throttle, 10, &all), 100);
  ck_assert_uint_ge (all, 800);
}
END_TEST

START_TEST (who_was_too_fast_becomes_slower_and_recovers)
{
  g_autoptr (Throttle) throttle = throttle_new (100);
  guint slow, fast;
  gint64 later = 10 * SECOND;

  throttle_slow_down (throttle, 0);
  throttle_slow_down (throttle, 0);
  fullest_second (throttle, 10, &slow);
  ck_assert_uint_lt (slow, 500);
  later += 600 * SECOND;
  for (fast = 0; throttle_wait (throttle, "call", 10, later) == 0;)
    fast++;
  ck_assert_uint_ge (fast, 9); /* its bucket is full again, but for rounding */
}
END_TEST

START_TEST (pauses_grow_up_to_an_hour)
{
  guint before = 0;

  for (guint failures = 1; failures < 40; failures++) {
    const guint least = pause_seconds (failures, 0);
    const guint most = pause_seconds (failures, G_MAXUINT32 - 1);

    ck_assert_uint_ge (least, MAX (1, before / 2));
    ck_assert_uint_le (least, most);
    ck_assert_uint_le (most, 3600);
    before = least;
  }
  ck_assert_uint_ge (before, 1800);
  ck_assert_uint_eq (pause_seconds (1, 5), 1);
}
END_TEST

/* ---- credentials ---- */

static void
expect_refusal (Credentials *credentials, GError **error, const char *part)
{
  ck_assert_ptr_null (credentials);
  ck_assert_msg (strstr ((*error)->message, part) != NULL, "%s", (*error)->message);
  ck_assert_ptr_null (strstr ((*error)->message, "SECRET="));
  ck_assert_ptr_null (strstr ((*error)->message, "SECRETKEY"));
  g_clear_error (error);
}

START_TEST (a_section_of_aws_credentials_is_read)
{
  const char *const text = "# comment\n[default]\naws_access_key_id = AKID1\n"
                           "aws_secret_access_key=SECRET1\n\n[ci]\nregion=x\n"
                           "AWS_ACCESS_KEY_ID=AKID2\naws_secret_access_key = SECRET/2+=\n"
                           "aws_session_token=TOKEN==\n";
  g_autoptr (Credentials) first = credentials_parse (text, "it", "aws", "default", NULL);
  g_autoptr (Credentials) second = credentials_parse (text, "it", "aws", "ci", NULL);
  GError *error = NULL;

  ck_assert_str_eq (first->aws.access_key_id, "AKID1");
  ck_assert_str_eq (first->aws.secret_access_key, "SECRET1");
  ck_assert_ptr_null (first->aws.session_token);
  ck_assert_str_eq (second->aws.access_key_id, "AKID2");
  ck_assert_str_eq (second->aws.secret_access_key, "SECRET/2+=");
  ck_assert_str_eq (second->aws.session_token, "TOKEN==");
  expect_refusal (credentials_parse (text, "it", "aws", "other", &error), &error, "[other]");
}
END_TEST

START_TEST (connection_strings_and_api_keys_are_read)
{
  g_autoptr (Credentials) azure = credentials_parse (
      "HostName=h.azure-devices.net;SharedAccessKeyName=rw;SharedAccessKey=U0VDUkVU=\n", "it",
      "azure-hub", "", NULL);
  g_autoptr (Credentials) nrf = credentials_parse ("SECRETKEY\n", "it", "nrfcloud", "", NULL);
  GError *error = NULL;

  ck_assert_str_eq (azure->host_name, "h.azure-devices.net");
  ck_assert_str_eq (azure->key_name, "rw");
  ck_assert_str_eq (azure->shared_key, "U0VDUkVU=");
  ck_assert_str_eq (nrf->api_key, "SECRETKEY");
  expect_refusal (
      credentials_parse ("HostName=h;SharedAccessKey=SECRET", "it", "azure-dps", "", &error),
      &error, "SharedAccessKeyName");
  expect_refusal (credentials_parse ("SECRET KEY", "it", "nrfcloud", "", &error), &error, "blanks");
  expect_refusal (credentials_parse ("x", "it", "other", "", &error), &error, "export a manifest");
}
END_TEST

static char *folder;

static void
setup (void)
{
  folder = g_dir_make_tmp ("keycradle-courier-XXXXXX", NULL);
}

static void
teardown (void)
{
  g_autofree char *file = g_build_filename (folder, "file", NULL);

  g_unlink (file);
  g_rmdir (folder);
  g_free (folder);
}

static char *
write_file (const char *text, guint mode)
{
  char *path = g_build_filename (folder, "file", NULL);

  ck_assert (g_file_set_contents (path, text, -1, NULL));
  ck_assert_int_eq (g_chmod (path, mode), 0);
  return path;
}

START_TEST (what_others_may_read_is_no_secret)
{
  static const guint modes[] = { 0600, 0400, 0640, 0604, 0660 };
  g_autofree char *path = write_file ("SECRETKEY\n", modes[_i]);
  g_autofree char *place = g_strconcat ("file:", path, NULL);
  GError *error = NULL;
  Credentials *credentials = credentials_read (place, "nrfcloud", "default", &error);

  if ((modes[_i] & 077) == 0) {
    ck_assert_str_eq (credentials->api_key, "SECRETKEY");
    credentials_free (credentials);
  }
  else
    expect_refusal (credentials, &error, "chmod 0600");
}
END_TEST

START_TEST (a_credential_of_systemd_is_found)
{
  g_autofree char *path G_GNUC_UNUSED = write_file ("SECRETKEY\n", 0440);
  g_autoptr (Credentials) credentials = NULL;
  GError *error = NULL;

  g_unsetenv ("CREDENTIALS_DIRECTORY");
  expect_refusal (credentials_read ("credential:file", "nrfcloud", "", &error), &error,
                  "LoadCredential=");
  g_setenv ("CREDENTIALS_DIRECTORY", folder, TRUE);
  credentials = credentials_read ("credential:file", "nrfcloud", "", NULL);
  ck_assert_str_eq (credentials->api_key, "SECRETKEY");
  expect_refusal (credentials_read ("credential:../file", "nrfcloud", "", &error), &error,
                  "Credentials= must be");
  expect_refusal (credentials_read ("SECRET", "nrfcloud", "", &error), &error, "can't be used");
}
END_TEST

/* ---- courier.conf ---- */

START_TEST (a_target_is_configured)
{
  g_autofree char *path =
      write_file ("[courier]\nProxy=http://p:3128\n[target a]\nCredentials=file:/x\nThings=yes\n"
                  "PerSecond=7\nConnections=3\nAddress=127.0.0.1:8443\nCaFile=/ca.pem\n",
                  0644);
  g_autoptr (CourierSettings) settings = courier_settings_load (path, "a", NULL);
  g_autoptr (GError) error = NULL;

  ck_assert_str_eq (settings->credentials, "file:/x");
  ck_assert_str_eq (settings->profile, "default");
  ck_assert_str_eq (settings->proxy, "http://p:3128");
  ck_assert (settings->things);
  ck_assert_uint_eq (settings->per_second, 7);
  ck_assert_uint_eq (settings->connections, 3);
  ck_assert_ptr_null (courier_settings_load (path, "b", &error));
  ck_assert (g_error_matches (error, COURIER_ERROR, COURIER_NOT_FOUND));
  g_clear_error (&error);
  ck_assert_ptr_null (courier_settings_load ("/nowhere/courier.conf", "a", &error));
  ck_assert (g_error_matches (error, COURIER_ERROR, COURIER_NOT_FOUND));
  ck_assert_ptr_nonnull (strstr (error->message, "[target a]"));
}
END_TEST

START_TEST (what_can_not_be_meant_is_named_by_line)
{
  static const char *const cases[][2] = {
    { "[target a]\nProfile=x\n", "needs Credentials" },
    { "[target a]\nCredentials=file:/x\nAddress=127.0.0.1:1\n", ":3: Address" },
    { "[target a]\nCredentials=file:/x\nCaFile=/ca\n", ":3: CaFile" },
    { "[target a]\nCredentials=file:/x\nCaFile=/ca\nAddress=http://evil/\n", "HOST:PORT" },
    { "[target a]\nCredentials=file:/x\nConnections=0\n", ":3: " },
    { "[target a]\nCredentials=file:/x\nVerify=no\n", ":3: " },
  };
  g_autofree char *path = write_file (cases[_i][0], 0644);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (courier_settings_load (path, "a", &error));
  ck_assert_msg (strstr (error->message, cases[_i][1]) != NULL, "%s", error->message);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("courier");
  TCase *cases = tcase_create ("courier");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_loop_test (cases, no_second_has_more_calls_than_are_allowed, 0, 5);
  tcase_add_test (cases, a_configured_speed_is_kept);
  tcase_add_test (cases, who_was_too_fast_becomes_slower_and_recovers);
  tcase_add_test (cases, pauses_grow_up_to_an_hour);
  tcase_add_test (cases, a_section_of_aws_credentials_is_read);
  tcase_add_test (cases, connection_strings_and_api_keys_are_read);
  tcase_add_loop_test (cases, what_others_may_read_is_no_secret, 0, 5);
  tcase_add_test (cases, a_credential_of_systemd_is_found);
  tcase_add_test (cases, a_target_is_configured);
  tcase_add_loop_test (cases, what_can_not_be_meant_is_named_by_line, 0, 6);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
