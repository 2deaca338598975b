/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See watch.h.
 */
#include "station/rehearse/watch.h"

#include <string.h>

#include "station/rehearse/hello.h"
#include "station/rehearse/shown.h"

#define MOST_NAMES 32u
#define ALPN_MQTT "x-amzn-mqtt-ca"
#define ALPN_HTTP "x-amzn-http-ca"

void
watch_session (SSL *ssl, Try *one)
{
  if (ssl != NULL)
    SSL_set_app_data (ssl, one);
}

/* ---- ClientHello ---- */

static void
take_suites (SSL *ssl, Hello *hello)
{
  const guint8 *suites;
  const gsize length = SSL_client_hello_get0_ciphers (ssl, &suites);

  hello_take_suites (hello, suites, length);
  for (gsize i = 0; i + 1 < length && hello->suite_names->len < MOST_NAMES; i += 2) {
    const SSL_CIPHER *cipher = SSL_CIPHER_find (ssl, suites + i);
    const char *name = cipher != NULL ? SSL_CIPHER_get_name (cipher) : NULL;
    g_ptr_array_add (hello->suite_names,
                     name != NULL ? g_strdup (name)
                                  : g_strdup_printf ("0x%02X%02X", suites[i], suites[i + 1]));
  }
}

static void
take_extensions (SSL *ssl, Hello *hello)
{
  static const guint types[] = {
    HELLO_SERVER_NAME, HELLO_SUPPORTED_GROUPS,   HELLO_SIGNATURE_ALGORITHMS,
    HELLO_ALPN,        HELLO_SUPPORTED_VERSIONS, HELLO_SIGNATURE_ALGORITHMS_CERT,
  };
  const guint8 *data;
  gsize length;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (SSL_client_hello_get0_ext (ssl, types[i], &data, &length) == 1)
      hello_take_extension (hello, types[i], data, length);
}

/* OpenSSL calls this with a whole ClientHello, before it has chosen anything; with TLS 1.3 perhaps
 * a second time, after a HelloRetryRequest. */
static int
client_hello (SSL *ssl, int *alert, void *data)
{
  Try *one = SSL_get_app_data (ssl);

  if (one == NULL || one->hello.came)
    return SSL_CLIENT_HELLO_SUCCESS;
  one->hello.came = TRUE;
  one->hello.version = (guint16)SSL_client_hello_get0_legacy_version (ssl);
  take_suites (ssl, &one->hello);
  take_extensions (ssl, &one->hello);
  return SSL_CLIENT_HELLO_SUCCESS;
}

/* ---- messages and alerts ---- */

static ServerKind
kind_of_chain (SSL *ssl)
{
  X509 *certificate = SSL_get_certificate (ssl);
  EVP_PKEY *key = certificate != NULL ? X509_get0_pubkey (certificate) : NULL;

  if (key == NULL)
    return SERVER_NONE;
  return EVP_PKEY_get_base_id (key) == EVP_PKEY_EC ? SERVER_ECDSA : SERVER_RSA;
}

static void
message (int writes, int version, int type, const void *bytes, size_t length, SSL *ssl, void *data)
{
  Try *one = SSL_get_app_data (ssl);
  const guint8 *octets = bytes;

  if (one == NULL || length == 0)
    return;
  if (type == SSL3_RT_HANDSHAKE && octets[0] == SSL3_MT_CERTIFICATE && writes != 0)
    one->handshake.server = kind_of_chain (ssl);
  if (type == SSL3_RT_HANDSHAKE && octets[0] == SSL3_MT_CERTIFICATE && writes == 0)
    one->handshake.certificate_came = TRUE;
  if (type == SSL3_RT_ALERT && writes == 0 && length == 2 && one->handshake.alert <= 0)
    one->handshake.alert = octets[1];
}

/* ---- the device's certificate ---- */

/* Whatever it is, it is taken: the judge says what is wrong with it, once its key was proven. */
static int
take_certificate (X509_STORE_CTX *store, void *data)
{
  SSL *ssl = X509_STORE_CTX_get_ex_data (store, SSL_get_ex_data_X509_STORE_CTX_idx ());
  Try *one = ssl != NULL ? SSL_get_app_data (ssl) : NULL;
  const STACK_OF (X509) *chain = X509_STORE_CTX_get0_untrusted (store);
  X509 *certificate = X509_STORE_CTX_get0_cert (store);

  if (one != NULL && certificate != NULL)
    shown_read (&one->shown, certificate, chain != NULL ? (guint)MAX (sk_X509_num (chain), 1) : 1);
  return 1;
}

/* ---- ALPN ---- */

static gboolean
is_word (const guint8 *name, guint length, const char *word)
{
  return length == strlen (word) && memcmp (name, word, length) == 0;
}

/* The first of the device's that AWS knows for clients with certificates. */
static int
choose_protocol (SSL *ssl, const guint8 **chosen, guint8 *chosen_length, const guint8 *offered,
                 unsigned length, void *data)
{
  for (unsigned at = 0; at < length && at + 1 + offered[at] <= length; at += 1u + offered[at]) {
    const guint8 *name = offered + at + 1;
    if (!is_word (name, offered[at], ALPN_MQTT) && !is_word (name, offered[at], ALPN_HTTP))
      continue;
    *chosen = name;
    *chosen_length = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

void
watch_context (SSL_CTX *context)
{
  SSL_CTX_set_client_hello_cb (context, client_hello, NULL);
  SSL_CTX_set_msg_callback (context, message);
  SSL_CTX_set_cert_verify_callback (context, take_certificate, NULL);
  SSL_CTX_set_alpn_select_cb (context, choose_protocol, NULL);
}
