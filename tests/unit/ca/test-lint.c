/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For each rule of ca/issue/lint*.c a to-be-signed part that must fail by it, and its near twin
 * that must pass (lint-cases.c). The program's arguments are the lint's sources: a rule without a
 * case fails.
 */
#include "base/der-write.h"
#include "ca/issue/lint.h"
#include "ca/judge/csr.h"
#include "tests/unit/ca/lint-cases.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <openssl/sha.h>
#include <string.h>

/* Tested apart, since they change the CA or the key, or more than a part. */
static const char *const other_rules[] = { "matter-key",           "matter-algorithm",
                                           "key-usage-key",        "compressed-key",
                                           "compressed-algorithm", "compressed-begin",
                                           "compressed-end",       "compressed-serial" };

static char *folder;
static Authority *authority;
static EVP_PKEY *key;
static Csr csr; /* its key */
static GBytes *request;
static char **lint_sources;

static void
setup_key (const char *word)
{
  gsize length;
  const guint8 *data;

  request = make_good_request (word, "SHA256");
  data = g_bytes_get_data (request, &length);
  ck_assert (csr_parse (data, length, &csr, NULL));
}

static void
setup (void)
{
  g_autofree char *path = NULL;

  folder = folder_make ();
  folder_fill (folder, "p-256");
  path = g_build_filename (folder, "ca.pem", NULL);
  authority = authority_load ("ca", path, NULL, NULL);
  authority->not_before = 1577836800; /* 2020 */
  authority->not_after = 2840140800;  /* 2060 */
  setup_key ("P-256");
}

static void
teardown (void)
{
  authority_free (authority);
  EVP_PKEY_free (key);
  g_bytes_unref (request);
  folder_remove (folder);
}

static void
put_bytes (GByteArray *out, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  g_byte_array_append (out, data, (guint)length);
}

static void
put_named (GByteArray *out, char name)
{
  guint8 hash[SHA_DIGEST_LENGTH];

  switch (name) {
  case 'i':
    put_bytes (out, authority->subject);
    break;
  case 'k':
    g_byte_array_append (out, csr.spki.data, (guint)csr.spki.length);
    break;
  case 'a':
    put_bytes (out, authority->key_id);
    break;
  case 's':
    SHA1 (csr.key_bits.data, csr.key_bits.length, hash);
    g_byte_array_append (out, hash, sizeof hash);
    break;
  }
}

/* Returns the place behind what it has read: the end or a closing brace. */
static const char *
put_der (GByteArray *out, const char *text)
{
  while (*text != '\0' && *text != '}') {
    if (*text == ' ') {
      text++;
    }
    else if (*text == '$') {
      put_named (out, text[1]);
      text += 2;
    }
    else if (*text == '\'') {
      const char *end = strchr (text + 1, '\'');

      g_byte_array_append (out, (const guint8 *)text + 1, (guint)(end - text - 1));
      text = end + 1;
    }
    else {
      guint8 byte = (guint8)(g_ascii_xdigit_value (text[0]) << 4 | g_ascii_xdigit_value (text[1]));
      guint start = out->len;

      text += 2;
      if (*text == '{') {
        text = put_der (out, text + 1) + 1;
        der_wrap (out, start, byte);
      }
      else {
        g_byte_array_append (out, &byte, 1);
      }
    }
  }
  return text;
}

/* What stands in the place of a part, and of a second one where a rule looks at both. */
static const char *serial_text = "02{0111223344556677889900112233445566778899}";
static const char *times_text = TIMES (FROM, TO);

static GByteArray *
make_tbs (const Base *base, Part part, const char *text)
{
  const char *parts[N_PARTS] = { "a0{02{02}}", serial_text,     "30{06{2a8648ce3d040302}}",
                                 "$i",         times_text,      NULL,
                                 "$k",         base->extensions };
  g_autofree char *subject = g_strdup_printf ("30{%s}", base->subject);
  GByteArray *out = g_byte_array_new ();

  parts[SUBJECT] = subject;
  if (text != NULL)
    parts[part] = text;
  for (guint i = 0; i < N_PARTS; i++) {
    const guint start = out->len;

    put_der (out, parts[i]);
    if (i == EXTENSIONS) {
      der_wrap (out, start, 0x30);
      der_wrap (out, start, 0xa3);
    }
  }
  der_wrap (out, 0, 0x30);
  return out;
}

static gboolean
lint (const Base *base, Part part, const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "lint.profile", NULL);
  g_autoptr (GByteArray) tbs = make_tbs (base, part, text);
  g_autoptr (Profile) profile = NULL;
  GError *problem = NULL;

  folder_write (folder, "lint.profile", base->profile, 0644);
  profile = profile_load (path, &problem);
  ck_assert_msg (profile != NULL, "%s", problem != NULL ? problem->message : "");
  profile->kind = base->kind;
  return lint_check (&(LintScope){ authority, profile, csr.spki }, (Span){ tbs->data, tbs->len },
                     error);
}

static void
expect_rule (GError *problem, const char *rule)
{
  g_autofree char *prefix = g_strconcat (rule, ": ", NULL);

  ck_assert_msg (problem != NULL, "%s let it pass", rule);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_LINT));
  ck_assert_msg (g_str_has_prefix (problem->message, prefix), "wanted %s, got: %s", rule,
                 problem->message);
}

START_TEST (test_a_certificate_fails_by_a_rule_and_its_twin_passes)
{
  const Base *right =
      lint_cases[_i].right_base != NULL ? lint_cases[_i].right_base : lint_cases[_i].base;
  g_autoptr (GError) problem = NULL;
  GError *of_twin = NULL;

  lint (lint_cases[_i].base, lint_cases[_i].part, lint_cases[_i].wrong, &problem);
  expect_rule (problem, lint_cases[_i].rule);
  ck_assert_msg (lint (right, lint_cases[_i].part, lint_cases[_i].right, &of_twin),
                 "the twin of %s: %s", lint_cases[_i].rule,
                 of_twin != NULL ? of_twin->message : "");
}
END_TEST

START_TEST (test_a_dac_has_a_p256_key_and_algorithm)
{
  g_autoptr (GError) of_key = NULL;
  g_autoptr (GError) of_algorithm = NULL;

  authority->signature = signature_find ("ecdsa-sha384");
  lint (&lint_matter, ALGORITHM, "30{06{2a8648ce3d040303}}", &of_algorithm);
  expect_rule (of_algorithm, "matter-algorithm");
  authority->signature = signature_find ("ecdsa-sha256");
  ck_assert (lint (&lint_matter, ALGORITHM, NULL, NULL));
  g_bytes_unref (request);
  setup_key ("P-384");
  lint (&lint_matter, ALGORITHM, NULL, &of_key);
  expect_rule (of_key, "matter-key");
}
END_TEST

START_TEST (test_a_usage_fits_its_key)
{
  g_autoptr (GError) of_ec = NULL;
  g_autoptr (GError) of_rsa = NULL;

  lint (&lint_enciphers, VERSION, NULL, &of_ec);
  expect_rule (of_ec, "key-usage-key");
  ck_assert (lint (&lint_agrees, VERSION, NULL, NULL));
  g_bytes_unref (request);
  setup_key ("rsa-2048");
  lint (&lint_agrees, VERSION, NULL, &of_rsa);
  expect_rule (of_rsa, "key-usage-key");
  ck_assert (lint (&lint_enciphers, VERSION, NULL, NULL));
}
END_TEST

/* The serial of the key with `dates`, in the notation. */
static char *
compressed_serial (const char *dates)
{
  g_autoptr (GByteArray) message = g_byte_array_new ();
  guint8 hash[SHA256_DIGEST_LENGTH];
  GString *text = g_string_new ("02{");

  g_byte_array_append (message, csr.key_bits.data + 1, (guint)csr.key_bits.length - 1);
  put_der (message, dates);
  SHA256 (message->data, message->len, hash);
  for (guint i = 0; i < 16; i++)
    g_string_append_printf (text, "%02x", i > 0 ? hash[i] : (hash[i] & 0x3f) | 0x40);
  return g_string_free (g_string_append_c (text, '}'), FALSE);
}

START_TEST (test_a_compressed_certificate_can_be_made_anew)
{
  g_autofree char *serial = compressed_serial (compressed_cases[_i].dates);
  g_autoptr (GError) problem = NULL;
  gboolean passed;

  serial_text = serial;
  times_text = compressed_cases[_i].times;
  passed = lint (&lint_compressed, VERSION, NULL, &problem);
  if (compressed_cases[_i].rule == NULL)
    ck_assert_msg (passed, "%s", problem->message);
  else
    expect_rule (problem, compressed_cases[_i].rule);
}
END_TEST

START_TEST (test_a_compressed_certificate_has_a_p256_key_and_algorithm)
{
  g_autoptr (GError) of_key = NULL;
  g_autoptr (GError) of_algorithm = NULL;

  authority->signature = signature_find ("ecdsa-sha384");
  lint (&lint_compressed, ALGORITHM, "30{06{2a8648ce3d040303}}", &of_algorithm);
  expect_rule (of_algorithm, "compressed-algorithm");
  authority->signature = signature_find ("ecdsa-sha256");
  g_bytes_unref (request);
  setup_key ("P-384");
  lint (&lint_compressed, VERSION, NULL, &of_key);
  expect_rule (of_key, "compressed-key");
}
END_TEST

/* Every prefix of a good one, and every one with a byte cut out. */
START_TEST (test_a_cut_certificate_fails)
{
  g_autofree char *path = g_build_filename (folder, "lint.profile", NULL);
  g_autoptr (GByteArray) tbs = make_tbs (&lint_custom, VERSION, NULL);
  g_autoptr (Profile) profile = NULL;

  folder_write (folder, "lint.profile", CUSTOM, 0644);
  profile = profile_load (path, NULL);
  for (guint i = 0; i < tbs->len; i++) {
    const LintScope scope = { authority, profile, csr.spki };
    g_autofree guint8 *copy = g_memdup2 (tbs->data, tbs->len);

    ck_assert (!lint_check (&scope, (Span){ copy, i }, NULL));
    memmove (copy + i, copy + i + 1, tbs->len - i - 1);
    ck_assert (!lint_check (&scope, (Span){ copy, tbs->len - 1 }, NULL));
  }
}
END_TEST

static gboolean
has_case (const char *rule)
{
  for (guint i = 0; i < n_lint_cases; i++)
    if (g_str_equal (lint_cases[i].rule, rule))
      return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (other_rules); i++)
    if (g_str_equal (other_rules[i], rule))
      return TRUE;
  return FALSE;
}

static guint
check_rules_of (const char *path)
{
  g_autoptr (GRegex) pattern =
      g_regex_new ("lint_(?:refuse \\(error, |http_url \\()\"([a-z-]+)\"", 0, 0, NULL);
  g_autoptr (GMatchInfo) found = NULL;
  g_autofree char *text = NULL;
  guint count = 0;

  ck_assert (g_file_get_contents (path, &text, NULL, NULL));
  for (g_regex_match (pattern, text, 0, &found); g_match_info_matches (found);
       g_match_info_next (found, NULL), count++)
  {
    g_autofree char *rule = g_match_info_fetch (found, 1);

    ck_assert_msg (has_case (rule), "%s has the rule %s, which nothing here tests", path, rule);
  }
  return count;
}

START_TEST (test_no_rule_is_without_a_case)
{
  guint count = 0;

  for (char **source = lint_sources; *source != NULL; source++)
    count += check_rules_of (*source);
  ck_assert_uint_ge (count, 60);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca lint");
  TCase *rules = tcase_create ("rules");
  SRunner *runner = srunner_create (suite);
  int failed;

  lint_sources = argv + 1;
  tcase_add_unchecked_fixture (rules, setup, teardown);
  tcase_add_loop_test (rules, test_a_certificate_fails_by_a_rule_and_its_twin_passes, 0,
                       (int)n_lint_cases);
  tcase_add_test (rules, test_a_dac_has_a_p256_key_and_algorithm);
  tcase_add_loop_test (rules, test_a_compressed_certificate_can_be_made_anew, 0,
                       (int)n_compressed_cases);
  tcase_add_test (rules, test_a_compressed_certificate_has_a_p256_key_and_algorithm);
  tcase_add_test (rules, test_a_usage_fits_its_key);
  tcase_add_test (rules, test_a_cut_certificate_fails);
  tcase_add_test (rules, test_no_rule_is_without_a_case);
  suite_add_tcase (suite, rules);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
