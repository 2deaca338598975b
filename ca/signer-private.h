/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What signer.c (one order) and signer-open.c (what orders go by) share.
 */
#pragma once

#include "ca/signer.h"

struct Signer {
  IssuanceLog *log;
  Clock clock;
  char *fixed;          /* settings that a reload can't change */
  GMutex mutex;         /* guards what follows */
  GCond released;       /* tells of `reserved` */
  GHashTable *reserved; /* GBytes: SHA-256 of keys whose order is running */
  Generation *current;
  char *reload_problem; /* why it stayed with what it has, or NULL */
  GMutex entering;      /* guards `entered` */
  guint64 entered;      /* number of the generation whose CAs stand in the log, or 0 */
};
