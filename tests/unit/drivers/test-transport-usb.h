/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of one Check runner.
 */
#pragma once

#include <check.h>

TCase *usb_journey_tests (void);
TCase *usb_descriptor_tests (void);
