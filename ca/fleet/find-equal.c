/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See find.h. The set of tails says "never seen" for all but the keys that matter; only for those
 * the keys themselves are read, all in one pass.
 */
#include "ca/fleet/find.h"
#include "ca/fleet/wanted.h"

/* Neighbours that are told of one key. */
#define NEIGHBOURS_MOST 16

static void
want_neighbours (const KeyArchive *archive, NearKeys *near, const FleetKey *key,
                 WantedNumbers *wanted)
{
  Span number = { NULL, 0 };
  const guint8 *neighbours;
  guint count, told = 0;

  number.data = g_bytes_get_data (key->number, &number.length);
  neighbours = near_keys_of (near, key->type, number, &count);
  for (guint i = 0; i < count && told < NEIGHBOURS_MOST; i++) {
    Span x = { neighbours + i * (number.length / 2), number.length / 2 };

    if (!number_set_has (archive->numbers, number_tail (x)))
      continue;
    wanted_numbers_add (wanted, key, x, CA_ERROR_EC_NEAR_KEY);
    told++;
  }
}

static void
try_number (const FleetKey *candidate, gpointer wanted)
{
  wanted_numbers_try (wanted, candidate);
}

gboolean
find_equal_and_near (KeyArchive *archive, NearKeys *near, GPtrArray *batch, GArray *findings,
                     GError **error)
{
  g_autoptr (WantedNumbers) wanted = wanted_numbers_new (findings);
  const FleetKey *last = g_ptr_array_index (batch, batch->len - 1);

  for (guint i = 0; i < batch->len; i++) {
    const FleetKey *key = g_ptr_array_index (batch, i);
    Span number = fleet_key_number (key);

    if (key_reader_is_stopped (archive->reader, error))
      return FALSE;
    if (number_set_has (archive->numbers, number_tail (number)))
      wanted_numbers_add (wanted, key, number, CA_ERROR_DUPLICATE_KEY);
    if (key->type != CSR_KEY_RSA)
      want_neighbours (archive, near, key, wanted);
    number_set_add (archive->numbers, number_tail (number));
  }
  return wanted_numbers_is_empty (wanted)
         || key_reader_visit (archive->reader, 0, last->id, try_number, wanted, error);
}
