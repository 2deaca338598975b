/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The firmware of a simulated zero-touch kit: JSON in, JSON out.
 */
#pragma once

#include "drivers/microchip/simulator-chip.h"

/* The answer to `text`, or NULL where it is no question. Free with g_free(). */
char *simulated_zero_touch_answer (SimulatedChip *chip, const char *text);
