/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a supervisor asks of a CA itself: a revocation list, a certificate over a cloud's code.
 */
#include "base/encode.h"
#include "ca/wire/client-evidence.h"
#include "station/api-private.h"

#define PATIENCE 15000 /* milliseconds */

typedef struct {
  char *ca; /* NULL: the one that issues */
  char *code;
} Wish;

static void
wish_free (gpointer data)
{
  Wish *wish = data;

  g_free (wish->ca);
  g_free (wish->code);
  g_free (wish);
}

static gboolean
run_wish (GDBusMethodInvocation *invocation, Station *station, const char *ca, const char *code,
          void (*work) (ApiErrand *errand, Station *station, SignerClient *client))
{
  ApiErrand *errand = api_errand_new (invocation, work);
  Wish *wish = g_new0 (Wish, 1);

  wish->ca = *ca != '\0' ? g_strdup (ca) : NULL;
  wish->code = g_strdup (code);
  errand->details = wish;
  errand->free_details = wish_free;
  return api_errand_run (errand, station);
}

/* ---- revocation lists ---- */

static GVariant *
record_crl (const MadeCrl *made)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "ca", made->ca);
  g_variant_dict_insert (&record, "number", "t", made->number);
  g_variant_dict_insert (&record, "this-update", "x", made->this_update * G_USEC_PER_SEC);
  g_variant_dict_insert (&record, "next-update", "x", made->next_update * G_USEC_PER_SEC);
  g_variant_dict_insert (&record, "revoked", "u", made->count);
  record_text (&record, "path", made->path);
  g_variant_dict_insert_value (
      &record, "crl", g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, made->der, TRUE));
  return g_variant_dict_end (&record);
}

static void
work_crl (ApiErrand *errand, Station *station, SignerClient *client)
{
  const Wish *wish = errand->details;
  g_autoptr (MadeCrl) made =
      crl_publisher_make (station->publisher, client, wish->ca, errand->actor, &errand->error);

  if (made != NULL)
    errand->answer = g_variant_ref_sink (record_crl (made));
}

static gboolean
handle_make_crl (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *ca,
                 Station *station)
{
  return run_wish (invocation, station, ca, NULL, work_crl);
}

/* ---- codes ---- */

static GVariant *
record_code (const Wish *wish, GBytes *certificate)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (certificate, &length);
  g_autofree char *pem = pem_encode ("CERTIFICATE", data, length);
  g_autofree char *sha256 = sha256_hex (data, length);
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "code", wish->code);
  record_text (&record, "sha256", sha256);
  g_variant_dict_insert (&record, "pem", "s", pem);
  return g_variant_dict_end (&record);
}

/* On record before it is answered; the signer's log has it too. */
GBytes *
api_certify_code (Station *station, SignerClient *client, const char *ca, const char *code,
                  const char *actor, GError **error)
{
  g_autoptr (GBytes) certificate = NULL;

  if (!issuer_ready (station->issuer, client, deadline_in (PATIENCE), error)
      || !acceptance_check_ca (issuer_acceptance (station->issuer), ca, error))
    return NULL;
  certificate = signer_client_certify_code (client, ca, code, deadline_in (PATIENCE), error);
  if (certificate == NULL
      || !ledger_record_event (station->ledger, actor, "verification-certificate", ca, code, error)
      || !issuer_follow (station->issuer, client, deadline_in (PATIENCE), error))
    return NULL;
  return g_steal_pointer (&certificate);
}

static void
work_code (ApiErrand *errand, Station *station, SignerClient *client)
{
  const Wish *wish = errand->details;
  g_autoptr (GBytes) certificate = api_certify_code (
      station, client, wish->ca != NULL ? wish->ca : "", wish->code, errand->actor, &errand->error);

  if (certificate != NULL)
    errand->answer = g_variant_ref_sink (record_code (wish, certificate));
}

static gboolean
handle_certify_code (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *code,
                     const char *ca, Station *station)
{
  return run_wish (invocation, station, ca, code, work_code);
}

/* ---- the signer's clock ---- */

/* Who asked, and why, is on record before the signer hears of it; its log has both as well. */
static void
work_clock (ApiErrand *errand, Station *station, SignerClient *client)
{
  const char *reason = ((const Wish *)errand->details)->code;

  if (ledger_record_event (station->ledger, errand->actor, "clock-override", "", reason,
                           &errand->error)
      && signer_client_reset_clock (client, errand->actor, reason, deadline_in (PATIENCE),
                                    &errand->error))
    issuer_follow (station->issuer, client, deadline_in (PATIENCE), &errand->error);
}

static gboolean
handle_reset_clock (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *reason,
                    Station *station)
{
  g_autoptr (GError) error = NULL;

  if (!station_check_reason (reason, &error))
    return api_refuse (invocation, error);
  return run_wish (invocation, station, "", reason, work_clock);
}

/* ---- which CAs may issue ---- */

static gboolean
handle_accept_ca (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *fingerprint,
                  Station *station)
{
  g_autoptr (GError) error = NULL;

  if (!acceptance_give (issuer_acceptance (station->issuer), fingerprint, api_actor (invocation),
                        &error))
    return api_refuse (invocation, error);
  station_look_at_authority (station);
  return api_return_nothing (invocation);
}

void
api_connect_ca (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-make-crl", G_CALLBACK (handle_make_crl), station);
  g_signal_connect (skeleton, "handle-reset-clock", G_CALLBACK (handle_reset_clock), station);
  g_signal_connect (skeleton, "handle-accept-ca", G_CALLBACK (handle_accept_ca), station);
  g_signal_connect (skeleton, "handle-certify-code", G_CALLBACK (handle_certify_code), station);
}
