/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See health-checks.h. Each check says what it found and, unless all is well, what to do.
 */
#include "ui-tui/health-checks.h"

#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/text.h"

#define FEW_DAYS 30
#define LITTLE_PERCENT 10
#define FEW_TICKETS 20                            /* a twentieth of them */
#define LEAST_DISK G_GUINT64_CONSTANT (100000000) /* bytes: what a shift may write */

static void
check_free (HealthCheck *check)
{
  g_free (check->title);
  g_free (check->found);
  g_free (check->advice);
  g_free (check);
}

/* Takes `found`. */
static void
add (GPtrArray *checks, CheckVerdict verdict, const char *title, char *found, const char *advice)
{
  HealthCheck *check = g_new0 (HealthCheck, 1);

  check->verdict = verdict;
  check->title = g_strdup (title);
  check->found = found;
  check->advice = g_strdup (advice);
  g_ptr_array_add (checks, check);
}

static gboolean
is_alarm (const Model *model, const char *warning)
{
  char **alarms = model->health.alarms;

  return alarms != NULL && g_strv_contains ((const char *const *)alarms, warning);
}

static void
check_warnings (GPtrArray *checks, const Model *model)
{
  const CaHealth *ca = &model->health.ca;

  for (char **warning = model->health.warnings; warning != NULL && *warning != NULL; warning++)
    if (ca->reachable || g_strcmp0 (*warning, ca->problem) != 0) /* the signer's line says it */
      add (checks, is_alarm (model, *warning) ? CHECK_STOP : CHECK_LOOK, _ ("Station"),
           g_strdup (*warning), _ ("Call the engineer. 'keycradle doctor' says more."));
}

static void
check_signer (GPtrArray *checks, const Model *model)
{
  const CaHealth *ca = &model->health.ca;

  if (ca->reachable && ca->problem == NULL)
    add (checks, CHECK_OK, _ ("Signer"), g_strdup (_ ("It answers.")), NULL);
  else if (ca->reachable)
    add (checks, CHECK_STOP, _ ("Signer"), g_strdup (ca->problem),
         _ ("Call the engineer. 'keycradle doctor' says more."));
  else
    add (checks, CHECK_STOP, _ ("Signer"),
         g_strdup (ca->problem != NULL ? ca->problem : _ ("It does not answer.")),
         _ ("No unit can get a certificate: stop putting units in and call the engineer, who looks "
            "at 'systemctl status keycradle-signer'."));
}

static void
check_validity (GPtrArray *checks, const Model *model)
{
  const CaHealth *ca = &model->health.ca;
  const guint days = (guint)CLAMP (ca->days_left, 0, G_MAXINT);
  g_autofree char *end = day_words (ca->not_after);
  char *left = g_strdup_printf (
      ngettext ("It ends in %u day, on %s.", "It ends in %u days, on %s.", days), days, end);

  if (ca->not_after == 0) {
    g_free (left);
    return;
  }
  if (ca->days_left >= FEW_DAYS) {
    add (checks, CHECK_OK, _ ("CA certificate"), left, NULL);
    return;
  }
  if (ca->not_after > model->now / G_USEC_PER_SEC) {
    add (
        checks, CHECK_LOOK, _ ("CA certificate"), left,
        _ ("Tell the engineer: the line stands when it ends. A new CA certificate is needed before "
           "that day."));
    return;
  }
  g_free (left);
  add (checks, CHECK_STOP, _ ("CA certificate"),
       g_strdup_printf (_ ("It is over since %s, or the clock is wrong."), end),
       _ ("Stop the line and call the engineer: check the clock, then get a new CA certificate."));
}

/* One that is well and alone needs no line of its own. */
static void
check_authority (GPtrArray *checks, const AuthorityLine *authority, gboolean alone)
{
  const gboolean warned = authority->warnings != NULL && authority->warnings[0] != NULL;
  g_autofree char *title = g_strdup_printf ("%s %s", _ ("CA"), or_dash (authority->name));

  if (authority->problem != NULL)
    add (checks, CHECK_STOP, title, g_strdup (authority->problem),
         _ ("Call the engineer. 'keycradle doctor' says more."));
  else if (warned)
    add (checks, CHECK_LOOK, title, g_strdup (authority->warnings[0]),
         _ ("Call the engineer. 'keycradle doctor' says more."));
  else if (!alone)
    add (checks, CHECK_OK, title, g_strdup (or_dash (authority->subject)), NULL);
}

static void
check_authorities (GPtrArray *checks, const Model *model)
{
  const GPtrArray *authorities = model->health.ca.authorities;

  for (guint i = 0; authorities != NULL && i < authorities->len; i++)
    check_authority (checks, g_ptr_array_index (authorities, i), authorities->len == 1);
}

static void
check_demo (GPtrArray *checks, const Model *model)
{
  const gboolean production = g_strcmp0 (model->health.mode, "production") == 0;

  if (model->health.ca.demo)
    add (checks, production ? CHECK_STOP : CHECK_LOOK, _ ("Demo CA"),
         g_strdup (_ ("This CA was made for trying out; its key is not protected.")),
         _ ("Ship no unit that got its certificate here. For production the engineer sets up the "
            "real CA."));
}

static void
check_clock (GPtrArray *checks, const Model *model)
{
  const char *clock = model->health.clock;

  if (g_strcmp0 (clock, "synchronised") == 0)
    add (checks, CHECK_OK, _ ("Clock"), g_strdup (_ ("It is kept right over the network.")), NULL);
  else if (g_strcmp0 (clock, "free") == 0)
    add (checks, CHECK_LOOK, _ ("Clock"), g_strdup (_ ("Nothing keeps it right.")),
         _ ("Compare it with a watch: certificates begin and end by it. The engineer turns time "
            "synchronisation on with 'timedatectl set-ntp true'."));
  else
    add (checks, CHECK_LOOK, _ ("Clock"),
         g_strdup (_ ("The station can't tell whether it is kept right.")),
         _ ("Compare it with a watch: certificates begin and end by it."));
}

static void
check_disk (GPtrArray *checks, const Model *model)
{
  const guint64 left = model->health.disk_free, size = model->health.disk_size;
  g_autofree char *left_words = bytes_words (left);
  g_autofree char *size_words = bytes_words (size);
  g_autofree char *percent = percent_words (left, size);
  char *found = g_strdup_printf (_ ("%s of %s are free (%s)."), left_words, size_words, percent);

  if (size == 0) {
    g_free (found);
    return;
  }
  if (left < LEAST_DISK)
    add (checks, CHECK_STOP, _ ("Disk"), found,
         _ ("When it is full, no unit passes. Call the engineer to make room now."));
  else if (left / LITTLE_PERCENT < size / 100)
    add (checks, CHECK_LOOK, _ ("Disk"), found, _ ("Tell the engineer to make room this week."));
  else
    add (checks, CHECK_OK, _ ("Disk"), found, NULL);
}

static void
check_records (GPtrArray *checks, const Model *model)
{
  const Health *health = &model->health;
  const CaHealth *ca = &health->ca;
  const guint signed_so_far = (guint)MIN (ca->log_size, G_MAXINT);

  if (health->ledger != NULL)
    add (checks, CHECK_OK, _ ("Ledger"), g_strdup (health->ledger), NULL);
  if (ca->log_origin != NULL)
    add (checks, CHECK_OK, _ ("Issuance log"),
         g_strdup_printf (
             ngettext ("%u certificate was signed.", "%u certificates were signed.", signed_so_far),
             signed_so_far),
         NULL);
}

/* Which units they are, the engineer's command tells. */
static void
check_keys (GPtrArray *checks, const Model *model)
{
  const Health *health = &model->health;
  const guint units = (guint)MIN (health->weak_units, G_MAXINT);
  g_autofree char *checked = g_strdup_printf ("%" G_GUINT64_FORMAT, health->keys_checked);
  g_autofree char *seen = g_strdup_printf ("%" G_GUINT64_FORMAT, health->keys_seen);

  if (units > 0)
    add (checks, CHECK_STOP, _ ("Keys"),
         g_strdup_printf (ngettext ("%u unit has a key that another unit's key gives away.",
                                    "%u units have keys that other units' keys give away.", units),
                          units),
         _ ("No manifest is written with them. Call the supervisor: 'keycradle key findings' names "
            "them, 'keycradle device void' voids them."));
  else if (health->keys_problem != NULL)
    add (checks, CHECK_LOOK, _ ("Keys"), g_strdup (health->keys_problem),
         _ ("No manifest is written until all keys are checked. Call the engineer."));
  else if (health->keys_seen > 0)
    add (checks, CHECK_OK, _ ("Keys"),
         g_strdup_printf (_ ("%s of %s were held against each other."), checked, seen), NULL);
}

static void
check_leaks (GPtrArray *checks, const Model *model)
{
  for (guint i = 0; i < model->tiles->len; i++) {
    const Tile *tile = g_ptr_array_index (model->tiles, i);

    if (tile->state == TILE_FAIL && !tile->acknowledged
        && g_strcmp0 (tile->reason, "private-key-leaked") == 0)
      add (checks, CHECK_STOP, _ ("Private key"),
           g_strdup_printf (_ ("The unit in slot %u gave its private key away."), tile->number),
           _ ("Keep it apart from all others and call the supervisor; nothing of the key was "
              "kept."));
  }
}

static void
check_export (GPtrArray *checks, const Model *model)
{
  const ExportLine *last = &model->health.last_export;
  g_autofree char *when = date_words (last->at);
  g_autofree char *key = NULL;

  if (last->at != 0) {
    add (checks, CHECK_OK, _ ("Last export"),
         g_strdup_printf (_ ("%s: batch %s as %s."), when, or_dash (last->batch),
                          or_dash (last->format)),
         NULL);
    return;
  }
  key = g_strdup_printf (_ ("Units are registered from a file: %s writes it."),
                         key_name (REQUEST_EXPORT));
  add (checks, CHECK_OK, _ ("Last export"), g_strdup (_ ("Nothing was exported yet.")), key);
}

static void
check_approvals (GPtrArray *checks, const Model *model)
{
  const guint count = model->health.approvals;
  g_autofree char *advice =
      g_strdup_printf (_ ("%s lists them. Another supervisor grants or refuses them within a day."),
                       key_name (REQUEST_APPROVALS));

  if (count > 0)
    add (checks, CHECK_LOOK, _ ("Requests"),
         g_strdup_printf (ngettext ("%u request waits for a second supervisor.",
                                    "%u requests wait for a second supervisor.", count),
                          count),
         advice);
}

/* What the owner still allows for the batch that runs. */
static void
check_ticket (GPtrArray *checks, const Model *model)
{
  const BatchLine *batch = model_running_batch (model);
  char *left;

  if (batch == NULL || batch->ticket == 0)
    return;
  left = g_strdup_printf (_ ("%u of the owner's %u certificates are left for this batch."),
                          batch->ticket_remaining, batch->ticket_count);
  if (batch->ticket_remaining == 0)
    add (
        checks, CHECK_STOP, _ ("Ticket"), left,
        _ ("No further unit gets a certificate: stop putting units in and call the supervisor, who "
           "asks the owner for another ticket."));
  else if (batch->ticket_remaining <= MAX (batch->ticket_count / FEW_TICKETS, 1))
    add (checks, CHECK_LOOK, _ ("Ticket"), left,
         _ ("Tell the supervisor: the owner's next ticket is needed soon, unless the batch ends "
            "with this one."));
  else
    add (checks, CHECK_OK, _ ("Ticket"), left, NULL);
}

static int
compare_verdicts (gconstpointer first, gconstpointer second)
{
  const HealthCheck *one = *(HealthCheck *const *)first;
  const HealthCheck *other = *(HealthCheck *const *)second;

  return (int)other->verdict - (int)one->verdict;
}

GPtrArray *
health_checks (const Model *model)
{
  GPtrArray *checks = g_ptr_array_new_with_free_func ((GDestroyNotify)check_free);

  check_warnings (checks, model);
  check_signer (checks, model);
  check_validity (checks, model);
  check_authorities (checks, model);
  check_demo (checks, model);
  check_clock (checks, model);
  check_disk (checks, model);
  check_records (checks, model);
  check_keys (checks, model);
  check_approvals (checks, model);
  check_leaks (checks, model);
  check_export (checks, model);
  check_ticket (checks, model);
  g_ptr_array_sort (checks, compare_verdicts); /* steady: GLib's sort keeps the order of equals */
  return checks;
}
