/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verdict on a device that was plugged in: which drivers may ask it, and over which of its
 * interfaces; or why it is refused. Detection only gathers what udev and sysfs say (detect-look.h);
 * what to make of it is decided here, from the allow-list, by the device's full descriptors.
 *
 * A device may show, beside what it is reached by: the two halves of a CDC ACM port, and interfaces
 * of its vendor's own class, to which the kernel gives no driver. Everything else (keyboard, disk,
 * network, audio, ...), in whatever configuration or alternate setting, must stand behind `also=`
 * of the match that allows the device.
 *
 * Pure: no udev here.
 */
#pragma once

#include "station/allow-list.h"
#include "station/descriptors.h"

/* One way to reach a device. */
typedef struct {
  Channel channel;
  int interface;       /* its number; -1: not on USB */
  char *address;       /* see transport_open() */
  gboolean is_vendors; /* a HID way's: report_is_vendors() */
} DeviceWay;

/* What udev and sysfs say of one physical device. */
typedef struct {
  char *place; /* see place.h */
  gboolean on_usb;
  int vendor; /* these two: -1 where it is not on USB */
  int product;
  char *serial; /* as the device says it, or NULL */
  char *name;   /* the same, or NULL */
  guint bus;
  guint number;        /* on the bus: another one each time it is plugged in */
  guint configuration; /* the active one */
  gboolean is_hub;
  GArray *interfaces; /* of UsbInterface, NULL where the descriptors can't be read */
  GPtrArray *ways;    /* of DeviceWay, in no order */
  gboolean settling;  /* udev has not done with all of its nodes */
} SeenDevice;

SeenDevice *seen_device_new (void);
void seen_device_add_way (SeenDevice *device, Channel channel, int interface, const char *address);
void seen_device_free (SeenDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SeenDevice, seen_device_free)

/* "0403:6001 QEMU USB SERIAL, serial PLACE1", safe to show. Free with g_free(). */
char *seen_device_text (const SeenDevice *device);

/* What the configuration says of the slot. */
typedef struct {
  const Driver *driver; /* the only one that may be asked, or NULL */
  gboolean trusted;     /* an engineer named the very port, or the driver: a serial port there needs
                           no match */
  int interface;        /* the one that is preferred; -1: none */
  gboolean exclusive;   /* other slots have the other interfaces: a converter with several ports */
} SlotWish;

typedef enum {
  VERDICT_ACCEPTED,
  VERDICT_WAIT, /* some port of it is still to come */
  VERDICT_REFUSED,
  VERDICT_NOTHING, /* a card reader without a card */
} VerdictKind;

typedef struct {
  VerdictKind kind;
  Channel channel; /* these three where it is accepted */
  char *address;
  GPtrArray *drivers; /* of const Driver, NULL: any */
  char *reason;       /* a sentence, where it is not */
} Verdict;

/* `patient`: a port that the descriptors promise may still come. */
Verdict *judge_device (const SeenDevice *device, const AllowList *allowed, const SlotWish *wish,
                       gboolean patient);
void verdict_free (Verdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Verdict, verdict_free)

/* TRUE where some match would allow it to be reached, if its ports were there: it is ours to
 * talk about. */
gboolean device_is_known (const SeenDevice *device, const AllowList *allowed);
