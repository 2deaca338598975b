/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What no cloud should answer: a megabyte, nothing, half of it. Each course comes to a verdict, and
 * a register is done by none of them.
 */
#include <stdlib.h>

#include "courier/clouds.h"
#include "courier/json.h"
#include "tests/unit/courier/course-rig.h"

#define LARGE (1u << 20)

static const struct {
  const char *kind;
  const char *mode;
  const char *good; /* of a register that succeeded: half of it is what is answered */
} clouds[] = {
  { "aws", "sni-only", "{\"certificateArn\":\"arn:aws:iot:eu-west-1:123456789012:cert/0\"}" },
  { "azure-hub", "self-signed", "{\"isSuccessful\":true,\"errors\":[],\"warnings\":[]}" },
  { "azure-dps", "self-signed", "{\"isSuccessful\":true,\"errors\":[]}" },
  { "nrfcloud", "without-ca", "{\"bulkOpsRequestId\":\"01F3\"}" },
};

/* `piece` again and again, as long as it fits. Free with g_free(). */
static char *
large_text (const char *piece)
{
  GString *text = g_string_sized_new (LARGE);

  while (text->len < LARGE)
    g_string_append (text, piece);
  return g_string_free (text, FALSE);
}

static void
expect_no_success (guint cloud, const char *body)
{
  g_autoptr (CloudTarget) target = rig_target (clouds[cloud].kind, clouds[cloud].mode);
  g_autoptr (GPtrArray) order = rig_order_of ("register", "ACTIVE", NULL);
  g_autoptr (Course) course = cloud_find (clouds[cloud].kind)->course_new (target, order);

  while (*rig_next (course) != '\0')
    rig_answer (course, 200, NULL, "%s", body);
  ck_assert_msg (course->verdicts[0].kind != VERDICT_NONE
                     && course->verdicts[0].kind != VERDICT_DONE,
                 "%s took %.40s", clouds[cloud].kind, body);
  ck_assert_ptr_nonnull (course->verdicts[0].words);
  rig_clear ();
}

/* A body that is one long word, many levels deep, or as deep behind what hides the depth. */
START_TEST (a_megabyte_is_no_success)
{
  static const char *const pieces[] = { "x", "[", "{\"a\":", "[\"]\",", "/*\"*/[" };

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++) {
    g_autofree char *body = large_text (pieces[i]);

    expect_no_success ((guint)_i, body);
  }
}
END_TEST

START_TEST (nothing_is_no_success)
{
  expect_no_success ((guint)_i, "");
}
END_TEST

START_TEST (half_an_answer_is_no_success)
{
  g_autofree char *half = g_strndup (clouds[_i].good, strlen (clouds[_i].good) / 2);

  expect_no_success ((guint)_i, half);
}
END_TEST

/* A megabyte that is only long is read. */
START_TEST (json_is_read_by_its_depth_and_not_its_length)
{
  g_autofree char *members = large_text ("[],");
  g_autofree char *wide = g_strconcat ("[", members, "[]]", NULL);
  g_autofree char *quoted = g_strconcat ("{\"a\":\"", members, "\"}", NULL);
  g_autoptr (JsonNode) list = json_read (wide);
  g_autoptr (JsonNode) text = json_read (quoted);

  ck_assert_ptr_nonnull (list);
  ck_assert_ptr_nonnull (text);
  ck_assert_str_eq (json_text_of (json_object_of (text), "a"), members);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("courier answers");
  TCase *cases = tcase_create ("answers");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_loop_test (cases, a_megabyte_is_no_success, 0, G_N_ELEMENTS (clouds));
  tcase_add_loop_test (cases, nothing_is_no_success, 0, G_N_ELEMENTS (clouds));
  tcase_add_loop_test (cases, half_an_answer_is_no_success, 0, G_N_ELEMENTS (clouds));
  tcase_add_test (cases, json_is_read_by_its_depth_and_not_its_length);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
