/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Extensions of a ClientHello and MQTT's CONNECT, byte by byte: whole, cut, and wrong.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "station/rehearse/hello.h"
#include "station/rehearse/mqtt.h"
#include "station/rehearse/suites.h"

#define BYTES(text) (const guint8 *)(text), sizeof (text) - 1

/* MQTT 3.1.1: clean session, keep alive 60, client id "SN-1". */
#define CONNECT_311 "\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04SN-1"
/* MQTT 5: keep alive 1200, one property (session expiry), client id "SN-1". */
#define CONNECT_5 "\x10\x16\x00\x04MQTT\x05\x02\x04\xb0\x05\x11\x00\x00\x00\x0a\x00\x04SN-1"
/* 3.1.1 with will, user name and password. */
#define CONNECT_ALL                                                                                \
  "\x10\x1b\x00\x04MQTT\x04\xc6\x00\x3c\x00\x02id\x00\x01t\x00\x02no\x00\x01u\x00\x01p"

static void
clear_request (Request *request)
{
  g_clear_pointer (&request->client_id, g_free);
  g_clear_pointer (&request->problem, g_free);
  memset (request, 0, sizeof *request);
}

START_TEST (connects_of_both_versions_are_read)
{
  Request request = { 0 };

  ck_assert_int_eq (mqtt_read_connect (BYTES (CONNECT_311), &request), MQTT_CONNECT);
  ck_assert_uint_eq (request.level, 4);
  ck_assert_uint_eq (request.keep_alive, 60);
  ck_assert_str_eq (request.client_id, "SN-1");
  ck_assert (request.clean);
  clear_request (&request);
  ck_assert_int_eq (mqtt_read_connect (BYTES (CONNECT_5), &request), MQTT_CONNECT);
  ck_assert_uint_eq (request.level, 5);
  ck_assert_uint_eq (request.keep_alive, 1200);
  ck_assert_str_eq (request.client_id, "SN-1");
  clear_request (&request);
  ck_assert_int_eq (mqtt_read_connect (BYTES (CONNECT_ALL), &request), MQTT_CONNECT);
  ck_assert_str_eq (request.client_id, "id");
  clear_request (&request);
}
END_TEST

START_TEST (a_connect_that_is_cut_waits_for_more)
{
  static const struct {
    const guint8 *data;
    gsize length;
  } whole[] = { { BYTES (CONNECT_311) }, { BYTES (CONNECT_5) }, { BYTES (CONNECT_ALL) } };
  Request request = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (whole); i++)
    for (gsize length = 0; length < whole[i].length; length++) {
      g_autofree guint8 *cut = g_memdup2 (whole[i].data, length);
      ck_assert_int_eq (mqtt_read_connect (cut, length, &request), MQTT_UNFINISHED);
    }
  clear_request (&request);
}
END_TEST

static const struct {
  const guint8 *data;
  gsize length;
  const char *problem;
} wrong_ones[] = {
  { BYTES ("\x30\x00"), "an MQTT client's first packet is CONNECT" },
  { BYTES ("\x10\xff\xff\xff\xff"), "it is longer than 128 KiB" },
  { BYTES ("\x10\x81\x80\x08"), "it is longer than 128 KiB" },
  { BYTES ("\x10\x10\x00\x04MQTX\x04\x02\x00\x3c\x00\x04SN-1"),
    "its protocol name is not \"MQTT\"" },
  { BYTES ("\x10\x08\x00\x04MQTT\x04\x02"), "it ends before its keep alive" },
  { BYTES ("\x10\x10\x00\x04MQTT\x04\x03\x00\x3c\x00\x04SN-1"),
    "its connect flags contradict each other" },
  { BYTES ("\x10\x10\x00\x04MQTT\x04\x42\x00\x3c\x00\x04SN-1"),
    "its connect flags contradict each other" },
  { BYTES ("\x10\x10\x00\x04MQTT\x04\x82\x00\x3c\x00\x04SN-1"),
    "its payload is not what its connect flags announce" },
  { BYTES ("\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x04SN-1x"),
    "its payload is not what its connect flags announce" },
  { BYTES ("\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x05SN-1"),
    "its payload is not what its connect flags announce" },
  { BYTES ("\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04SN-\xff"), "its client id is not UTF-8" },
  { BYTES ("\x10\x0c\x00\x04MQTT\x05\x02\x00\x3c\x7f\x00"),
    "its properties are longer than it is" },
};

START_TEST (what_is_no_connect_is_named)
{
  Request request = { 0 };

  ck_assert_int_eq (mqtt_read_connect (wrong_ones[_i].data, wrong_ones[_i].length, &request),
                    MQTT_WRONG);
  ck_assert_int_eq (request.kind, REQUEST_MQTT_WRONG);
  ck_assert_str_eq (request.problem, wrong_ones[_i].problem);
  clear_request (&request);
}
END_TEST

START_TEST (hostile_client_ids_are_made_safe)
{
  Request request = { 0 };

  ck_assert_int_eq (
      mqtt_read_connect (BYTES ("\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04\x1b[2J"), &request),
      MQTT_CONNECT);
  ck_assert_str_eq (request.client_id, "?[2J");
  clear_request (&request);
}
END_TEST

static void
expect_bytes (GBytes *bytes, const guint8 *data, gsize length)
{
  ck_assert_uint_eq (g_bytes_get_size (bytes), length);
  ck_assert_mem_eq (g_bytes_get_data (bytes, NULL), data, length);
  g_bytes_unref (bytes);
}

START_TEST (each_version_gets_its_own_answer)
{
  expect_bytes (mqtt_connack (4, TRUE), BYTES ("\x20\x02\x00\x00"));
  expect_bytes (mqtt_connack (4, FALSE), BYTES ("\x20\x02\x00\x05"));
  expect_bytes (mqtt_connack (3, TRUE), BYTES ("\x20\x02\x00\x01"));
  expect_bytes (mqtt_connack (5, TRUE), BYTES ("\x20\x03\x00\x00\x00"));
  expect_bytes (mqtt_connack (5, FALSE), BYTES ("\x20\x03\x00\x87\x00"));
  expect_bytes (mqtt_connack (6, TRUE), BYTES ("\x20\x03\x00\x84\x00"));
}
END_TEST

/* ---- ClientHello ---- */

START_TEST (extensions_are_read)
{
  g_autoptr (Try) one = try_new ();
  Hello *hello = &one->hello;

  ck_assert (hello_take_extension (hello, HELLO_SERVER_NAME,
                                   BYTES ("\x00\x06\x00\x00\x03"
                                          "a.b")));
  ck_assert_str_eq (hello->server_name, "a.b");
  ck_assert (hello_take_extension (hello, HELLO_ALPN, BYTES ("\x00\x06\x02h2\x02h3")));
  ck_assert_uint_eq (hello->protocols->len, 2);
  ck_assert_str_eq (g_ptr_array_index (hello->protocols, 1), "h3");
  ck_assert (hello_take_extension (hello, HELLO_SUPPORTED_VERSIONS,
                                   BYTES ("\x06\x3a\x3a\x03\x04\x03\x03")));
  ck_assert_uint_eq (hello->versions->len, 2); /* GREASE is none */
  ck_assert_uint_eq (hello_newest_version (hello), 0x0304);
  ck_assert (hello_take_extension (hello, HELLO_SIGNATURE_ALGORITHMS, BYTES ("\x00\x02\x04\x01")));
  ck_assert (numbers_have (hello->signatures, 0x0401));
  ck_assert (hello_take_extension (hello, 0x1234, BYTES ("whatever")));
  ck_assert (hello_take_suites (hello, BYTES ("\x13\x01\xc0\x2b")));
  ck_assert (numbers_have (hello->suites, 0xc02b));
}
END_TEST

static const struct {
  guint type;
  const guint8 *data;
  gsize length;
} damaged[] = {
  { HELLO_SERVER_NAME, BYTES ("\x00\x06\x00\x00\x04"
                              "a.b") },
  { HELLO_SERVER_NAME, BYTES ("\x00\x06\x01\x00\x03"
                              "a.b") },
  { HELLO_SERVER_NAME, BYTES ("") },
  { HELLO_ALPN, BYTES ("\x00\x06\x02h2\x03h3") },
  { HELLO_SUPPORTED_VERSIONS, BYTES ("\x03\x03\x04\x03") },
  { HELLO_SIGNATURE_ALGORITHMS, BYTES ("\x00\x04\x04\x01") },
  { HELLO_SUPPORTED_GROUPS, BYTES ("\x00\x02\x00\x17\x00") },
};

START_TEST (damaged_extensions_are_told_from_whole_ones)
{
  g_autoptr (Try) one = try_new ();

  ck_assert (
      !hello_take_extension (&one->hello, damaged[_i].type, damaged[_i].data, damaged[_i].length));
}
END_TEST

START_TEST (a_hostile_server_name_is_no_endpoint)
{
  g_autoptr (Try) one = try_new ();

  ck_assert (hello_take_extension (&one->hello, HELLO_SERVER_NAME,
                                   BYTES ("\x00\x06\x00\x00\x03"
                                          "a\0b")));
  ck_assert_str_eq (one->hello.server_name, "a?b");
}
END_TEST

/* A megabyte, nothing, half: of an extension, the suites and a CONNECT. */
START_TEST (sizes_that_no_device_has)
{
  const gsize large = 1u << 20;
  g_autofree guint8 *bytes = g_malloc (large);
  const guint types[] = { HELLO_SERVER_NAME,          HELLO_SUPPORTED_GROUPS,
                          HELLO_SIGNATURE_ALGORITHMS, HELLO_ALPN,
                          HELLO_SUPPORTED_VERSIONS,   HELLO_SIGNATURE_ALGORITHMS_CERT };
  g_autoptr (Try) one = try_new ();
  Request request = { 0 };

  memset (bytes, 0x7f, large);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    ck_assert (!hello_take_extension (&one->hello, types[i], bytes, large));
    ck_assert (!hello_take_extension (&one->hello, types[i], bytes, 0));
    ck_assert (!hello_take_extension (&one->hello, types[i], bytes, 1));
  }
  ck_assert (!hello_take_suites (&one->hello, bytes, 3));
  memset (bytes, 0, large);
  memcpy (bytes, CONNECT_311, sizeof CONNECT_311 - 1);
  ck_assert_int_eq (mqtt_read_connect (bytes, large, &request), MQTT_CONNECT);
  ck_assert_str_eq (request.client_id, "SN-1");
  clear_request (&request);
  bytes[0] = 0x30;
  ck_assert_int_eq (mqtt_read_connect (bytes, large, &request), MQTT_WRONG);
  clear_request (&request);
}
END_TEST

/* The list of AWS has 18 suites of TLS 1.2 (9 by ECDHE-RSA and RSA each way) and 3 of TLS 1.3. */
START_TEST (the_suites_are_aws_own)
{
  g_autofree char *names = aws_suite_names (0x0303);
  g_auto (GStrv) each = g_strsplit (names, ":", -1);
  guint fixed = 0;

  ck_assert_uint_eq (g_strv_length (each), 18);
  for (const CipherSuite *suite = aws_suites; suite->name != NULL; suite++) {
    fixed += suite->fixed_rsa ? 1 : 0;
    ck_assert_ptr_eq (aws_suite_find (suite->number), suite);
  }
  ck_assert_uint_eq (fixed, 6);
  ck_assert_ptr_null (aws_suite_find (0xcca9));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("rehearse-wire");
  TCase *mqtt = tcase_create ("mqtt");
  TCase *hello = tcase_create ("hello");
  SRunner *runner = srunner_create (suite);

  tcase_add_test (mqtt, connects_of_both_versions_are_read);
  tcase_add_test (mqtt, a_connect_that_is_cut_waits_for_more);
  tcase_add_loop_test (mqtt, what_is_no_connect_is_named, 0, G_N_ELEMENTS (wrong_ones));
  tcase_add_test (mqtt, hostile_client_ids_are_made_safe);
  tcase_add_test (mqtt, each_version_gets_its_own_answer);
  tcase_add_test (hello, extensions_are_read);
  tcase_add_loop_test (hello, damaged_extensions_are_told_from_whole_ones, 0,
                       G_N_ELEMENTS (damaged));
  tcase_add_test (hello, a_hostile_server_name_is_no_endpoint);
  tcase_add_test (hello, sizes_that_no_device_has);
  tcase_add_test (hello, the_suites_are_aws_own);
  suite_add_tcase (suite, mqtt);
  suite_add_tcase (suite, hello);
  srunner_run_all (runner, CK_ENV);
  const int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
