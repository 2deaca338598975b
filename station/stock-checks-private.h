/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of stock-checks.h share.
 */
#pragma once

#include "ca/judge/known-keys.h"
#include "checks/crl-list.h"
#include "db/ledger-stock.h"
#include "station/stock-checks.h"

typedef struct {
  const ChecksOrder *order;
  StockReader *reader;
  GPtrArray *stock; /* of StockAuthority */
  CheckedAuthorities *authorities;
  GPtrArray *lists; /* of CrlList */
  KnownKeys *known;
  StockOutput *output;
  CheckResult *results;
  /* of const CheckedAuthority, by an issuing CA: the one in its chain that was revoked */
  GHashTable *revoked;
} ChecksRun;

gboolean run_asks (const ChecksRun *run, Check check);
/* Adds a sentence to what is told of the check. */
void run_say (ChecksRun *run, Check check, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* One finding; `row` is NULL where it is about a CA, `authority` where it is about a device. */
void run_find_device (ChecksRun *run, Check check, const StockRow *row, const CheckReason *reason,
                      CheckFinding more);
void run_find_authority (ChecksRun *run, Check check, const CheckedAuthority *authority,
                         const CheckReason *reason, CheckFinding more);

/* The authority that is ACTIVE, if the i-th one that issues is; NULL. */
const CheckedAuthority *run_active_authority (const ChecksRun *run, guint i);

/* Reads the station's own lists and those of the order. */
gboolean run_read_lists (ChecksRun *run, GError **error);
/* The checks that go by these lists. */
gboolean run_revoked_authorities (ChecksRun *run, GError **error);
gboolean run_revoked_devices (ChecksRun *run, GError **error);
