/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The chains of all CAs that ever issued here, in memory and in the ledger.
 */
#include "station/certificate.h"
#include "station/issuer-private.h"

/* Under the lock. */
static GPtrArray *
find_chain (Issuer *issuer, GBytes *authority)
{
  for (guint i = 0; i < issuer->chains->len; i++) {
    GPtrArray *chain = g_ptr_array_index (issuer->chains, i);

    if (g_bytes_equal (g_ptr_array_index (chain, 0), authority))
      return chain;
  }
  return NULL;
}

/* What an earlier life of this station has seen. Once is enough. */
gboolean
issuer_read_chains (Issuer *issuer, GError **error)
{
  g_autoptr (GPtrArray) known = NULL;
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&issuer->lock);

  if (issuer->read)
    return TRUE;
  known = ledger_chains (issuer->ledger, error);
  if (known == NULL)
    return FALSE;
  for (guint i = 0; i < known->len; i++) {
    GPtrArray *chain = g_ptr_array_index (known, i);

    if (chain->len > 0)
      g_ptr_array_add (issuer->chains, g_ptr_array_ref (chain));
  }
  issuer->read = TRUE;
  return TRUE;
}

/* In the ledger first: a certificate that is delivered must find its chain for ever. */
static gboolean
keep_chain (Issuer *issuer, const char *name, GPtrArray *chain, gboolean *news, GError **error)
{
  GPtrArray *known;
  gboolean same;

  g_mutex_lock (&issuer->lock);
  known = find_chain (issuer, g_ptr_array_index (chain, 0));
  same = known != NULL && certificate_chains_equal (known, chain);
  g_mutex_unlock (&issuer->lock);
  if (same)
    return TRUE;
  if (!ledger_keep_chain (issuer->ledger, name, chain, error))
    return FALSE;
  g_mutex_lock (&issuer->lock);
  known = find_chain (issuer, g_ptr_array_index (chain, 0));
  if (known != NULL)
    g_ptr_array_remove (issuer->chains, known);
  else
    *news = TRUE;
  g_ptr_array_add (issuer->chains, g_ptr_array_ref (chain));
  g_mutex_unlock (&issuer->lock);
  return TRUE;
}

gboolean
issuer_keep_chains (Issuer *issuer, const SignerStatus *status, GError **error)
{
  gboolean news = FALSE;

  if (!issuer_read_chains (issuer, error))
    return FALSE;
  for (guint i = 0; i < status->authorities->len; i++) {
    const SignerAuthority *authority = g_ptr_array_index (status->authorities, i);

    if (!keep_chain (issuer, authority->name, authority->chain, &news, error))
      return FALSE;
  }
  g_mutex_lock (&issuer->lock);
  g_clear_pointer (&issuer->issuing, g_bytes_unref);
  issuer->issuing = g_bytes_ref (g_ptr_array_index (status->issuing->chain, 0));
  /* A new CA has an entry in the log, which no order's answer brings. */
  issuer->caught_up = issuer->caught_up && !news;
  g_mutex_unlock (&issuer->lock);
  return TRUE;
}

/* A CA that came and went while the station was away: only its own certificate is known. */
gboolean
issuer_keep_authority (Issuer *issuer, const IssuanceEntry *entry, GError **error)
{
  g_autoptr (GPtrArray) chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  gboolean known, news = FALSE;

  g_mutex_lock (&issuer->lock);
  known = find_chain (issuer, entry->certificate) != NULL;
  g_mutex_unlock (&issuer->lock);
  g_ptr_array_add (chain, g_bytes_ref (entry->certificate));
  return known || keep_chain (issuer, entry->device, chain, &news, error);
}

GPtrArray *
issuer_find_chain_of (Issuer *issuer, GBytes *certificate)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&issuer->lock);

  for (guint i = issuer->chains->len; i-- > 0;) {
    GPtrArray *chain = g_ptr_array_index (issuer->chains, i);

    if (certificate_is_issued_by (certificate, g_ptr_array_index (chain, 0)))
      return g_ptr_array_ref (chain);
  }
  return NULL;
}
