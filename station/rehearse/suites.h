/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The cipher suites of AWS IoT Core: "Transport security in AWS IoT Core", TLS cipher suite
 * support, of the default security policy IoTSecurityPolicy_TLS13_1_2_2022_10.
 */
#pragma once

#include <glib.h>

/* By which kind of key the server of a suite proves itself. */
typedef enum { SUITE_ANY, SUITE_RSA, SUITE_ECDSA } SuiteServer;

typedef struct {
  guint16 number;
  const char *name; /* OpenSSL's */
  guint16 version;  /* 0x0303 or 0x0304 */
  SuiteServer server;
  gboolean fixed_rsa; /* key exchange with the server's RSA key: needs no curve */
} CipherSuite;

/* Ended by an entry without name. */
extern const CipherSuite aws_suites[];

/* NULL where it is none of them. */
const CipherSuite *aws_suite_find (guint16 number);

/* Their names of one version, by ':', as OpenSSL takes them. Free with g_free(). */
char *aws_suite_names (guint16 version);
