/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Key and certificate: the ones that the device holds already where it can prove it, else new ones.
 */
#include "ca/judge/csr.h"
#include "db/ledger-key.h"
#include "station/certificate.h"
#include "station/error.h"
#include "station/prove.h"
#include "station/provision-run.h"

static void
forget_certificate (Run *run)
{
  run->resumed = FALSE;
  run->certificate_id = 0;
  g_clear_pointer (&run->certificate, g_bytes_unref);
  g_clear_pointer (&run->csr_spki, g_bytes_unref);
}

/* The device holds the key of `live`. The profile may have come to require attestation only after
 * that was signed, or the ledger may have been lost: a key of which nothing can be shown any more
 * is replaced. */
static gboolean
resume_with (Run *run, const Certificate *live, GError **error)
{
  gboolean unable;

  run->resumed = TRUE;
  run->certificate = g_bytes_ref (live->der);
  run->certificate_id = live->id;
  if (!run_attest_resumed (run, &unable, error))
    return FALSE;
  if (!unable)
    return TRUE;
  forget_certificate (run);
  return ledger_void_certificate (run->context->ledger, live->id, "not-attested", "station", error);
}

gboolean
run_resume (Run *run, GError **error)
{
  Ledger *ledger = run->context->ledger;
  g_autoptr (GError) failure = NULL;
  g_autoptr (Certificate) live = ledger_live_certificate (ledger, run->device->id, &failure);

  if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  if (live == NULL)
    return TRUE;
  if (run_is_renewal_of (run, live))
    return run_prove_old_key (run, live, error);
  run_enter (run, STEP_CHECK_KEY);
  if (session_proves (run->session, "resume-nonce", live->der, run_within (run, EXCHANGE_TIME),
                      &failure))
    return resume_with (run, live, error);
  if (!g_error_matches (failure, DRIVER_ERROR, DRIVER_ERROR_PROOF)) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  return ledger_void_certificate (ledger, live->id, "key-lost", "station", error);
}

/* The best kind that profile, driver and chip agree on. */
static gboolean
choose_key (Run *run, GError **error)
{
  const guint able = run->session->driver->key_kinds & run->identity->key_kinds;
  g_autofree char *wanted = NULL;

  for (char **word = run->context->order->profile->keys; word != NULL && *word != NULL; word++)
    if (key_kind_from_word (*word, &run->key_kind) && (able & (1u << run->key_kind)))
      return TRUE;
  wanted = g_strjoinv (", ", run->context->order->profile->keys);
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
               "the chip can make none of the keys that the profile asks for: %s", wanted);
  return FALSE;
}

/* An EC key takes a chip a moment, an RSA key may take it minutes. */
static Deadline
key_deadline (const Run *run)
{
  switch (run->key_kind) {
  case KEY_KIND_P256:
  case KEY_KIND_P384:
  case KEY_KIND_P521:
    return run_within (run, EXCHANGE_TIME);
  case KEY_KIND_RSA_2048:
  case KEY_KIND_RSA_3072:
  case KEY_KIND_RSA_4096:
    return run->context->deadline;
  }
  return run->context->deadline;
}

static gboolean
generate_key (Run *run, GError **error)
{
  run_enter (run, STEP_GENERATE_KEY);
  if (!choose_key (run, error))
    return FALSE;
  transport_note (run->transport, "key", key_kind_word (run->key_kind));
  return run->session->driver->generate_key (run->session, run->key_kind, key_deadline (run),
                                             error);
}

static gboolean
read_csr (Run *run, GError **error)
{
  run_enter (run, STEP_READ_CSR);
  run->csr = run->session->driver->read_csr (run->session, run->device->serial,
                                             run_within (run, EXCHANGE_TIME), error);
  return run->csr != NULL;
}

static gboolean
key_is_of_kind (const Csr *csr, KeyKind kind)
{
  switch (kind) {
  case KEY_KIND_RSA_2048:
    return csr->key_type == CSR_KEY_RSA && csr->modulus.length == 256;
  case KEY_KIND_RSA_3072:
    return csr->key_type == CSR_KEY_RSA && csr->modulus.length == 384;
  case KEY_KIND_RSA_4096:
    return csr->key_type == CSR_KEY_RSA && csr->modulus.length == 512;
  case KEY_KIND_P256:
    return csr->key_type == CSR_KEY_EC_P256;
  case KEY_KIND_P384:
    return csr->key_type == CSR_KEY_EC_P384;
  case KEY_KIND_P521:
    return csr->key_type == CSR_KEY_EC_P521;
  }
  return FALSE;
}

/* The signer judges again; here it is early, and the reason is about this unit. A key that the
 * judge refused is not taken: proof of possession comes last, and without it a device could lay
 * claim to another's key. */
static gboolean
check_key (Run *run, GError **error)
{
  gsize length;
  const guint8 *der = g_bytes_get_data (run->csr, &length);
  Csr csr;

  run_enter (run, STEP_CHECK_KEY);
  if (!csr_judge (der, length, NULL, &csr, NULL, error))
    return FALSE;
  if (!key_is_of_kind (&csr, run->key_kind)) {
    g_autofree char *made = csr_describe_key (&csr);

    g_set_error (error, STATION_ERROR, STATION_ERROR_OTHER_KEY, "asked for %s, the CSR has %s",
                 key_kind_word (run->key_kind), made);
    return FALSE;
  }
  run->csr_spki = g_bytes_new (csr.spki.data, csr.spki.length);
  return ledger_take_key (run->context->ledger, run->device->id, run->csr_spki, error);
}

static gboolean
ask_signer (Run *run, const char *profile_sha256, GError **error)
{
  const ProvisionContext *context = run->context;
  const SignRequest request = { .batch = context->order->batch,
                                .product = context->order->product,
                                .profile = context->order->profile->name,
                                .profile_sha256 = profile_sha256,
                                .device = run->device->serial,
                                .chip_id = run->identity->chip_id,
                                .csr = run->csr };
  const Deadline deadline = run_within (run, EXCHANGE_TIME);
  g_autoptr (GError) failure = NULL;

  if (!issuer_ready (context->issuer, context->signer, deadline, error)
      || !acceptance_check (issuer_acceptance (context->issuer), context->order->profile->name,
                            error))
    return FALSE;
  run->issued = signer_client_sign (context->signer, &request, deadline, &failure);
  if (run->issued != NULL) {
    issuer_heard_entry (context->issuer, run->issued->index);
    return TRUE;
  }
  issuer_heard (context->issuer, failure);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* Asks once more when the signer went away in the middle: it answers a request that it has signed
 * already with the same certificate. And when it has reloaded the profile since the batch was
 * started: then the file tells which profile it has now. */
static gboolean
ask_signer_twice (Run *run, GError **error)
{
  const Order *order = run->context->order;
  g_autoptr (GError) failure = NULL;
  g_autoptr (Profile) changed = NULL;

  if (ask_signer (run, order->profile->sha256, &failure))
    return TRUE;
  if (g_error_matches (failure, CA_ERROR, CA_ERROR_UNREACHABLE))
    return ask_signer (run, order->profile->sha256, error);
  if (g_error_matches (failure, CA_ERROR, CA_ERROR_PROFILE))
    changed = order_changed_profile (order);
  if (changed != NULL)
    return ask_signer (run, changed->sha256, error);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
sign (Run *run, GError **error)
{
  run_enter (run, STEP_SIGN);
  if (!ask_signer_twice (run, error))
    return FALSE;
  if (certificate_has_key (run->issued->certificate, run->csr_spki))
    return TRUE;
  g_set_error_literal (error, STATION_ERROR, STATION_ERROR_WRONG_CERT,
                       "the signer's certificate is for another key than the CSR's");
  return FALSE;
}

/* From here on the ledger knows the certificate; not a byte of it has left. */
static gboolean
store (Run *run, GError **error)
{
  const IssuanceEntry *issued = run->issued;
  const Issuance issuance = { .log_index = issued->index,
                              .issued_at = issued->signed_at,
                              .batch = issued->batch,
                              .profile = issued->profile,
                              .device = issued->device,
                              .der = issued->certificate,
                              .request =
                                  run->context->order->profile->keep_request ? run->csr : NULL };
  g_autoptr (Certificate) live = NULL;

  run_enter (run, STEP_STORE);
  if (!ledger_store_certificate (run->context->ledger, &issuance, error))
    return FALSE;
  live = ledger_live_certificate (run->context->ledger, run->device->id, error);
  if (live == NULL || !g_bytes_equal (live->der, issued->certificate)) {
    if (error != NULL && *error == NULL)
      g_set_error_literal (error, STATION_ERROR, STATION_ERROR_WRONG_CERT,
                           "the signer's certificate is not this device's live one");
    return FALSE;
  }
  run->certificate = g_bytes_ref (live->der);
  run->certificate_id = live->id;
  return TRUE;
}

gboolean
run_make_certificate (Run *run, GError **error)
{
  return generate_key (run, error) && read_csr (run, error) && check_key (run, error)
         && run_attest (run, error) && sign (run, error) && store (run, error);
}
