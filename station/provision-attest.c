/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where was the key made? The device is asked, what it brings is judged, and is on the disk of the
 * ledger before the signer hears of the key: whatever is cut when, no certificate of a profile that
 * requires attestation exists without its evidence.
 */
#include "base/certificate.h"
#include "base/encode.h"
#include "station/attestation/attestation.h"
#include "station/provision-run.h"

/* What it was about, and what came of it. */
typedef struct {
  Run *run;
  AttestationChallenge challenge;
  Attestation evidence;
  AttestationVerdict verdict;
  char *detail;
} Asking;

static void
asking_clear (Asking *asking)
{
  attestation_challenge_clear (&asking->challenge);
  attestation_clear (&asking->evidence);
  g_free (asking->detail);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Asking, asking_clear)

static gboolean
ask_device (Asking *asking, GError **error)
{
  Session *session = asking->run->session;
  g_autofree char *hex = NULL;

  if (!(session->driver->abilities & DRIVER_ATTESTS))
    return run_refuse (error, DRIVER_ERROR_UNSUPPORTED, "devices of this kind can't attest a key");
  if (!attestation_challenge_init (&asking->challenge, error))
    return FALSE;
  hex = hex_encode (asking->challenge.nonce, PROOF_NONCE_LENGTH);
  transport_note (session->transport, "attestation-nonce", hex);
  const AttestationRequest request = { .nonce = asking->challenge.nonce,
                                       .make_credential = attestation_make_credential,
                                       .data = &asking->challenge };
  return session->driver->attest (session, &request, &asking->evidence,
                                  run_within (asking->run, EXCHANGE_TIME), error);
}

static gboolean
judge (Asking *asking, GError **error)
{
  Run *run = asking->run;
  const char *const *roots = (const char *const *)run->context->order->profile->attestation_roots;
  g_autoptr (AttestationTrust) trust = attestation_trust_load (roots, error);

  if (trust == NULL)
    return FALSE;
  const AttestationCase claim = { .evidence = &asking->evidence,
                                  .challenge = &asking->challenge,
                                  .request = run->csr,
                                  .spki = run->csr_spki,
                                  .chip_id = run->identity->chip_id,
                                  .trust = trust,
                                  .now = g_get_real_time () / G_USEC_PER_SEC };
  asking->verdict = attestation_judge (&claim, &asking->detail);
  return TRUE;
}

static gboolean
keep (const Asking *asking, GError **error)
{
  const AttestationChallenge *challenge = &asking->challenge;
  const char *format = attestation_format_word (asking->evidence.format);
  g_autoptr (GBytes) nonce = g_bytes_new (challenge->nonce, sizeof challenge->nonce);
  g_autoptr (GBytes) secret = NULL;
  g_autofree char *note = g_strdup_printf (
      "%s %s: %s", format, attestation_verdict_word (asking->verdict), asking->detail);

  if (challenge->name != NULL) /* it has been told, in a credential */
    secret = g_bytes_new (challenge->secret, sizeof challenge->secret);
  transport_note (asking->run->transport, "attestation", note);
  const AttestationEntry entry = { .attempt_id = asking->run->state.attempt_id,
                                   .format = format,
                                   .verdict = asking->verdict,
                                   .spki = asking->run->csr_spki,
                                   .nonce = nonce,
                                   .secret = secret,
                                   .request = asking->run->csr,
                                   .parts = asking->evidence.parts,
                                   .detail = asking->detail };
  return ledger_keep_attestation (asking->run->context->ledger, &entry, error);
}

/* What says that this device has nothing to show, and nothing worse. */
static gboolean
is_lack (const GError *failure)
{
  return g_error_matches (failure, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED)
         || g_error_matches (failure, DRIVER_ERROR, DRIVER_ERROR_REFUSED)
         || g_error_matches (failure, DRIVER_ERROR, DRIVER_ERROR_ATTESTATION);
}

static gboolean
required (const Run *run)
{
  return run->context->order->profile->attestation == ATTESTATION_REQUIRED;
}

/* The profile decides whether a lack is one. */
static gboolean
lack (Run *run, const char *why, GError **error)
{
  if (required (run)) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_ATTESTATION,
                 "the profile requires attestation: %s", why);
    return FALSE;
  }
  transport_note (run->transport, "attestation", why);
  return TRUE;
}

/* Evidence that is too much to be kept is none. */
static gboolean
fits (const Attestation *evidence)
{
  gsize total = 0;

  for (guint i = 0; evidence->parts != NULL && i < evidence->parts->len; i++)
    total += 4 + g_bytes_get_size (g_ptr_array_index (evidence->parts, i));
  return total > 0 && total <= ATTESTATION_MOST_BYTES
         && evidence->parts->len <= ATTESTATION_MOST_PARTS;
}

/* `unable` tells that the device can't show anything of this key; `failure` says why. */
static gboolean
attest (Run *run, gboolean *unable, GError **failure, GError **error)
{
  g_auto (Asking) asking = { .run = run };
  g_autoptr (GError) problem = NULL;

  *unable = FALSE;
  if (!ask_device (&asking, &problem)) {
    *unable = is_lack (problem);
    g_propagate_error (*unable ? failure : error, g_steal_pointer (&problem));
    return *unable;
  }
  if (!fits (&asking.evidence))
    return lack (run, "what the device brought is too much to be evidence", error);
  if (!judge (&asking, error) || !keep (&asking, error))
    return FALSE;
  return asking.verdict == ATTESTATION_VERIFIED || lack (run, asking.detail, error);
}

gboolean
run_attest (Run *run, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gboolean unable;

  if (run->context->order->profile->attestation == ATTESTATION_NOT_ASKED)
    return TRUE;
  if (!attest (run, &unable, &failure, error))
    return FALSE;
  return !unable || lack (run, failure->message, error);
}

static GBytes *
key_of (GBytes *certificate)
{
  CertificateParts parts;
  gsize length;
  const guint8 *der = g_bytes_get_data (certificate, &length);

  return certificate_split (der, length, &parts) ? g_bytes_new (parts.spki.data, parts.spki.length)
                                                 : NULL;
}

gboolean
run_attest_resumed (Run *run, gboolean *unable, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gboolean attested;

  *unable = FALSE;
  if (!required (run))
    return TRUE;
  run->csr_spki = key_of (run->certificate);
  if (run->csr_spki == NULL)
    return run_refuse (error, DRIVER_ERROR_INTERNAL, "the stored certificate can't be read");
  if (!ledger_key_attested (run->context->ledger, run->device->id, run->csr_spki, &attested, error))
    return FALSE;
  if (attested || attest (run, unable, &failure, error))
    return TRUE;
  return FALSE;
}
