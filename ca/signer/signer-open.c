/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What orders go by: opening, the change to another generation while orders run, and whether clock,
 * CA and log let anything be issued.
 */
#include "ca/log/log-authorities.h"
#include "ca/signer/signer-private.h"

/* ---- the log ---- */

/* A typing error must not begin a new log in a new place, so the folder is never made here. */
static gboolean
check_folder (const SignerConfig *config, GError **error)
{
  return g_file_test (config->state_folder, G_FILE_TEST_IS_DIR)
         || ca_refuse (
             error, CA_ERROR_LOG,
             "StateFolder=%s: there is no such folder; make it, and give it to the signer's "
             "user",
             config->state_folder);
}

static gboolean
open_log (Signer *signer, const SignerConfig *config, LogOpenMode mode, GError **error)
{
  g_autofree char *path = g_build_filename (config->state_folder, "issuance.log", NULL);

  signer->log = issuance_log_open (path, signer->current->issuing->origin, mode, error);
  signer->revocations = revocations_new (config->state_folder, signer->log);
  return signer->log != NULL && log_knows_one_of (signer->log, signer->current->authorities, error);
}

static gboolean
open_station (Signer *signer, const SignerConfig *config, LogOpenMode mode, GError **error)
{
  g_autoptr (GError) problem = NULL;

  signer->station = station_key_open (config, mode, &problem);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

static gboolean
open_checkpoints (Signer *signer, const SignerConfig *config, LogOpenMode mode, GError **error)
{
  if (signer->station == NULL)
    return TRUE;
  signer->checkpoints = checkpoints_open (config->state_folder, signer->station, mode, error);
  return signer->checkpoints != NULL;
}

/* The key first: a TPM's must be opened before the log has threads. A signer that writes has locked
 * the log before it touches the checkpoints. One that checks may do so while another one runs, and
 * the log must not be the older of the two that it reads. */
static gboolean
open_evidence (Signer *signer, const SignerConfig *config, LogOpenMode mode, GError **error)
{
  const gboolean writes = mode == LOG_OPEN_WRITE;

  return check_folder (config, error) && open_station (signer, config, mode, error)
         && (writes || open_checkpoints (signer, config, mode, error))
         && open_log (signer, config, mode, error)
         && (!writes || open_checkpoints (signer, config, mode, error))
         && (signer->checkpoints == NULL
             || checkpoints_follow (signer->checkpoints, signer->log,
                                    writes ? config->station.checkpoint_every : 0, error));
}

gboolean
signer_check_clock (Signer *signer, ClockReading now, GError **error)
{
  return clock_check (&signer->clock, now, issuance_log_newest (signer->log), error);
}

/* The generation's CAs stand in the log before anything is signed. */
static gboolean
enter_authorities (Signer *signer, const Generation *generation, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&signer->entering);

  if (signer->entered == generation->number)
    return TRUE;
  if (!log_enter_authorities (signer->log, generation->authorities, error))
    return FALSE;
  signer->entered = generation->number;
  return TRUE;
}

/* At once where the clock can be believed. Where not, the signer starts all the same: the clock may
 * become right while it runs, and then the first order sees to it. */
static gboolean
enter_early (Signer *signer, const Generation *generation, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (signer_check_clock (signer, clock_read (), &problem))
    return enter_authorities (signer, generation, error);
  g_warning ("nothing is issued: %s", problem->message);
  return TRUE;
}

/* What a signer that was killed left between TPM and log is on record at once; where that can't be
 * told yet, the first order sees to it. */
static void
account_early (Signer *signer)
{
  for (guint i = 0; i < signer->current->authorities->len; i++) {
    const Authority *authority = g_ptr_array_index (signer->current->authorities, i);
    g_autoptr (GError) problem = NULL;
    TpmAccount account;

    if (keystore_counts (authority->keystore)
        && !signature_count_take (signer->count, authority, &account, &problem))
      g_warning ("nothing is issued with the CA '%s': %s", authority->name, problem->message);
  }
}

/* ---- opening ---- */

/* The listening socket, the log, the station's key and the callers hang on these. */
static char *
fixed_settings (const SignerConfig *config)
{
  const StationConfig *station = &config->station;
  const char *const texts[] = { config->allowed_user,     station->key,
                                station->certificate,     station->name,
                                station->passphrase.file, station->passphrase.credential };
  GString *all = g_string_new (NULL);

  g_string_append_printf (all, "%s\n%s\n%u", config->socket, config->state_folder,
                          station->checkpoint_every);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_string_append_printf (all, "\n%s", texts[i] != NULL ? texts[i] : "");
  return g_string_free (all, FALSE);
}

Signer *
signer_open (const SignerConfig *config, LogOpenMode mode, GError **error)
{
  g_autoptr (Signer) signer = g_new0 (Signer, 1);

  g_mutex_init (&signer->mutex);
  g_mutex_init (&signer->entering);
  g_mutex_init (&signer->reporting);
  g_cond_init (&signer->released);
  clock_init (&signer->clock);
  signer->fixed = fixed_settings (config);
  signer->reserved = g_hash_table_new (g_bytes_hash, g_bytes_equal);
  signer->current = generation_load (config, error);
  if (signer->current == NULL || !open_evidence (signer, config, mode, error)
      || (mode == LOG_OPEN_WRITE && !enter_early (signer, signer->current, error)))
    return NULL;
  signer->tickets = tickets_new (signer->log);
  signer->refusals = refusals_new (signer->log);
  signer->count = signature_count_new (signer->log);
  if (mode == LOG_OPEN_WRITE)
    account_early (signer);
  signer_remember_log (signer);
  return g_steal_pointer (&signer);
}

void
signer_close (Signer *signer)
{
  if (signer == NULL)
    return;
  tickets_free (signer->tickets);
  refusals_free (signer->refusals);
  signature_count_free (signer->count);
  revocations_free (signer->revocations);
  checkpoints_close (signer->checkpoints);
  station_key_close (signer->station);
  issuance_log_close (signer->log);
  recent_primes_free (signer->recent);
  generation_unref (signer->current);
  g_free (signer->fixed);
  g_free (signer->reload_problem);
  g_hash_table_unref (signer->reserved);
  clock_clear (&signer->clock);
  g_mutex_clear (&signer->mutex);
  g_mutex_clear (&signer->entering);
  g_mutex_clear (&signer->reporting);
  g_cond_clear (&signer->released);
  g_free (signer);
}

Generation *
signer_generation (Signer *signer)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&signer->mutex);

  return generation_ref (signer->current);
}

Revocations *
signer_revocations (const Signer *signer)
{
  return signer->revocations;
}

IssuanceLog *
signer_log (const Signer *signer)
{
  return signer->log;
}

/* ---- changing ---- */

static gboolean
check_reloadable (const Signer *signer, const SignerConfig *config, GError **error)
{
  g_autofree char *fixed = fixed_settings (config);

  if (!g_str_equal (fixed, signer->fixed))
    return ca_refuse (
        error, CA_ERROR_LOG,
        "Socket=, StateFolder=, AllowedUser= or [station] is another one: restart the "
        "signer");
  for (guint i = 0; i < config->authorities->len; i++) {
    const AuthorityConfig *authority = g_ptr_array_index (config->authorities, i);

    if (authority->passphrase.fd >= 0)
      return ca_refuse (error, CA_ERROR_CA_KEY,
                        "[ca %s]: PassphraseFd= is read once, at the start: restart the signer",
                        authority->name);
  }
  return TRUE;
}

/* What the next orders will go by, or NULL. */
static Generation *
load_next (Signer *signer, const char *path, GError **error)
{
  g_autoptr (SignerConfig) config = signer_config_load (path, error);
  g_autoptr (Generation) next = NULL;

  if (config == NULL || !check_reloadable (signer, config, error))
    return NULL;
  next = generation_load (config, error);
  if (next == NULL || !log_knows_one_of (signer->log, next->authorities, error)
      || !enter_early (signer, next, error))
    return NULL;
  return g_steal_pointer (&next);
}

gboolean
signer_reload (Signer *signer, const char *path, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (Generation) next = load_next (signer, path, &problem);
  g_autoptr (Generation) before = NULL; /* its last order, or we, free it outside the lock */

  g_mutex_lock (&signer->mutex);
  g_clear_pointer (&signer->reload_problem, g_free);
  if (next == NULL) {
    signer->reload_problem = g_strdup_printf (
        "what was to be reloaded is wrong, the signer goes on with what it had: %s",
        problem->message);
  }
  else {
    before = signer->current;
    signer->current = g_steal_pointer (&next);
  }
  g_mutex_unlock (&signer->mutex);
  if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));
  return before != NULL;
}

static void
add_count_problems (Signer *signer, GStrvBuilder *problems)
{
  g_autoptr (Generation) generation = signer_generation (signer);

  for (guint i = 0; i < generation->authorities->len; i++) {
    g_autofree char *problem =
        signature_count_problem (signer->count, g_ptr_array_index (generation->authorities, i));

    if (problem != NULL)
      g_strv_builder_add (problems, problem);
  }
}

char **
signer_problems (Signer *signer)
{
  g_autoptr (GStrvBuilder) problems = g_strv_builder_new ();
  g_autofree char *log_problem = issuance_log_problem (signer->log);
  g_autoptr (GError) clock = NULL;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = NULL;

  add_count_problems (signer, problems);
  locker = g_mutex_locker_new (&signer->mutex);
  if (!signer_check_clock (signer, clock_read (), &clock))
    g_strv_builder_add (problems, clock->message);
  if (log_problem != NULL)
    g_strv_builder_add (problems, log_problem);
  if (signer->reload_problem != NULL)
    g_strv_builder_add (problems, signer->reload_problem);
  return g_strv_builder_end (problems);
}

/* ---- issuing ---- */

static gboolean
check_validity (const Authority *authority, gint64 now, GError **error)
{
  if (now < authority->not_before)
    return ca_refuse (error, CA_ERROR_CLOCK,
                      "this PC's clock stands before the beginning of the validity of the CA '%s'; "
                      "set it right (timedatectl), then issuing goes on by itself",
                      authority->name);
  return now < authority->not_after
         || ca_refuse (
             error, CA_ERROR_CLOCK,
             "this PC's clock stands after the end of the validity of the CA '%s'; set it "
             "right (timedatectl), or change to another CA",
             authority->name);
}

gboolean
signer_tpm_account (Signer *signer, const Authority *authority, TpmAccount *account, GError **error)
{
  return signature_count_look (signer->count, authority, account, error);
}

gboolean
signer_may_issue (Signer *signer, const Generation *generation, const Authority *authority,
                  ClockReading *now, GError **error)
{
  *now = clock_read ();
  return signer_check_clock (signer, *now, error) && authority_check_times (authority, error)
         && check_validity (authority, now->real / G_USEC_PER_SEC, error)
         && enter_authorities (signer, generation, error)
         && signature_count_begin (signer->count, authority, error);
}

void
signer_issue_ended (Signer *signer, const Authority *authority, gboolean clean)
{
  signature_count_end (signer->count, authority, clean);
}

void
signer_issued (Signer *signer, ClockReading now)
{
  clock_follow (&signer->clock, now);
  checkpoints_grown (signer->checkpoints);
}
