/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * verify-mbedtls ROOT [BETWEEN LEAF]...: Mbed TLS's opinion of each leaf, as lines "LEAF OK" or
 * "LEAF reason".
 */
#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>

static int
judge_chain (mbedtls_x509_crt *chain, mbedtls_x509_crt *root)
{
  uint32_t flags = 0;
  int result = mbedtls_x509_crt_verify (chain, root, NULL, NULL, &flags, NULL, NULL);

  if (result != 0)
    return result;
  result = mbedtls_x509_crt_check_extended_key_usage (chain, MBEDTLS_OID_CLIENT_AUTH,
                                                      MBEDTLS_OID_SIZE (MBEDTLS_OID_CLIENT_AUTH));
  return result != 0 ? result
                     : mbedtls_x509_crt_check_key_usage (chain, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
}

static int
judge (const char *root_path, const char *between, const char *leaf)
{
  mbedtls_x509_crt root, chain;
  int result;

  mbedtls_x509_crt_init (&root);
  mbedtls_x509_crt_init (&chain);
  result = mbedtls_x509_crt_parse_file (&root, root_path);
  if (result == 0)
    result = mbedtls_x509_crt_parse_file (&chain, leaf);
  if (result == 0)
    result = mbedtls_x509_crt_parse_file (&chain, between);
  if (result == 0)
    result = judge_chain (&chain, &root);
  mbedtls_x509_crt_free (&chain);
  mbedtls_x509_crt_free (&root);
  return result;
}

int
main (int argc, char **argv)
{
  for (int place = 2; place + 1 < argc; place += 2) {
    char words[200] = "OK";
    int result = judge (argv[1], argv[place], argv[place + 1]);

    if (result != 0)
      mbedtls_strerror (result, words, sizeof words);
    printf ("%s %s\n", argv[place + 1], words);
  }
  return 0;
}
