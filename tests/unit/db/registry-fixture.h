/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A ledger with CAs, targets and units whose certificates these CAs signed.
 */
#pragma once

#include "db/registry.h"
#include "fixture.h"

#define OWN "111122223333"
#define OTHER "444455556666"
#define REGION "eu-west-1"

/* ---- CAs ---- */

typedef struct {
  EVP_PKEY *key;
  GBytes *der;
  char *name;
  char *sha256;
} TestAuthority;

/* `subject` is its common name. Free with test_authority_free(). */
TestAuthority *test_authority_new (const char *subject, int days);
void test_authority_free (TestAuthority *authority);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestAuthority, test_authority_free)

/* DER of a certificate that it signed, valid until `days` from now. */
GBytes *test_authority_sign (const TestAuthority *authority, EVP_PKEY *key, const char *common_name,
                             int days);
/* PEM of one for a registration code. */
char *test_authority_verify (const TestAuthority *authority, const char *code, int days);

/* The ledger knows it by its name. */
void keep_authority (Ledger *ledger, const TestAuthority *authority);

/* ---- units ---- */

/* The whole way of one device whose certificate `authority` signed, for `days` from now. */
void pass_signed (Ledger *ledger, const char *batch, const char *chip, guint64 log_index,
                  const TestAuthority *authority, int days);

/* ---- targets ---- */

Target *target_of (const char *name, const char *kind, TargetMode mode, const char *account,
                   const char *region);
/* AWS, in REGION. */
void add_aws (Ledger *ledger, const char *name, TargetMode mode, const char *account);
void register_ca (Ledger *ledger, const char *target, const TestAuthority *authority);

/* ---- changes ---- */

/* One operation on what `devices` names (with spaces between), or on batch "b1" where that is NULL;
 * what the sink heard, a line each: "DEVICE FROM TO" or "DEVICE ! REFUSAL". Free with g_free(). */
char *change (Ledger *ledger, RegistryOperation operation, const char *target, const char *devices);
char *change_with (Ledger *ledger, const RegistryRequest *request, const char *target,
                   const char *devices, gboolean dry_run, RegistrySummary *summary);

/* "DEVICE STATUS" of all registrations in the target, oldest first, with commas between. */
char *registered_in (Ledger *ledger, const char *target);
/* "OPERATION STATE" of all operations, oldest first, with commas between. */
char *operations_in (Ledger *ledger, const char *target);

#define assert_text(expected, expression)                                                          \
  do {                                                                                             \
    g_autofree char *text_ = (expression);                                                         \
    ck_assert_str_eq (text_, expected);                                                            \
  } while (0)
#define assert_says(part, expression)                                                              \
  do {                                                                                             \
    g_autofree char *text_ = (expression);                                                         \
    ck_assert_msg (strstr (text_, part) != NULL, "%s", text_);                                     \
  } while (0)
#define assert_refused(failed, code_, part, error)                                                 \
  do {                                                                                             \
    ck_assert (failed);                                                                            \
    ck_assert_ptr_nonnull (error);                                                                 \
    ck_assert_msg (strstr ((error)->message, part) != NULL, "%s", (error)->message);               \
    ck_assert_msg ((error)->code == (code_), "%s", (error)->message);                              \
    g_clear_error (&(error));                                                                      \
  } while (0)
