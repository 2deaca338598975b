/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The device's certificate, and what the registry says of it. AWS IoT Core developer guide, "X.509
 * client certificates": registered, ACTIVE, not past its end, signed by a CA that is registered
 * where the mode asks for it.
 */
#include "station/rehearse/judge-private.h"

static char *
day (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%SZ") : g_strdup ("another age");
}

static const char *
where (const Terms *terms)
{
  return terms->target != NULL ? terms->target : "the registry";
}

/* ---- what it shows ---- */

static gboolean
is_missing (const Terms *terms, const Try *one, Remark *remark)
{
  if (one->shown.der != NULL
      || (one->handshake.stage != TRY_SECURED && !one->handshake.certificate_came))
    return FALSE;
  return remark_refuse (remark, "certificate-missing",
                        "Have its TLS library send its certificate and chain, and see whether key "
                        "and certificate are where it looks for them.",
                        "The device shows no certificate of its own.");
}

static gboolean
is_authority (const Terms *terms, const Try *one, Remark *remark)
{
  if (one->shown.der == NULL || !one->shown.is_authority)
    return FALSE;
  return remark_refuse (remark, "certificate-ca",
                        "Put the device's certificate first in the chain, and the CA behind it.",
                        "The first certificate that the device shows is that of a CA: %s.",
                        one->shown.subject);
}

static gboolean
key_is_weak (const Terms *terms, const Try *one, Remark *remark)
{
  if (one->shown.der == NULL || one->shown.key_sufficient)
    return FALSE;
  return remark_refuse (remark, "certificate-key",
                        "Make a key on P-256, P-384 or P-521, or an RSA key of 2048 bits or more.",
                        "AWS IoT registers no certificate with such a key: %s.", one->shown.key);
}

static gboolean
has_expired (const Terms *terms, const Try *one, Remark *remark)
{
  g_autofree char *end = day (one->shown.not_after);

  if (one->shown.der == NULL || terms->now <= one->shown.not_after)
    return FALSE;
  return remark_refuse (remark, "certificate-expired",
                        "Give the device a new certificate; see first that this PC's clock is "
                        "right.",
                        "The device's certificate expired at %s.", end);
}

static gboolean
is_not_yet_valid (const Terms *terms, const Try *one, Remark *remark)
{
  g_autofree char *begin = day (one->shown.not_before);

  if (one->shown.der == NULL || terms->now >= one->shown.not_before)
    return FALSE;
  return remark_refuse (remark, "certificate-early",
                        "See whether this PC's clock is right, and that of the station that issued "
                        "it.",
                        "The device's certificate is not valid before %s.", begin);
}

static gboolean
key_is_another (const Terms *terms, const Try *one, Remark *remark)
{
  if (!one->handshake.signature_wrong)
    return FALSE;
  return remark_refuse (remark, "key-other",
                        "Have the device made again: its private key does not belong to its "
                        "certificate. A certificate was written over, or another key is used.",
                        "The device signed the handshake with another key than that of its "
                        "certificate.");
}

/* ---- what the registry says ---- */

static gboolean
registry_is_away (const Terms *terms, const Try *one, Remark *remark)
{
  if (one->shown.der == NULL || one->known.problem == NULL)
    return FALSE;
  return remark_refuse (remark, "registry-away",
                        "See 'keycradle status', and have the device connect again.",
                        "The registry could not be asked: %s", one->known.problem);
}

static gboolean
may_ask (const Try *one)
{
  return one->shown.der != NULL && one->known.problem == NULL && !one->shown.is_authority;
}

static gboolean
signer_is_unknown (const Terms *terms, const Try *one, Remark *remark)
{
  if (!may_ask (one) || !one->known.demands_signer || one->known.signer != NULL)
    return FALSE;
  if (one->shown.self_signed)
    return remark_refuse (remark, "certificate-self-signed",
                          "Give the device the certificate that the station's CA signed.",
                          "The device signed its certificate itself.");
  return remark_refuse (remark, "certificate-issuer",
                        "Give the device a certificate of a CA that is registered; see whether it "
                        "still holds one from its development or of another batch.",
                        "No CA that is known signed the device's certificate; it names %s.",
                        one->shown.issuer);
}

static gboolean
signer_is_inactive (const Terms *terms, const Try *one, Remark *remark)
{
  const char *status = one->known.signer_status;

  if (!may_ask (one) || one->known.signer == NULL || status == NULL
      || g_str_equal (status, "ACTIVE"))
    return FALSE;
  if (g_str_equal (status, "none"))
    return remark_refuse (
        remark, "ca-unregistered", "Register the CA: 'keycradle registry ca register'.",
        "The CA %s, which signed it, is not registered in %s.", one->known.signer, where (terms));
  return remark_refuse (remark, "ca-inactive", "Activate the CA: 'keycradle registry ca activate'.",
                        "The CA %s, which signed it, is %s in %s.", one->known.signer, status,
                        where (terms));
}

static gboolean
is_unknown (const Terms *terms, const Try *one, Remark *remark)
{
  if (!may_ask (one) || one->known.found)
    return FALSE;
  return remark_refuse (remark, "certificate-unknown",
                        "Run the device at the line, so that its certificate is on record; see "
                        "whether this is the station that made it.",
                        "The registry does not know the device's certificate (%.16s...).",
                        one->shown.sha256);
}

static gboolean
is_void (const Terms *terms, const Try *one, Remark *remark)
{
  const char *reason = one->known.void_reason;

  if (!may_ask (one) || !one->known.found || !one->known.is_void)
    return FALSE;
  return remark_refuse (
      remark, "certificate-void", "Run the device at the line again: it needs a new certificate.",
      "The station took this certificate back%s%s.", reason != NULL && *reason != '\0' ? ": " : "",
      reason != NULL ? reason : "");
}

static gboolean
is_unverified (const Terms *terms, const Try *one, Remark *remark)
{
  if (!may_ask (one) || !one->known.found || one->known.is_void || one->known.verified)
    return FALSE;
  return remark_refuse (remark, "certificate-unverified",
                        "Run the device at the line once more, to its PASS.",
                        "The device never passed at the line: its key is not proven there.");
}

static const struct {
  const char *status;
  const char *code;
  const char *wrong;
  const char *change;
} statuses[] = {
  { "none", "status-none", "is not registered", "Register it: 'keycradle registry register'." },
  { "INACTIVE", "status-inactive", "is registered, but INACTIVE",
    "Activate it: 'keycradle registry activate'." },
  { "REVOKED", "status-revoked", "is REVOKED, which is final",
    "Give the device a new key and certificate at the line." },
  { "PENDING_TRANSFER", "status-pending-transfer",
    "is on its way to another account (PENDING_TRANSFER)",
    "Have the other account accept it, or cancel the transfer." },
  { "PENDING_ACTIVATION", "status-pending-activation",
    "registered itself and waits to be activated (PENDING_ACTIVATION)",
    "Activate it: 'keycradle registry activate'." },
};

static gboolean
status_is_wrong (const Terms *terms, const Try *one, Remark *remark)
{
  const char *status = one->known.status;

  if (!may_ask (one) || !one->known.found || status == NULL || g_str_equal (status, "ACTIVE"))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (g_str_equal (statuses[i].status, status))
      return remark_refuse (remark, statuses[i].code, statuses[i].change,
                            "The device's certificate %s in %s.", statuses[i].wrong, where (terms));
  return remark_refuse (remark, "status-other", "See 'keycradle registry show'.",
                        "The device's certificate has the status %s in %s.", status, where (terms));
}

const Rule certificate_rules[] = {
  is_missing,         is_authority,   key_is_weak,      has_expired,
  is_not_yet_valid,   key_is_another, registry_is_away, signer_is_unknown,
  signer_is_inactive, is_unknown,     is_void,          is_unverified,
  status_is_wrong,    NULL,
};
