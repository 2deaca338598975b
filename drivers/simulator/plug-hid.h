/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The plug of a HID device: what a simulated device says on its pty comes out of a hidraw node, in
 * reports of 64 bytes. Needs the kernel's uhid and the right to open /dev/uhid.
 */
#pragma once

/* Bridges the pty at `port` to a new HID device of VENDOR:PRODUCT (four hex digits each) until
 * either ends, and says on standard output that it is plugged in. The exit status: 0 when the
 * simulated device was pulled out, 1 with a sentence where something failed. */
int plug_hid_run (const char *port, const char *ids);
