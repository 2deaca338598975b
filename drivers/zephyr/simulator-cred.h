/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The `cred` command of a simulated Zephyr device.
 */
#pragma once

#include "drivers/zephyr/simulator-shell.h"

typedef struct {
  ZephyrShell shell;
  Device *device;
  GString *buffer; /* the credential buffer */
} ZephyrBoard;

/* Each runs one command, given as its `count` words, of which there are as many as it needs. FALSE
 * once the device was pulled out. */
gboolean zephyr_cred_buf (ZephyrBoard *board, char **words, guint count);
gboolean zephyr_cred_add (ZephyrBoard *board, char **words, guint count);
gboolean zephyr_cred_del (ZephyrBoard *board, char **words, guint count);
gboolean zephyr_cred_get (ZephyrBoard *board, char **words, guint count);
gboolean zephyr_cred_list (ZephyrBoard *board, char **words, guint count);
