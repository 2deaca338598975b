/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Signatures of a real signer under payloads: PyJWT verifies them, nothing but one JSON object is
 * ever signed, and what was signed is none of the other things that this key signs. argv[1] is
 * keycradle-signer, argv[2] Python, argv[3] check_jws.py.
 */
#include "base/encode.h"
#include "ca/openssl.h"
#include "ca/proof/jws.h"
#include "ca/proof/statement.h"
#include "ca/signer/answer.h"
#include "ca/wire/client-jws.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/owner.h"
#include "tests/unit/ca/running.h"

#include <check.h>
#include <openssl/pem.h>
#include <signal.h>
#include <string.h>

#define MANY 200 /* more than two frames take */

static const char *const *arguments;
static Running *running;

static void
setup (void)
{
  running = running_new (arguments[1]);
  running_start (running);
}

static void
teardown (void)
{
  running_free (running);
}

static GPtrArray *
sign (const GPtrArray *payloads, char **header, GError **error)
{
  return signer_client_jws (running->client, payloads, PATIENCE, header, error);
}

/* Payloads of very different lengths, as the manifest has them. */
static GPtrArray *
make_payloads (void)
{
  GPtrArray *payloads = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < MANY; i++) {
    g_autofree char *filling = g_strnfill (i * 97 % 9000, 'x');

    g_ptr_array_add (payloads,
                     g_strdup_printf ("{\"version\": 1, \"uniqueId\": \"%04x\", \"x5c\": [\"%s\", "
                                      "-1.5e3, [], {}], \"model\": \"\\u00e9\303\251\"}",
                                      i, filling));
  }
  return payloads;
}

static void
write_elements (const char *path, const GPtrArray *payloads, const GPtrArray *signatures,
                const char *header)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < payloads->len; i++) {
    const char *payload = g_ptr_array_index (payloads, i);
    g_autofree char *encoded = base64url_encode ((const guint8 *)payload, strlen (payload));

    g_string_append_printf (text,
                            "{\"payload\":\"%s\",\"protected\":\"%s\",\"signature\":\"%s\"}\n",
                            encoded, header, (char *)g_ptr_array_index (signatures, i));
  }
  ck_assert (g_file_set_contents (path, text->str, (gssize)text->len, NULL));
}

/* What PyJWT read, or NULL where it refused. */
static char *
read_by_others (const char *path)
{
  g_autofree char *certificate = running_path (running, "station.pem");
  const char *command[] = { arguments[2], arguments[3], path, certificate, NULL };
  char *out = NULL;
  int status;

  ck_assert (g_spawn_sync (NULL, (char **)command, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                           &out, NULL, &status, NULL));
  if (g_spawn_check_wait_status (status, NULL))
    return out;
  g_free (out);
  return NULL;
}

START_TEST (others_verify_what_is_signed)
{
  g_autoptr (GPtrArray) payloads = make_payloads ();
  g_autoptr (GError) problem = NULL;
  g_autofree char *header = NULL;
  g_autoptr (GPtrArray) signatures = sign (payloads, &header, &problem);
  g_autofree char *path = running_path (running, "elements");
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  ck_assert_msg (signatures != NULL, "%s", problem != NULL ? problem->message : "");
  ck_assert_uint_eq (signatures->len, MANY);
  write_elements (path, payloads, signatures, header);
  text = read_by_others (path);
  ck_assert_ptr_nonnull (text);
  lines = g_strsplit (text, "\n", -1);
  ck_assert_uint_eq (g_strv_length (lines), MANY + 1);
  for (guint i = 0; i < MANY; i++)
    ck_assert_str_eq (lines[i], g_ptr_array_index (payloads, i));
}
END_TEST

START_TEST (another_payload_under_a_signature_is_refused)
{
  g_autoptr (GPtrArray) payloads = make_payloads ();
  g_autofree char *header = NULL;
  g_autoptr (GPtrArray) signatures = sign (payloads, &header, NULL);
  g_autofree char *path = running_path (running, "elements");

  g_free (g_ptr_array_index (payloads, MANY - 1));
  g_ptr_array_index (payloads, MANY - 1) = g_strdup ("{\"uniqueId\": \"other\"}");
  write_elements (path, payloads, signatures, header);
  ck_assert_ptr_null (read_by_others (path));
}
END_TEST

static const struct {
  const char *payload;
  gboolean signs;
} payloads_of_all_kinds[] = {
  { "{}", TRUE },
  { "{\"a\":{\"b\":[1,-0.5,2E+7,true,false,null,\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u12aF\"]}}", TRUE },
  { "{ \"a\" : [ ] , \"b\" : { } }", TRUE },
  { "", FALSE },
  { " {}", FALSE },
  { "{} ", FALSE },
  { "{}{}", FALSE },
  { "[]", FALSE },
  { "\"keycradle-log/\"", FALSE },
  { "keycradle-log/00\n1\n", FALSE },
  { "{\"a\":1,}", FALSE },
  { "{\"a\" 1}", FALSE },
  { "{a:1}", FALSE },
  { "{\"a\":01}", FALSE },
  { "{\"a\":1.}", FALSE },
  { "{\"a\":.5}", FALSE },
  { "{\"a\":1e}", FALSE },
  { "{\"a\":+1}", FALSE },
  { "{\"a\":nul}", FALSE },
  { "{\"a\":\"\\x41\"}", FALSE },
  { "{\"a\":\"\\u12g4\"}", FALSE },
  { "{\"a\":\"", FALSE },
  { "{\"a\":\"\\", FALSE },
  { "{\"a\":[1 2]}", FALSE },
  { "{\"a\":\n1}", FALSE },
  { "{\"a\":\"\x7f\"}", FALSE },
  { "{\"a\":\"\xff\"}", FALSE },
  { "{\"a\":[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}", TRUE },
  { "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", FALSE },
};

START_TEST (nothing_but_one_json_object_is_signed)
{
  for (guint i = 0; i < G_N_ELEMENTS (payloads_of_all_kinds); i++) {
    const char *payload = payloads_of_all_kinds[i].payload;
    g_autoptr (GError) problem = NULL;
    const gboolean taken = jws_payload_check (payload, strlen (payload), &problem);

    ck_assert_msg (taken == payloads_of_all_kinds[i].signs, "%s", payload);
    ck_assert (taken || g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF));
  }
}
END_TEST

/* Each time the nearest that is one, and what is beyond it: a megabyte, half. */
START_TEST (a_payload_has_its_bounds)
{
  const gsize large = 1u << 20;
  g_autofree char *text = g_strnfill (large, 'x');
  const gsize most = JWS_PAYLOAD_MOST;

  memcpy (text, "{\"a\":\"", 6);
  memcpy (text + most - 2, "\"}", 2);
  ck_assert (jws_payload_check (text, most, NULL));
  ck_assert (!jws_payload_check (text, most / 2, NULL));
  ck_assert (!jws_payload_check (text, most - 1, NULL));
  ck_assert (!jws_payload_check (text, large, NULL));
  memset (text, '[', large);
  text[0] = '{';
  ck_assert (!jws_payload_check (text, large, NULL));
  ck_assert (!jws_payload_check (text, most, NULL));
}
END_TEST

/* A text as others would have it signed is no payload, so it is never behind our header; and what
 * is behind it begins as nothing else. */
START_TEST (a_signature_is_good_for_nothing_else)
{
  g_autofree char *note =
      signer_client_checkpoint (running->client, TRUE, deadline_in (PATIENCE), NULL);
  g_autoptr (X509) station = running_station (running);
  g_autofree char *header = jws_protected_header (station, NULL);
  g_autofree char *input = jws_signing_input (header, "{}");
  G_GNUC_UNUSED g_autofree char *certificate = NULL;
  g_autoptr (GBytes) attributes = statement_attributes (note, 0, NULL);

  ck_assert_ptr_nonnull (note);
  ck_assert (g_str_has_prefix (input, "eyJ"));
  ck_assert_uint_eq (strspn (input, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                    "-_."),
                     strlen (input));
  ck_assert (g_str_has_prefix (note, "keycradle-log/"));
  ck_assert_int_eq (*(const guint8 *)g_bytes_get_data (attributes, NULL), 0x31);
}
END_TEST

static WireKind
ask (Signer *signer, GPtrArray *payloads)
{
  g_autoptr (GVariant) request = g_variant_ref_sink (
      g_variant_new_strv ((const char *const *)payloads->pdata, (gssize)payloads->len));
  WireKind kind;
  G_GNUC_UNUSED g_autoptr (GVariant) reply =
      g_variant_ref_sink (answer (signer, WIRE_JWS, request, &kind));

  return kind;
}

/* Past the client: the signer judges again, and answers for none of a frame that has a bad one. */
START_TEST (the_signer_judges_again)
{
  g_autofree char *folder = folder_make ();
  g_autoptr (GPtrArray) payloads = g_ptr_array_new ();
  Signer *signer;

  folder_fill (folder, "p-256");
  signer = signer_of (folder);
  ck_assert_int_eq (ask (signer, payloads), WIRE_JWS);
  g_ptr_array_add (payloads, (char *)"{}");
  ck_assert_int_eq (ask (signer, payloads), WIRE_JWS);
  g_ptr_array_add (payloads, (char *)"keycradle-log/00\n1\n");
  ck_assert_int_eq (ask (signer, payloads), WIRE_ERROR);
  g_ptr_array_set_size (payloads, 1);
  while (payloads->len < WIRE_JWS_MOST)
    g_ptr_array_add (payloads, (char *)"{}");
  ck_assert_int_eq (ask (signer, payloads), WIRE_JWS);
  g_ptr_array_add (payloads, (char *)"{}");
  ck_assert_int_eq (ask (signer, payloads), WIRE_ERROR);
  signer_close (signer);
  folder_remove (g_steal_pointer (&folder));
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("jws");
  TCase *cases = tcase_create ("jws");
  SRunner *runner = srunner_create (suite);

  if (argc != 4)
    return 2;
  arguments = (const char *const *)argv;
  tcase_set_timeout (cases, 120);
  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_test (cases, others_verify_what_is_signed);
  tcase_add_test (cases, another_payload_under_a_signature_is_refused);
  tcase_add_test (cases, nothing_but_one_json_object_is_signed);
  tcase_add_test (cases, a_payload_has_its_bounds);
  tcase_add_test (cases, a_signature_is_good_for_nothing_else);
  tcase_add_test (cases, the_signer_judges_again);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  const int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
