/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See generation.h.
 */
#include "ca/issue/generation.h"

#include "base/certificate.h"
#include "ca/issue/constraints.h"
#include "ca/proof/statement.h"

#include <string.h>

/* STATUS tells of each with its chain, and must fit into a frame. */
#define MOST_AUTHORITIES 8
#define MOST_CHAIN_BYTES (40 * 1024)

/* A key of a kind that no device may have can still be on a list, by its public key. */
static gboolean
check_certificate_key (const Generation *generation, const Authority *authority, GBytes *der,
                       GError **error)
{
  g_autoptr (GError) problem = NULL;
  CertificateParts parts;
  Csr key;

  if (!certificate_split (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &parts))
    return TRUE;
  if (!csr_parse_key (parts.spki.data, parts.spki.length, &key, NULL))
    key = (Csr){ .spki = { parts.spki.data, parts.spki.length } };
  if (known_keys_check (generation->known_keys, &key, &problem))
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_CA_CERTIFICATE,
               "[ca %s]: a key of its chain is no secret: %s", authority->name, problem->message);
  return FALSE;
}

/* Nobody may issue below a key that others know. */
static gboolean
check_chain_keys (const Generation *generation, const Authority *authority, GError **error)
{
  for (guint i = 0; i < authority->chain->len; i++)
    if (!check_certificate_key (generation, authority, g_ptr_array_index (authority->chain, i),
                                error))
      return FALSE;
  return TRUE;
}

/* The line can't do without the CA that issues. One that is kept beside it may have ended: it
 * issues no more, and that is no reason to stop the others. */
static gboolean
check_times (const Generation *generation, const Authority *authority, GError **error)
{
  if (authority == generation->issuing)
    return authority_check_times (authority, error);
  if (authority->times_problem != NULL)
    g_warning ("[ca %s] issues nothing: %s", authority->name, authority->times_problem);
  return TRUE;
}

static gboolean
load_authority (Generation *generation, const SignerConfig *config, const AuthorityConfig *wanted,
                GError **error)
{
  Authority *authority =
      authority_load (wanted->name, wanted->certificate, wanted->signature, error);

  if (authority == NULL)
    return FALSE;
  authority->crl_days = wanted->crl_days;
  g_ptr_array_add (generation->authorities, authority);
  if (g_str_equal (wanted->name, config->issuing))
    generation->issuing = authority;
  return authority_check_mode (authority, config->production, error)
         && check_times (generation, authority, error)
         && check_chain_keys (generation, authority, error)
         && authority_unlock (authority, wanted->key, &wanted->passphrase, error);
}

static gsize
chain_bytes (const Generation *generation)
{
  gsize bytes = 0;

  for (guint i = 0; i < generation->authorities->len; i++) {
    const Authority *authority = g_ptr_array_index (generation->authorities, i);

    for (guint k = 0; k < authority->chain->len; k++)
      bytes += g_bytes_get_size (g_ptr_array_index (authority->chain, k));
  }
  return bytes;
}

/* Two CAs with one key could not be told apart, neither in the log nor by a verifier. */
static gboolean
check_keys_differ (const Generation *generation, GError **error)
{
  g_autoptr (GHashTable) names =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);

  for (guint i = 0; i < generation->authorities->len; i++) {
    Authority *authority = g_ptr_array_index (generation->authorities, i);
    GBytes *key = g_bytes_new (authority->origin, sizeof authority->origin);
    const char *other = g_hash_table_lookup (names, key);

    g_hash_table_insert (names, key, authority->name);
    if (other == NULL)
      continue;
    g_set_error (error, CA_ERROR, CA_ERROR_CA_CERTIFICATE,
                 "[ca %s] and [ca %s] have the same key; name each CA once", other,
                 authority->name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
load_authorities (Generation *generation, const SignerConfig *config, GError **error)
{
  for (guint i = 0; i < config->authorities->len; i++)
    if (!load_authority (generation, config, g_ptr_array_index (config->authorities, i), error))
      return FALSE;
  if (generation->authorities->len <= MOST_AUTHORITIES
      && chain_bytes (generation) <= MOST_CHAIN_BYTES)
    return check_keys_differ (generation, error);
  g_set_error (error, CA_ERROR, CA_ERROR_CA_CERTIFICATE,
               "signer.conf names more than %d CAs, or chains of more than %d bytes in all; take "
               "out those that issue no more",
               MOST_AUTHORITIES, MOST_CHAIN_BYTES);
  return FALSE;
}

static const Authority *
authority_for (const Generation *generation, const Profile *profile, GError **error)
{
  const Authority *authority = profile->authority == NULL
                                   ? generation->issuing
                                   : generation_authority (generation, profile->authority);

  if (authority == NULL)
    g_set_error (error, CA_ERROR, CA_ERROR_CA_UNKNOWN,
                 "profile %s asks for CA=%s; signer.conf has no [ca %s]", profile->name,
                 profile->authority, profile->authority);
  return authority;
}

static gboolean
load_profile (Generation *generation, Profile *profile, GError **error)
{
  const Authority *authority = authority_for (generation, profile, error);
  IssueTemplate *plan = NULL;

  if (authority != NULL && constraints_allow (authority, profile, error))
    plan = issue_template_new (authority, profile, error);
  if (plan == NULL)
    return FALSE;
  g_hash_table_insert (generation->templates, profile->name, plan);
  return TRUE;
}

static gboolean
load_profiles (Generation *generation, const SignerConfig *config, GError **error)
{
  GHashTableIter iterator;
  gpointer profile;

  generation->profiles = profile_load_folder (config->profile_folder, error);
  if (generation->profiles == NULL)
    return FALSE;
  g_hash_table_iter_init (&iterator, generation->profiles);
  while (g_hash_table_iter_next (&iterator, NULL, &profile))
    if (!load_profile (generation, profile, error))
      return FALSE;
  return TRUE;
}

static gboolean
load_owners (Generation *generation, const SignerConfig *config, GError **error)
{
  if (config->owner == NULL)
    return TRUE;
  generation->owners = statement_signers_load (config->owner, error);
  if (generation->owners == NULL)
    g_prefix_error (error, "[tickets] Owner=: ");
  return generation->owners != NULL;
}

Generation *
generation_load (const SignerConfig *config, GError **error)
{
  static gsize count;
  g_autoptr (Generation) generation = g_atomic_rc_box_new0 (Generation);

  generation->number = (guint64)g_atomic_pointer_add (&count, 1) + 1;
  generation->authorities = g_ptr_array_new_with_free_func ((GDestroyNotify)authority_free);
  generation->templates =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)issue_template_free);
  generation->known_keys = known_keys_load ((const char *const *)config->known_keys, error);
  if (generation->known_keys == NULL || !load_authorities (generation, config, error)
      || !load_profiles (generation, config, error) || !load_owners (generation, config, error))
    return NULL;
  return g_steal_pointer (&generation);
}

Generation *
generation_ref (Generation *generation)
{
  return g_atomic_rc_box_acquire (generation);
}

static void
generation_clear (gpointer data)
{
  Generation *generation = data;

  g_hash_table_unref (generation->templates);
  g_clear_pointer (&generation->profiles, g_hash_table_unref);
  g_ptr_array_unref (generation->authorities);
  known_keys_free (generation->known_keys);
  g_clear_pointer (&generation->owners, g_ptr_array_unref);
}

void
generation_unref (Generation *generation)
{
  if (generation != NULL)
    g_atomic_rc_box_release_full (generation, generation_clear);
}

const Authority *
generation_authority (const Generation *generation, const char *name)
{
  for (guint i = 0; i < generation->authorities->len; i++) {
    const Authority *authority = g_ptr_array_index (generation->authorities, i);

    if (g_str_equal (authority->name, name))
      return authority;
  }
  return NULL;
}

const IssueTemplate *
generation_template (const Generation *generation, const char *profile)
{
  return g_hash_table_lookup (generation->templates, profile);
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

char **
generation_profiles (const Generation *generation)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();
  GHashTableIter iterator;
  gpointer value;

  g_hash_table_iter_init (&iterator, generation->templates);
  while (g_hash_table_iter_next (&iterator, NULL, &value)) {
    const Profile *profile = issue_template_profile (value);

    g_ptr_array_add (lines, g_strdup_printf ("%s:%s:%s", profile->name, profile->sha256,
                                             issue_template_authority (value)->name));
  }
  g_ptr_array_sort (lines, compare_texts);
  g_ptr_array_add (lines, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&lines), FALSE);
}
