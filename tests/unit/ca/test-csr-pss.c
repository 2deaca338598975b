/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The gate: RSASSA-PSS, as RFC 4055 writes it into a request. What may differ of its parameters
 * becomes words; what is weak, unusual or not what was signed is refused with the reason.
 */
#include "ca/judge/csr.h"
#include "tests/unit/ca/expect.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <openssl/obj_mac.h>
#include <string.h>

#define SHA1 "06052b0e03021a"
#define SHA224 "0609608648016503040204"
#define SHA256 "0609608648016503040201"
#define SHA384 "0609608648016503040202"
#define SHA512 "0609608648016503040203"
#define MD5 "06082a864886f70d0205"
#define MGF1 "06092a864886f70d010108"
#define RSASSA_PSS "06092a864886f70d01010a"
#define EMPTY "0500"

static EVP_PKEY *rsa;

static void
setup (void)
{
  rsa = make_key ("rsa-2048");
}

static void
teardown (void)
{
  EVP_PKEY_free (rsa);
}

/* A value of up to 127 bytes, as hex. */
static char *
tlv (const char *tag, const char *content)
{
  g_assert_cmpuint (strlen (content), <, 256);
  return g_strdup_printf ("%s%02x%s", tag, (guint)strlen (content) / 2, content);
}

typedef struct {
  const char *hash; /* what stands in its AlgorithmIdentifier; NULL: left out */
  const char *mask;
  const char *mask_hash; /* NULL: the mask is left out */
  const char *salt;      /* the INTEGER; NULL: left out */
  const char *rest;
} Parameters;

static void
append_hash (GString *out, const char *hash)
{
  g_autofree char *identifier = tlv ("30", hash);
  g_autofree char *field = tlv ("a0", identifier);

  g_string_append (out, field);
}

static void
append_mask (GString *out, const char *mask, const char *hash)
{
  g_autofree char *hash_identifier = tlv ("30", hash);
  g_autofree char *both = g_strconcat (mask, hash_identifier, NULL);
  g_autofree char *identifier = tlv ("30", both);
  g_autofree char *field = tlv ("a1", identifier);

  g_string_append (out, field);
}

static char *
pss_hex (const Parameters *parameters)
{
  GString *out = g_string_new (NULL);
  g_autofree char *salt = parameters->salt != NULL ? tlv ("a2", parameters->salt) : g_strdup ("");
  g_autofree char *sequence = NULL;
  g_autofree char *identifier = NULL;

  if (parameters->hash != NULL)
    append_hash (out, parameters->hash);
  if (parameters->mask_hash != NULL)
    append_mask (out, parameters->mask, parameters->mask_hash);
  g_string_append (out, salt);
  g_string_append (out, parameters->rest);
  sequence = tlv ("30", out->str);
  identifier = g_strconcat (RSASSA_PSS, sequence, NULL);
  g_string_free (out, TRUE);
  return tlv ("30", identifier);
}

/* Signed with PSS as `digest`, `mask` and `salt` say; that the request says the same is up to
 * `parameters`. */
static GBytes *
pss_request (const char *digest, const char *mask, int salt, const Parameters *parameters)
{
  RequestParts parts = make_parts (rsa, digest);
  g_autofree char *hex = pss_hex (parameters);
  GBytes *request;

  parts.pss = TRUE;
  parts.mask_digest = mask;
  parts.salt_length = salt;
  parts_set (&parts.algorithm, hex);
  request = make_request (&parts);
  parts_clear (&parts);
  return request;
}

START_TEST (test_pss_passes_and_is_described)
{
  static const struct {
    const char *digest;
    int salt;
    Parameters parameters;
    const char *description;
  } cases[] = {
    { "SHA256",
      32,
      { SHA256 EMPTY, MGF1, SHA256 EMPTY, "020120", "" },
      "RSASSA-PSS with sha256 and 32 bytes of salt" },
    { "SHA384",
      48,
      { SHA384 EMPTY, MGF1, SHA384 EMPTY, "020130", "" },
      "RSASSA-PSS with sha384 and 48 bytes of salt" },
    { "SHA512",
      64,
      { SHA512 EMPTY, MGF1, SHA512 EMPTY, "020140", "" },
      "RSASSA-PSS with sha512 and 64 bytes of salt" },
    /* RFC 4055: without the NULL is as good, and either may have it */
    { "SHA256",
      32,
      { SHA256, MGF1, SHA256, "020120", "" },
      "RSASSA-PSS with sha256 and 32 bytes of salt" },
    { "SHA256",
      32,
      { SHA256, MGF1, SHA256 EMPTY, "020120", "" },
      "RSASSA-PSS with sha256 and 32 bytes of salt" },
    /* the longest: 256 - 32 - 2 */
    { "SHA256",
      222,
      { SHA256 EMPTY, MGF1, SHA256 EMPTY, "020200de", "" },
      "RSASSA-PSS with sha256 and 222 bytes of salt" },
  };
  g_autoptr (GBytes) request =
      pss_request (cases[_i].digest, NULL, cases[_i].salt, &cases[_i].parameters);
  g_autofree char *description = NULL;
  gsize length;
  const guint8 *data = g_bytes_get_data (request, &length);
  Csr csr;

  ck_assert (csr_judge (data, length, NULL, &csr, NULL, NULL));
  ck_assert_int_eq (csr.signature_nid, NID_rsassaPss);
  description = csr_describe_signature (&csr);
  ck_assert_str_eq (description, cases[_i].description);
}
END_TEST
#define N_PSS_PASSES 6

static const struct {
  const char *digest;
  const char *mask;
  int salt;
  Parameters parameters;
  CaError code;
  const char *says;
} pss_refusals[] = {
  { "SHA1",
    "SHA1",
    20,
    { SHA1 EMPTY, MGF1, SHA1 EMPTY, "020114", "" },
    CA_ERROR_SIGNATURE_WEAK,
    "RSASSA-PSS and sha1" },
  { "SHA1", "SHA1", 20, { NULL, NULL, NULL, NULL, "" }, CA_ERROR_SIGNATURE_WEAK, "its default" },
  { "MD5",
    "MD5",
    16,
    { MD5 EMPTY, MGF1, MD5 EMPTY, "020110", "" },
    CA_ERROR_SIGNATURE_WEAK,
    "md5" },
  { "SHA224",
    "SHA224",
    28,
    { SHA224 EMPTY, MGF1, SHA224 EMPTY, "02011c", "" },
    CA_ERROR_SIGNATURE_ALGORITHM,
    "sha224" },
  { "SHA256",
    "SHA1",
    32,
    { SHA256 EMPTY, NULL, NULL, "020120", "" },
    CA_ERROR_SIGNATURE_ALGORITHM,
    "MGF1 with SHA-1" },
  { "SHA256",
    "SHA512",
    32,
    { SHA256 EMPTY, MGF1, SHA512 EMPTY, "020120", "" },
    CA_ERROR_SIGNATURE_ALGORITHM,
    "sha256 and the mask with sha512" },
  { "SHA256",
    NULL,
    32,
    { SHA256 EMPTY, "06092a864886f70d010109", SHA256 EMPTY, "020120", "" },
    CA_ERROR_SIGNATURE_ALGORITHM,
    "not MGF1" },
  { "SHA256",
    NULL,
    20,
    { SHA256 EMPTY, MGF1, SHA256 EMPTY, NULL, "" },
    CA_ERROR_SIGNATURE_ALGORITHM,
    "20 bytes; at least 32" },
  { "SHA256",
    NULL,
    31,
    { SHA256 EMPTY, MGF1, SHA256 EMPTY, "02011f", "" },
    CA_ERROR_SIGNATURE_ALGORITHM,
    "31 bytes; at least 32" },
  { "SHA256",
    NULL,
    222,
    { SHA256 EMPTY, MGF1, SHA256 EMPTY, "020200df", "" },
    CA_ERROR_SIGNATURE_ALGORITHM,
    "longer than the modulus" },
  { "SHA256",
    NULL,
    222,
    { SHA256 EMPTY, MGF1, SHA256 EMPTY, "020501000000de", "" },
    CA_ERROR_SIGNATURE_ALGORITHM,
    "longer than the modulus" },
  /* signed well, but not with the salt that it says */
  { "SHA256",
    NULL,
    222,
    { SHA256 EMPTY, MGF1, SHA256 EMPTY, "020120", "" },
    CA_ERROR_CSR_SIGNATURE,
    "not signed by the key" },
  { "SHA256",
    NULL,
    32,
    { SHA256 EMPTY, MGF1, SHA256 EMPTY, "0201ff", "" },
    CA_ERROR_CSR_MALFORMED,
    "negative" },
  { "SHA256",
    NULL,
    32,
    { SHA256 EMPTY, MGF1, SHA256 EMPTY, "02020020", "" },
    CA_ERROR_CSR_MALFORMED,
    "shortest" },
  /* the trailer field, and other things that DER leaves out */
  { "SHA256",
    NULL,
    32,
    { SHA256 EMPTY, MGF1, SHA256 EMPTY, "020120", "a303020101" },
    CA_ERROR_CSR_MALFORMED,
    "something follows" },
  { "SHA256",
    NULL,
    32,
    { SHA256 "0400", MGF1, SHA256 EMPTY, "020120", "" },
    CA_ERROR_CSR_MALFORMED,
    "tag 04" },
  { "SHA256",
    NULL,
    32,
    { SHA256 EMPTY EMPTY, MGF1, SHA256 EMPTY, "020120", "" },
    CA_ERROR_CSR_MALFORMED,
    "something follows" },
};

START_TEST (test_other_pss_is_refused_with_the_reason)
{
  expect_refused (pss_request (pss_refusals[_i].digest, pss_refusals[_i].mask,
                               pss_refusals[_i].salt, &pss_refusals[_i].parameters),
                  pss_refusals[_i].code, pss_refusals[_i].says);
}
END_TEST
START_TEST (test_pss_without_parameters_is_refused)
{
  RequestParts parts = make_parts (rsa, "SHA1");

  parts.pss = TRUE;
  parts.salt_length = 20;
  parts_set (&parts.algorithm, "300b" RSASSA_PSS);
  expect_refused (make_request (&parts), CA_ERROR_CSR_MALFORMED, "parameters: missing");
  parts_clear (&parts);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca csr pss");
  TCase *gate = tcase_create ("pss");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (gate, 60);
  tcase_add_unchecked_fixture (gate, setup, teardown);
  tcase_add_loop_test (gate, test_pss_passes_and_is_described, 0, N_PSS_PASSES);
  tcase_add_loop_test (gate, test_other_pss_is_refused_with_the_reason, 0,
                       G_N_ELEMENTS (pss_refusals));
  tcase_add_test (gate, test_pss_without_parameters_is_refused);
  suite_add_tcase (suite, gate);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
