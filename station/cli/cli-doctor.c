/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle doctor: runs the checks and shows what they found.
 */
#include "station/cli/doctor.h"

#include <stdio.h>

#include "base/text.h"
#include "station/cli/output.h"

#define LINE_MOST 1000

const char *
doctor_level_word (DoctorLevel level)
{
  switch (level) {
  case DOCTOR_OK:
    return "OK";
  case DOCTOR_WARN:
    return "WARN";
  case DOCTOR_FAIL:
    return "FAIL";
  }
  g_assert_not_reached ();
}

void
finding_free (Finding *finding)
{
  g_free (finding->text);
  g_free (finding->advice);
  g_free (finding);
}

void
doctor_find (Doctor *doctor, DoctorLevel level, const char *check, char *text, char *advice)
{
  Finding *finding = g_new0 (Finding, 1);

  finding->level = level;
  finding->check = check;
  finding->text = text_for_display (text, LINE_MOST);
  finding->advice = advice == NULL ? NULL : text_for_display (advice, LINE_MOST);
  g_free (text);
  g_free (advice);
  g_ptr_array_add (doctor->findings, finding);
}

char *
doctor_setting (const Doctor *doctor, const char *group, const char *key, const char *fallback)
{
  char *value = g_key_file_get_string (doctor->config, group, key, NULL);

  return value != NULL ? value : g_strdup (fallback);
}

gboolean
doctor_is_demo (const Doctor *doctor)
{
  g_autofree char *mode = doctor_setting (doctor, "station", "Mode", "production");

  return g_str_equal (mode, "demo");
}

static void
print_findings (GPtrArray *findings)
{
  for (guint i = 0; i < findings->len; i++) {
    const Finding *finding = g_ptr_array_index (findings, i);
    printf ("%-4s  %s\n", doctor_level_word (finding->level), finding->text);
    if (finding->advice != NULL)
      printf ("      type: %s\n", finding->advice);
  }
}

static void
print_findings_json (GPtrArray *findings)
{
  g_auto (GVariantBuilder) array = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < findings->len; i++) {
    const Finding *finding = g_ptr_array_index (findings, i);
    g_variant_builder_open (&array, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&array, "{sv}", "level",
                           g_variant_new_string (doctor_level_word (finding->level)));
    g_variant_builder_add (&array, "{sv}", "check", g_variant_new_string (finding->check));
    g_variant_builder_add (&array, "{sv}", "text", g_variant_new_string (finding->text));
    if (finding->advice != NULL)
      g_variant_builder_add (&array, "{sv}", "type", g_variant_new_string (finding->advice));
    g_variant_builder_close (&array);
  }
  g_autoptr (GVariant) all = g_variant_ref_sink (g_variant_builder_end (&array));
  g_autofree char *json = json_text (all, TRUE);
  fputs (json, stdout);
}

static CliExit
exit_for (GPtrArray *findings)
{
  for (guint i = 0; i < findings->len; i++)
    if (((const Finding *)g_ptr_array_index (findings, i))->level == DOCTOR_FAIL)
      return CLI_FAILED;
  return CLI_OK;
}

CliExit
cli_doctor (Cli *cli, GError **error)
{
  static void (*const checks[]) (Doctor *) = {
    doctor_check_config,  doctor_check_daemon, doctor_check_profiles,     doctor_check_slots,
    doctor_check_devices, doctor_check_cards,  doctor_check_port_thieves, doctor_check_udev_rule,
    doctor_check_groups,  doctor_check_disk,   doctor_check_clock
  };
  g_autoptr (GKeyFile) config = g_key_file_new ();
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify)finding_free);
  Doctor doctor = { .cli = cli, .config = config, .findings = findings };

  for (guint i = 0; i < G_N_ELEMENTS (checks); i++)
    checks[i](&doctor);
  if (cli->options.json)
    print_findings_json (findings);
  else
    print_findings (findings);
  return exit_for (findings);
}
