/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How far a connection came, and who ended it: what can be said of tries that never got to the end
 * of their handshake, and what the device's own alerts mean (RFC 8446, 6; RFC 5246, 7.2).
 */
#include <string.h>

#include "station/rehearse/judge-private.h"

static gboolean
said_nothing (const Terms *terms, const Try *one, Remark *remark)
{
  if (one->handshake.stage != TRY_SILENT || one->handshake.stop == TRY_PUSHED_OUT)
    return FALSE;
  return remark_refuse (remark, "silent",
                        "See whether the device uses TLS from the start, and whether it crashed or "
                        "ran out of memory when it began.",
                        "A connection was opened, and nothing was said%s.",
                        one->handshake.stop == TRY_TOO_SLOW ? " until its time was up" : "");
}

static const char *
guess (const Handshake *handshake)
{
  const guint8 *first = handshake->first;
  static const char *const methods[] = { "GET ", "POST", "HEAD", "PUT " };

  for (guint i = 0; i < G_N_ELEMENTS (methods) && handshake->n_first >= 4; i++)
    if (memcmp (first, methods[i], 4) == 0)
      return "HTTP without TLS";
  if (first[0] == 0x10)
    return "MQTT without TLS";
  if (handshake->n_first >= 3 && (first[0] & 0x80) != 0 && first[2] == 1)
    return "SSL 2";
  if (first[0] == 0x15)
    return "an alert of TLS before anything else";
  return "no TLS";
}

static gboolean
spoke_no_tls (const Terms *terms, const Try *one, Remark *remark)
{
  if (one->handshake.stage != TRY_NOT_TLS)
    return FALSE;
  return remark_refuse (remark, "no-tls",
                        "Have the device begin with a TLS handshake: at ports 8883, 8443 and 443 "
                        "AWS IoT speaks nothing else.",
                        "What the device said first is %s.", guess (&one->handshake));
}

static gboolean
was_too_slow (const Terms *terms, const Try *one, Remark *remark)
{
  const char *done = "before its ClientHello was whole";

  if (one->handshake.stage != TRY_BEGUN || one->handshake.stop != TRY_TOO_SLOW)
    return FALSE;
  if (one->hello.came)
    done = one->shown.der != NULL ? "after its certificate had come" : "after its ClientHello";
  return remark_refuse (remark, "too-slow",
                        "Look at the link and at how long the device takes for a signature; "
                        "--seconds gives it longer.",
                        "The handshake was not done within %u s: it stopped %s.", terms->seconds,
                        done);
}

static gboolean
was_pushed_out (const Terms *terms, const Try *one, Remark *remark)
{
  if (one->handshake.stop != TRY_PUSHED_OUT)
    return FALSE;
  return remark_refuse (remark, "pushed-out",
                        "Have it connect again; see who opens so many connections at once.",
                        "There were too many connections at once, most of them from that address; "
                        "this one was closed.");
}

static gboolean
left (const Terms *terms, const Try *one, Remark *remark)
{
  const Handshake *handshake = &one->handshake;

  if (handshake->stage != TRY_BEGUN || handshake->stop != TRY_LEFT)
    return FALSE;
  if (!one->hello.came)
    return remark_refuse (
        remark, "hello-cut", "See whether the device crashed, or ran out of memory, as it began.",
        "The device left in the middle of its ClientHello, after %" G_GUINT64_FORMAT " bytes.",
        handshake->received);
  if (handshake->server == SERVER_NONE)
    return remark_refuse (remark, "left",
                          "Look at the device's own log: what it says of TLS at this moment.",
                          "The device left after its ClientHello, without a word.");
  return remark_refuse (remark, "left-after-chain",
                        "See first whether it has the root of this chain, then whether its memory "
                        "holds the whole chain: small TLS libraries leave so in both cases.",
                        "The device left when it had seen the server's %s chain, without a word.",
                        handshake->server == SERVER_RSA ? "RSA" : "ECDSA");
}

/* ---- alerts ---- */

typedef struct {
  int number;
  const char *code;
  const char *wrong;
  const char *change;
} Alert;

static const Alert alerts[] = {
  { 20, "alert-bad-record-mac", "it could not decrypt what it got",
    "Suspect its cipher code or a hardware accelerator; try another suite." },
  { 22, "alert-record-overflow", "a record was longer than its buffer",
    "Give its TLS library buffers of 16 KiB, or have it ask for shorter fragments." },
  { 40, "alert-handshake-failure", "it found nothing that both sides have in common",
    "Compare its suites, curves and signatures with AWS IoT's." },
  { 42, "alert-bad-certificate",
    "it refuses the server's certificate: another name stands in it than the device expects, its "
    "clock is behind, it lacks the root, or it can't check the signature",
    "Look at those four in turn, with the device's own log: TLS libraries put all of them into "
    "this "
    "alert." },
  { 43, "alert-unsupported-certificate", "it can't handle a certificate of this kind",
    "Build its TLS library with keys and signatures of this chain." },
  { 44, "alert-certificate-revoked", "it holds the server's certificate to be revoked",
    "See which revocation list it has." },
  { 45, "alert-certificate-expired",
    "by its clock, the server's certificate has expired: its clock is wrong",
    "Set the device's clock before it connects: from the network, or at the line." },
  { 46, "alert-certificate-unknown",
    "it refuses the server's certificate and does not say why, most often for want of the root",
    "See whether it has the root of this chain, and what its own log says." },
  { 47, "alert-illegal-parameter", "it holds a value of the handshake to be illegal",
    "Try the other version of TLS; report it to whoever makes its TLS library." },
  { 50, "alert-decode-error", "it could not read a message of the handshake",
    "See whether its buffers hold the whole chain." },
  { 51, "alert-decrypt-error", "it could not verify a signature of the handshake",
    "Suspect its signature code or a hardware accelerator." },
  { 70, "alert-protocol-version", "it does not speak the version that was chosen",
    "Have it offer only versions that it speaks." },
  { 71, "alert-insufficient-security", "it wants stronger parameters than the server's",
    "Compare its security level with this chain and suite." },
  { 80, "alert-internal-error",
    "it failed for a reason of its own: most often memory ran out, or its random source failed",
    "Look at its free memory during the handshake, and at its own log." },
  { 90, "alert-user-canceled", "it gave up by itself", "Look at the device's own log." },
  { 109, "alert-missing-extension", "it misses an extension of the handshake",
    "Try the other version of TLS." },
  { 110, "alert-unsupported-extension", "it got an extension that it had not asked for",
    "Try the other version of TLS." },
};

static const Alert *
find_alert (int number)
{
  for (guint i = 0; i < G_N_ELEMENTS (alerts); i++)
    if (alerts[i].number == number)
      return &alerts[i];
  return NULL;
}

static gboolean
lacks_the_root (const Terms *terms, Remark *remark, ServerKind server)
{
  const gboolean rsa = server == SERVER_RSA;
  g_autofree char *here =
      terms->roots != NULL
          ? g_strdup_printf (", here %s/rehearsal-%s.pem", terms->roots, rsa ? "rsa" : "ecdsa")
          : g_strdup ("");
  g_autofree char *change = g_strdup_printf (
      "Install the root of %s chains (Amazon Root CA %s%s). A device with only the other kind of "
      "roots must not offer %s suites and signatures.",
      rsa ? "RSA" : "ECDSA", rsa ? "1" : "3", here, rsa ? "RSA" : "ECDSA");

  return remark_refuse (remark, "alert-unknown-ca", change,
                        "The device does not trust the server (unknown_ca): it has no root of the "
                        "%s chain that was presented.",
                        rsa ? "RSA" : "ECDSA");
}

static gboolean
alerted (const Terms *terms, const Try *one, Remark *remark)
{
  const int number = one->handshake.alert;
  const Alert *alert = find_alert (number);

  if (number <= 0)
    return FALSE;
  if (number == 48)
    return lacks_the_root (terms, remark, one->handshake.server);
  if (alert == NULL)
    return remark_refuse (remark, "alert-other", "Look at the device's own log.",
                          "The device ended it with alert %d of TLS.", number);
  return remark_refuse (remark, alert->code, alert->change,
                        "The device ended it with an alert (%s): %s.",
                        alert->code + strlen ("alert-"), alert->wrong);
}

const Rule connection_rules[] = {
  said_nothing, spoke_no_tls, was_too_slow, was_pushed_out, left, alerted, NULL,
};
