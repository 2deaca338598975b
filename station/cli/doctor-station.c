/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Doctor: configuration, daemon, signer, profiles.
 */
#include "station/cli/doctor.h"

#include <string.h>

#include "base/names.h"

#define DAYS_LEFT_WARN 30

/* The daemon's own parser has the last word where it is installed. */
static void
check_with_daemon (Doctor *doctor, const char *path)
{
  static char check[] = "--check-config";
  static char option[] = "--config";
  g_autofree char *program = cli_program ("keycradled", NULL);
  g_autofree char *config = g_strdup (path);
  g_autofree char *output = NULL;
  g_autofree char *problem = NULL;
  int status = 0;

  if (program == NULL) {
    doctor_find (
        doctor, DOCTOR_WARN, "config",
        g_strdup ("keycradled is not installed here, so the configuration is not checked."), NULL);
    return;
  }
  char *argv[] = { program, check, option, config, NULL };
  if (!g_spawn_sync (NULL, argv, NULL, 0, NULL, NULL, &output, &problem, &status, NULL))
    return;
  if (g_spawn_check_wait_status (status, NULL))
    doctor_find (doctor, DOCTOR_OK, "config",
                 g_strdup_printf ("The configuration %s is sound.", path), NULL);
  else
    doctor_find (doctor, DOCTOR_FAIL, "config",
                 g_strdup_printf ("The configuration is wrong: %s", g_strstrip (problem)),
                 g_strdup_printf ("keycradle config check --config %s", path));
}

void
doctor_check_config (Doctor *doctor)
{
  const char *path = cli_config_path (doctor->cli);
  g_autoptr (GError) error = NULL;

  if (g_key_file_load_from_file (doctor->config, path, G_KEY_FILE_NONE, &error))
    check_with_daemon (doctor, path);
  else if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    doctor_find (doctor, DOCTOR_FAIL, "config", g_strdup_printf ("There is no %s.", path),
                 g_strdup ("sudo keycradle init"));
  else if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_ACCES))
    doctor_find (doctor, DOCTOR_WARN, "config", g_strdup_printf ("You may not read %s.", path),
                 g_strdup ("sudo keycradle doctor"));
  else
    doctor_find (doctor, DOCTOR_FAIL, "config",
                 g_strdup_printf ("%s can't be used: %s", path, error->message),
                 g_strdup_printf ("keycradle config check --config %s", path));
}

static void
check_days_left (Doctor *doctor, GVariant *ca)
{
  gint64 days = 0;

  if (!g_variant_lookup (ca, "days-left", "x", &days))
    return;
  DoctorLevel level = days <= 0 ? DOCTOR_FAIL : days < DAYS_LEFT_WARN ? DOCTOR_WARN : DOCTOR_OK;
  doctor_find (doctor, level, "ca-days",
               days <= 0 ? g_strdup ("The issuing CA has expired: nothing can be signed.")
                         : g_strdup_printf (
                             "The issuing CA is valid for %" G_GINT64_FORMAT " more days.", days),
               level == DOCTOR_OK ? NULL : g_strdup ("keycradle ca status"));
}

/* What the signer says of itself and of each CA, and what will be wrong soon. */
static void
check_authorities (Doctor *doctor, GVariant *ca)
{
  g_autoptr (GVariantIter) authorities = NULL;
  g_autofree const char **problems = NULL;
  GVariant *authority;

  if (g_variant_lookup (ca, "problems", "^a&s", &problems))
    for (const char **text = problems; *text != NULL; text++)
      doctor_find (doctor, DOCTOR_FAIL, "signer-problem", g_strdup (*text),
                   g_strdup ("journalctl -u keycradle-signer"));
  if (!g_variant_lookup (ca, "cas", "aa{sv}", &authorities))
    return;
  while ((authority = g_variant_iter_next_value (authorities)) != NULL) {
    g_autofree const char **warnings = NULL;
    const char *problem = NULL, *name = "?";

    g_variant_lookup (authority, "name", "&s", &name);
    if (g_variant_lookup (authority, "problem", "&s", &problem))
      doctor_find (doctor, DOCTOR_FAIL, "ca-key",
                   g_strdup_printf ("The CA %s can't sign: %s", name, problem), NULL);
    if (g_variant_lookup (authority, "warnings", "^a&s", &warnings))
      for (const char **text = warnings; *text != NULL; text++)
        doctor_find (doctor, DOCTOR_WARN, "ca-end", g_strdup (*text),
                     g_strdup ("keycradle ca list"));
    g_variant_unref (authority);
  }
}

/* A signer that keycradled starts itself has no unit of its own. */
static char *
signer_advice (const Doctor *doctor)
{
  g_autofree char *config = doctor_setting (doctor, "signer", "Config", NULL);

  return config != NULL
             ? g_strdup_printf ("%s/keycradle-signer --check --config %s", KEYCRADLE_LIBEXECDIR,
                                config)
             : g_strdup ("systemctl status keycradle-signer; journalctl -u keycradle-signer");
}

/* Which station this is to the owner, and whether its log was read through. */
static void
check_evidence (Doctor *doctor, GVariant *ca)
{
  const char *key = NULL;
  guint64 size = 0, verified = 0;

  if (!g_variant_lookup (ca, "station-key", "&s", &key))
    return;
  g_variant_lookup (ca, "log-size", "t", &size);
  g_variant_lookup (ca, "log-verified", "t", &verified);
  doctor_find (doctor, DOCTOR_OK, "station-key",
               g_strdup_printf ("The owner knows this station as %.16s...; %" G_GUINT64_FORMAT
                                " of %" G_GUINT64_FORMAT " entries of its log were read again.",
                                key, verified, size),
               NULL);
}

static void
check_signer (Doctor *doctor)
{
  g_autoptr (GVariant) ca = NULL;
  g_autoptr (GError) error = NULL;
  gboolean reachable = FALSE;
  const char *problem = "it does not answer";

  if (!api_station1_call_get_ca_status_sync (doctor->cli->api, &ca, NULL, &error)) {
    g_dbus_error_strip_remote_error (error);
    doctor_find (doctor, DOCTOR_FAIL, "signer",
                 g_strdup_printf ("The signer can't be asked: %s", error->message), NULL);
    return;
  }
  g_variant_lookup (ca, "reachable", "b", &reachable);
  g_variant_lookup (ca, "problem", "&s", &problem);
  if (reachable)
    doctor_find (doctor, DOCTOR_OK, "signer", g_strdup ("keycradle-signer answers."), NULL);
  else
    doctor_find (doctor, DOCTOR_FAIL, "signer",
                 g_strdup_printf ("keycradle-signer is away: %s.", problem),
                 signer_advice (doctor));
  if (reachable) {
    check_days_left (doctor, ca);
    check_authorities (doctor, ca);
    check_evidence (doctor, ca);
  }
}

static void
find_weak_keys (Doctor *doctor, guint64 units)
{
  doctor_find (doctor, DOCTOR_FAIL, "keys",
               g_strdup_printf ("%" G_GUINT64_FORMAT
                                " %s a key that another unit's gives away: void them.",
                                units, units == 1 ? "unit has" : "units have"),
               g_strdup ("keycradle key findings; keycradle device void SERIAL"));
}

static void
check_keys (Doctor *doctor)
{
  g_autoptr (GVariant) status = NULL;
  const char *problem = NULL;
  guint64 seen = 0, checked = 0, units = 0;

  if (!api_station1_call_get_status_sync (doctor->cli->api, &status, NULL, NULL)
      || !g_variant_lookup (status, "keys-seen", "t", &seen))
    return;
  g_variant_lookup (status, "keys-checked", "t", &checked);
  g_variant_lookup (status, "weak-units", "t", &units);
  if (units > 0)
    find_weak_keys (doctor, units);
  else if (g_variant_lookup (status, "keys-problem", "&s", &problem))
    doctor_find (doctor, DOCTOR_WARN, "keys",
                 g_strdup_printf ("The fleet's keys can't be checked: %s.", problem), NULL);
  else
    doctor_find (doctor, DOCTOR_OK, "keys",
                 g_strdup_printf ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                                  " keys were held against each other.",
                                  checked, seen),
                 NULL);
}

/* A batch's record and, of a running one, its ticket; of a closed one, its report. */
static void
check_batch (Doctor *doctor, GVariant *batch)
{
  const char *name = "?";
  guint count = 0, remaining = 0;
  gboolean due = FALSE;

  g_variant_lookup (batch, "name", "&s", &name);
  if (g_variant_lookup (batch, "report-due", "b", &due) && due)
    doctor_find (
        doctor, DOCTOR_WARN, "report",
        g_strdup_printf ("The final report of batch %s is still to be made: the signer was "
                         "away, or a unit is at work.",
                         name),
        g_strdup_printf ("keycradle report make %s", name));
  if (!g_variant_lookup (batch, "ticket-remaining", "u", &remaining) || due)
    return;
  g_variant_lookup (batch, "ticket-count", "u", &count);
  doctor_find (doctor, remaining > 0 ? DOCTOR_OK : DOCTOR_WARN, "ticket",
               g_strdup_printf ("%u of %u certificates are left on the ticket of batch %s.",
                                remaining, count, name),
               remaining > 0 ? NULL : g_strdup ("keycradle ticket load FILE"));
}

/* Closed ones are looked at for their reports only. */
static void
check_batches (Doctor *doctor)
{
  g_autoptr (GVariant) batches = NULL;
  GVariantIter iterator;
  GVariant *batch;

  if (!api_station1_call_list_batches_sync (doctor->cli->api, &batches, NULL, NULL))
    return;
  g_variant_iter_init (&iterator, batches);
  while ((batch = g_variant_iter_next_value (&iterator)) != NULL) {
    const char *state = "";
    gboolean due = FALSE;

    g_variant_lookup (batch, "state", "&s", &state);
    g_variant_lookup (batch, "report-due", "b", &due);
    if (due || g_str_equal (state, "running"))
      check_batch (doctor, batch);
    g_variant_unref (batch);
  }
}

void
doctor_check_daemon (Doctor *doctor)
{
  g_autofree char *path = cli_socket_path (doctor->cli);
  g_autoptr (GError) error = NULL;

  if (!cli_connect (doctor->cli, &error)) {
    doctor_find (doctor, DOCTOR_FAIL, "daemon", g_strdup (error->message),
                 doctor_is_demo (doctor)
                     ? NULL
                     : g_strdup ("systemctl status keycradled; journalctl -u keycradled"));
    return;
  }
  doctor_find (doctor, DOCTOR_OK, "daemon", g_strdup_printf ("keycradled answers at %s.", path),
               NULL);
  check_signer (doctor);
  check_keys (doctor);
  check_batches (doctor);
}

static guint
count_profiles (const char *folder, GError **error)
{
  g_autoptr (GDir) directory = g_dir_open (folder, 0, error);
  const char *name;
  guint n = 0;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    if (g_str_has_suffix (name, ".profile"))
      n++;
  return n;
}

void
doctor_check_profiles (Doctor *doctor)
{
  g_autofree char *folder =
      doctor_setting (doctor, "station", "ProfileFolder", DEFAULT_PROFILE_FOLDER);
  g_autoptr (GError) error = NULL;
  guint n = count_profiles (folder, &error);

  if (error != NULL)
    doctor_find (doctor, DOCTOR_FAIL, "profiles",
                 g_strdup_printf ("The profile folder can't be read: %s.", error->message),
                 g_strdup ("keycradle init"));
  else if (n == 0)
    doctor_find (doctor, DOCTOR_FAIL, "profiles",
                 g_strdup_printf ("There is no NAME.profile in %s: nothing can be issued.", folder),
                 g_strdup ("man keycradle-profile"));
  else
    doctor_find (doctor, DOCTOR_OK, "profiles",
                 g_strdup_printf ("%u certificate %s in %s.", n,
                                  n == 1 ? "profile is" : "profiles are", folder),
                 NULL);
}
