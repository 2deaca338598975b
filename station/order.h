/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the running batch asks of every device: its name and product, and the profile as it was
 * when the batch was started. Immutable and counted, so that attempts that are under way keep
 * theirs when the batch is paused or the profile changes.
 */
#pragma once

#include "ca/profile/profile.h"
#include "db/ledger.h"

typedef struct {
  char *batch;
  char *product;
  BatchKind kind;
  gboolean assigns_serials; /* from the batch's range, by scan, or as the ledger knows the device */
  gboolean scans_serials;   /* each device waits for the scan of its serial */
  Profile *profile;
  char *profile_path;
} Order;

/* Loads the batch's profile from `profile_folder`. CA_ERROR_PROFILE. */
Order *order_new (const Batch *batch, const char *profile_folder, GError **error);
/* The profile as its file is now, where that asks of a device and gives it what the order's does:
 * the signer may have reloaded it in the middle of the batch, with another CA for example. NULL
 * where it can't take the order's place. */
Profile *order_changed_profile (const Order *order);

Order *order_ref (Order *order);
void order_unref (Order *order);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Order, order_unref)
