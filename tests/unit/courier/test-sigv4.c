/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Signatures as AWS's own published suite of signature version 4 has them. What botocore signs is
 * compared in compare-botocore.py.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "courier/sigv4.h"

#define EVERYTHING_UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define TOKEN "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
#define VANILLA "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
#define AT 1440938160 /* 2015-08-30T12:36:00Z */

typedef struct {
  const char *name;
  const char *method;
  const char *path;
  const char *query[6];   /* name, value, ... */
  const char *headers[8]; /* the same */
  const char *body;
  const char *token;
  const char *names; /* of the signed headers */
  const char *signature;
} Vector;

static const Vector vectors[] = {
  { .name = "get-vanilla", .path = "/", .signature = VANILLA },
  { .name = "get-header-key-duplicate",
    .path = "/",
    .headers = { "My-Header1", "value2", "My-Header1", "value2", "My-Header1", "value1" },
    .names = "host;my-header1;x-amz-date",
    .signature = "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea" },
  { .name = "get-header-value-order",
    .path = "/",
    .headers = { "My-Header1", "value4", "My-Header1", "value1", "My-Header1", "value3",
                 "My-Header1", "value2" },
    .names = "host;my-header1;x-amz-date",
    .signature = "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01" },
  { .name = "get-header-value-trim",
    .path = "/",
    .headers = { "My-Header1", " value1", "My-Header2", " \"a   b   c\"" },
    .names = "host;my-header1;my-header2;x-amz-date",
    .signature = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736" },
  { .name = "get-relative-relative", .path = "/example1/example2/../..", .signature = VANILLA },
  { .name = "get-slash", .path = "//", .signature = VANILLA },
  { .name = "get-slash-dot-slash", .path = "/./", .signature = VANILLA },
  { .name = "get-slash-pointless-dot",
    .path = "/./example",
    .signature = "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5" },
  { .name = "get-slashes",
    .path = "//example//",
    .signature = "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84" },
  { .name = "get-space",
    .path = "/example space/",
    .signature = "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741" },
  { .name = "get-unreserved",
    .path = "/" EVERYTHING_UNRESERVED,
    .signature = "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f" },
  { .name = "get-utf8",
    .path = "/\xe1\x88\xb4",
    .signature = "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
  { .name = "get-vanilla-empty-query-key",
    .path = "/",
    .query = { "Param1", "value1" },
    .signature = "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb" },
  { .name = "get-vanilla-query-order-encoded",
    .path = "/",
    .query = { "Param-3", "Value3", "Param", "Value2", "\xe1\x88\xb4", "Value1" },
    .signature = "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac" },
  { .name = "get-vanilla-query-order-key-case",
    .path = "/",
    .query = { "Param2", "value2", "Param1", "value1" },
    .signature = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
  { .name = "get-vanilla-query-unreserved",
    .path = "/",
    .query = { EVERYTHING_UNRESERVED, EVERYTHING_UNRESERVED },
    .signature = "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197" },
  { .name = "get-vanilla-utf8-query",
    .path = "/",
    .query = { "\xe1\x88\xb4", "bar" },
    .signature = "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04" },
  { .name = "get-vanilla-with-session-token",
    .path = "/",
    .token = TOKEN,
    .names = "host;x-amz-date;x-amz-security-token",
    .signature = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8" },
  { .name = "post-header-key-sort",
    .method = "POST",
    .path = "/",
    .headers = { "My-Header1", "value1" },
    .names = "host;my-header1;x-amz-date",
    .signature = "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c" },
  { .name = "post-x-www-form-urlencoded",
    .method = "POST",
    .path = "/",
    .headers = { "Content-Length", "13", "x-amz-content-sha256",
                 "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e" },
    .body = "Param1=value1",
    .names = "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
    .signature = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b" },
};

static Request *
request_of (const Vector *vector)
{
  Request *request =
      request_new ("test", 0, vector->method == NULL ? "GET" : vector->method, vector->path);

  for (guint i = 0; i + 1 < G_N_ELEMENTS (vector->query) && vector->query[i] != NULL; i += 2)
    request_add_query (request, vector->query[i], vector->query[i + 1]);
  for (guint i = 0; i + 1 < G_N_ELEMENTS (vector->headers) && vector->headers[i] != NULL; i += 2)
    request_add_header (request, vector->headers[i], vector->headers[i + 1]);
  if (vector->body != NULL)
    request_set_body (request, "application/x-www-form-urlencoded", g_strdup (vector->body));
  return request;
}

static const char *
header (const Request *request, const char *name)
{
  for (guint i = 0; i < request->headers->len; i++) {
    const RequestPair *pair = g_ptr_array_index (request->headers, i);

    if (g_str_equal (pair->name, name))
      return pair->value;
  }
  return NULL;
}

/* What Authorization must be. */
static char *
expected (const Vector *vector)
{
  return g_strdup_printf (
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
      "SignedHeaders=%s, Signature=%s",
      vector->names == NULL ? "host;x-amz-date" : vector->names, vector->signature);
}

static const SigningScope suite = {
  .host = "example.amazonaws.com", .region = "us-east-1", .service = "service", .at = AT
};

static char *
signed_with (const Vector *vector, const char *secret)
{
  g_autoptr (Request) request = request_of (vector);
  AwsKey key = { g_strdup ("AKIDEXAMPLE"), g_strdup (secret), g_strdup (vector->token) };

  sigv4_sign (request, &key, &suite);
  g_free (key.access_key_id);
  g_free (key.secret_access_key);
  g_free (key.session_token);
  ck_assert_str_eq (header (request, "X-Amz-Date"), "20150830T123600Z");
  return g_strdup (header (request, "Authorization"));
}

START_TEST (signatures_are_those_of_the_published_suite)
{
  const Vector *vector = &vectors[_i];
  g_autofree char *wanted = expected (vector);
  g_autofree char *found = signed_with (vector, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");

  ck_assert_msg (g_str_equal (found, wanted), "%s: %s, not %s", vector->name, found, wanted);
}
END_TEST

START_TEST (another_key_makes_another_signature)
{
  g_autofree char *wanted = expected (&vectors[0]);
  g_autofree char *found = signed_with (&vectors[0], "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEZ");

  ck_assert_str_ne (found, wanted);
}
END_TEST

START_TEST (canonical_requests_are_spelled_out)
{
  g_autoptr (Request) request = request_new ("test", 0, "PUT", "/things/a%3Ab/principals");
  g_autofree char *canonical = NULL;

  request_add_header (request, "x-amzn-principal", "arn:aws:iot:eu-west-1:1:cert/2");
  request_add_query (request, "newStatus", "ACTIVE & more");
  canonical = sigv4_canonical_request (request, &suite);
  ck_assert_str_eq (canonical,
                    "PUT\n/things/a%253Ab/principals\nnewStatus=ACTIVE%20%26%20more\n"
                    "host:example.amazonaws.com\n"
                    "x-amzn-principal:arn:aws:iot:eu-west-1:1:cert/2\n\nhost;x-amzn-principal\n"
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

int
main (void)
{
  Suite *tests = suite_create ("sigv4");
  TCase *cases = tcase_create ("sigv4");
  SRunner *runner;
  int failed;

  tcase_add_loop_test (cases, signatures_are_those_of_the_published_suite, 0,
                       G_N_ELEMENTS (vectors));
  tcase_add_test (cases, another_key_makes_another_signature);
  tcase_add_test (cases, canonical_requests_are_spelled_out);
  suite_add_tcase (tests, cases);
  runner = srunner_create (tests);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
