/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See suites.h. Numbers: IANA, "TLS Cipher Suites".
 */
#include "station/rehearse/suites.h"

#define TLS12 0x0303
#define TLS13 0x0304

const CipherSuite aws_suites[] = {
  { 0x1301, "TLS_AES_128_GCM_SHA256", TLS13, SUITE_ANY, FALSE },
  { 0x1302, "TLS_AES_256_GCM_SHA384", TLS13, SUITE_ANY, FALSE },
  { 0x1303, "TLS_CHACHA20_POLY1305_SHA256", TLS13, SUITE_ANY, FALSE },
  { 0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256", TLS12, SUITE_ECDSA, FALSE },
  { 0xc02f, "ECDHE-RSA-AES128-GCM-SHA256", TLS12, SUITE_RSA, FALSE },
  { 0xc023, "ECDHE-ECDSA-AES128-SHA256", TLS12, SUITE_ECDSA, FALSE },
  { 0xc027, "ECDHE-RSA-AES128-SHA256", TLS12, SUITE_RSA, FALSE },
  { 0xc009, "ECDHE-ECDSA-AES128-SHA", TLS12, SUITE_ECDSA, FALSE },
  { 0xc013, "ECDHE-RSA-AES128-SHA", TLS12, SUITE_RSA, FALSE },
  { 0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384", TLS12, SUITE_ECDSA, FALSE },
  { 0xc030, "ECDHE-RSA-AES256-GCM-SHA384", TLS12, SUITE_RSA, FALSE },
  { 0xc024, "ECDHE-ECDSA-AES256-SHA384", TLS12, SUITE_ECDSA, FALSE },
  { 0xc028, "ECDHE-RSA-AES256-SHA384", TLS12, SUITE_RSA, FALSE },
  { 0xc00a, "ECDHE-ECDSA-AES256-SHA", TLS12, SUITE_ECDSA, FALSE },
  { 0xc014, "ECDHE-RSA-AES256-SHA", TLS12, SUITE_RSA, FALSE },
  { 0x009c, "AES128-GCM-SHA256", TLS12, SUITE_RSA, TRUE },
  { 0x003c, "AES128-SHA256", TLS12, SUITE_RSA, TRUE },
  { 0x002f, "AES128-SHA", TLS12, SUITE_RSA, TRUE },
  { 0x009d, "AES256-GCM-SHA384", TLS12, SUITE_RSA, TRUE },
  { 0x003d, "AES256-SHA256", TLS12, SUITE_RSA, TRUE },
  { 0x0035, "AES256-SHA", TLS12, SUITE_RSA, TRUE },
  { 0, NULL, 0, SUITE_ANY, FALSE },
};

const CipherSuite *
aws_suite_find (guint16 number)
{
  for (const CipherSuite *suite = aws_suites; suite->name != NULL; suite++)
    if (suite->number == number)
      return suite;
  return NULL;
}

char *
aws_suite_names (guint16 version)
{
  GString *names = g_string_new (NULL);

  for (const CipherSuite *suite = aws_suites; suite->name != NULL; suite++)
    if (suite->version == version)
      g_string_append_printf (names, "%s%s", names->len == 0 ? "" : ":", suite->name);
  return g_string_free (names, FALSE);
}
