/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Match files: which devices a driver may be asked about. One line a match, '#' begins a comment:
 *
 *   KIND VENDOR:PRODUCT [interface=CC[/SS[/PP]]] [serial=PREFIX] [also=CC[/SS[/PP]][,...]]
 *
 * KIND is tty, usb, hid or card; VENDOR and PRODUCT are four digits of hex, or "*"; CC, SS and PP
 * are a USB interface's class, subclass and protocol, two digits of hex each
 * (https://www.usb.org/defined-class-codes). `also` names interfaces that the device may show
 * beside the one it is reached by; whoever shows others is refused (detection's business, see
 * docs/detection.md). Each driver's folder has such a file, `match`; a site adds its own.
 *
 * Pure: no udev here.
 */
#pragma once

#include "drivers/transport.h"

/* A USB class triple; -1 stands for any. */
typedef struct {
  int code;
  int subclass;
  int protocol;
} UsbClass;

typedef struct {
  Channel channel;
  int vendor;          /* -1: any */
  int product;         /* -1: any */
  UsbClass interface;  /* code -1: any */
  char *serial_prefix; /* or NULL */
  GArray *also;        /* of UsbClass */
  char *text;          /* the line, without comment and needless blanks */
} Match;

/* What detection knows of a device's way in. */
typedef struct {
  Channel channel;
  int vendor; /* -1: not on USB */
  int product;
  UsbClass interface; /* of the interface that it is reached by; code -1: unknown */
  const char *serial; /* or NULL */
} MatchSubject;

/* The matches of a file's `text`, a GPtrArray of Match. G_KEY_FILE_ERROR with "ORIGIN:LINE: why".
 */
GPtrArray *matches_parse (const char *text, const char *origin, GError **error);

/* TRUE where the first two classes are the same as far as `wanted` says. */
gboolean usb_class_fits (const UsbClass *wanted, const UsbClass *shown);

gboolean match_fits (const Match *match, const MatchSubject *subject);

/* The first of `matches` that fits, or NULL. */
const Match *matches_find (const GPtrArray *matches, const MatchSubject *subject);
