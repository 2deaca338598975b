/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See fleet.h. A batch of new keys goes through three steps: is any equal or near to an earlier one
 * (find-equal.c); what do its moduli share among one another and with all earlier ones
 * (find-shared.c); then it joins what is known (archive.c).
 */
#include "ca/fleet/fleet.h"

#include "ca/fleet/find.h"

struct Fleet {
  KeyReader reader;
  KeyArchive *archive;
  NearKeys *near;
};

Fleet *
fleet_open (const char *folder, FleetSource source, gpointer data, GError **error)
{
  Fleet *fleet;

  if (folder != NULL && !key_archive_make_folder (folder, error))
    return NULL;
  fleet = g_new0 (Fleet, 1);
  fleet->reader.source = source;
  fleet->reader.data = data;
  fleet->archive = key_archive_new (folder, &fleet->reader);
  fleet->near = near_keys_new ();
  return fleet;
}

void
fleet_close (Fleet *fleet)
{
  if (fleet == NULL)
    return;
  near_keys_free (fleet->near);
  key_archive_free (fleet->archive);
  g_free (fleet);
}

void
fleet_stop (Fleet *fleet)
{
  g_atomic_int_set (&fleet->reader.stopped, 1);
}

static int
compare_findings (gconstpointer a, gconstpointer b)
{
  const FleetFinding *one = a;
  const FleetFinding *other = b;

  if (one->key != other->key)
    return one->key < other->key ? -1 : 1;
  return one->partner == other->partner ? 0 : one->partner < other->partner ? -1 : 1;
}

static gboolean
check_batch (Fleet *fleet, GPtrArray *batch, GArray *findings, GError **error)
{
  gboolean ok;
  mpz_t product;

  mpz_init (product);
  ok = find_equal_and_near (fleet->archive, fleet->near, batch, findings, error)
       && find_shared_primes (fleet->archive, batch, findings, product, error)
       && key_archive_join (fleet->archive, batch, product, error);
  mpz_clear (product);
  return ok;
}

gboolean
fleet_check (Fleet *fleet, guint most, guint64 *mark, GArray *findings, GError **error)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (FleetFinding));
  g_autoptr (GPtrArray) batch = NULL;

  if (!key_archive_follow (fleet->archive, *mark, error))
    return FALSE;
  batch = key_reader_read (&fleet->reader, *mark, most, error);
  if (batch == NULL)
    return FALSE;
  if (batch->len == 0)
    return TRUE;
  if (!check_batch (fleet, batch, found, error)) {
    key_archive_forget (fleet->archive);
    return FALSE;
  }
  g_array_sort (found, compare_findings);
  g_array_append_vals (findings, found->data, found->len);
  *mark = ((const FleetKey *)g_ptr_array_index (batch, batch->len - 1))->id;
  return TRUE;
}
