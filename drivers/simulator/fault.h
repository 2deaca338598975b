/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What can be wrong with a simulated device. A fault is written NAME[=N][xK]:
 * N where it takes a number, K plug-ins after which the device is sound again.
 */
#pragma once

#include <glib.h>

typedef enum {
  FAULT_GARBAGE,
  FAULT_SILENCE,
  FAULT_HALF_LINE,
  FAULT_FLOOD,
  FAULT_DRIP,
  FAULT_UNPLUG,
  FAULT_UNPLUG_IN,
  FAULT_NO_IDENTITY,
  FAULT_WEAK_KEY,
  FAULT_DUPLICATE_KEY,
  FAULT_BAD_SIGNATURE,
  FAULT_LEAK_PRIVATE_KEY,
  FAULT_LEAK_DER,
  FAULT_REFUSE_INSTALL,
  FAULT_WRONG_CERTIFICATE,
  FAULT_WRONG_KEY,
} Fault;

#define N_FAULTS (FAULT_WRONG_KEY + 1)

typedef struct {
  gboolean wanted;
  guint64 number; /* the N of NAME=N; 0 where none was given */
  guint times;    /* plug-ins that have the fault; 0 for all */
} FaultSetting;

typedef struct {
  FaultSetting of[N_FAULTS];
} FaultPlan;

typedef struct {
  const char *name;
  const char *sentence;
  gboolean takes_number;
  gboolean needs_number;
  guint times; /* when no xK is given */
} FaultInfo;

const FaultInfo *fault_info (Fault fault);

/* Adds the faults of `list`, separated by ';' or ',', to `plan`. G_OPTION_ERROR names a wrong one.
 */
gboolean fault_plan_add (FaultPlan *plan, const char *list, GError **error);

/* The setting where `fault` is in force at plug-in `plug` (the first is 1), or NULL. */
const FaultSetting *fault_plan_at (const FaultPlan *plan, Fault fault, guint plug);
