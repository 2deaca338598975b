/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every rule of a rehearsal: what it must say, beside a near twin to which it must not.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "station/rehearse/judge.h"

#define ENDPOINT "a1b2c3-ats.iot.eu-west-1.amazonaws.com"
#define NOW 1800000000

static Terms terms;

static void
set_numbers (GArray *list, const guint16 *numbers, guint count)
{
  g_array_set_size (list, 0);
  g_array_append_vals (list, numbers, count);
}

#define SET(list, ...)                                                                             \
  set_numbers (list, (const guint16[]){ __VA_ARGS__ },                                             \
               sizeof ((const guint16[]){ __VA_ARGS__ }) / sizeof (guint16))

static void
set_text (char **text, const char *value)
{
  g_free (*text);
  *text = g_strdup (value);
}

static void
make_hello (Hello *hello)
{
  hello->came = TRUE;
  hello->version = 0x0303;
  SET (hello->versions, 0x0304, 0x0303);
  SET (hello->suites, 0x1301, 0xc02b, 0xc02f);
  g_ptr_array_add (hello->suite_names, g_strdup ("TLS_AES_128_GCM_SHA256"));
  SET (hello->signatures, 0x0403, 0x0401, 0x0804);
  SET (hello->groups, 23, 29);
  hello->server_name = g_strdup (ENDPOINT);
}

/* A device that is admitted without a word. */
static Try *
make_good (void)
{
  Try *one = try_new ();

  terms = (Terms){ .endpoint = ENDPOINT,
                   .target = "production",
                   .has_rsa = TRUE,
                   .has_ecdsa = TRUE,
                   .now = NOW,
                   .seconds = 60 };
  make_hello (&one->hello);
  one->handshake.stage = TRY_SECURED;
  one->handshake.server = SERVER_ECDSA;
  one->handshake.certificate_came = TRUE;
  one->handshake.key_proven = TRUE;
  one->shown.der = g_bytes_new_static ("der", 3);
  one->shown.count = 1;
  one->shown.sha256 = g_strdup ("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
  one->shown.subject = g_strdup ("CN=SN-1");
  one->shown.issuer = g_strdup ("CN=CA");
  one->shown.key = g_strdup ("EC P-256");
  one->shown.key_sufficient = TRUE;
  one->shown.not_before = NOW - 1000;
  one->shown.not_after = NOW + 1000;
  one->known.found = TRUE;
  one->known.device = g_strdup ("SN-1");
  one->known.verified = TRUE;
  one->known.demands_signer = TRUE;
  one->known.signer = g_strdup ("line");
  one->known.signer_status = g_strdup ("ACTIVE");
  one->known.status = g_strdup ("ACTIVE");
  one->request.kind = REQUEST_MQTT;
  one->request.level = 4;
  one->request.client_id = g_strdup ("SN-1");
  one->request.clean = TRUE;
  return one;
}

typedef void (*Change) (Try *one);

/* ---- the ClientHello ---- */

static void
tls11 (Try *one)
{
  SET (one->hello.versions, 0x0302, 0x0301);
}
static void
tls12_alone (Try *one)
{
  g_array_set_size (one->hello.versions, 0);
}
static void
chacha_of_12 (Try *one)
{
  SET (one->hello.suites, 0xcca9, 0xccaa);
}
static void
one_old_suite (Try *one)
{
  SET (one->hello.suites, 0xcca9, 0x0035);
}
static void
ecdsa_suites_to_rsa (Try *one)
{
  terms.has_ecdsa = FALSE;
  SET (one->hello.versions, 0x0303);
  SET (one->hello.suites, 0xc02b);
}
static void
both_suites_to_rsa (Try *one)
{
  terms.has_ecdsa = FALSE;
  SET (one->hello.versions, 0x0303);
  SET (one->hello.suites, 0xc02b, 0xc013);
}
static void
no_signatures (Try *one)
{
  g_array_set_size (one->hello.signatures, 0);
}
static void
sha384_signatures (Try *one)
{
  SET (one->hello.signatures, 0x0503, 0x0501);
}
static void
rsa_signatures (Try *one)
{
  SET (one->hello.signatures, 0x0401);
}
static void
ecdsa_signatures (Try *one)
{
  SET (one->hello.signatures, 0x0403);
}
static void
ecdsa_signatures_to_rsa (Try *one)
{
  terms.has_ecdsa = FALSE;
  ecdsa_signatures (one);
}
static void
rsa_signatures_to_rsa (Try *one)
{
  terms.has_ecdsa = FALSE;
  rsa_signatures (one);
}
static void
brainpool (Try *one)
{
  SET (one->hello.groups, 26, 27);
}
static void
brainpool_and_fixed_rsa (Try *one)
{
  brainpool (one);
  SET (one->hello.suites, 0x009c);
}
static void
no_name (Try *one)
{
  g_clear_pointer (&one->hello.server_name, g_free);
}
static void
upper_name (Try *one)
{
  set_text (&one->hello.server_name, "A1B2C3-ATS.iot.eu-west-1.amazonaws.com");
}
static void
address_name (Try *one)
{
  set_text (&one->hello.server_name, "192.0.2.10");
}
static void
short_name (Try *one)
{
  set_text (&one->hello.server_name, "a1b2c3-ats.iot");
}
static void
half_label (Try *one)
{
  set_text (&one->hello.server_name, "a1b2");
}
static void
dotted_name (Try *one)
{
  set_text (&one->hello.server_name, ENDPOINT ".");
}
static void
legacy_name (Try *one)
{
  set_text (&one->hello.server_name, "a1b2c3.iot.eu-west-1.amazonaws.com");
}
static void
other_name (Try *one)
{
  set_text (&one->hello.server_name, "x9y8z7-ats.iot.eu-west-1.amazonaws.com");
}
static void
no_alpn (Try *one)
{
  terms.port_443 = TRUE;
}
static void
mqtt_alpn (Try *one)
{
  terms.port_443 = TRUE;
  g_ptr_array_add (one->hello.protocols, g_strdup ("h2"));
  g_ptr_array_add (one->hello.protocols, g_strdup ("x-amzn-mqtt-ca"));
}
static void
h2_alpn (Try *one)
{
  terms.port_443 = TRUE;
  g_ptr_array_add (one->hello.protocols, g_strdup ("h2"));
}
static void
h2_elsewhere (Try *one)
{
  g_ptr_array_add (one->hello.protocols, g_strdup ("h2"));
}

/* ---- the connection ---- */

static void
nothing (Try *one)
{
}
static void
break_off (Try *one, TryStage stage, TryStop stop)
{
  one->handshake.stage = stage;
  one->handshake.stop = stop;
  one->handshake.certificate_came = FALSE;
  one->request.kind = REQUEST_NONE;
  g_clear_pointer (&one->shown.der, g_bytes_unref);
}
static void
silent (Try *one)
{
  one->hello.came = FALSE;
  break_off (one, TRY_SILENT, TRY_TOO_SLOW);
}
static void
plain_mqtt (Try *one)
{
  one->hello.came = FALSE;
  break_off (one, TRY_NOT_TLS, TRY_RAN);
  memcpy (one->handshake.first, "\x10\x20", 2);
  one->handshake.n_first = 2;
}
static void
cut_hello (Try *one)
{
  one->hello.came = FALSE;
  break_off (one, TRY_BEGUN, TRY_LEFT);
}
static void
leave (Try *one)
{
  break_off (one, TRY_BEGUN, TRY_LEFT);
  one->handshake.server = SERVER_NONE;
}
static void
leave_after_chain (Try *one)
{
  break_off (one, TRY_BEGUN, TRY_LEFT);
}
static void
slow (Try *one)
{
  break_off (one, TRY_BEGUN, TRY_TOO_SLOW);
}
static void
push_out (Try *one)
{
  break_off (one, TRY_BEGUN, TRY_PUSHED_OUT);
}
static void
unexplained (Try *one)
{
  break_off (one, TRY_BEGUN, TRY_REFUSED);
  set_text (&one->handshake.problem, "bad packet length");
}
static void
tls11_refused (Try *one)
{
  unexplained (one);
  tls11 (one);
}
static void
alert (Try *one, int number)
{
  break_off (one, TRY_BEGUN, TRY_ALERTED);
  one->handshake.alert = number;
}

/* ---- the certificate ---- */

static void
no_certificate (Try *one)
{
  g_clear_pointer (&one->shown.der, g_bytes_unref);
}
static void
ca_first (Try *one)
{
  one->shown.is_authority = TRUE;
}
static void
weak_key (Try *one)
{
  one->shown.key_sufficient = FALSE;
}
static void
expired (Try *one)
{
  one->shown.not_after = NOW - 1;
}
static void
last_second (Try *one)
{
  one->shown.not_after = NOW;
}
static void
early (Try *one)
{
  one->shown.not_before = NOW + 1;
}
static void
first_second (Try *one)
{
  one->shown.not_before = NOW;
}
static void
other_key (Try *one)
{
  one->handshake.stage = TRY_BEGUN;
  one->handshake.stop = TRY_REFUSED;
  one->handshake.signature_wrong = TRUE;
}
static void
unsigned_by_us (Try *one)
{
  g_clear_pointer (&one->known.signer, g_free);
}
static void
unsigned_but_alone (Try *one)
{
  unsigned_by_us (one);
  one->known.demands_signer = FALSE;
}
static void
signed_itself (Try *one)
{
  unsigned_by_us (one);
  one->shown.self_signed = TRUE;
}
static void
ca_elsewhere (Try *one)
{
  set_text (&one->known.signer_status, "none");
}
static void
ca_asleep (Try *one)
{
  set_text (&one->known.signer_status, "INACTIVE");
}
static void
ca_not_asked (Try *one)
{
  g_clear_pointer (&one->known.signer_status, g_free);
}
static void
unknown (Try *one)
{
  one->known.found = FALSE;
  g_clear_pointer (&one->known.status, g_free);
}
static void
voided (Try *one)
{
  one->known.is_void = TRUE;
  one->known.verified = FALSE;
  set_text (&one->known.void_reason, "returned");
}
static void
unverified (Try *one)
{
  one->known.verified = FALSE;
}
static void
no_target (Try *one)
{
  terms.target = NULL;
  g_clear_pointer (&one->known.status, g_free);
}
static void
status_none (Try *one)
{
  set_text (&one->known.status, "none");
}
static void
status_inactive (Try *one)
{
  set_text (&one->known.status, "INACTIVE");
}
static void
status_revoked (Try *one)
{
  set_text (&one->known.status, "REVOKED");
}
static void
status_transfer (Try *one)
{
  set_text (&one->known.status, "PENDING_TRANSFER");
}
static void
status_activation (Try *one)
{
  set_text (&one->known.status, "PENDING_ACTIVATION");
}
static void
status_new (Try *one)
{
  set_text (&one->known.status, "ARCHIVED");
}
static void
away (Try *one)
{
  set_text (&one->known.problem, "keycradled does not answer.");
}

/* ---- the request ---- */

static void
wrong_packet (Try *one)
{
  one->request.kind = REQUEST_MQTT_WRONG;
  set_text (&one->request.problem, "it is longer than 128 KiB");
}
static void
mqtt31 (Try *one)
{
  one->request.level = 3;
}
static void
mqtt5 (Try *one)
{
  one->request.level = 5;
}
static void
nameless_session (Try *one)
{
  set_text (&one->request.client_id, "");
  one->request.clean = FALSE;
}
static void
nameless_clean (Try *one)
{
  set_text (&one->request.client_id, "");
}
static void
long_id (Try *one)
{
  g_free (one->request.client_id);
  one->request.client_id = g_strnfill (129, 'a');
}
static void
longest_id (Try *one)
{
  g_free (one->request.client_id);
  one->request.client_id = g_strnfill (128, 'a');
}
static void
other_id (Try *one)
{
  set_text (&one->request.client_id, "SN-2");
}
static void
coap (Try *one)
{
  one->request.kind = REQUEST_OTHER;
}
static void
http (Try *one)
{
  one->request.kind = REQUEST_HTTP;
}

static const struct {
  const char *code;
  Change wrong;
  Change twin;
} cases[] = {
  { "version-old", tls11, tls12_alone },
  { "suites-other", chacha_of_12, one_old_suite },
  { "suites-chain", ecdsa_suites_to_rsa, both_suites_to_rsa },
  { "signatures-missing", no_signatures, rsa_signatures },
  { "signatures-other", sha384_signatures, rsa_signatures },
  { "signatures-other", ecdsa_signatures_to_rsa, rsa_signatures_to_rsa },
  { "groups-other", brainpool, brainpool_and_fixed_rsa },
  { "server-name-missing", no_name, upper_name },
  { "server-name-address", address_name, nothing },
  { "server-name-short", short_name, half_label },
  { "server-name-dot", dotted_name, nothing },
  { "server-name-legacy", legacy_name, other_name },
  { "server-name-other", other_name, upper_name },
  { "server-name-other", half_label, nothing },
  { "protocol-missing", no_alpn, mqtt_alpn },
  { "protocol-other", h2_alpn, h2_elsewhere },
  { "silent", silent, cut_hello },
  { "no-tls", plain_mqtt, silent },
  { "hello-cut", cut_hello, leave },
  { "left", leave, leave_after_chain },
  { "left-after-chain", leave_after_chain, leave },
  { "too-slow", slow, leave },
  { "pushed-out", push_out, slow },
  { "handshake-failed", unexplained, tls11_refused },
  { "certificate-missing", no_certificate, nothing },
  { "certificate-ca", ca_first, nothing },
  { "certificate-key", weak_key, nothing },
  { "certificate-expired", expired, last_second },
  { "certificate-early", early, first_second },
  { "key-other", other_key, nothing },
  { "certificate-issuer", unsigned_by_us, unsigned_but_alone },
  { "certificate-self-signed", signed_itself, unsigned_by_us },
  { "ca-unregistered", ca_elsewhere, ca_not_asked },
  { "ca-inactive", ca_asleep, ca_not_asked },
  { "certificate-unknown", unknown, nothing },
  { "certificate-void", voided, unverified },
  { "certificate-unverified", unverified, voided },
  { "status-none", status_none, no_target },
  { "status-inactive", status_inactive, nothing },
  { "status-revoked", status_revoked, nothing },
  { "status-pending-transfer", status_transfer, nothing },
  { "status-pending-activation", status_activation, nothing },
  { "status-other", status_new, status_revoked },
  { "registry-away", away, nothing },
  { "mqtt-wrong", wrong_packet, nothing },
  { "mqtt-level", mqtt31, mqtt5 },
  { "client-id-missing", nameless_session, nameless_clean },
  { "client-id-long", long_id, longest_id },
};

/* They let the device in. */
static const struct {
  const char *code;
  Change said;
  Change twin;
} notes[] = {
  { "signatures-ecdsa", ecdsa_signatures, rsa_signatures },
  { "client-id-other", other_id, nothing },
  { "request-other", coap, http },
};

static gboolean
says (const GPtrArray *remarks, const char *code)
{
  for (guint i = 0; i < remarks->len; i++) {
    const Remark *remark = g_ptr_array_index (remarks, i);
    ck_assert_msg (g_str_has_suffix (remark->wrong, ".") || strstr (remark->wrong, ": ") != NULL,
                   "no sentence: %s", remark->wrong);
    ck_assert_msg (g_str_has_suffix (remark->change, "."), "no sentence: %s", remark->change);
    if (g_str_equal (remark->code, code))
      return TRUE;
  }
  return FALSE;
}

static GPtrArray *
judge_changed (Change change)
{
  g_autoptr (Try) one = make_good ();

  change (one);
  return judge_try (&terms, one);
}

START_TEST (a_good_device_is_admitted_without_a_word)
{
  g_autoptr (GPtrArray) remarks = judge_changed (nothing);

  ck_assert_uint_eq (remarks->len, 0);
  ck_assert (remarks_admit (remarks));
}
END_TEST

START_TEST (what_is_wrong_is_said_and_refused)
{
  g_autoptr (GPtrArray) remarks = judge_changed (cases[_i].wrong);

  ck_assert_msg (says (remarks, cases[_i].code), "%s is not said", cases[_i].code);
  ck_assert_msg (!remarks_admit (remarks), "%s is admitted", cases[_i].code);
}
END_TEST

START_TEST (a_near_twin_hears_nothing_of_it)
{
  g_autoptr (GPtrArray) remarks = judge_changed (cases[_i].twin);

  ck_assert_msg (!says (remarks, cases[_i].code), "%s is said of its twin", cases[_i].code);
}
END_TEST

START_TEST (a_note_lets_the_device_in)
{
  g_autoptr (GPtrArray) said = judge_changed (notes[_i].said);
  g_autoptr (GPtrArray) twin = judge_changed (notes[_i].twin);

  ck_assert_msg (says (said, notes[_i].code), "%s is not said", notes[_i].code);
  ck_assert (remarks_admit (said));
  ck_assert (!says (twin, notes[_i].code));
}
END_TEST

/* Of one cause, nothing is said twice: what follows from it is left out. */
START_TEST (an_old_version_is_the_only_thing_said)
{
  g_autoptr (Try) one = make_good ();
  g_autoptr (GPtrArray) remarks = NULL;

  break_off (one, TRY_BEGUN, TRY_REFUSED);
  tls11 (one);
  chacha_of_12 (one);
  no_signatures (one);
  remarks = judge_try (&terms, one);
  ck_assert_uint_eq (remarks->len, 1);
  ck_assert_str_eq (((Remark *)g_ptr_array_index (remarks, 0))->code, "version-old");
}
END_TEST

static const struct {
  int number;
  const char *code;
} alert_codes[] = {
  { 20, "alert-bad-record-mac" },
  { 22, "alert-record-overflow" },
  { 40, "alert-handshake-failure" },
  { 42, "alert-bad-certificate" },
  { 43, "alert-unsupported-certificate" },
  { 44, "alert-certificate-revoked" },
  { 45, "alert-certificate-expired" },
  { 46, "alert-certificate-unknown" },
  { 47, "alert-illegal-parameter" },
  { 48, "alert-unknown-ca" },
  { 50, "alert-decode-error" },
  { 51, "alert-decrypt-error" },
  { 70, "alert-protocol-version" },
  { 71, "alert-insufficient-security" },
  { 80, "alert-internal-error" },
  { 90, "alert-user-canceled" },
  { 99, "alert-other" },
  { 109, "alert-missing-extension" },
  { 110, "alert-unsupported-extension" },
};

START_TEST (each_alert_is_explained)
{
  g_autoptr (Try) one = make_good ();
  g_autoptr (GPtrArray) remarks = NULL;

  alert (one, alert_codes[_i].number);
  remarks = judge_try (&terms, one);
  ck_assert_uint_eq (remarks->len, 1);
  ck_assert (says (remarks, alert_codes[_i].code));
  one->handshake.alert = 0; /* close_notify is no complaint */
  g_clear_pointer (&remarks, g_ptr_array_unref);
  remarks = judge_try (&terms, one);
  ck_assert (!says (remarks, alert_codes[_i].code));
}
END_TEST

START_TEST (a_missing_root_is_named_by_its_kind)
{
  g_autoptr (Try) one = make_good ();
  g_autoptr (GPtrArray) ecdsa = NULL;
  g_autoptr (GPtrArray) rsa = NULL;

  terms.roots = "/roots";
  alert (one, 48);
  ecdsa = judge_try (&terms, one);
  one->handshake.server = SERVER_RSA;
  rsa = judge_try (&terms, one);
  ck_assert_ptr_nonnull (strstr (((Remark *)ecdsa->pdata[0])->change, "Amazon Root CA 3"));
  ck_assert_ptr_nonnull (
      strstr (((Remark *)ecdsa->pdata[0])->change, "/roots/rehearsal-ecdsa.pem"));
  ck_assert_ptr_nonnull (strstr (((Remark *)rsa->pdata[0])->change, "Amazon Root CA 1"));
  ck_assert_ptr_nonnull (strstr (((Remark *)rsa->pdata[0])->change, "/roots/rehearsal-rsa.pem"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("rehearse-judge");
  TCase *rules = tcase_create ("rules");
  SRunner *runner = srunner_create (suite);

  tcase_add_test (rules, a_good_device_is_admitted_without_a_word);
  tcase_add_loop_test (rules, what_is_wrong_is_said_and_refused, 0, G_N_ELEMENTS (cases));
  tcase_add_loop_test (rules, a_near_twin_hears_nothing_of_it, 0, G_N_ELEMENTS (cases));
  tcase_add_loop_test (rules, a_note_lets_the_device_in, 0, G_N_ELEMENTS (notes));
  tcase_add_test (rules, an_old_version_is_the_only_thing_said);
  tcase_add_loop_test (rules, each_alert_is_explained, 0, G_N_ELEMENTS (alert_codes));
  tcase_add_test (rules, a_missing_root_is_named_by_its_kind);
  suite_add_tcase (suite, rules);
  srunner_run_all (runner, CK_ENV);
  const int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
