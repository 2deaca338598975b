/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is a ticket of the owner's for this station, and what is not: each rule with a case that it
 * refuses and a near twin that it lets through.
 */
#include "base/encode.h"
#include "ca/proof/statement.h"
#include "ca/signer/tickets-private.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/owner.h"
#include "tests/unit/rounds.h"

#include <check.h>
#include <string.h>

#define HOUR 3600

static char *folder;
static Owner owner;
static Signer *signer;

static void
setup (void)
{
  folder = folder_make ();
  folder_fill (folder, "p-256");
  folder_write (folder, "profiles.d/other.profile",
                "[certificate]\nSubject=CN=${serial}\nValidity=until-ca\n", 0644);
  owner = owner_make (folder, "owner");
  config_write (folder, "owner");
  signer = signer_of (folder);
}

static void
teardown (void)
{
  signer_close (signer);
  owner_clear (&owner);
  folder_remove (folder);
}

static void
set_text (char **text, const char *value)
{
  g_free (*text);
  *text = g_strdup (value);
}

/* ---- one rule after the other ---- */

static void
other_station (Ticket *ticket)
{
  ticket->station[0] = ticket->station[0] == '0' ? '1' : '0';
}

static void
other_ca (Ticket *ticket)
{
  ticket->ca[63] = ticket->ca[63] == '0' ? '1' : '0';
}

static void
unknown_profile (Ticket *ticket)
{
  set_text (&ticket->profile, "nobody");
}

static void
known_profile (Ticket *ticket)
{
  set_text (&ticket->profile, "other");
}

static void
other_profile_of_the_batch (Ticket *ticket)
{
  set_text (&ticket->profile, "other");
  set_text (&ticket->batch, "b0");
}

static void
same_profile_of_the_batch (Ticket *ticket)
{
  set_text (&ticket->batch, "b0");
}

static void
other_version (Ticket *ticket)
{
  ticket->profile_sha256 = g_strnfill (64, 'a');
}

static void
this_version (Ticket *ticket)
{
  g_autoptr (Generation) generation = signer_generation (signer);

  ticket->profile_sha256 =
      g_strdup (issue_template_profile (generation_template (generation, "sensor"))->sha256);
}

static void
same_number (Ticket *ticket)
{
  ticket->number = 5;
}

static void
lower_number (Ticket *ticket)
{
  ticket->number = 4;
}

static void
next_number (Ticket *ticket)
{
  ticket->number = 6;
}

static void
ended (Ticket *ticket)
{
  ticket->not_after = g_get_real_time () / G_USEC_PER_SEC - 1;
}

static void
not_begun (Ticket *ticket)
{
  ticket->not_before += 2 * HOUR;
}

static void
longer_log (Ticket *ticket)
{
  ticket->log_size = issuance_log_size (signer_log (signer)) + 1;
}

static void
other_root (Ticket *ticket)
{
  ticket->log_size = 1;
  ticket->log_root[31] ^= 1;
}

static void
root_of_another_size (Ticket *ticket)
{
  ticket->log_size = 2;
  ck_assert (issuance_log_root (signer_log (signer), 1, ticket->log_root, NULL));
}

static void
this_log (Ticket *ticket)
{
  ticket->log_size = issuance_log_size (signer_log (signer));
  ck_assert (issuance_log_root (signer_log (signer), ticket->log_size, ticket->log_root, NULL));
}

static const struct {
  void (*change) (Ticket *ticket);
  int code;
  void (*twin) (Ticket *ticket);
} cases[] = {
  { other_station, CA_ERROR_TICKET_FOREIGN, next_number },
  { other_ca, CA_ERROR_TICKET_FOREIGN, next_number },
  { unknown_profile, CA_ERROR_TICKET_FOREIGN, known_profile },
  { other_profile_of_the_batch, CA_ERROR_TICKET_FOREIGN, same_profile_of_the_batch },
  { other_version, CA_ERROR_TICKET_FOREIGN, this_version },
  { same_number, CA_ERROR_TICKET_REPLAYED, next_number },
  { lower_number, CA_ERROR_TICKET_REPLAYED, next_number },
  { ended, CA_ERROR_TICKET_TIME, not_begun },
  { longer_log, CA_ERROR_TICKET_ROLLED_BACK, this_log },
  { other_root, CA_ERROR_TICKET_ROLLED_BACK, this_log },
  { root_of_another_size, CA_ERROR_TICKET_ROLLED_BACK, this_log },
};

START_TEST (test_each_rule_refuses_its_case_and_not_its_twin)
{
  g_autoptr (Ticket) earlier = ticket_for (signer, 5, 3);
  g_autoptr (Ticket) wrong = ticket_for (signer, 7, 3);
  g_autoptr (Ticket) right = ticket_for (signer, 7, 3);

  set_text (&earlier->batch, "b0");
  ck_assert_int_eq (ticket_try (signer, &owner, earlier), -1);
  ck_assert_int_eq (order_try (signer, "SN-0", "b0", NULL), -1);
  cases[_i].change (wrong);
  cases[_i].twin (right);
  ck_assert_int_eq (ticket_try (signer, &owner, wrong), cases[_i].code);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_TICKET), 1);
  ck_assert_int_eq (ticket_try (signer, &owner, right), -1);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_TICKET), 2);
}
END_TEST

START_TEST (test_the_entry_is_as_documented)
{
  g_autoptr (Ticket) ticket = ticket_for (signer, 12, 3);
  g_autoptr (GBytes) bytes = ticket_signed (&owner, ticket);
  g_autoptr (GBytes) digest = sha256_of (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autoptr (GBytes) entered = NULL;
  guint8 key[LOG_HASH];
  const guint8 zeros[LOG_HASH] = { 0 };
  LogEntry entry;

  ck_assert_int_eq (ticket_try_bytes (signer, bytes), -1);
  entered = newest_of (signer, LOG_ENTRY_TICKET, &entry);
  statement_key_sha256 (owner.certificate, key);
  ck_assert (span_is_text (entry.batch, "b1") && span_is_text (entry.profile, "sensor"));
  ck_assert (span_is_text (entry.device, "12"));
  ck_assert (entry.product.length == 0 && entry.chip.length == 0);
  ck_assert_mem_eq (entry.profile_sha256, zeros, LOG_HASH);
  ck_assert_mem_eq (entry.csr_sha256, g_bytes_get_data (digest, NULL), LOG_HASH);
  ck_assert_mem_eq (entry.spki_sha256, key, LOG_HASH);
  ck_assert (
      span_equal (entry.certificate, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
}
END_TEST

/* ---- when it counts ---- */

START_TEST (test_a_ticket_counts_from_its_beginning)
{
  g_autoptr (Ticket) ticket = ticket_for (signer, 1, 3);

  ticket->not_before = g_get_real_time () / G_USEC_PER_SEC + 2;
  ck_assert_int_eq (ticket_try (signer, &owner, ticket), -1);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), CA_ERROR_TICKET_TIME);
  g_usleep (2100 * 1000);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
}
END_TEST

START_TEST (test_a_ticket_counts_until_its_end)
{
  g_autoptr (Ticket) ticket = ticket_for (signer, 1, 3);
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");

  ticket->not_after = (g_get_real_time () + TICKET_MARGIN) / G_USEC_PER_SEC + 2;
  ck_assert_int_eq (ticket_try (signer, &owner, ticket), -1);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", request), -1);
  g_usleep (2100 * 1000);
  ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), CA_ERROR_TICKET_TIME);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", request), -1); /* it is logged already */
}
END_TEST

/* The profile may change while the ticket runs. */
START_TEST (test_a_ticket_for_a_version_counts_for_no_other)
{
  g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);
  g_autoptr (Ticket) bound = ticket_for (signer, 1, 3);
  g_autoptr (Ticket) free_one = ticket_for (signer, 2, 3);

  this_version (bound);
  ck_assert_int_eq (ticket_try (signer, &owner, bound), -1);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
  folder_write (folder, "profiles.d/sensor.profile",
                "[certificate]\nSubject=CN=${serial},O=Another\nValidity=until-ca\n", 0644);
  ck_assert (signer_reload (signer, path, NULL));
  ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), CA_ERROR_TICKET_FOREIGN);
  ck_assert_int_eq (ticket_try (signer, &owner, free_one), -1);
  ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), -1);
}
END_TEST

/* ---- who signed it ---- */

START_TEST (test_only_the_pinned_certificate_signs_tickets)
{
  g_autoptr (Ticket) ticket = ticket_for (signer, 1, 3);
  Owner namesake = owner_make_below (&owner, "owner");
  Owner below = owner_make_below (&owner, "works manager");
  const Owner borrowed = { owner.certificate, namesake.key };
  const Owner renewed = { below.certificate, owner.key };
  const Owner *const others[] = { &namesake, &below };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    ck_assert_int_eq (ticket_try (signer, others[i], ticket), CA_ERROR_TICKET_INVALID);
  {
    g_autofree char *text = ticket_text (ticket);
    g_autoptr (GBytes) mixed = statement_sign (text, borrowed.certificate, borrowed.key, NULL);
    g_autoptr (GBytes) mixed_too = statement_sign (text, renewed.certificate, renewed.key, NULL);

    if (mixed != NULL) /* OpenSSL may refuse to make it */
      ck_assert_int_eq (ticket_try_bytes (signer, mixed), CA_ERROR_TICKET_INVALID);
    if (mixed_too != NULL)
      ck_assert_int_eq (ticket_try_bytes (signer, mixed_too), CA_ERROR_TICKET_INVALID);
  }
  ck_assert_int_eq (ticket_try (signer, &owner, ticket), -1);
  owner_clear (&namesake);
  owner_clear (&below);
}
END_TEST

START_TEST (test_no_byte_of_a_ticket_can_be_another)
{
  g_autoptr (Ticket) ticket = ticket_for (signer, 1, 3);
  g_autoptr (GBytes) bytes = ticket_signed (&owner, ticket);
  const gsize length = g_bytes_get_size (bytes);
  const gsize step = rounds_of (1, 7);

  for (gsize place = 0; place < length; place += step) {
    g_autoptr (GBytes) flipped = bytes_flipped (bytes, place, (guint8)(1 << place % 8));

    ck_assert_int_eq (ticket_try_bytes (signer, flipped), CA_ERROR_TICKET_INVALID);
  }
  for (gsize cut = 1; cut < length; cut += length / 7) {
    g_autoptr (GBytes) shorter = bytes_resized (bytes, -(gssize)cut);
    g_autoptr (GBytes) longer = bytes_resized (bytes, (gssize)cut);

    ck_assert_int_eq (ticket_try_bytes (signer, shorter), CA_ERROR_TICKET_INVALID);
    ck_assert_int_eq (ticket_try_bytes (signer, longer), CA_ERROR_TICKET_INVALID);
  }
  ck_assert_int_eq (ticket_try_bytes (signer, bytes), -1);
}
END_TEST

/* What openssl makes of a text that was written by hand, with and without CRLF. */
START_TEST (test_a_ticket_made_with_openssl_alone_is_accepted)
{
  g_autoptr (Ticket) ticket = ticket_for (signer, 1, 3);
  g_autofree char *text = ticket_text (ticket);
  g_autofree char *by_hand = g_strconcat ("# for the autumn run\n", text, "\n", NULL);
  g_autofree char *path = g_build_filename (folder, "ticket.p7s", NULL);
  g_autoptr (GBytes) bytes = NULL;
  char *content;
  gsize length;

  folder_write (folder, "ticket.txt", by_hand, 0644);
  ck_assert_int_eq (run (folder, NULL, "openssl", "cms", "-sign", "-nodetach", "-md", "sha256",
                         "-signer", "owner.pem", "-inkey", "owner.key", "-outform", "DER", "-in",
                         "ticket.txt", "-out", "ticket.p7s", _i == 0 ? "-binary" : NULL, NULL),
                    0);
  ck_assert (g_file_get_contents (path, &content, &length, NULL));
  bytes = g_bytes_new_take (content, length);
  ck_assert_int_eq (ticket_try_bytes (signer, bytes), -1);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
}
END_TEST

/* ---- an older copy of the log ---- */

static void
copy_state (const char *from, const char *to)
{
  g_autofree char *source = g_build_filename (folder, from, NULL);
  g_autofree char *target = g_build_filename (folder, to, NULL);

  ck_assert_int_eq (run (folder, NULL, "rm", "-rf", target, NULL), 0);
  ck_assert_int_eq (run (folder, NULL, "cp", "-a", source, target, NULL), 0);
}

static void
restart (void)
{
  signer_close (signer);
  signer = signer_of (folder);
}

/* A station that was set back issues what the first ticket had left, but never gets another one.
 */
START_TEST (test_an_older_copy_of_the_log_gets_no_further_ticket)
{
  g_autoptr (Ticket) second = NULL;

  ticket_give (signer, &owner, 1, 2);
  g_clear_pointer (&signer, signer_close);
  copy_state ("state", "yesterday");
  signer = signer_of (folder);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
  ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), -1);
  second = ticket_for (signer, 2, 2);
  this_log (second);
  g_clear_pointer (&signer, signer_close);
  copy_state ("state", "today");
  copy_state ("yesterday", "state");
  signer = signer_of (folder);
  ck_assert_int_eq (order_try (signer, "SN-3", "b1", NULL), -1);
  ck_assert_int_eq (ticket_try (signer, &owner, second), CA_ERROR_TICKET_ROLLED_BACK);
  ck_assert_int_eq (order_try (signer, "SN-4", "b1", NULL), -1);
  ck_assert_int_eq (order_try (signer, "SN-5", "b1", NULL), CA_ERROR_TICKET_USED_UP);
  ck_assert_int_eq (ticket_try (signer, &owner, second), CA_ERROR_TICKET_ROLLED_BACK);
  g_clear_pointer (&signer, signer_close);
  copy_state ("today", "state");
  signer = signer_of (folder);
  ck_assert_int_eq (ticket_try (signer, &owner, second), -1);
  ck_assert_int_eq (order_try (signer, "SN-3", "b1", NULL), -1);
}
END_TEST

START_TEST (test_a_ticket_is_loaded_once_also_after_a_restart)
{
  g_autoptr (Ticket) ticket = ticket_for (signer, 3, 1);
  g_autoptr (GBytes) bytes = ticket_signed (&owner, ticket);
  g_autoptr (GBytes) again = ticket_signed (&owner, ticket); /* another signature, the same text */

  ck_assert_int_eq (ticket_try_bytes (signer, bytes), -1);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
  for (guint i = 0; i < 2; i++) {
    ck_assert_int_eq (ticket_try_bytes (signer, bytes), CA_ERROR_TICKET_REPLAYED);
    ck_assert_int_eq (ticket_try_bytes (signer, again), CA_ERROR_TICKET_REPLAYED);
    ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), CA_ERROR_TICKET_USED_UP);
    restart ();
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca ticket load");
  TCase *load = tcase_create ("load");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (load, 60);
  tcase_add_checked_fixture (load, setup, teardown);
  tcase_add_loop_test (load, test_each_rule_refuses_its_case_and_not_its_twin, 0,
                       G_N_ELEMENTS (cases));
  tcase_add_test (load, test_the_entry_is_as_documented);
  tcase_add_test (load, test_a_ticket_counts_from_its_beginning);
  tcase_add_test (load, test_a_ticket_counts_until_its_end);
  tcase_add_test (load, test_a_ticket_for_a_version_counts_for_no_other);
  tcase_add_test (load, test_only_the_pinned_certificate_signs_tickets);
  tcase_add_test (load, test_no_byte_of_a_ticket_can_be_another);
  tcase_add_loop_test (load, test_a_ticket_made_with_openssl_alone_is_accepted, 0, 2);
  tcase_add_test (load, test_an_older_copy_of_the_log_gets_no_further_ticket);
  tcase_add_test (load, test_a_ticket_is_loaded_once_also_after_a_restart);
  suite_add_tcase (suite, load);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
