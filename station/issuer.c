/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See issuer.h.
 */
#include "station/issuer.h"

#include "base/encode.h"
#include "base/names.h"
#include "station/certificate.h"
#include "station/error.h"
#include "station/log.h"

/* Entries that are fetched by one request. */
#define RECOVERY_BLOCK 64u

struct Issuer {
  Ledger *ledger;
  char *socket;
  gboolean demo;
  Acceptance *acceptance;
  GMutex catching_up; /* held by the slot that does it */
  GMutex lock;        /* guards what follows */
  gboolean caught_up;
  GPtrArray *chains; /* of chains (GPtrArray of GBytes): every CA that ever issued here */
  GBytes *issuing;   /* the certificate of the one that issues now, or NULL */
  gboolean read;     /* `chains` holds what the ledger has */
  char *problem;
};

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

/* ---- chains ---- */

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
static gboolean
read_chains (Issuer *issuer, GError **error)
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

static gboolean
keep_chains (Issuer *issuer, const SignerStatus *status, GError **error)
{
  gboolean news = FALSE;

  if (!read_chains (issuer, error))
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

gboolean
issuer_take_status (Issuer *issuer, const SignerStatus *status, GError **error)
{
  return check_status (issuer, status, error) && keep_chains (issuer, status, error)
         && acceptance_take (issuer->acceptance, status, error);
}

static SignerStatus *
ask_status (Issuer *issuer, SignerClient *client, Deadline deadline, GError **error)
{
  g_autoptr (SignerStatus) status = signer_client_status (client, deadline, error);

  if (status == NULL || !issuer_take_status (issuer, status, error))
    return NULL;
  return g_steal_pointer (&status);
}

/* ---- catching up ---- */

static gboolean
store_certificate (Issuer *issuer, const IssuanceEntry *entry, GError **error)
{
  const Issuance issuance = { .log_index = entry->index,
                              .issued_at = entry->signed_at,
                              .batch = entry->batch,
                              .profile = entry->profile,
                              .device = entry->device,
                              .der = entry->certificate };
  g_autoptr (GError) failure = NULL;

  if (ledger_store_certificate (issuer->ledger, &issuance, &failure))
    return TRUE;
  if (!g_error_matches (failure, LEDGER_ERROR, LEDGER_ERROR_DUPLICATE_KEY)) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  /* Stored as void, on record: nothing that would hold up the entries behind it. */
  log_station (G_LOG_LEVEL_WARNING, "entry %" G_GUINT64_FORMAT " of the signer's log: %s",
               entry->index, failure->message);
  return TRUE;
}

static gboolean
note_entry (Issuer *issuer, const IssuanceEntry *entry, const char *kind, GError **error)
{
  gboolean bare = log_entry_type_is_bare (entry->type);
  GBytes *what = bare ? entry->csr_sha256 : entry->certificate;
  gsize length;
  const guint8 *data = g_bytes_get_data (what, &length);
  g_autofree char *digest = bare ? hex_encode (data, length) : sha256_hex (data, length);
  g_autofree char *detail =
      g_strdup_printf ("log index %" G_GUINT64_FORMAT ", SHA-256 %s", entry->index, digest);
  const LogNotice notice = { kind, entry->device, detail };

  return ledger_pass_log_entry (issuer->ledger, entry->index, &notice, error);
}

/* A CA that came and went while the station was away: only its own certificate is known. */
static gboolean
keep_entry (Issuer *issuer, const IssuanceEntry *entry, GError **error)
{
  g_autoptr (GPtrArray) chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  gboolean known, news = FALSE;

  g_mutex_lock (&issuer->lock);
  known = find_chain (issuer, entry->certificate) != NULL;
  g_mutex_unlock (&issuer->lock);
  g_ptr_array_add (chain, g_bytes_ref (entry->certificate));
  return known || keep_chain (issuer, entry->device, chain, &news, error);
}

/* As what an audit event tells of an entry that is no device's certificate. */
static const char *const notice_kinds[LOG_ENTRY_LAST + 1] = {
  [LOG_ENTRY_AUTHORITY] = "ca-begin",
  [LOG_ENTRY_VERIFICATION] = "ca-verification",
  [LOG_ENTRY_CRL] = "ca-crl",
  [LOG_ENTRY_TICKET] = "ticket",
  [LOG_ENTRY_REPORT] = "report",
  [LOG_ENTRY_MANIFEST] = "manifest-statement",
  [LOG_ENTRY_REFUSAL] = "signer-refusal",
  [LOG_ENTRY_CLOCK] = "clock-reset",
  [LOG_ENTRY_LOST] = "signatures-lost",
};

static gboolean
store_entry (Issuer *issuer, const IssuanceEntry *entry, GError **error)
{
  if (entry->type == LOG_ENTRY_CERTIFICATE)
    return store_certificate (issuer, entry, error);
  if (entry->type == LOG_ENTRY_AUTHORITY && !keep_entry (issuer, entry, error))
    return FALSE;
  return note_entry (issuer, entry, notice_kinds[entry->type], error);
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
  g_autoptr (SignerStatus) status = NULL;
  guint64 next;

  /* In this order: other slots go on signing and storing meanwhile. */
  if (!ledger_next_log_index (issuer->ledger, &next, error))
    return FALSE;
  status = ask_status (issuer, client, deadline, error);
  if (status == NULL)
    return FALSE;
  if (status->log_size < next) {
    g_set_error (error, STATION_ERROR, STATION_ERROR_OLD_SIGNER_LOG,
                 "the signer's log has %" G_GUINT64_FORMAT
                 " entries, the ledger knows %" G_GUINT64_FORMAT
                 ": an old log was restored; bring back the newest one",
                 status->log_size, next);
    return FALSE;
  }
  return fetch_missing (issuer, client, next, status->log_size, deadline, error);
}

gboolean
issuer_ready (Issuer *issuer, SignerClient *client, Deadline deadline, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (GError) failure = NULL;

  if (is_caught_up (issuer))
    return TRUE;
  locker = g_mutex_locker_new (&issuer->catching_up);
  if (is_caught_up (issuer))
    return TRUE;
  if (catch_up (issuer, client, deadline, &failure)) {
    set_state (issuer, TRUE, NULL);
    return TRUE;
  }
  set_state (issuer, FALSE, failure);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

gboolean
issuer_follow (Issuer *issuer, SignerClient *client, Deadline deadline, GError **error)
{
  g_mutex_lock (&issuer->lock);
  issuer->caught_up = FALSE;
  g_mutex_unlock (&issuer->lock);
  return issuer_ready (issuer, client, deadline, error);
}

void
issuer_heard (Issuer *issuer, const GError *error)
{
  if (g_error_matches (error, CA_ERROR, CA_ERROR_UNREACHABLE))
    set_state (issuer, FALSE, error);
}

/* Of all CAs' chains, that of the one whose signature `certificate` carries; NULL where it is none
 * of them. */
static GPtrArray *
chain_of (Issuer *issuer, GBytes *certificate)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&issuer->lock);

  for (guint i = issuer->chains->len; i-- > 0;) {
    GPtrArray *chain = g_ptr_array_index (issuer->chains, i);

    if (certificate_is_issued_by (certificate, g_ptr_array_index (chain, 0)))
      return g_ptr_array_ref (chain);
  }
  return NULL;
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

  if (!read_chains (issuer, error))
    return NULL;
  chain = chain_of (issuer, certificate);
  if (chain != NULL)
    return chain_if_accepted (issuer, chain, error);
  status = ask_status (issuer, client, deadline, error);
  if (status == NULL)
    return NULL;
  chain = chain_of (issuer, certificate);
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
