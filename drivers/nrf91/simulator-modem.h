/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The AT commands of the simulated nRF91 modem, whoever hosts it.
 */
#pragma once

#include "drivers/simulator/device.h"

/* The function (+CFUN) with which a modem's application starts it. */
#define MODEM_ACTIVE 1u

typedef struct {
  Device *device;
  guint function;          /* +CFUN */
  gboolean numeric_errors; /* +CMEE */
} Modem;

/* Carries out one command line (without its line end; PEM inside quotes keeps its own) and
 * returns the whole answer, its lines ended by CR LF. Free with g_free(). */
char *modem_command (Modem *modem, const char *line);
