/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which slot has a device in it. Ports that the configuration names by path are watched as
 * files (ports.h); what it names by place (IdPath=) comes from udev: ttys, HID devices, and USB
 * devices without a kernel driver. One physical device arrives once, in one slot, by one of its
 * interfaces; what is not allowed, or shows more than it should, does not arrive at all but is
 * refused in words (detect-judge.h). Everything else that is plugged into this PC is left alone: a
 * device that no slot claims is looked at only while a slot is being learned, or when somebody
 * asks.
 *
 * A device must have been there for a moment before it arrives, longer where it keeps coming and
 * going; it leaves at once. See docs/detection.md.
 */
#pragma once

#include "drivers/driver.h"
#include "station/config.h"
#include "station/detect-judge.h"

typedef struct Detector Detector;

typedef struct {
  /* A device came into slot `number`; `address` is as transport_open() takes it. `drivers` (of
   * const Driver, borrowed) are those that may be asked; NULL: any. A replacement is reported as
   * removed, then added. */
  void (*added) (guint number, const char *address, GPtrArray *drivers, gpointer data);
  /* Also of one that was refused. */
  void (*removed) (guint number, gpointer data);
  /* What came into slot `number` must not be worked with; `reason` is a sentence for an engineer
   * that names the device. With slot 0: while a slot is learned, outside of all slots. */
  void (*refused) (guint number, const char *reason, gpointer data);
  /* A device that no slot claims and that may be worked with came while detector_learn() is on. */
  void (*unclaimed) (const char *place, gpointer data);
} DetectorCallbacks;

/* Callbacks run on the main loop, the first ones from detector_start(). `config` is borrowed. */
Detector *detector_new (const Config *config, const DetectorCallbacks *callbacks, gpointer data,
                        GError **error);
void detector_free (Detector *detector);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Detector, detector_free)

/* Reports what is plugged in already, then what comes and goes. */
void detector_start (Detector *detector);

/* Unclaimed devices are reported that would do for slot `number`, from now on; 0: none. */
void detector_learn (Detector *detector, guint number);

/* The configuration's slot `number` was bound anew. */
void detector_rebind (Detector *detector, guint number);

/* The configuration's slots `first` and `second` have exchanged their id_paths, and whoever was
 * told of their devices has exchanged those: nothing comes or goes. */
void detector_swap (Detector *detector, guint first, guint second);

/* Looks again at all that is there: after an attempt that ended because its port vanished. */
void detector_recheck (Detector *detector);

/* Why no card can be seen though a slot waits for cards, as a sentence for engineers; or NULL. */
const char *detector_cards_problem (const Detector *detector);

/* What a look at everything that is plugged in says. */
typedef struct {
  const SeenDevice *device;
  guint slot;             /* 0: none claims it */
  const Verdict *verdict; /* in that slot, or in one without wishes */
} DetectorView;

/* Calls `tell` for each USB device that is known or in a slot, or has a serial port or HID node, in
 * no order. */
void detector_survey (Detector *detector, void (*tell) (const DetectorView *view, gpointer data),
                      gpointer data);
