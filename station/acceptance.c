/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See acceptance.h.
 */
#include "station/acceptance.h"

#include <string.h>

#include "base/encode.h"
#include "db/ledger-approval.h"
#include "station/error.h"

struct Acceptance {
  Ledger *ledger;
  GMutex lock; /* of all below */
  gboolean by_people;
  GHashTable *accepted;   /* fingerprints, of those that were asked for: spares the ledger */
  GHashTable *of_profile; /* profile → fingerprint of the CA that issues it; "": by default; a CA's
                             own behind ":" and its name */
};

Acceptance *
acceptance_new (Ledger *ledger)
{
  Acceptance *acceptance = g_new0 (Acceptance, 1);

  acceptance->ledger = ledger;
  g_mutex_init (&acceptance->lock);
  acceptance->accepted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  acceptance->of_profile = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return acceptance;
}

void
acceptance_free (Acceptance *acceptance)
{
  g_mutex_clear (&acceptance->lock);
  g_hash_table_unref (acceptance->accepted);
  g_hash_table_unref (acceptance->of_profile);
  g_free (acceptance);
}

void
acceptance_by_people (Acceptance *acceptance)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&acceptance->lock);

  acceptance->by_people = TRUE;
}

/* ---- what the signer has ---- */

/* A line is "profile:sha256hex:ca". */
static void
take_line (GHashTable *table, const SignerStatus *status, const char *line)
{
  const char *colon = strchr (line, ':');
  const char *name = colon != NULL ? strchr (colon + 1, ':') : NULL;

  for (guint i = 0; name != NULL && i < status->authorities->len; i++) {
    const SignerAuthority *authority = g_ptr_array_index (status->authorities, i);

    if (g_str_equal (authority->name, name + 1))
      g_hash_table_replace (table, g_strndup (line, (gsize)(colon - line)),
                            g_strdup (authority->fingerprint));
  }
}

static void
take_profiles (Acceptance *acceptance, const SignerStatus *status)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&acceptance->lock);

  g_hash_table_remove_all (acceptance->of_profile);
  g_hash_table_replace (acceptance->of_profile, g_strdup (""),
                        g_strdup (status->issuing->fingerprint));
  for (guint i = 0; i < status->authorities->len; i++) {
    const SignerAuthority *authority = g_ptr_array_index (status->authorities, i);

    g_hash_table_replace (acceptance->of_profile, g_strconcat (":", authority->name, NULL),
                          g_strdup (authority->fingerprint));
  }
  for (char **line = status->profiles; *line != NULL; line++)
    take_line (acceptance->of_profile, status, *line);
}

static void
remember (Acceptance *acceptance, const char *fingerprint)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&acceptance->lock);

  g_hash_table_add (acceptance->accepted, g_ascii_strdown (fingerprint, -1));
}

gboolean
acceptance_has (Acceptance *acceptance, const char *fingerprint)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&acceptance->lock);

  return g_hash_table_contains (acceptance->accepted, fingerprint);
}

gboolean
acceptance_give (Acceptance *acceptance, const char *fingerprint, const char *actor, GError **error)
{
  if (!ledger_accept_authority (acceptance->ledger, fingerprint, actor, error))
    return FALSE;
  remember (acceptance, fingerprint);
  return TRUE;
}

static gboolean
is_by_people (Acceptance *acceptance)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&acceptance->lock);

  return acceptance->by_people;
}

static gboolean
take_authority (Acceptance *acceptance, const SignerAuthority *authority, GError **error)
{
  gboolean accepted;

  if (acceptance_has (acceptance, authority->fingerprint))
    return TRUE;
  if (!ledger_authority_is_accepted (acceptance->ledger, authority->fingerprint, &accepted, NULL,
                                     error))
    return FALSE;
  if (accepted) {
    remember (acceptance, authority->fingerprint);
    return TRUE;
  }
  return is_by_people (acceptance)
         || acceptance_give (acceptance, authority->fingerprint, "station", error);
}

gboolean
acceptance_take (Acceptance *acceptance, const SignerStatus *status, GError **error)
{
  for (guint i = 0; i < status->authorities->len; i++)
    if (!take_authority (acceptance, g_ptr_array_index (status->authorities, i), error))
      return FALSE;
  take_profiles (acceptance, status);
  return TRUE;
}

/* ---- asking ---- */

/* Under the lock. */
static gboolean
check (const Acceptance *acceptance, const char *fingerprint, GError **error)
{
  if (!acceptance->by_people || g_hash_table_contains (acceptance->accepted, fingerprint))
    return TRUE;
  g_set_error (
      error, STATION_ERROR, STATION_ERROR_CA_NOT_ACCEPTED,
      "the signer has a CA that nobody has accepted here; nothing is issued under it until "
      "a supervisor does, and another grants it: keycradle ca accept %s",
      fingerprint);
  return FALSE;
}

gboolean
acceptance_check (Acceptance *acceptance, const char *profile, GError **error)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&acceptance->lock);
  const char *fingerprint =
      profile != NULL ? g_hash_table_lookup (acceptance->of_profile, profile) : NULL;

  if (fingerprint == NULL)
    fingerprint = g_hash_table_lookup (acceptance->of_profile, "");
  return fingerprint == NULL || check (acceptance, fingerprint, error);
}

gboolean
acceptance_check_ca (Acceptance *acceptance, const char *name, GError **error)
{
  g_autofree char *key = *name != '\0' ? g_strconcat (":", name, NULL) : NULL;

  return acceptance_check (acceptance, key, error);
}

gboolean
acceptance_check_certificate (Acceptance *acceptance, GBytes *authority, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (authority, &length);
  g_autofree char *fingerprint = sha256_hex (data, length);
  gboolean accepted = acceptance_has (acceptance, fingerprint);

  /* One that has left the signer again was not asked for. */
  if (!accepted
      && !ledger_authority_is_accepted (acceptance->ledger, fingerprint, &accepted, NULL, error))
    return FALSE;
  if (accepted)
    remember (acceptance, fingerprint);
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&acceptance->lock);
  return check (acceptance, fingerprint, error);
}
