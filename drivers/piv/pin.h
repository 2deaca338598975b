/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The PIN. A card blocks it after a few wrong ones, so it is never sent on the off chance: only
 * where the card has all its tries, so that a PIN that was refused once is not sent again, whoever
 * plugs the card in again; and a last try is never used up.
 */
#pragma once

#include "drivers/piv/apdu.h"

/* VERIFY `pin` (SP 800-73-4, part 2, 3.2.1). `*known_good` says that this session had it accepted
 * before, and is set. DRIVER_ERROR_REFUSED with a sentence. */
gboolean pin_verify (Transport *transport, const char *pin, gboolean *known_good, Deadline deadline,
                     GError **error);
