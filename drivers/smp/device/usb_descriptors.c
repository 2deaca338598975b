/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables, and the requests that ask for them.
 */
#include "usb_descriptors.h"

#include <string.h>

#define WORD(value) (uint8_t) ((value)&0xff), (uint8_t)((value) >> 8)

#define DESCRIPTOR_DEVICE 1
#define DESCRIPTOR_CONFIGURATION 2
#define DESCRIPTOR_STRING 3
#define DESCRIPTOR_QUALIFIER 6
#define DESCRIPTOR_OTHER_SPEED 7
#define DESCRIPTOR_BOS 15

/* bmRequestType */
#define FROM_DEVICE 0x80
#define VENDOR_FROM_DEVICE 0xc0
#define VENDOR_TO_INTERFACE 0x41

#define GET_DESCRIPTOR 6
#define MS_OS_DESCRIPTOR_INDEX 7

#define N_STRINGS 5
#define TEXT_MAX 126u

const uint8_t smp_usb_device_descriptor[18] = {
  18,
  DESCRIPTOR_DEVICE,
  WORD (0x0210), /* USB 2.1: it has a BOS */
  0,
  0,
  0,  /* the class is the interface's */
  64, /* bMaxPacketSize0 */
  WORD (SMP_USB_VENDOR),
  WORD (SMP_USB_PRODUCT),
  WORD (0x0100),
  1,
  2,
  3, /* manufacturer, product, serial */
  1, /* configurations */
};

const uint8_t smp_usb_qualifier_descriptor[10] = {
  10, DESCRIPTOR_QUALIFIER, WORD (0x0210), 0, 0, 0, 64, 1, 0,
};

#define CONFIGURATION(max_packet)                                                                  \
  {                                                                                                \
    9, DESCRIPTOR_CONFIGURATION, WORD (32), 1, 1, 0, 0x80, 50, /* bus-powered, 100 mA */           \
        9, 4, SMP_USB_INTERFACE, 0, 2,                         /* two endpoints */                 \
        SMP_USB_CLASS, SMP_USB_SUBCLASS, SMP_USB_PROTOCOL, 4,  /* string 4 */                      \
        7, 5, SMP_USB_OUT, 2, WORD (max_packet), 0,            /* bulk */                          \
        7, 5, SMP_USB_IN, 2, WORD (max_packet), 0,                                                 \
  }

const uint8_t smp_usb_full_speed_configuration[32] = CONFIGURATION (SMP_USB_FULL_SPEED_PACKET);
const uint8_t smp_usb_high_speed_configuration[32] = CONFIGURATION (SMP_USB_HIGH_SPEED_PACKET);

const uint8_t smp_usb_bos_descriptor[57] = {
  5,
  DESCRIPTOR_BOS,
  WORD (57),
  2,
  /* WebUSB 1.0: {3408b638-09a9-47a0-8bfd-a0768815b665}, no landing page */
  24,
  16,
  5,
  0,
  0x38,
  0xb6,
  0x08,
  0x34,
  0xa9,
  0x09,
  0xa0,
  0x47,
  0x8b,
  0xfd,
  0xa0,
  0x76,
  0x88,
  0x15,
  0xb6,
  0x65,
  WORD (0x0100),
  SMP_USB_WEBUSB,
  0,
  /* MS OS 2.0: {d8dd60df-4589-4cc7-9cd2-659d9e648a9f}, from Windows 8.1 on */
  28,
  16,
  5,
  0,
  0xdf,
  0x60,
  0xdd,
  0xd8,
  0x89,
  0x45,
  0xc7,
  0x4c,
  0x9c,
  0xd2,
  0x65,
  0x9d,
  0x9e,
  0x64,
  0x8a,
  0x9f,
  0x00,
  0x00,
  0x03,
  0x06,
  WORD (162),
  SMP_USB_MS_OS,
  0,
};

#define W(character) (character), 0

const uint8_t smp_usb_ms_os_set[162] = {
  /* the set's header */
  WORD (10),
  WORD (0),
  0x00,
  0x00,
  0x03,
  0x06,
  WORD (162),
  /* compatible ID */
  WORD (20),
  WORD (3),
  'W',
  'I',
  'N',
  'U',
  'S',
  'B',
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  /* registry property, REG_MULTI_SZ: DeviceInterfaceGUIDs */
  WORD (132),
  WORD (4),
  WORD (7),
  WORD (42),
  W ('D'),
  W ('e'),
  W ('v'),
  W ('i'),
  W ('c'),
  W ('e'),
  W ('I'),
  W ('n'),
  W ('t'),
  W ('e'),
  W ('r'),
  W ('f'),
  W ('a'),
  W ('c'),
  W ('e'),
  W ('G'),
  W ('U'),
  W ('I'),
  W ('D'),
  W ('s'),
  W (0),
  WORD (80),
  /* {b7c1f0c5-6d0a-4b43-9f52-7a1d3e8c4b01} */
  W ('{'),
  W ('b'),
  W ('7'),
  W ('c'),
  W ('1'),
  W ('f'),
  W ('0'),
  W ('c'),
  W ('5'),
  W ('-'),
  W ('6'),
  W ('d'),
  W ('0'),
  W ('a'),
  W ('-'),
  W ('4'),
  W ('b'),
  W ('4'),
  W ('3'),
  W ('-'),
  W ('9'),
  W ('f'),
  W ('5'),
  W ('2'),
  W ('-'),
  W ('7'),
  W ('a'),
  W ('1'),
  W ('d'),
  W ('3'),
  W ('e'),
  W ('8'),
  W ('c'),
  W ('4'),
  W ('b'),
  W ('0'),
  W ('1'),
  W ('}'),
  W (0),
  W (0),
};

/* String 0 is the list of languages, US English alone. */
static SmpUsbReaction
give_string (SmpUsbDevice *device, uint8_t index, const uint8_t **data, size_t *length)
{
  const char *string;
  size_t count, i;

  if (index >= N_STRINGS || (index > 0 && device->strings[index] == NULL))
    return SMP_USB_STALL;
  string = index == 0 ? "\x09" : device->strings[index];
  count = strlen (string);
  if (count > TEXT_MAX)
    count = TEXT_MAX;
  device->text[0] = (uint8_t)(2 + 2 * count);
  device->text[1] = DESCRIPTOR_STRING;
  for (i = 0; i < count; i++) {
    device->text[2 + 2 * i] = (uint8_t)string[i];
    device->text[3 + 2 * i] = index == 0 ? 0x04 : 0;
  }
  *data = device->text;
  *length = 2 + 2 * count;
  return SMP_USB_ANSWER;
}

static SmpUsbReaction
give (const uint8_t *table, size_t size, const uint8_t **data, size_t *length)
{
  *data = table;
  *length = size;
  return SMP_USB_ANSWER;
}

/* The configuration for the speed the bus runs at, or for the other one. */
static SmpUsbReaction
give_configuration (SmpUsbDevice *device, int high_speed, uint8_t type, const uint8_t **data,
                    size_t *length)
{
  const uint8_t *table =
      high_speed ? smp_usb_high_speed_configuration : smp_usb_full_speed_configuration;

  memcpy (device->text, table, sizeof smp_usb_full_speed_configuration);
  device->text[1] = type;
  return give (device->text, sizeof smp_usb_full_speed_configuration, data, length);
}

static SmpUsbReaction
give_descriptor (SmpUsbDevice *device, uint8_t type, uint8_t index, const uint8_t **data,
                 size_t *length)
{
  switch (type) {
  case DESCRIPTOR_DEVICE:
    return give (smp_usb_device_descriptor, sizeof smp_usb_device_descriptor, data, length);
  case DESCRIPTOR_CONFIGURATION:
    return index > 0 ? SMP_USB_STALL
                     : give_configuration (device, device->high_speed, type, data, length);
  case DESCRIPTOR_STRING:
    return give_string (device, index, data, length);
  case DESCRIPTOR_BOS:
    return give (smp_usb_bos_descriptor, sizeof smp_usb_bos_descriptor, data, length);
  case DESCRIPTOR_QUALIFIER:
    return device->high_speed ? give (smp_usb_qualifier_descriptor,
                                      sizeof smp_usb_qualifier_descriptor, data, length)
                              : SMP_USB_STALL;
  case DESCRIPTOR_OTHER_SPEED:
    return device->high_speed && index == 0 ? give_configuration (device, 0, type, data, length)
                                            : SMP_USB_STALL;
  default:
    return SMP_USB_STALL;
  }
}

SmpUsbReaction
smp_usb_request (SmpUsbDevice *device, const uint8_t setup[8], const uint8_t **data, size_t *length)
{
  *data = NULL;
  *length = 0;
  if (setup[0] == FROM_DEVICE && setup[1] == GET_DESCRIPTOR)
    return give_descriptor (device, setup[3], setup[2], data, length);
  if (setup[0] == VENDOR_FROM_DEVICE && setup[1] == SMP_USB_MS_OS
      && setup[4] == MS_OS_DESCRIPTOR_INDEX)
    return give (smp_usb_ms_os_set, sizeof smp_usb_ms_os_set, data, length);
  if (setup[0] == VENDOR_TO_INTERFACE && setup[1] == SMP_USB_RESET && setup[4] == SMP_USB_INTERFACE)
    return SMP_USB_FORGET;
  return SMP_USB_STALL;
}
