/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * TLS as AWS IoT speaks it: versions, suites, signatures; no session tickets (the developer guide
 * names them as not supported), no renegotiation.
 */
#include "station/rehearse/server-chain.h"
#include "station/rehearse/session.h"
#include "station/rehearse/suites.h"
#include "station/rehearse/watch.h"

#define CHAIN_MOST (16 * 1024) /* of a device's certificates */

#define SIGNATURES                                                                                 \
  "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:"                \
  "rsa_pss_rsae_sha512:rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"                  \
  "RSA+SHA256:RSA+SHA384:RSA+SHA512"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SSL_CTX, SSL_CTX_free)

static gboolean
set_parameters (SSL_CTX *context)
{
  g_autofree char *suites12 = aws_suite_names (TLS1_2_VERSION);
  g_autofree char *suites13 = aws_suite_names (TLS1_3_VERSION);

  return SSL_CTX_set_min_proto_version (context, TLS1_2_VERSION) == 1
         && SSL_CTX_set_max_proto_version (context, TLS1_3_VERSION) == 1
         && SSL_CTX_set_cipher_list (context, suites12) == 1
         && SSL_CTX_set_ciphersuites (context, suites13) == 1
         && SSL_CTX_set1_sigalgs_list (context, SIGNATURES) == 1
         && SSL_CTX_set1_groups_list (context, "P-256:X25519:P-384:P-521") == 1
         && SSL_CTX_set_num_tickets (context, 0) == 1;
}

SSL_CTX *
session_context (GError **error)
{
  g_autoptr (SSL_CTX) context = SSL_CTX_new (TLS_server_method ());

  if (context == NULL || !set_parameters (context)) {
    rehearse_fail (error, "OpenSSL can't be set up");
    return NULL;
  }
  SSL_CTX_set_options (context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode (context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode (context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_max_cert_list (context, CHAIN_MOST);
  SSL_CTX_set_verify (context, SSL_VERIFY_PEER, NULL);
  watch_context (context);
  return g_steal_pointer (&context);
}
