/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A ledger in a folder of its own, real certificates, and the steps of the line in one call.
 */
#pragma once

#include <check.h>
#include <glib.h>
#include <openssl/evp.h>

#include "db/ledger-key.h"

typedef struct {
  char *folder;
  char *path;
  Ledger *ledger;
} Fixture;

void fixture_open (Fixture *fixture);
/* Closes the ledger and opens it again. */
void fixture_reopen (Fixture *fixture);
/* Closes and deletes everything. */
void fixture_close (Fixture *fixture);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_close)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)

EVP_PKEY *make_key (void);
/* A certificate as DER that is valid from a day ago for `days` from now on. */
GBytes *make_certificate (EVP_PKEY *key, const char *common_name, int days);
/* The same of a new key. */
GBytes *new_certificate (const char *common_name, int days);
/* The SubjectPublicKeyInfo. */
GBytes *spki_of (EVP_PKEY *key);

/* Marks all keys as checked, with nothing found. */
void check_keys (Ledger *ledger);

/* Creates and starts a batch; `prefix` NULL for identity from the chip, else 1 to 9999. */
void start_batch (Ledger *ledger, const char *name, guint target, const char *prefix);

/* Begins an attempt and identifies; NULL with error as the ledger says. */
Device *arrive (Ledger *ledger, const char *batch, const char *chip, const char *serial,
                gint64 *attempt, GError **error);

gboolean store (Ledger *ledger, guint64 log_index, const char *batch, const char *device,
                GBytes *der, GError **error);

/* The whole way of one device; its certificate. */
Certificate *pass (Ledger *ledger, const char *batch, const char *chip, guint64 log_index);
Certificate *pass_with (Ledger *ledger, const char *batch, const char *chip, guint64 log_index,
                        GBytes *der);

/* The kinds of all audit events, oldest first, with spaces between. */
char *event_kinds (Ledger *ledger);

/* Runs raw SQL on a second connection, as someone with a shell would. TRUE where SQLite did it. */
gboolean raw_sql (const char *path, const char *sql);
/* The first column of the first row, as text; NULL where SQLite refused. */
char *raw_text (const char *path, const char *sql);

/* How SQLite would run `sql`: a step a line. */
char *query_plan (const char *path, const char *sql);

#define assert_ok(condition, error)                                                                \
  ck_assert_msg ((condition), "%s", (error) != NULL ? (error)->message : "failed without error")
#define assert_error(failed, code_, error)                                                         \
  do {                                                                                             \
    ck_assert (failed);                                                                            \
    ck_assert_ptr_nonnull (error);                                                                 \
    ck_assert_msg ((error)->domain == LEDGER_ERROR && (error)->code == (code_), "%s",              \
                   (error)->message);                                                              \
    g_clear_error (&(error));                                                                      \
  } while (0)

/* Runs a suite; the value for main(). */
int run_suite (Suite *suite);
