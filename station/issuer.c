/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See issuer.h.
 */
#include "station/issuer-private.h"

#include "base/names.h"
#include "station/certificate.h"
#include "station/error.h"
#include "station/log-entries.h"

/* Entries that are fetched by one request. */
#define RECOVERY_BLOCK 64u

Issuer *
issuer_new (Ledger *ledger, const char *signer_socket, gboolean demo)
{
  Issuer *issuer = g_new0 (Issuer, 1);

  issuer->ledger = ledger;
  issuer->socket = g_strdup (signer_socket);
  issuer->demo = demo;
  issuer->acceptance = acceptance_new (ledger);
  g_mutex_init (&issuer->catching_up);
  g_mutex_init (&issuer->lock);
  issuer->chains = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  return issuer;
}

void
issuer_free (Issuer *issuer)
{
  if (issuer == NULL)
    return;
  acceptance_free (issuer->acceptance);
  g_mutex_clear (&issuer->catching_up);
  g_mutex_clear (&issuer->lock);
  g_ptr_array_unref (issuer->chains);
  g_clear_pointer (&issuer->issuing, g_bytes_unref);
  g_free (issuer->socket);
  g_free (issuer->problem);
  g_free (issuer);
}

const char *
issuer_socket (Issuer *issuer)
{
  return issuer->socket;
}

Acceptance *
issuer_acceptance (Issuer *issuer)
{
  return issuer->acceptance;
}

static gboolean
is_caught_up (Issuer *issuer)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&issuer->lock);

  return issuer->caught_up;
}

static void
set_state (Issuer *issuer, gboolean caught_up, const GError *error)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&issuer->lock);

  issuer->caught_up = caught_up;
  g_free (issuer->problem);
  issuer->problem = error != NULL ? g_strdup (error->message) : NULL;
}

static gboolean
has_demo_authority (const SignerStatus *status)
{
  for (guint i = 0; i < status->authorities->len; i++)
    if (((const SignerAuthority *)g_ptr_array_index (status->authorities, i))->demo)
      return TRUE;
  return FALSE;
}

static gboolean
check_status (Issuer *issuer, const SignerStatus *status, GError **error)
{
  if (has_demo_authority (status) && !issuer->demo) {
    g_set_error (error, CA_ERROR, CA_ERROR_DEMO_CA,
                 "the signer has a demo CA (\"%s\") and this station is in production mode",
                 DEMO_CA_MARK);
    return FALSE;
  }
  return TRUE;
}

gboolean
issuer_take_status (Issuer *issuer, const SignerStatus *status, GError **error)
{
  return check_status (issuer, status, error) && issuer_keep_chains (issuer, status, error)
         && acceptance_take (issuer->acceptance, status, error);
}

static gboolean
check_size (const SignerStatus *status, guint64 next, GError **error)
{
  if (status->log_size >= next)
    return TRUE;
  g_set_error (error, STATION_ERROR, STATION_ERROR_OLD_SIGNER_LOG,
               "the signer's log has %" G_GUINT64_FORMAT
               " entries, the ledger knows %" G_GUINT64_FORMAT
               ": an old log was restored; bring back the newest one",
               status->log_size, next);
  return FALSE;
}

/* `next` receives what the ledger lacks. In this order: other slots go on signing and storing
 * meanwhile. */
static SignerStatus *
ask_status (Issuer *issuer, SignerClient *client, guint64 *next, Deadline deadline, GError **error)
{
  g_autoptr (SignerStatus) status = NULL;

  if (!ledger_next_log_index (issuer->ledger, next, error))
    return NULL;
  status = signer_client_status (client, deadline, error);
  if (status == NULL || !issuer_take_status (issuer, status, error)
      || !check_size (status, *next, error))
    return NULL;
  return g_steal_pointer (&status);
}

/* ---- catching up ---- */

static gboolean
store_entry (Issuer *issuer, const IssuanceEntry *entry, GError **error)
{
  if (entry->type == LOG_ENTRY_AUTHORITY && !issuer_keep_authority (issuer, entry, error))
    return FALSE;
  return log_entry_store (issuer->ledger, entry, error);
}

static gboolean
store_entries (Issuer *issuer, GPtrArray *entries, GError **error)
{
  for (guint i = 0; i < entries->len; i++) {
    const IssuanceEntry *entry = g_ptr_array_index (entries, i);

    if (store_entry (issuer, entry, error))
      continue;
    g_prefix_error (error, "entry %" G_GUINT64_FORMAT " of the signer's log: ", entry->index);
    return FALSE;
  }
  return TRUE;
}

/* Stores what the signer signed and the ledger missed, oldest first. */
static gboolean
fetch_missing (Issuer *issuer, SignerClient *client, guint64 from, guint64 size, Deadline deadline,
               GError **error)
{
  while (from < size) {
    g_autoptr (GPtrArray) entries =
        signer_client_entries (client, from, RECOVERY_BLOCK, deadline, error);

    if (entries == NULL || !store_entries (issuer, entries, error))
      return FALSE;
    if (entries->len == 0)
      return TRUE;
    from += entries->len;
  }
  return TRUE;
}

static gboolean
catch_up (Issuer *issuer, SignerClient *client, Deadline deadline, GError **error)
{
  guint64 next;
  g_autoptr (SignerStatus) status = ask_status (issuer, client, &next, deadline, error);

  return status != NULL && fetch_missing (issuer, client, next, status->log_size, deadline, error);
}

/* Under `catching_up`. */
static gboolean
catch_up_now (Issuer *issuer, SignerClient *client, Deadline deadline, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (catch_up (issuer, client, deadline, &failure)) {
    set_state (issuer, TRUE, NULL);
    return TRUE;
  }
  set_state (issuer, FALSE, failure);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

gboolean
issuer_ready (Issuer *issuer, SignerClient *client, Deadline deadline, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;

  if (is_caught_up (issuer))
    return TRUE;
  locker = g_mutex_locker_new (&issuer->catching_up);
  return is_caught_up (issuer) || catch_up_now (issuer, client, deadline, error);
}

/* Orders do not wait for it: what they need has been there since issuer_ready(). */
gboolean
issuer_follow (Issuer *issuer, SignerClient *client, Deadline deadline, GError **error)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&issuer->catching_up);

  return catch_up_now (issuer, client, deadline, error);
}

/* Codes for which the signer may have made an entry of its own. */
static gboolean
is_on_the_signers_record (const GError *error)
{
  return g_error_matches (error, CA_ERROR, CA_ERROR_CLOCK)
         || g_error_matches (error, CA_ERROR, CA_ERROR_COUNT)
         || (error->domain == CA_ERROR && error->code >= CA_ERROR_TICKET_MISSING
             && error->code <= CA_ERROR_TICKET_INVALID);
}

static void
tell_news (Issuer *issuer, guint64 index)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&issuer->lock);

  if (issuer->news != NULL)
    issuer->news (index, issuer->news_data);
}

void
issuer_heard (Issuer *issuer, const GError *error)
{
  if (error == NULL)
    return;
  if (g_error_matches (error, CA_ERROR, CA_ERROR_UNREACHABLE))
    set_state (issuer, FALSE, error);
  else if (is_on_the_signers_record (error))
    tell_news (issuer, G_MAXUINT64);
}

void
issuer_heard_entry (Issuer *issuer, guint64 index)
{
  tell_news (issuer, index);
}

void
issuer_watch (Issuer *issuer, void (*news) (guint64 index, gpointer data), gpointer data)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&issuer->lock);

  issuer->news = news;
  issuer->news_data = data;
}

SignerStatus *
issuer_status (Issuer *issuer, SignerClient *client, Deadline deadline, GError **error)
{
  guint64 next;
  SignerStatus *status;
  g_autoptr (GError) failure = NULL;

  if (!ledger_next_log_index (issuer->ledger, &next, error))
    return NULL;
  status = signer_client_status (client, deadline, error);
  if (status == NULL) {
    if (error != NULL)
      issuer_heard (issuer, *error);
    return NULL;
  }
  if (!issuer_take_status (issuer, status, &failure) || !check_size (status, next, &failure))
    set_state (issuer, FALSE, failure);
  return status;
}

/* A CA may have come between the look at it and the signature: what it signed stays here until
 * somebody has accepted it. */
static GPtrArray *
chain_if_accepted (Issuer *issuer, GPtrArray *chain, GError **error)
{
  if (!acceptance_check_certificate (issuer->acceptance, g_ptr_array_index (chain, 0), error))
    return NULL;
  return certificate_chain_for_devices (chain);
}

GPtrArray *
issuer_chain_of (Issuer *issuer, SignerClient *client, GBytes *certificate, Deadline deadline,
                 GError **error)
{
  g_autoptr (SignerStatus) status = NULL;
  g_autoptr (GPtrArray) chain = NULL;
  guint64 next;

  if (!issuer_read_chains (issuer, error))
    return NULL;
  chain = issuer_find_chain_of (issuer, certificate);
  if (chain != NULL)
    return chain_if_accepted (issuer, chain, error);
  status = ask_status (issuer, client, &next, deadline, error);
  if (status == NULL)
    return NULL;
  chain = issuer_find_chain_of (issuer, certificate);
  if (chain != NULL)
    return chain_if_accepted (issuer, chain, error);
  g_set_error_literal (error, STATION_ERROR, STATION_ERROR_OTHER_SIGNER,
                       "no CA that this station knows issued the device's certificate");
  return NULL;
}

GBytes *
issuer_ca_certificate (Issuer *issuer)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&issuer->lock);

  return issuer->issuing != NULL ? g_bytes_ref (issuer->issuing) : NULL;
}

char *
issuer_problem (Issuer *issuer)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&issuer->lock);

  return g_strdup (issuer->problem);
}
