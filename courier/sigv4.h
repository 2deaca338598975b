/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AWS Signature Version 4, in the Authorization header (AWS General Reference, "Signing AWS API
 * requests"; IAM User Guide, "Create a signed AWS API request"). Pure: the time is an argument.
 */
#pragma once

#include "courier/request.h"

typedef struct {
  char *access_key_id;
  char *secret_access_key;
  char *session_token; /* NULL: a key for good */
} AwsKey;

/* What a signature is valid for. */
typedef struct {
  const char *host;    /* what the Host header will say, with a port that is not 443 */
  const char *region;  /* "eu-west-1" */
  const char *service; /* "execute-api": what AWS IoT's control plane is called here */
  gint64 at;           /* seconds since 1970 */
} SigningScope;

/* Adds X-Amz-Date, X-Amz-Security-Token where the key has one, and Authorization, which signs
 * these, Host, every header that is there already, the query and the body. */
void sigv4_sign (Request *request, const AwsKey *key, const SigningScope *scope);

/* The canonical request, and the string to sign, for tests and for whoever is told that a signature
 * is wrong. Free with g_free(). */
char *sigv4_canonical_request (const Request *request, const SigningScope *scope);
char *sigv4_string_to_sign (const char *canonical_request, const SigningScope *scope);
