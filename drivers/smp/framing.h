/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How packets travel: as lines of base64 among a console's text, or as they are in the transfers of
 * a USB bulk endpoint. docs/smp-provisioning-group.md, 1.2 and 7.
 */
#pragma once

#include "drivers/driver.h"
#include "drivers/smp/proto.h"

typedef struct {
  /* A packet as it is written, in one piece. Unref with g_bytes_unref(). */
  GBytes *(*wrap) (GBytes *packet);
  /* The next piece that can be judged: a line, or a packet. NULL with error; one that is too long
   * is FLOOD (a line) or GARBLED (a packet) as soon as that shows. */
  GByteArray *(*read) (Transport *transport, Deadline deadline, GError **error);
  /* Takes a piece into `assembly` and says what it was. */
  SmpLine (*take) (SmpAssembly *assembly, const guint8 *piece, gsize length);
  /* Has the device forget what an earlier session left unfinished. NULL where lines do that. */
  gboolean (*reset) (Transport *transport, Deadline deadline, GError **error);
} SmpFraming;

/* The framing of the transport's channel. */
const SmpFraming *smp_framing (Transport *transport);
