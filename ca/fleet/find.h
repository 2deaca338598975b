/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The two questions to a batch of new keys. Both append to `findings`.
 */
#pragma once

#include "ca/fleet/archive.h"
#include "ca/fleet/near-keys.h"

/* Which are equal or near to an earlier one? Enters their numbers into the archive's set. */
gboolean find_equal_and_near (KeyArchive *archive, NearKeys *near, GPtrArray *batch,
                              GArray *findings, GError **error);

/* Which share a prime with another one? `findings` has the batch's duplicates already; `product`
 * (initialised) becomes that of all other moduli of the batch. */
gboolean find_shared_primes (KeyArchive *archive, GPtrArray *batch, GArray *findings, mpz_t product,
                             GError **error);
