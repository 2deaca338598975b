/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * client-mbedtls PORT NAME ROOT CERTIFICATE KEY: a device as many are, with Mbed TLS. It connects
 * to 127.0.0.1, expects the server to be NAME, and sends whatever certificate and key it has:
 * unlike OpenSSL and GnuTLS, Mbed TLS does not look whether they belong together. "-" for
 * CERTIFICATE sends none.
 */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  mbedtls_net_context net;
  mbedtls_ssl_context ssl;
  mbedtls_ssl_config config;
  mbedtls_x509_crt root, own;
  mbedtls_pk_context key;
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;
} Client;

static int
read_files (Client *client, char **argv)
{
  int result =
      mbedtls_ctr_drbg_seed (&client->random, mbedtls_entropy_func, &client->entropy, NULL, 0);

  if (result == 0)
    result = mbedtls_x509_crt_parse_file (&client->root, argv[3]);
  if (result != 0 || strcmp (argv[4], "-") == 0)
    return result;
  result = mbedtls_x509_crt_parse_file (&client->own, argv[4]);
  return result != 0 ? result : mbedtls_pk_parse_keyfile (&client->key, argv[5], NULL);
}

static int
set_up (Client *client, char **argv)
{
  mbedtls_ssl_config *config = &client->config;
  int result = read_files (client, argv);

  if (result == 0)
    result = mbedtls_ssl_config_defaults (config, MBEDTLS_SSL_IS_CLIENT,
                                          MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
  if (result != 0)
    return result;
  mbedtls_ssl_conf_rng (config, mbedtls_ctr_drbg_random, &client->random);
  mbedtls_ssl_conf_ca_chain (config, &client->root, NULL);
  if (strcmp (argv[4], "-") != 0)
    result = mbedtls_ssl_conf_own_cert (config, &client->own, &client->key);
  if (result == 0)
    result = mbedtls_ssl_setup (&client->ssl, config);
  if (result == 0)
    result = mbedtls_ssl_set_hostname (&client->ssl, argv[2]);
  mbedtls_ssl_set_bio (&client->ssl, &client->net, mbedtls_net_send, mbedtls_net_recv, NULL);
  return result;
}

static int
connect_to (Client *client, const char *port)
{
  int result = mbedtls_net_connect (&client->net, "127.0.0.1", port, MBEDTLS_NET_PROTO_TCP);

  if (result == 0)
    result = mbedtls_ssl_handshake (&client->ssl);
  if (result == 0)
    mbedtls_ssl_close_notify (&client->ssl);
  return result;
}

int
main (int argc, char **argv)
{
  static Client client;
  char words[200];
  int result;

  if (argc != 6)
    return 2;
  mbedtls_net_init (&client.net);
  mbedtls_ssl_init (&client.ssl);
  mbedtls_ssl_config_init (&client.config);
  mbedtls_x509_crt_init (&client.root);
  mbedtls_x509_crt_init (&client.own);
  mbedtls_pk_init (&client.key);
  mbedtls_entropy_init (&client.entropy);
  mbedtls_ctr_drbg_init (&client.random);
  result = set_up (&client, argv);
  if (result == 0)
    result = connect_to (&client, argv[1]);
  mbedtls_strerror (result, words, sizeof words);
  printf ("%s\n", result == 0 ? "connected" : words);
  mbedtls_net_free (&client.net);
  mbedtls_ssl_free (&client.ssl);
  mbedtls_ssl_config_free (&client.config);
  mbedtls_x509_crt_free (&client.root);
  mbedtls_x509_crt_free (&client.own);
  mbedtls_pk_free (&client.key);
  mbedtls_ctr_drbg_free (&client.random);
  mbedtls_entropy_free (&client.entropy);
  return result == 0 ? 0 : 1;
}
