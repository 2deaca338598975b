/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle.conf: what is good, and that every mistake is named with file and line.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "station/config.h"
#include "station/dual-control.h"
#include "station/error.h"

static char *folder;

static char *
write_file (const char *name, const char *text)
{
  char *path = g_build_filename (folder, name, NULL);

  ck_assert (g_file_set_contents (path, text, -1, NULL));
  return path;
}

static void
make_folder (void)
{
  folder = g_dir_make_tmp ("keycradle-config-XXXXXX", NULL);
}

static void
remove_folder (void)
{
  static const char *const names[] = { "keycradle.conf", "slots.conf" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (folder, names[i], NULL);

    g_unlink (path);
  }
  ck_assert_int_eq (g_rmdir (folder), 0);
  g_clear_pointer (&folder, g_free);
}

static Config *
load (const char *text, GError **error)
{
  g_autofree char *path = write_file ("keycradle.conf", text);

  return config_load (path, error);
}

/* `text` must be refused with a message that holds `words`. */
static void
assert_refused (const char *text, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = load (text, &error);

  ck_assert_ptr_null (config);
  ck_assert_ptr_nonnull (error);
  ck_assert_msg (strstr (error->message, words) != NULL, "\"%s\" lacks \"%s\"", error->message,
                 words);
}

static const struct {
  const char *words;
  guint bits;
  const char *shown;
} controls[] = {
  { "none", 0, "none" },
  { "", 0, "none" },
  { "void", CONTROL_BIT (CONTROL_VOID), "void" },
  { "clock; void", CONTROL_BIT (CONTROL_VOID) | CONTROL_BIT (CONTROL_CLOCK), "void;clock" },
  { "void;re-issue;ticket;ca;clock;people", 63, "void;re-issue;ticket;ca;clock;people" },
  { "void;re-issue;ticket;ca;clock;people;registry", 127, "all" },
  { "all", 127, "all" },
};

START_TEST (what_takes_two_is_named_by_words)
{
  g_autofree char *text =
      g_strdup_printf ("[station]\nName=a\n[roles]\nDualControl=%s\n[slot 1]\nPort=/dev/ttyS0\n",
                       controls[_i].words);
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = load (text, &error);
  g_autofree char *shown = NULL;

  ck_assert_msg (config != NULL, "%s", error != NULL ? error->message : "");
  ck_assert_uint_eq (config->dual_control, controls[_i].bits);
  shown = dual_control_text (config->dual_control);
  ck_assert_str_eq (shown, controls[_i].shown);
}
END_TEST

START_TEST (a_word_that_takes_two_must_be_known)
{
  assert_refused ("[roles]\nDualControl=voids\n[slot 1]\nPort=/dev/ttyS0\n", ":2: DualControl");
  assert_refused ("[roles]\nDualControl=all;void\n[slot 1]\nPort=/dev/ttyS0\n", "stand alone");
  assert_refused ("[roles]\nDualControl=none;void\n[slot 1]\nPort=/dev/ttyS0\n", "stand alone");
  assert_refused ("[roles]\nTwo=all\n[slot 1]\nPort=/dev/ttyS0\n", "Two");
}
END_TEST

START_TEST (what_is_not_written_has_its_default)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = load ("[station]\nName=a\n[slot 1]\nPort=/dev/ttyS0\n", &error);

  ck_assert_msg (config != NULL, "%s", error != NULL ? error->message : "");
  ck_assert (!config->demo);
  ck_assert_str_eq (config->state_folder, "/var/lib/keycradle");
  ck_assert_str_eq (config->socket, "/run/keycradle/station.sock");
  ck_assert_str_eq (config->signer_socket, "/run/keycradle-signer/signer.sock");
  ck_assert_str_eq (config->operator_group, "keycradle-operator");
  ck_assert_ptr_null (config->signer_config);
  ck_assert_uint_eq (config->attempt_seconds, 120);
  ck_assert (config->acknowledge_failures);
  ck_assert (config_slot (config, 1)->enabled);
  ck_assert_int_eq (config_slot (config, 1)->rtscts, RTSCTS_BY_DRIVER);
  ck_assert_ptr_null (config_slot (config, 2));
}
END_TEST

START_TEST (every_key_is_read)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config =
      load ("[station]\nName=line\nMode=demo\nStateFolder=/s\nSocket=/k\nProfileFolder=/p\n"
            "OperatorGroup=o\nSupervisorGroup=s\nAuditorGroup=a\nAttemptSeconds=7\n"
            "AcknowledgeFailures=no\n"
            "[signer]\nSocket=/g\nConfig=/c\n"
            "[slot 12]\nIdPath=pci-1\nDriver=smp\nBaud=9600\nRtsCts=no\nEnabled=no\n"
            "[slot 2]\nPort=/dev/x\nRtsCts=yes\n",
            &error);
  const SlotConfig *slot;

  ck_assert_msg (config != NULL, "%s", error != NULL ? error->message : "");
  ck_assert (config->demo);
  ck_assert_str_eq (config->state_folder, "/s");
  ck_assert_str_eq (config->profile_folder, "/p");
  ck_assert_str_eq (config->supervisor_group, "s");
  ck_assert_str_eq (config->signer_socket, "/g");
  ck_assert_str_eq (config->signer_config, "/c");
  ck_assert_uint_eq (config->attempt_seconds, 7);
  ck_assert (!config->acknowledge_failures);
  slot = g_ptr_array_index (config->slots, 0); /* sorted by number */
  ck_assert_uint_eq (slot->number, 2);
  ck_assert_int_eq (slot->rtscts, RTSCTS_ON);
  slot = config_slot (config, 12);
  ck_assert_str_eq (slot->id_path, "pci-1");
  ck_assert_str_eq (slot->driver, "smp");
  ck_assert_uint_eq (slot->baud, 9600);
  ck_assert_int_eq (slot->rtscts, RTSCTS_OFF);
  ck_assert (!slot->enabled);
}
END_TEST

START_TEST (each_mistake_is_named_with_its_line)
{
  static const struct {
    const char *text, *words;
  } mistakes[] = {
    { "[station]\nNmae=x\n[slot 1]\nPort=/a\n", "keycradle.conf:2:" },
    { "[station]\n\n[sloot 1]\nPort=/a\n", "keycradle.conf:3:" },
    { "[station]\nMode=test\n[slot 1]\nPort=/a\n", "keycradle.conf:2:" },
    { "[station]\nSocket=run/x\n[slot 1]\nPort=/a\n", "keycradle.conf:2:" },
    { "[station]\nAttemptSeconds=0\n[slot 1]\nPort=/a\n", "keycradle.conf:2:" },
    { "[slot 1]\nPort=/a\nIdPath=b\n", "keycradle.conf:3: [slot 1] has both Port and IdPath" },
    { "[slot 1]\nPort=/a\n[slot 2]\n# again\nPort=/a\n",
      "keycradle.conf:5: [slot 2] and [slot 1]" },
    { "[slot 1]\nIdPath=p\n[slot 2]\nIdPath=p\n", "keycradle.conf:4: [slot 2] and [slot 1]" },
    { "[slot 1]\nPort=/a\nDriver=smpp\n", "keycradle.conf:3: there is no driver \"smpp\"" },
    { "[slot 0]\nPort=/a\n", "keycradle.conf:1: [slot 0] is no slot" },
    { "[slot 129]\nPort=/a\n", "keycradle.conf:1:" },
    { "[slot 01]\nPort=/a\n", "keycradle.conf:1:" },
    { "[slot one]\nPort=/a\n", "keycradle.conf:1:" },
    { "[slot 1]\nPort=ttyS0\n", "keycradle.conf:2:" },
    { "[slot 1]\nPort=/a\nBaud=fast\n", "keycradle.conf:3:" },
    { "[slot 1]\nPort=/a\nEnabled=perhaps\n", "keycradle.conf:3:" },
    { "[station]\nName=x\n", "there are no slots" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++)
    assert_refused (mistakes[i].text, mistakes[i].words);
}
END_TEST

START_TEST (what_was_learned_stays_and_wins)
{
  g_autofree char *text =
      g_strdup_printf ("[station]\nStateFolder=%s\n[slot 1]\nIdPath=old\n[slot 2]\n", folder);
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = load (text, &error);
  g_autoptr (Config) again = NULL;

  ck_assert_ptr_nonnull (config);
  ck_assert (config_learn (config, 1, "new-one", &error));
  ck_assert (config_learn (config, 2, "new-two", &error));
  ck_assert_str_eq (config_slot (config, 1)->id_path, "new-one");
  again = load (text, &error);
  ck_assert_str_eq (config_slot (again, 1)->id_path, "old");
  ck_assert (config_load_learned (again, &error));
  ck_assert_str_eq (config_slot (again, 1)->id_path, "new-one");
  ck_assert_str_eq (config_slot (again, 2)->id_path, "new-two");
}
END_TEST

START_TEST (a_slot_out_of_service_stays_so_and_keeps_what_was_learned)
{
  g_autofree char *text =
      g_strdup_printf ("[station]\nStateFolder=%s\n[slot 1]\nIdPath=old\n", folder);
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = load (text, &error);
  g_autoptr (Config) broken = load (text, &error);
  g_autoptr (Config) mended = load (text, &error);

  ck_assert (config_learn (config, 1, "new", &error));
  ck_assert (config_keep_enabled (config, 1, FALSE, "bent\npin; #3", &error));
  ck_assert (config_load_learned (broken, &error));
  ck_assert (!config_slot (broken, 1)->enabled);
  ck_assert_str_eq (config_slot (broken, 1)->disabled_reason, "bent?pin; #3");
  ck_assert_str_eq (config_slot (broken, 1)->id_path, "new");
  ck_assert (config_keep_enabled (broken, 1, TRUE, "", &error));
  ck_assert (config_load_learned (mended, &error));
  ck_assert (config_slot (mended, 1)->enabled);
  ck_assert_ptr_null (config_slot (mended, 1)->disabled_reason);
}
END_TEST

START_TEST (slots_that_were_swapped_stay_so)
{
  static const char text[] = "[station]\nStateFolder=%s\n[slot 1]\nIdPath=one\n[slot 2]\n"
                             "[slot 3]\nPort=/dev/x\n[slot 4]\n";
  g_autofree char *written = g_strdup_printf (text, folder);
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = load (written, &error);
  g_autoptr (Config) again = load (written, NULL);

  ck_assert_msg (config != NULL, "%s", error != NULL ? error->message : "");
  ck_assert (config_learn (config, 2, "two", &error));
  ck_assert (config_may_swap (config, 1, 2, &error) && config_swap (config, 1, 2, &error));
  ck_assert_str_eq (config_slot (config, 1)->id_path, "two");
  ck_assert (config_load_learned (again, &error));
  ck_assert_str_eq (config_slot (again, 1)->id_path, "two");
  ck_assert_str_eq (config_slot (again, 2)->id_path, "one");

  ck_assert (!config_may_swap (config, 1, 3, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "/dev/x"));
  g_clear_error (&error);
  ck_assert (!config_may_swap (config, 4, 1, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "learn"));
}
END_TEST

START_TEST (a_path_is_not_learned_for_two_slots)
{
  g_autofree char *text =
      g_strdup_printf ("[station]\nStateFolder=%s\n[slot 1]\nIdPath=p\n[slot 2]\n", folder);
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = load (text, &error);

  ck_assert (!config_learn (config, 2, "p", &error));
  ck_assert (g_error_matches (error, STATION_ERROR, STATION_ERROR_CONFIG));
  ck_assert (!config_learn (config, 3, "q", NULL));
}
END_TEST

START_TEST (a_slot_that_is_gone_from_the_configuration_is_named)
{
  g_autofree char *text =
      g_strdup_printf ("[station]\nStateFolder=%s\n[slot 1]\nIdPath=p\n", folder);
  g_autofree char *learned G_GNUC_UNUSED =
      write_file ("slots.conf", "# by hand\n[slot 9]\nIdPath=x\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = load (text, &error);

  ck_assert (!config_load_learned (config, &error));
  ck_assert (strstr (error->message, "slots.conf:2:") != NULL);
}
END_TEST

START_TEST (the_example_is_good)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = config_load (EXAMPLES "/keycradle.conf", &error);

  ck_assert_msg (config != NULL, "%s", error != NULL ? error->message : "");
  ck_assert_uint_eq (config->slots->len, 3);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-config");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, make_folder, remove_folder);
  tcase_add_test (cases, what_is_not_written_has_its_default);
  tcase_add_loop_test (cases, what_takes_two_is_named_by_words, 0, G_N_ELEMENTS (controls));
  tcase_add_test (cases, a_word_that_takes_two_must_be_known);
  tcase_add_test (cases, every_key_is_read);
  tcase_add_test (cases, each_mistake_is_named_with_its_line);
  tcase_add_test (cases, what_was_learned_stays_and_wins);
  tcase_add_test (cases, a_slot_out_of_service_stays_so_and_keeps_what_was_learned);
  tcase_add_test (cases, slots_that_were_swapped_stay_so);
  tcase_add_test (cases, a_path_is_not_learned_for_two_slots);
  tcase_add_test (cases, a_slot_that_is_gone_from_the_configuration_is_named);
  tcase_add_test (cases, the_example_is_good);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
