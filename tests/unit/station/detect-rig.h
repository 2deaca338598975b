/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A detector on a bench of umockdev, and what it told.
 */
#pragma once

#include "station/detect.h"
#include "usb-bench.h"

#define PLACE(port) "pci-0000:00:14.0-usb-0:" port
#define ACM(node) "02/02/01=" node " 0a/00/00"

extern UMockdevTestbed *bench;
extern GString *seen;    /* "+3:/dev/ttyACM0 ", "-3 ", "!3 ", "?PLACE " */
extern GString *reasons; /* a line for each '!' */
extern Config *config;

/* Slot 1 as today's `slot learn` writes it, slot 2 as an earlier one did. */
void detect_rig_set_up (void);
void detect_rig_tear_down (void);

SlotConfig *add_slot (guint number, const char *id_path);

/* A device that driver smp's match file allows. */
UsbPlug zephyr (const char *port, guint number, const char *interfaces);

Detector *start (void);

/* Waits until as much was told, and compares. */
void expect_seen (const char *wanted);

/* Lets the main loop run. */
void run_for (guint milliseconds);
