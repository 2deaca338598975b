/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The records of the signer's CAs, and what will be wrong with them soon; see records.h.
 */
#include "base/encode.h"
#include "station/records.h"

#include <string.h>

#define DAY 86400
/* A new CA takes its owner weeks. */
#define SOON (90 * (gint64)DAY)

static char *
date_text (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%d") : g_strdup ("?");
}

static gint64
years_before (gint64 end, guint years)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (end);
  g_autoptr (GDateTime) earlier = time != NULL ? g_date_time_add_years (time, -(int)years) : NULL;

  return earlier != NULL ? g_date_time_to_unix (earlier) : 0;
}

/* The last moment at which `profile` can be issued by a CA that ends at `not_after`: leaves do not
 * outlive it. G_MAXINT64 where only the CA's own end counts. */
static gint64
last_moment (const Profile *profile, gint64 not_after)
{
  switch (profile->validity) {
  case VALIDITY_DAYS:
    return not_after - (gint64)profile->days * DAY;
  case VALIDITY_YEARS:
    return years_before (not_after, profile->years);
  case VALIDITY_UNTIL:
    return profile->until == NO_END || profile->until <= not_after ? G_MAXINT64 : 0;
  case VALIDITY_UNTIL_CA:
    return G_MAXINT64;
  }
  return G_MAXINT64;
}

static void
warn_of_profile (GStrvBuilder *warnings, const SignerAuthority *authority, const Profile *profile,
                 gint64 now)
{
  const gint64 last = last_moment (profile, authority->not_after);
  g_autofree char *from = date_text (last);
  g_autofree char *text = NULL;

  if (last == G_MAXINT64 || last - now > SOON)
    return;
  text = last <= now
             ? g_strdup_printf ("The CA %s ends too early for profile %s: its certificates would "
                                "outlive it, so none is issued.",
                                authority->name, profile->name)
             : g_strdup_printf ("From %s on nothing can be issued for profile %s: its certificates "
                                "would outlive the CA %s.",
                                from, profile->name, authority->name);
  g_strv_builder_add (warnings, text);
}

/* A line is "name:sha256:ca". */
static gboolean
is_line_of (const char *line, const char *profile, const char *authority)
{
  const char *end = strrchr (line, ':');
  const gsize length = strlen (profile);

  return strncmp (line, profile, length) == 0 && line[length] == ':' && end != NULL
         && g_str_equal (end + 1, authority);
}

static void
warn_of_profiles (GStrvBuilder *warnings, const SignerStatus *status,
                  const SignerAuthority *authority, GHashTable *profiles, gint64 now)
{
  GHashTableIter iterator;
  gpointer profile;

  g_hash_table_iter_init (&iterator, profiles);
  while (g_hash_table_iter_next (&iterator, NULL, &profile))
    for (char **line = status->profiles; *line != NULL; line++)
      if (is_line_of (*line, ((const Profile *)profile)->name, authority->name))
        warn_of_profile (warnings, authority, profile, now);
}

static char **
warnings_of (const SignerStatus *status, const SignerAuthority *authority, GHashTable *profiles,
             gint64 now)
{
  g_autoptr (GStrvBuilder) warnings = g_strv_builder_new ();
  const gint64 left = authority->not_after - now;

  if (left <= SOON) {
    g_autofree char *end = date_text (authority->not_after);
    g_autofree char *text = g_strdup_printf ("The CA %s ends on %s, in %" G_GINT64_FORMAT " days.",
                                             authority->name, end, MAX (left, 0) / DAY);

    g_strv_builder_add (warnings, text);
  }
  if (profiles != NULL)
    warn_of_profiles (warnings, status, authority, profiles, now);
  return g_strv_builder_end (warnings);
}

static char **
chain_blocks (const SignerAuthority *authority)
{
  g_autoptr (GStrvBuilder) blocks = g_strv_builder_new ();

  for (guint i = 0; i < authority->chain->len; i++) {
    gsize length;
    const guint8 *der = g_bytes_get_data (g_ptr_array_index (authority->chain, i), &length);
    g_autofree char *pem = pem_encode ("CERTIFICATE", der, length);

    g_strv_builder_add (blocks, pem);
  }
  return g_strv_builder_end (blocks);
}

static void
put_authority (GVariantDict *record, const SignerStatus *status, const SignerAuthority *authority,
               GHashTable *profiles, Acceptance *acceptance)
{
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_auto (GStrv) blocks = chain_blocks (authority);
  g_auto (GStrv) warnings = warnings_of (status, authority, profiles, now);

  record_text (record, "name", authority->name);
  record_text (record, "subject", authority->subject);
  record_text (record, "key", authority->key);
  record_text (record, "signature", authority->signature);
  record_text (record, "keystore", authority->keystore);
  record_text (record, "fingerprint", authority->fingerprint);
  g_variant_dict_insert (record, "not-before", "x", authority->not_before);
  g_variant_dict_insert (record, "not-after", "x", authority->not_after);
  g_variant_dict_insert (record, "days-left", "x", (authority->not_after - now) / DAY);
  g_variant_dict_insert (record, "demo", "b", authority->demo);
  g_variant_dict_insert (record, "accepted", "b",
                         acceptance_has (acceptance, authority->fingerprint));
  record_words (record, "chain", (const char *const *)blocks);
  record_words (record, "warnings", (const char *const *)warnings);
}

static GVariant *
record_authority (const SignerStatus *status, const SignerAuthority *authority,
                  GHashTable *profiles, Acceptance *acceptance)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  put_authority (&record, status, authority, profiles, acceptance);
  g_variant_dict_insert (&record, "issuing", "b", authority == status->issuing);
  record_text (&record, "problem", authority->problem);
  return g_variant_dict_end (&record);
}

static GVariant *
record_authorities (const SignerStatus *status, GHashTable *profiles, Acceptance *acceptance)
{
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < status->authorities->len; i++)
    g_variant_builder_add_value (
        &list, record_authority (status, g_ptr_array_index (status->authorities, i), profiles,
                                 acceptance));
  return g_variant_builder_end (&list);
}

GVariant *
record_ca (const SignerStatus *status, GHashTable *profiles, Acceptance *acceptance,
           const char *problem)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "reachable", "b", status != NULL);
  if (status != NULL) {
    put_authority (&record, status, status->issuing, profiles, acceptance);
    g_variant_dict_insert (&record, "log-size", "t", status->log_size);
    record_text (&record, "log-origin", status->log_origin);
    record_signer_evidence (&record, status);
    record_words (&record, "problems", (const char *const *)status->problems);
    g_variant_dict_insert_value (&record, "cas", record_authorities (status, profiles, acceptance));
    if (problem == NULL)
      problem = status->problems[0] != NULL ? status->problems[0] : status->issuing->problem;
  }
  record_text (&record, "problem", problem);
  return g_variant_dict_end (&record);
}
