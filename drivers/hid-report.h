/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * HID reports as a channel for bytes: how long they are (Device Class Definition for
 * HID 1.11, 6.2.2), and how a message is cut into them. Pure.
 */
#pragma once

#include <glib.h>

/* No report that a channel of bytes is made of is longer. */
#define HID_REPORT_MAX 4096u

typedef struct {
  guint8 id;   /* 0: the reports have none */
  gsize input; /* bytes that a report from the device carries, without its id */
  gsize output;
} HidReports;

/* Reads a report descriptor. NULL where it is for a channel of bytes: one report each way, both of
 * the same id; else a few words why not. */
const char *hid_reports_read (const guint8 *descriptor, gsize length, HidReports *reports);

/* How many reports a message of `length` bytes takes. */
gsize hid_reports_needed (const HidReports *reports, gsize length);

/* Report number `index` of a message, as hidraw wants it written: the id (0 where there is none),
 * then the bytes, padded with NUL. `report` has room for 1 + reports->output bytes. */
void hid_report_cut (const HidReports *reports, const guint8 *message, gsize length, gsize index,
                     guint8 *report);
