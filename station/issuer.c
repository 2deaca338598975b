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
  GMutex catching_up; /* held by the slot that does it */
  GMutex lock;        /* guards what follows */
  gboolean caught_up;
  GPtrArray *chain; /* of GBytes */
  char *problem;
};

Issuer *
issuer_new (Ledger *ledger, const char *signer_socket, gboolean demo)
{
  Issuer *issuer = g_new0 (Issuer, 1);

  issuer->ledger = ledger;
  issuer->socket = g_strdup (signer_socket);
  issuer->demo = demo;
  g_mutex_init (&issuer->catching_up);
  g_mutex_init (&issuer->lock);
  return issuer;
}

void
issuer_free (Issuer *issuer)
{
  if (issuer == NULL)
    return;
  g_mutex_clear (&issuer->catching_up);
  g_mutex_clear (&issuer->lock);
  g_clear_pointer (&issuer->chain, g_ptr_array_unref);
  g_free (issuer->socket);
  g_free (issuer->problem);
  g_free (issuer);
}

const char *
issuer_socket (Issuer *issuer)
{
  return issuer->socket;
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

/* The root stays here: a device does not need the end of its own chain. */
static GPtrArray *
chain_for_devices (const GPtrArray *chain)
{
  GPtrArray *kept = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  for (guint i = 0; i < chain->len; i++) {
    GBytes *der = g_ptr_array_index (chain, i);

    if (i == 0 || !certificate_is_self_issued (der))
      g_ptr_array_add (kept, g_bytes_ref (der));
  }
  return kept;
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

/* Asks the signer afresh and remembers its chain. */
static SignerStatus *
ask_status (Issuer *issuer, SignerClient *client, Deadline deadline, GError **error)
{
  g_autoptr (SignerStatus) status = signer_client_status (client, deadline, error);

  if (status == NULL || !check_status (issuer, status, error))
    return NULL;
  g_mutex_lock (&issuer->lock);
  g_clear_pointer (&issuer->chain, g_ptr_array_unref);
  issuer->chain = chain_for_devices (status->issuing->chain);
  g_mutex_unlock (&issuer->lock);
  return g_steal_pointer (&status);
}

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
  GBytes *what = entry->type == LOG_ENTRY_CRL ? entry->csr_sha256 : entry->certificate;
  gsize length;
  const guint8 *data = g_bytes_get_data (what, &length);
  g_autofree char *digest =
      entry->type == LOG_ENTRY_CRL ? hex_encode (data, length) : sha256_hex (data, length);
  g_autofree char *detail =
      g_strdup_printf ("log index %" G_GUINT64_FORMAT ", SHA-256 %s", entry->index, digest);
  const LogNotice notice = { kind, entry->device, detail };

  return ledger_pass_log_entry (issuer->ledger, entry->index, &notice, error);
}

static gboolean
store_entry (Issuer *issuer, const IssuanceEntry *entry, GError **error)
{
  switch (entry->type) {
  case LOG_ENTRY_CERTIFICATE:
    return store_certificate (issuer, entry, error);
  case LOG_ENTRY_AUTHORITY:
    return note_entry (issuer, entry, "ca-begin", error);
  case LOG_ENTRY_VERIFICATION:
    return note_entry (issuer, entry, "ca-verification", error);
  case LOG_ENTRY_CRL:
    return note_entry (issuer, entry, "ca-crl", error);
  }
  return FALSE;
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

void
issuer_heard (Issuer *issuer, const GError *error)
{
  if (g_error_matches (error, CA_ERROR, CA_ERROR_UNREACHABLE))
    set_state (issuer, FALSE, error);
}

GPtrArray *
issuer_chain (Issuer *issuer)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&issuer->lock);

  return issuer->chain != NULL ? g_ptr_array_ref (issuer->chain) : NULL;
}

GBytes *
issuer_ca_certificate (Issuer *issuer)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&issuer->lock);

  return issuer->chain != NULL ? g_bytes_ref (g_ptr_array_index (issuer->chain, 0)) : NULL;
}

char *
issuer_problem (Issuer *issuer)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&issuer->lock);

  return g_strdup (issuer->problem);
}
