/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A ticket's text: read strictly, and written so that it reads as the same.
 */
#include "base/encode.h"
#include "ca/proof/ticket.h"

#include <check.h>
#include <string.h>

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OTHER "00000000000000000000000000000000000000000000000000000000000000ff"

static const char good[] = "[ticket]\n"
                           "Version=1\n"
                           "Number=7\n"
                           "Batch=B-2026-47\n"
                           "Profile=sensor\n"
                           "Count=500\n"
                           "Station=" HASH "\n"
                           "Ca=" OTHER "\n"
                           "NotBefore=2026-11-20T00:00:00Z\n"
                           "NotAfter=2026-12-31T23:59:59Z\n"
                           "LogSize=1234\n"
                           "LogRoot=" HASH "\n";

static Ticket *
parse (const char *text)
{
  GError *problem = NULL;
  Ticket *ticket = ticket_parse (text, &problem);

  ck_assert_msg (ticket != NULL, "%s", problem != NULL ? problem->message : "");
  return ticket;
}

/* `good` with one piece of it replaced. */
static char *
changed (const char *from, const char *to)
{
  g_auto (GStrv) pieces = g_strsplit (good, from, 2);

  ck_assert_uint_eq (g_strv_length (pieces), 2);
  return g_strjoinv (to, pieces);
}

START_TEST (test_the_documented_ticket_is_read)
{
  g_autoptr (Ticket) ticket = parse (good);
  g_autofree char *root = hex_encode (ticket->log_root, MERKLE_HASH);

  ck_assert_uint_eq (ticket->number, 7);
  ck_assert_str_eq (ticket->batch, "B-2026-47");
  ck_assert_str_eq (ticket->profile, "sensor");
  ck_assert_ptr_null (ticket->profile_sha256);
  ck_assert_uint_eq (ticket->count, 500);
  ck_assert_str_eq (ticket->station, HASH);
  ck_assert_str_eq (ticket->ca, OTHER);
  ck_assert_int_eq (ticket->not_before, 1795132800);
  ck_assert_int_eq (ticket->not_after, 1798761599);
  ck_assert_uint_eq (ticket->log_size, 1234);
  ck_assert_str_eq (root, HASH);
  ck_assert (!ticket->clock_reset);
  ck_assert_ptr_null (ticket->note);
  ck_assert_ptr_null (ticket->tpm);
}
END_TEST

START_TEST (test_what_may_stand_beside_is_read_and_written)
{
  g_autofree char *text = g_strconcat (good,
                                       "ProfileSha256=" OTHER "\nClockReset=yes\n"
                                       "Note=\\sfür Linie 2 \\\\o/\n"
                                       "[tpm]\nFrom=1230\nLimit=1730\nSignature=AAEC/w==\n",
                                       NULL);
  g_autoptr (Ticket) ticket = parse (text);
  g_autofree char *written = ticket_text (ticket);
  g_autoptr (Ticket) again = parse (written);
  g_autofree char *rewritten = ticket_text (again);

  ck_assert_str_eq (ticket->profile_sha256, OTHER);
  ck_assert (ticket->clock_reset);
  ck_assert_str_eq (ticket->note, " für Linie 2 \\o/");
  ck_assert_uint_eq (ticket->tpm->from, 1230);
  ck_assert_uint_eq (ticket->tpm->limit, 1730);
  ck_assert_uint_eq (g_bytes_get_size (ticket->tpm->signature), 4);
  ck_assert_str_eq (written, rewritten);
  ck_assert_str_eq (again->note, ticket->note);
  ck_assert (g_bytes_equal (again->tpm->signature, ticket->tpm->signature));
}
END_TEST

/* openssl cms -sign without -binary makes CRLF of each line end. */
START_TEST (test_line_ends_may_be_those_of_mail)
{
  g_auto (GStrv) lines = g_strsplit (good, "\n", -1);
  g_autofree char *text = g_strjoinv ("\r\n", lines);
  g_autoptr (Ticket) ticket = parse (text);
  g_autofree char *written = ticket_text (ticket);

  ck_assert_str_eq (written, good);
}
END_TEST

static const struct {
  const char *from;
  const char *to;
  const char *twin;
} cases[] = {
  { "Version=1\n", "Version=2\n", "Version=1\n\n" },
  { "Version=1\n", "", "# by hand\nVersion=1\n" },
  { "Version=1\n", "Version=01\n", "Version = 1\n" },
  { "[ticket]", "[report]", "[ticket] " },
  { "[ticket]", "", "\n[ticket]" },
  { "Number=7", "Number=0", "Number=1" },
  { "Number=7", "Number=07", "Number=70" },
  { "Number=7", "Number=-7", "Number=9223372036854775807" },
  { "Number=7", "Number=9223372036854775808", "Number=7 " },
  { "Number=7", "Number=7\nNumber=8", "Number=8" },
  { "Number=7", "Number=0x7", "Number=10" },
  { "Number=7\n", "", "Number=7\nNote=\n" },
  { "Batch=B-2026-47", "Batch=", "Batch=B" },
  { "Batch=B-2026-47", "Batch=B 47", "Batch=B.47" },
  { "Batch=B-2026-47", "Batch=-", "Batch=0" },
  { "Batch=B-2026-47", "Batch=B\\s47", "Batch=B:47" },
  { "Profile=sensor", "Profile=../sensor", "Profile=sensor.2" },
  { "Profile=sensor", "profile=sensor", "Profile=Sensor" },
  { "Count=500", "Count=0", "Count=1" },
  { "Count=500", "Count=10000001", "Count=10000000" },
  { "Count=500", "Count=5e2", "Count=5" },
  { "Count=500", "Count[de]=500", "Count=50" },
  { "Station=e3", "Station=E3", "Station=a3" },
  { "Station=e3b", "Station=e3", "Station=e3c" },
  { "Ca=00", "Ca=0", "Ca=ff" },
  { "Ca=00", "Ca=000", "Ca=01" },
  { "NotBefore=2026-11-20T00:00:00Z", "NotBefore=2026-11-20", "NotBefore=2026-11-20T00:00:01Z" },
  { "NotBefore=2026-11-20T00:00:00Z", "NotBefore=2026-11-20T00:00:00+01:00",
    "NotBefore=2000-02-29T00:00:00Z" },
  { "NotBefore=2026-11-20T00:00:00Z", "NotBefore=2026-02-30T00:00:00Z",
    "NotBefore=2026-02-28T00:00:00Z" },
  { "NotBefore=2026-11-20T00:00:00Z", "NotBefore=20261120T000000Z",
    "NotBefore=2026-12-31T23:59:59Z" },
  { "NotAfter=2026-12-31T23:59:59Z", "NotAfter=2026-12-31T24:00:00Z",
    "NotAfter=9999-12-31T23:59:59Z" },
  { "NotAfter=2026-12-31T23:59:59Z", "NotAfter=2026-11-19T23:59:59Z",
    "NotAfter=2026-11-20T00:00:00Z" },
  { "LogSize=1234", "LogSize=-1", "LogSize=0" },
  { "LogSize=1234\n", "", "LogSize=1234\nClockReset=no\n" },
  { "LogRoot=e", "LogRoot=", "LogRoot=0" },
  { "LogRoot=e", "LogRoot=g", "LogRoot=f" },
  { "LogRoot=", "ClockReset=maybe\nLogRoot=", "ClockReset=yes\nLogRoot=" },
  { "LogRoot=", "Note=a\\nb\nLogRoot=", "Note=a b\nLogRoot=" },
  { "LogRoot=", "Note=a\\x\nLogRoot=", "Note=a\\\\x\nLogRoot=" },
  { "LogRoot=", "Note=\xe2\x80\xae\nLogRoot=", "Note=\xc3\xa9\nLogRoot=" },
  { "LogRoot=", "ProfileSha256=\nLogRoot=", "ProfileSha256=" HASH "\nLogRoot=" },
  { "LogRoot=", "Serial=1\nLogRoot=", "#Serial=1\nLogRoot=" },
  { "LogRoot=" HASH, "LogRoot=" HASH "\n[tpm]", "LogRoot=" HASH "\n#[tpm]" },
  { "LogRoot=" HASH, "LogRoot=" HASH "\n[tpm]\nFrom=1\nLimit=1\nSignature=AA==",
    "LogRoot=" HASH "\n[tpm]\nFrom=1\nLimit=2\nSignature=AA==" },
  { "LogRoot=" HASH, "LogRoot=" HASH "\n[tpm]\nFrom=1\nLimit=2\nSignature=AB==",
    "LogRoot=" HASH "\n[tpm]\nFrom=0\nLimit=4294967295\nSignature=AQ==" },
  { "LogRoot=" HASH, "LogRoot=" HASH "\n[tpm]\nFrom=1\nLimit=4294967296\nSignature=AA==",
    "LogRoot=" HASH "\n[tpm]\nFrom=4294967294\nLimit=4294967295\nSignature=AA==" },
  { "LogRoot=" HASH, "LogRoot=" HASH "\n[tpm]\nFrom=1\nLimit=2\nSignature=",
    "LogRoot=" HASH "\n[tpm]\nFrom=1\nLimit=2\nSignature=AAAA" },
  { "LogRoot=" HASH, "LogRoot=" HASH "\n[other]\nFrom=1", "LogRoot=" HASH "\n" },
};

START_TEST (test_anything_else_is_refused_and_its_twin_is_not)
{
  g_autofree char *wrong = changed (cases[_i].from, cases[_i].to);
  g_autofree char *right = changed (cases[_i].from, cases[_i].twin);
  g_autoptr (GError) problem = NULL;
  G_GNUC_UNUSED g_autoptr (Ticket) twin = parse (right);

  ck_assert_ptr_null (ticket_parse (wrong, &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF));
  ck_assert_msg (strstr (problem->message, "ticket") != NULL, "%s", problem->message);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca ticket");
  TCase *ticket = tcase_create ("ticket");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_test (ticket, test_the_documented_ticket_is_read);
  tcase_add_test (ticket, test_what_may_stand_beside_is_read_and_written);
  tcase_add_test (ticket, test_line_ends_may_be_those_of_mail);
  tcase_add_loop_test (ticket, test_anything_else_is_refused_and_its_twin_is_not, 0,
                       G_N_ELEMENTS (cases));
  suite_add_tcase (suite, ticket);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
