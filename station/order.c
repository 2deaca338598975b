/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See order.h.
 */
#include "station/order.h"

#include "ca/error.h"
#include "station/driver-settings.h"

static gboolean
check_settings (const Profile *profile, const char *path, GError **error)
{
  for (guint i = 0; i < profile->driver_settings->len; i++) {
    g_autoptr (GError) problem = NULL;

    if (driver_setting_check (g_ptr_array_index (profile->driver_settings, i), TRUE, &problem))
      continue;
    g_set_error (error, CA_ERROR, CA_ERROR_PROFILE, "%s: %s", path, problem->message);
    return FALSE;
  }
  return TRUE;
}

static gboolean
settings_equal (const GPtrArray *a, const GPtrArray *b)
{
  for (guint i = 0; a->len == b->len && i < a->len; i++) {
    const KeyfileSetting *one = g_ptr_array_index (a, i);
    const KeyfileSetting *other = g_ptr_array_index (b, i);

    if (!g_str_equal (one->group, other->group) || !g_str_equal (one->key, other->key)
        || !g_str_equal (one->value, other->value))
      return FALSE;
  }
  return a->len == b->len;
}

Order *
order_new (const Batch *batch, const char *profile_folder, GError **error)
{
  g_autofree char *file = g_strdup_printf ("%s.profile", batch->profile);
  g_autofree char *path = g_build_filename (profile_folder, file, NULL);
  Profile *profile = profile_load (path, error);
  Order *order;

  if (profile == NULL || !check_settings (profile, path, error)) {
    profile_free (profile);
    return NULL;
  }
  order = g_atomic_rc_box_new0 (Order);
  order->batch = g_strdup (batch->name);
  order->product = g_strdup (batch->product);
  order->scans_serials = batch->serial_scan;
  order->kind = batch->kind;
  order->assigns_serials =
      batch->serial_prefix != NULL || batch->serial_scan || batch->kind != BATCH_NEW;
  order->profile = profile;
  order->profile_path = g_steal_pointer (&path);
  return order;
}

static gboolean
words_equal (char **a, char **b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return g_strv_equal ((const char *const *)a, (const char *const *)b);
}

Profile *
order_changed_profile (const Order *order)
{
  const Profile *before = order->profile;
  g_autoptr (Profile) now = profile_load (order->profile_path, NULL);

  if (now == NULL || !words_equal (now->keys, before->keys)
      || !words_equal (now->server_roots, before->server_roots)
      || g_strcmp0 (now->endpoint, before->endpoint) != 0
      || !settings_equal (now->driver_settings, before->driver_settings)
      || !words_equal (now->attestation_roots, before->attestation_roots)
      || now->attestation != before->attestation || now->install_chain != before->install_chain
      || now->lock != before->lock || now->keep_request != before->keep_request)
    return NULL;
  return g_steal_pointer (&now);
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
  g_free (order->profile_path);
  profile_free (order->profile);
}

void
order_unref (Order *order)
{
  if (order == NULL)
    return;
  g_atomic_rc_box_release_full (order, order_clear);
}
