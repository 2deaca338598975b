/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Talking with a kit: a line is asked, a line is answered. Over HID the lines stand in reports,
 * with padding behind them. Errors are DRIVER_ERRORs.
 */
#pragma once

#include "drivers/microchip/proto.h"

/* Says `question` (with its line end) and reads the answer "STATUS(HEX)"; lines of another form,
 * which answer an earlier question, are passed over. */
gboolean kit_ask (Transport *transport, const char *question, guint8 *status, GBytes **payload,
                  Deadline deadline, GError **error);

/* Asks for the first device, passing over whatever a station before has left. `*is_kit` is TRUE
 * where answers come that look like a kit's; `*device` has KIT_DEVICE_NONE where there is none. */
gboolean kit_begin (Transport *transport, gboolean *is_kit, KitDevice *device, Deadline deadline,
                    GError **error);

/* Looks for a chip on the board, from `device` on (the first one), and selects it.
 * DRIVER_ERROR_IDENTITY where there is none. */
gboolean kit_select_chip (Transport *transport, KitDevice *device, Deadline deadline,
                          GError **error);
