/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every operation of the registry as calls for the aws CLI, with names that would do harm to a
 * shell. argv[1] is Python, argv[2] check_aws_calls.py, which holds the calls against botocore's
 * model and runs the script.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/aws-call.h"
#include "base/encode.h"

#define HOSTILE "x$(touch x)`touch x`';\"\\ * ?\t\n~"

static const char *const *arguments;

static void
append (GString *text, const char *name, const char *region, gboolean with_authority,
        const AwsOperation *operation)
{
  const gboolean authority = g_str_has_suffix (operation->operation, "-ca");
  g_autofree char *sha256 = sha256_hex ((const guint8 *)name, strlen (name));
  g_autofree char *pem = pem_encode ("CERTIFICATE", (const guint8 *)name, strlen (name));
  const AwsAccount account = { "123456789012", region,   "factory-device",
                               "sensor",       "line-7", with_authority };
  const AwsSubject subject = { name, authority ? NULL : name, sha256, pem, pem };

  ck_assert (aws_calls_append (text, &account, &subject, operation));
}

static const AwsOperation operations[] = {
  { "register", "ACTIVE", NULL, NULL, NULL, -1 },
  { "activate", "ACTIVE", NULL, NULL, NULL, -1 },
  { "deactivate", "INACTIVE", NULL, NULL, NULL, -1 },
  { "revoke", "REVOKED", NULL, NULL, NULL, -1 },
  { "transfer", "PENDING_TRANSFER", "210987654321", "for you: " HOSTILE, NULL, -1 },
  { "accept-transfer", "INACTIVE", NULL, NULL, NULL, -1 },
  { "reject-transfer", "INACTIVE", NULL, HOSTILE, NULL, -1 },
  { "cancel-transfer", "INACTIVE", NULL, NULL, NULL, -1 },
  { "delete", NULL, NULL, NULL, NULL, -1 },
  { "delete-ca", NULL, NULL, NULL, NULL, -1 },
  { "register-ca", "ACTIVE", NULL, NULL, NULL, 1 },
  { "register-ca", "INACTIVE", NULL, NULL,
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0 },
  { "update-ca", "ACTIVE", NULL, NULL, NULL, 0 },
  { "update-ca", "INACTIVE", NULL, NULL, NULL, -1 },
};

static GString *
every_operation (void)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (operations); i++) {
    g_autofree char *name = g_strdup_printf ("device-%u", i);

    append (text, name, "eu-west-1", TRUE, &operations[i]);
  }
  append (text, HOSTILE, "eu-west-1", TRUE, &operations[0]);
  append (text, "alone", "eu-west-1", FALSE, &operations[0]);
  append (text, "two words", "eu-west-1", FALSE, &operations[0]);
  return text;
}

START_TEST (the_script_makes_what_the_api_takes)
{
  g_autofree char *folder = g_dir_make_tmp ("keycradle-test-XXXXXX", NULL);
  g_autofree char *calls = g_build_filename (folder, "calls", NULL);
  g_autofree char *script = g_build_filename (folder, "script", NULL);
  const char *command[] = { arguments[1], arguments[2], calls, script, NULL };
  g_autoptr (GString) text = every_operation ();
  g_autofree char *out = NULL;
  int status;

  ck_assert (g_file_set_contents (calls, text->str, (gssize)text->len, NULL));
  ck_assert (g_file_set_contents (script, aws_calls_script (), -1, NULL));
  ck_assert (g_spawn_sync (NULL, (char **)command, NULL, 0, NULL, NULL, &out, NULL, &status, NULL));
  g_unlink (calls);
  g_unlink (script);
  g_rmdir (folder);
  ck_assert (g_spawn_check_wait_status (status, NULL));
  ck_assert_str_eq (out, "accept-certificate-transfer add-thing-to-thing-group attach-policy "
                         "attach-thing-principal cancel-certificate-transfer create-thing "
                         "delete-ca-certificate delete-certificate detach-policy "
                         "detach-thing-principal register-ca-certificate register-certificate "
                         "register-certificate-without-ca reject-certificate-transfer "
                         "transfer-certificate update-ca-certificate update-certificate\n");
}
END_TEST

static const struct {
  const char *region, *arn;
} partitions[] = {
  { "eu-west-1", "\"arn:aws:iot:eu-west-1:123456789012:cert/" },
  { "cn-north-1", "\"arn:aws-cn:iot:cn-north-1:123456789012:cert/" },
  { "us-gov-west-1", "\"arn:aws-us-gov:iot:us-gov-west-1:123456789012:cert/" },
};

START_TEST (a_region_has_its_partition)
{
  for (guint i = 0; i < G_N_ELEMENTS (partitions); i++) {
    g_autoptr (GString) text = g_string_new (NULL);

    append (text, "device", partitions[i].region, TRUE, &operations[0]);
    ck_assert_ptr_nonnull (strstr (text->str, partitions[i].arn));
  }
}
END_TEST

START_TEST (what_is_no_operation_has_no_call)
{
  const AwsAccount account = { "123456789012", "eu-west-1", "", "", "", TRUE };
  const AwsSubject subject = { "device", "device", "00", "", "" };
  const AwsOperation operation = { .operation = "explode" };
  g_autoptr (GString) text = g_string_new (NULL);

  ck_assert (!aws_calls_append (text, &account, &subject, &operation));
  ck_assert_uint_eq (text->len, 0);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("aws-call");
  TCase *cases = tcase_create ("aws-call");
  SRunner *runner = srunner_create (suite);

  if (argc != 3)
    return 2;
  arguments = (const char *const *)argv;
  tcase_set_timeout (cases, 200);
  tcase_add_test (cases, the_script_makes_what_the_api_takes);
  tcase_add_test (cases, a_region_has_its_partition);
  tcase_add_test (cases, what_is_no_operation_has_no_call);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  const int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
