/* SPDX-License-Identifier: Apache-2.0
 *
 * What the device says of itself on USB: docs/smp-provisioning-group.md, 7.4, byte for byte. For a
 * device that has this one interface; section 7.5 says what changes where it has more.
 */
#ifndef USB_DESCRIPTORS_H
#define USB_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

/* Yours: these two are of the Zephyr project and for the desk only. */
#ifndef SMP_USB_VENDOR
#define SMP_USB_VENDOR 0x2fe3
#endif
#ifndef SMP_USB_PRODUCT
#define SMP_USB_PRODUCT 0x4b01
#endif

#define SMP_USB_CLASS 0xff
#define SMP_USB_SUBCLASS 0x4b
#define SMP_USB_PROTOCOL 0x01

#define SMP_USB_INTERFACE 0
#define SMP_USB_OUT 0x01
#define SMP_USB_IN 0x81
#define SMP_USB_FULL_SPEED_PACKET 64
#define SMP_USB_HIGH_SPEED_PACKET 512

/* bRequest of the requests of the kind "vendor". */
#define SMP_USB_RESET 0x01  /* to the interface: forget what is unfinished */
#define SMP_USB_WEBUSB 0x20 /* to the device; the WebUSB platform capability names it */
#define SMP_USB_MS_OS 0x21  /* to the device, wIndex 7; the MS OS 2.0 capability names it */

extern const uint8_t smp_usb_device_descriptor[18];
extern const uint8_t smp_usb_qualifier_descriptor[10];
extern const uint8_t smp_usb_full_speed_configuration[32];
extern const uint8_t smp_usb_high_speed_configuration[32];
extern const uint8_t smp_usb_bos_descriptor[57];
extern const uint8_t smp_usb_ms_os_set[162];

typedef struct {
  const char *strings[5]; /* by index, ASCII: unused, manufacturer, product, serial, interface */
  int high_speed;         /* the bus runs at 480 Mbit/s */
  uint8_t text[2 + 2 * 126];
} SmpUsbDevice;

typedef enum {
  SMP_USB_STALL,  /* the request is not known */
  SMP_USB_ANSWER, /* send `data` (at most wLength), or acknowledge where there is none */
  SMP_USB_FORGET, /* acknowledge, and reset receiver and sender */
} SmpUsbReaction;

/* What to do about a setup packet that asks for a descriptor or is one of ours. Others
 * (SET_ADDRESS, SET_CONFIGURATION, CLEAR_FEATURE ...) are your USB stack's: they are SMP_USB_STALL
 * here. `data` is valid until the next call. */
SmpUsbReaction smp_usb_request (SmpUsbDevice *device, const uint8_t setup[8], const uint8_t **data,
                                size_t *length);

#endif
