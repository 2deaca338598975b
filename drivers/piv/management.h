/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The management key, without which a card makes no key and takes no certificate. Card and station
 * show each other that they have it (SP 800-73-4, part 2, 3.2.4 and appendix A.1: mutual
 * authentication).
 */
#pragma once

#include "drivers/driver.h"

/* Does it. `algorithm_word` is the option ManagementAlgorithm, "auto" for asking the card.
 * DRIVER_ERROR_REFUSED where the card does not take the key, or does not have it itself. */
gboolean management_authenticate (Transport *transport, const char *hex, const char *algorithm_word,
                                  Deadline deadline, GError **error);
