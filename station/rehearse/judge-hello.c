/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a ClientHello must offer. Sources: AWS IoT Core developer guide, "Transport security in AWS
 * IoT Core" (versions, suites, SNI) and "Server authentication" (chains, roots); "Device
 * communication protocols" (ALPN at port 443).
 */
#include <string.h>

#include "station/rehearse/hello.h"
#include "station/rehearse/judge-private.h"
#include "station/rehearse/suites.h"

#define TLS12 0x0303
#define TLS13 0x0304
#define MOST_NAMED 4u

/* IANA, "TLS SignatureScheme". */
enum {
  RSA_PKCS1_SHA256 = 0x0401,
  ECDSA_P256_SHA256 = 0x0403,
  RSA_PSS_RSAE_SHA256 = 0x0804,
};

/* IANA, "TLS Supported Groups". */
static const guint16 groups[] = { 23, 24, 25, 29 };

static gboolean
offers_version (const Hello *hello, guint16 version)
{
  if (hello->versions->len > 0)
    return numbers_have (hello->versions, version);
  return version <= TLS12 && hello->version >= version;
}

static gboolean
speaks_tls (const Hello *hello)
{
  return hello->came && (offers_version (hello, TLS12) || offers_version (hello, TLS13));
}

static gboolean
version_is_old (const Terms *terms, const Try *one, Remark *remark)
{
  g_autofree char *newest = NULL;

  if (!one->hello.came || speaks_tls (&one->hello))
    return FALSE;
  newest = tls_version_text (hello_newest_version (&one->hello));
  return remark_refuse (
      remark, "version-old", "Build its TLS library with TLS 1.2 or 1.3, and allow it.",
      "The newest that the device offers is %s; AWS IoT takes TLS 1.2 and 1.3.", newest);
}

/* ---- cipher suites ---- */

/* How many of AWS's suites it offers in a version that it offers; of those that a server with
 * these chains can use where `terms` is given. */
static guint
count_suites (const Terms *terms, const Hello *hello)
{
  guint count = 0;

  for (guint i = 0; i < hello->suites->len; i++) {
    const CipherSuite *suite = aws_suite_find (g_array_index (hello->suites, guint16, i));
    if (suite == NULL || !offers_version (hello, suite->version))
      continue;
    if (terms != NULL
        && ((suite->server == SUITE_RSA && !terms->has_rsa)
            || (suite->server == SUITE_ECDSA && !terms->has_ecdsa)))
      continue;
    count++;
  }
  return count;
}

static char *
name_suites (const Hello *hello)
{
  GString *text = g_string_new (NULL);
  const guint most = MIN (hello->suite_names->len, MOST_NAMED);

  for (guint i = 0; i < most; i++)
    g_string_append_printf (text, "%s%s", i == 0 ? "" : ", ",
                            (const char *)g_ptr_array_index (hello->suite_names, i));
  if (hello->suite_names->len > most)
    g_string_append_printf (text, " and %u more", hello->suite_names->len - most);
  return g_string_free (text, FALSE);
}

static gboolean
suites_are_others (const Terms *terms, const Try *one, Remark *remark)
{
  g_autofree char *offered = NULL;

  if (!speaks_tls (&one->hello) || count_suites (NULL, &one->hello) > 0)
    return FALSE;
  offered = name_suites (&one->hello);
  return remark_refuse (
      remark, "suites-other",
      "Allow ECDHE-ECDSA-AES128-GCM-SHA256 or ECDHE-RSA-AES128-GCM-SHA256 for TLS 1.2, or "
      "TLS_AES_128_GCM_SHA256 for TLS 1.3.",
      "The device offers no cipher suite that AWS IoT takes; it offers %s.",
      *offered == '\0' ? "none at all" : offered);
}

static gboolean
suites_fit_no_chain (const Terms *terms, const Try *one, Remark *remark)
{
  const gboolean rsa = terms->has_rsa;

  if (!speaks_tls (&one->hello) || count_suites (NULL, &one->hello) == 0
      || count_suites (terms, &one->hello) > 0)
    return FALSE;
  return remark_refuse (remark, "suites-chain",
                        "Allow ECDHE-RSA and ECDHE-ECDSA suites, or go to an endpoint with the "
                        "other kind of chain.",
                        "The device offers suites for servers with an %s key alone, and this one "
                        "presents an %s chain.",
                        rsa ? "ECDSA" : "RSA", rsa ? "RSA" : "ECDSA");
}

/* ---- signatures ---- */

/* Without the extension a client of TLS 1.2 means SHA-1 (RFC 5246, 7.4.1.4.1). */
static gboolean
verifies (const Hello *hello, guint16 scheme)
{
  const GArray *of_certificates =
      hello->certificate_signatures->len > 0 ? hello->certificate_signatures : hello->signatures;

  return numbers_have (of_certificates, scheme);
}

static gboolean
verifies_rsa (const Hello *hello)
{
  return verifies (hello, RSA_PKCS1_SHA256)
         && (numbers_have (hello->signatures, RSA_PKCS1_SHA256)
             || numbers_have (hello->signatures, RSA_PSS_RSAE_SHA256));
}

static gboolean
verifies_ecdsa (const Hello *hello)
{
  return verifies (hello, ECDSA_P256_SHA256) && numbers_have (hello->signatures, ECDSA_P256_SHA256);
}

static gboolean
signatures_fit_no_chain (const Terms *terms, const Try *one, Remark *remark)
{
  if (!speaks_tls (&one->hello) || (terms->has_rsa && verifies_rsa (&one->hello))
      || (terms->has_ecdsa && verifies_ecdsa (&one->hello)))
    return FALSE;
  if (one->hello.signatures->len == 0)
    return remark_refuse (remark, "signatures-missing",
                          "Have it send signature_algorithms with SHA-256, above all "
                          "rsa_pkcs1_sha256.",
                          "The device does not say which signatures it can verify, which means "
                          "SHA-1 alone.");
  return remark_refuse (remark, "signatures-other",
                        terms->has_rsa ? "Build its TLS library with SHA-256 and RSA "
                                         "(rsa_pkcs1_sha256): AWS IoT's chain is signed so."
                                       : "Build its TLS library with SHA-256 and ECDSA on P-256 "
                                         "(ecdsa_secp256r1_sha256).",
                        "The device can't verify the server's chain: it offers no %s with SHA-256.",
                        terms->has_rsa ? (terms->has_ecdsa ? "RSA and no ECDSA" : "RSA") : "ECDSA");
}

/* It would get in where the endpoint has an ECDSA chain, too. */
static gboolean
signatures_lack_rsa (const Terms *terms, const Try *one, Remark *remark)
{
  if (!speaks_tls (&one->hello) || verifies_rsa (&one->hello) || !terms->has_ecdsa
      || !verifies_ecdsa (&one->hello))
    return FALSE;
  return remark_note (
      remark, "signatures-ecdsa",
      "Install Amazon Root CA 3, whose chains are ECDSA; RSA roots are of no use to "
      "it.",
      "The device verifies ECDSA alone, no RSA with SHA-256.");
}

static gboolean
groups_are_others (const Terms *terms, const Try *one, Remark *remark)
{
  const Hello *hello = &one->hello;

  if (!speaks_tls (hello) || hello->groups->len == 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    if (numbers_have (hello->groups, groups[i]))
      return FALSE;
  for (guint i = 0; i < hello->suites->len; i++) {
    const CipherSuite *suite = aws_suite_find (g_array_index (hello->suites, guint16, i));
    if (suite != NULL && suite->fixed_rsa && offers_version (hello, TLS12))
      return FALSE;
  }
  return remark_refuse (remark, "groups-other",
                        "Build its TLS library with P-256 (secp256r1) or X25519.",
                        "The device offers none of the curves P-256, P-384, P-521 and X25519.");
}

/* ---- the server's name ---- */

/* a1b2.iot.REGION and a1b2-ats.iot.REGION are two endpoints: the first has a chain of VeriSign's,
 * which nobody trusts any more. */
static gboolean
is_legacy_of (const char *name, const char *endpoint)
{
  const char *ats = strstr (endpoint, "-ats.");

  return ats != NULL && g_ascii_strncasecmp (name, endpoint, (gsize)(ats - endpoint)) == 0
         && g_ascii_strcasecmp (name + (ats - endpoint), ats + strlen ("-ats")) == 0;
}

static gboolean
is_beginning_of (const char *name, const char *endpoint)
{
  const gsize length = strlen (name);

  return length > 0 && g_ascii_strncasecmp (name, endpoint, length) == 0 && endpoint[length] == '.';
}

static gboolean
is_with_dot (const char *name, const char *endpoint)
{
  const gsize length = strlen (endpoint);

  return g_ascii_strncasecmp (name, endpoint, length) == 0 && g_str_equal (name + length, ".");
}

static gboolean
server_name_is_wrong (const Terms *terms, const Try *one, Remark *remark)
{
  const char *name = one->hello.server_name;
  g_autofree char *change = g_strdup_printf (
      "Have it send %s, the complete endpoint, as its server name (SNI).", terms->endpoint);

  if (!one->hello.came)
    return FALSE;
  if (name == NULL)
    return remark_refuse (remark, "server-name-missing", change,
                          "The device sends no server name (SNI); AWS IoT refuses that.");
  if (g_ascii_strcasecmp (name, terms->endpoint) == 0)
    return FALSE;
  if (g_hostname_is_ip_address (name))
    return remark_refuse (remark, "server-name-address", change,
                          "The device sends the IP address %s as its server name.", name);
  if (is_with_dot (name, terms->endpoint))
    return remark_refuse (remark, "server-name-dot", change,
                          "The server name ends in a dot: %s (RFC 6066, 3).", name);
  if (is_beginning_of (name, terms->endpoint))
    return remark_refuse (remark, "server-name-short", change,
                          "The server name is only the beginning of the endpoint: %s.", name);
  if (is_legacy_of (name, terms->endpoint))
    return remark_refuse (remark, "server-name-legacy", change,
                          "The server name is the legacy endpoint, without \"-ats\": %s.", name);
  return remark_refuse (remark, "server-name-other", change,
                        "The server name is that of another endpoint: %s.", name);
}

/* ---- the protocol ---- */

static gboolean
protocols_have (const Hello *hello, const char *protocol)
{
  for (guint i = 0; i < hello->protocols->len; i++)
    if (g_str_equal (g_ptr_array_index (hello->protocols, i), protocol))
      return TRUE;
  return FALSE;
}

static gboolean
protocol_is_wrong (const Terms *terms, const Try *one, Remark *remark)
{
  const Hello *hello = &one->hello;
  const char *change = "Have it offer x-amzn-mqtt-ca by ALPN, or connect to port 8883.";

  if (!hello->came || !terms->port_443 || protocols_have (hello, "x-amzn-mqtt-ca")
      || protocols_have (hello, "x-amzn-http-ca"))
    return FALSE;
  if (hello->protocols->len == 0)
    return remark_refuse (remark, "protocol-missing", change,
                          "The device names no protocol (ALPN), which port 443 asks for.");
  return remark_refuse (remark, "protocol-other", change,
                        "The device names another protocol (ALPN) than port 443 asks for: %s.",
                        (const char *)g_ptr_array_index (hello->protocols, 0));
}

const Rule hello_rules[] = {
  version_is_old,          suites_are_others,   suites_fit_no_chain,
  signatures_fit_no_chain, signatures_lack_rsa, groups_are_others,
  server_name_is_wrong,    protocol_is_wrong,   NULL,
};
