/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See order.h.
 */
#include "station/order.h"

Order *
order_new (const Batch *batch, const char *profile_folder, GError **error)
{
  g_autofree char *file = g_strdup_printf ("%s.profile", batch->profile);
  g_autofree char *path = g_build_filename (profile_folder, file, NULL);
  Profile *profile = profile_load (path, error);
  Order *order;

  if (profile == NULL)
    return NULL;
  order = g_atomic_rc_box_new0 (Order);
  order->batch = g_strdup (batch->name);
  order->product = g_strdup (batch->product);
  order->scans_serials = batch->serial_scan;
  order->assigns_serials = batch->serial_prefix != NULL || batch->serial_scan;
  order->profile = profile;
  return order;
}

Order *
order_ref (Order *order)
{
  return g_atomic_rc_box_acquire (order);
}

static void
order_clear (gpointer data)
{
  Order *order = data;

  g_free (order->batch);
  g_free (order->product);
  profile_free (order->profile);
}

void
order_unref (Order *order)
{
  if (order == NULL)
    return;
  g_atomic_rc_box_release_full (order, order_clear);
}
