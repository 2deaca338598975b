/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver against a shell that follows a list, in small pieces; and the recording.
 */
#include <check.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/driver.h"
#include "tests/unit/drivers/device-key.h"
#include "tests/unit/drivers/scripted.h"
#include "tests/unit/drivers/simulated.h"

#define SOON deadline_in (20000)

/* Bytes that come at once: few enough to cut everything in two somewhere. */
#define PIECE 7
#define PROMPT "\x1b[1;32muart:~$ \x1b[m"
#define RED(text) "\x1b[1;31m" text "\r\n\x1b[m"
#define LOG "[00:00:01.234,567] \x1b[0m<err> net: Error: CSR: none\x1b[0m\r\n"
#define NONCE_HEX "abcd000000000000000000000000000000000000000000000000000000000000"

#define PROMPTED                                                                                   \
  {                                                                                                \
    "\x03", "\r\n" PROMPT                                                                          \
  }
#define TYPED(line, answer)                                                                        \
  {                                                                                                \
    line "\r", line "\r\n" answer PROMPT                                                           \
  }

extern const Driver zephyr_driver;

static const guint8 nonce[PROOF_NONCE_LENGTH] = { 0xab, 0xcd };

typedef struct {
  Transport *transport;
  DriverOptions *options;
  Session *session;
  GError *error;
} Bench;

static void
bench_clear (Bench *bench)
{
  session_close (bench->session);
  transport_free (bench->transport);
  driver_options_free (bench->options);
  g_clear_error (&bench->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bench, bench_clear)

static Bench
bench_open (const Step *steps, const char *option, const char *value)
{
  Bench bench = { .transport = scripted_transport (steps, PIECE),
                  .options = driver_options_new (zephyr_driver.options) };

  if (option != NULL)
    driver_options_set (bench.options, option, value, NULL);
  bench.session = session_open (&zephyr_driver, bench.transport, bench.options, SOON, &bench.error);
  return bench;
}

START_TEST (other_consoles_are_not_zephyrs)
{
  static const Step cases[][3] = {
    { { "\x03", "" } },
    { { "\x03", "\r\n> " } },
    { { "\x03", "\r\nroot@board:~# " } },
    { { "\x03", "^C\r\nboard login: " } },
    { { "\x03", "C0()\n" } },
    { PROMPTED, TYPED ("nrf_cloud_cred", RED ("nrf_cloud_cred: command not found")) },
    { PROMPTED, TYPED ("nrf_cloud_cred", "") },
  };
  static const Step own[] = { PROMPTED,
                              TYPED ("nrf_cloud_cred", "nrf_cloud_cred - nRF Cloud\r\n"),
                              { 0 } };
  gboolean speaks;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    Step steps[4] = { cases[i][0], cases[i][1], cases[i][2], { 0 } };
    g_autoptr (Transport) transport = scripted_transport (steps, PIECE);

    ck_assert (zephyr_driver.probe (transport, &speaks, SOON, NULL));
    ck_assert_msg (!speaks, "case %zu", i);
    ck_assert (scripted_is_through (transport)); /* and nothing else was said */
  }
  g_autoptr (Transport) transport = scripted_transport (own, PIECE);
  ck_assert (zephyr_driver.probe (transport, &speaks, SOON, NULL) && speaks);
}
END_TEST

START_TEST (a_key_that_is_there_makes_way)
{
  static const Step steps[] = {
    PROMPTED,
    TYPED ("nrf_cloud_cred keygen 7", "\x1b[1;33mKey already exists in sec tag 7. Use 'delete' to "
                                      "remove it first.\r\n\x1b[m"),
    TYPED ("nrf_cloud_cred delete 7", LOG "Deleted device key in sec tag 7\r\n"),
    TYPED ("nrf_cloud_cred keygen 7", "Generated device key in sec tag 7\r\n"),
    { 0 }
  };
  g_auto (Bench) bench = bench_open (steps, "SecTag", "7");

  ck_assert (zephyr_driver.generate_key (bench.session, KEY_KIND_P256, SOON, &bench.error));
  ck_assert (scripted_is_through (bench.transport));
}
END_TEST

static void
check_generate_error (const char *answer, DriverError expected)
{
  g_autofree char *says = g_strconcat ("nrf_cloud_cred keygen 16842753\r\n", answer, PROMPT, NULL);
  const Step steps[] = { PROMPTED, { "nrf_cloud_cred keygen 16842753\r", says }, { 0 } };
  g_auto (Bench) bench = bench_open (steps, NULL, NULL);

  ck_assert (!zephyr_driver.generate_key (bench.session, KEY_KIND_P256, SOON, &bench.error));
  ck_assert_msg (g_error_matches (bench.error, DRIVER_ERROR, (int)expected), "%.40s gave: %s",
                 answer, bench.error->message);
}

START_TEST (each_answer_without_a_key_has_its_error)
{
  g_autofree char *flood = g_strnfill (TRANSPORT_ANSWER_MAX + 5000, 'x');

  check_generate_error (RED ("Key generation failed: -5"), DRIVER_ERROR_KEY_GENERATION);
  check_generate_error (RED ("nrf_cloud_cred: command not found"), DRIVER_ERROR_UNSUPPORTED);
  check_generate_error (LOG, DRIVER_ERROR_KEY_GENERATION);
  check_generate_error ("x", DRIVER_ERROR_KEY_GENERATION);
  check_generate_error (".", DRIVER_ERROR_NO_ANSWER); /* ".uart:~$ " is no prompt */
  check_generate_error (flood, DRIVER_ERROR_FLOOD);
  check_generate_error ("-----BEGIN EC PRIVATE KEY-----\r\n", DRIVER_ERROR_PRIVATE_KEY_LEAKED);
}
END_TEST

START_TEST (bytes_that_were_lost_are_noticed)
{
  static const Step steps[] = { PROMPTED,
                                { "nrf_cloud_cred keygen 16842753\r",
                                  "nrf_cloud_cred keygn 16842753\r\nhelp\r\n" PROMPT },
                                { 0 } };
  g_auto (Bench) bench = bench_open (steps, NULL, NULL);

  ck_assert (!zephyr_driver.generate_key (bench.session, KEY_KIND_P256, SOON, &bench.error));
  ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_GARBLED));
}
END_TEST

START_TEST (options_that_make_no_sense_are_named)
{
  static const char *const cases[][2] = { { "SecTag", "0x7" },          { "SecTag", "2147483648" },
                                          { "RootSecTag", "7 CA;" },    { "BufferSize", "0" },
                                          { "BufferSize", "99999999" }, { "SecTag", "" } };
  static const Step steps[] = { PROMPTED, { 0 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Bench) bench = bench_open (steps, cases[i][0], cases[i][1]);

    ck_assert_ptr_null (bench.session);
    ck_assert (g_error_matches (bench.error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED));
    ck_assert_ptr_nonnull (strstr (bench.error->message, cases[i][0]));
  }
}
END_TEST

static gboolean
install_of (gsize length, const char *format, const Step *steps, GError **error)
{
  g_autofree guint8 *der = g_malloc0 (length);
  g_autoptr (GBytes) certificate = g_bytes_new (der, length);
  Credentials credentials = { .certificate = certificate };
  g_auto (Bench) bench = bench_open (steps, "Format", format);

  if (zephyr_driver.install (bench.session, &credentials, SOON, error))
    return TRUE;
  ck_assert (error == NULL || scripted_is_through (bench.transport));
  return FALSE;
}

/* The buffer of 1024 bytes takes 1023 characters: 765 bytes of DER; in PEM, 765 of text. */
START_TEST (what_does_not_fit_is_not_sent)
{
  static const Step nothing[] = { PROMPTED, { 0 } };
  static const Step deleting[] = { PROMPTED,
                                   TYPED ("cred del 16842753 SERV",
                                          RED ("Deleting TLS credential failed with error: -5.")),
                                   { 0 } };
  static const struct {
    gsize length;
    const char *format;
    DriverError expected;
  } cases[] = {
    { 765, "auto", DRIVER_ERROR_REFUSED },    { 766, "auto", DRIVER_ERROR_UNSUPPORTED },
    { 765, "der", DRIVER_ERROR_REFUSED },     { 766, "der", DRIVER_ERROR_UNSUPPORTED },
    { 765, "pem", DRIVER_ERROR_UNSUPPORTED }, { 525, "pem", DRIVER_ERROR_REFUSED },
    { 526, "pem", DRIVER_ERROR_UNSUPPORTED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    gboolean fits = cases[i].expected == DRIVER_ERROR_REFUSED;
    g_autoptr (GError) error = NULL;

    ck_assert (!install_of (cases[i].length, cases[i].format, fits ? deleting : nothing, &error));
    ck_assert_msg (g_error_matches (error, DRIVER_ERROR, (int)cases[i].expected), "%zu %s: %s",
                   cases[i].length, cases[i].format, error->message);
  }
}
END_TEST

#define COMMAND "nrf_cloud_cred csr 16842753 CN=" NONCE_HEX

/* Runs a proof in which the request's command is answered with `answer`. */
static gboolean
run_proof (const char *answer, Proof *proof, GError **error)
{
  g_autofree char *first = g_strndup (COMMAND, 48);
  g_autofree char *rest = g_strconcat (&COMMAND[48], "\r", NULL);
  g_autofree char *says = g_strconcat (&COMMAND[48], "\r\n", answer, PROMPT, NULL);
  const Step steps[] = { PROMPTED, { first, first }, { rest, says }, { 0 } };
  g_auto (Bench) bench = bench_open (steps, NULL, NULL);
  gboolean proved = zephyr_driver.prove (bench.session, nonce, proof, SOON, error);

  ck_assert (scripted_is_through (bench.transport));
  return proved;
}

START_TEST (the_proof_is_a_request_under_the_nonce_as_name)
{
  EVP_PKEY *key = device_key_new ();
  g_autoptr (GBytes) request = device_key_request (key, NONCE_HEX);
  g_autofree char *base64 =
      g_base64_encode (g_bytes_get_data (request, NULL), g_bytes_get_size (request));
  g_autofree char *answer = g_strconcat ("CSR: ", base64, "\r\nCSR generation complete\r\n", NULL);
  g_auto (Proof) proof = { 0 };
  g_autoptr (GError) error = NULL;

  ck_assert (run_proof (answer, &proof, &error));
  ck_assert (device_key_made (key, &proof));
  ck_assert_ptr_nonnull (memmem (g_bytes_get_data (proof.message, NULL),
                                 g_bytes_get_size (proof.message), NONCE_HEX, 64));
  EVP_PKEY_free (key);
}
END_TEST

START_TEST (a_device_without_key_has_no_proof)
{
  static const struct {
    const char *answer;
    DriverError expected;
  } cases[] = {
    { RED ("CSR generation failed: -5"), DRIVER_ERROR_PROOF },
    { "", DRIVER_ERROR_PROOF },
    { "CSR: MAA=\r\n", DRIVER_ERROR_PROOF },
    { "CSR: M!A=\r\n", DRIVER_ERROR_GARBLED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Proof) proof = { 0 };
    g_autoptr (GError) error = NULL;

    ck_assert (!run_proof (cases[i].answer, &proof, &error));
    ck_assert_msg (g_error_matches (error, DRIVER_ERROR, (int)cases[i].expected), "%s",
                   error->message);
    ck_assert_ptr_null (proof.message);
  }
}
END_TEST

START_TEST (a_device_whose_log_talks_in_between_is_replayed)
{
  replay_all_the_way ("zephyr", DRIVER_FOLDER "/recording.txt");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-zephyr");
  TCase *steps = tcase_create ("steps");

  tcase_add_test (steps, other_consoles_are_not_zephyrs);
  tcase_add_test (steps, a_key_that_is_there_makes_way);
  tcase_add_test (steps, each_answer_without_a_key_has_its_error);
  tcase_add_test (steps, bytes_that_were_lost_are_noticed);
  tcase_add_test (steps, options_that_make_no_sense_are_named);
  tcase_add_test (steps, what_does_not_fit_is_not_sent);
  tcase_add_test (steps, the_proof_is_a_request_under_the_nonce_as_name);
  tcase_add_test (steps, a_device_without_key_has_no_proof);
  tcase_add_test (steps, a_device_whose_log_talks_in_between_is_replayed);
  tcase_set_timeout (steps, 30);
  suite_add_tcase (suite, steps);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
