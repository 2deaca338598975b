/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A device's descriptors are the first thing that it says, and hostile like all the rest: every
 * length is held against what is there before it is followed.
 */
#include "drivers/transport-usb-private.h"

#define DESCRIPTOR_DEVICE 1
#define DESCRIPTOR_CONFIGURATION 2
#define DESCRIPTOR_INTERFACE 4
#define DESCRIPTOR_ENDPOINT 5

#define DEVICE_LENGTH 18u
#define CONFIGURATION_LENGTH 9u
#define INTERFACE_LENGTH 9u
#define ENDPOINT_LENGTH 7u

#define ENDPOINT_KIND 0x03
#define ENDPOINT_BULK 0x02
#define ENDPOINT_IN 0x80
#define ENDPOINT_NUMBER 0x0f
#define ENDPOINT_RESERVED 0x70

/* A row of descriptors, each with its length in front. */
typedef struct {
  const guint8 *at;
  gsize left;
} Row;

static gboolean
set_impossible (GError **error, const char *what)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED, "the device's USB descriptors: %s", what);
  return FALSE;
}

static guint16
number_at (const guint8 *data)
{
  return (guint16)(data[0] | data[1] << 8);
}

/* Whether the row's first descriptor is whole; its end without error where the row is empty. */
static gboolean
check_next (const Row *row, GError **error)
{
  if (row->left >= 2 && row->at[0] >= 2 && row->at[0] <= row->left)
    return TRUE;
  return set_impossible (error, "one has a length that can't be");
}

static void
skip (Row *row)
{
  row->left -= row->at[0];
  row->at += row->at[0];
}

/* The row behind the configuration's own descriptor. */
static gboolean
find_configuration (const guint8 *data, gsize length, guint8 wanted, Row *row, GError **error)
{
  if (length < DEVICE_LENGTH || data[0] != DEVICE_LENGTH || data[1] != DESCRIPTOR_DEVICE)
    return set_impossible (error, "the device's own is none");
  data += DEVICE_LENGTH;
  length -= DEVICE_LENGTH;
  while (length >= CONFIGURATION_LENGTH) {
    gsize total = number_at (data + 2);

    if (data[0] != CONFIGURATION_LENGTH || data[1] != DESCRIPTOR_CONFIGURATION
        || total < CONFIGURATION_LENGTH || total > length)
      return set_impossible (error, "a configuration's is none");
    if (wanted == 0 || data[5] == wanted) {
      *row = (Row){ data + CONFIGURATION_LENGTH, total - CONFIGURATION_LENGTH };
      return TRUE;
    }
    data += total;
    length -= total;
  }
  return set_impossible (error, "the configuration in force is not among them");
}

/* What wMaxPacketSize may be for a bulk endpoint: USB 2.0, 5.8.3, and USB 3.2, 9.6.6. */
static gboolean
is_packet_size (guint16 size)
{
  return size == 8 || size == 16 || size == 32 || size == 64 || size == 512 || size == 1024;
}

static gboolean
take_endpoint (const guint8 *endpoint, UsbInterface *interface, GError **error)
{
  guint16 packet = number_at (endpoint + 4);
  gboolean in = (endpoint[2] & ENDPOINT_IN) != 0;

  if ((endpoint[3] & ENDPOINT_KIND) != ENDPOINT_BULK)
    return TRUE;
  if ((endpoint[2] & ENDPOINT_NUMBER) == 0 || (endpoint[2] & ENDPOINT_RESERVED) != 0)
    return set_impossible (error, "an endpoint has a number that can't be");
  if (!is_packet_size (packet))
    return set_impossible (error, "a bulk endpoint has a packet size that can't be");
  if ((in ? interface->in : interface->out) != 0)
    return set_impossible (error, "the interface has two bulk endpoints of one direction");
  *(in ? &interface->in : &interface->out) = endpoint[2];
  *(in ? &interface->in_packet : &interface->out_packet) = packet;
  return TRUE;
}

/* The endpoints up to the next interface; `row` stands behind the interface's own descriptor. */
static gboolean
take_endpoints (Row *row, guint announced, UsbInterface *interface, GError **error)
{
  guint seen = 0;

  while (row->left > 0) {
    if (!check_next (row, error))
      return FALSE;
    if (row->at[1] == DESCRIPTOR_INTERFACE)
      break;
    if (row->at[1] == DESCRIPTOR_ENDPOINT) {
      if (row->at[0] < ENDPOINT_LENGTH)
        return set_impossible (error, "an endpoint's is too short");
      seen++;
      if (!take_endpoint (row->at, interface, error))
        return FALSE;
    }
    skip (row);
  }
  return seen == announced
             ? TRUE
             : set_impossible (error, "the interface has not as many endpoints as it says");
}

static gboolean
take_interface (Row *row, UsbInterface *interface, gboolean *found, GError **error)
{
  guint announced = row->at[4];

  if (*found)
    return set_impossible (error, "the interface is there twice");
  *found = TRUE;
  skip (row);
  return take_endpoints (row, announced, interface, error);
}

static gboolean
find_interface (Row *row, UsbInterface *interface, gboolean *found, GError **error)
{
  while (row->left > 0) {
    gboolean is_it;

    if (!check_next (row, error))
      return FALSE;
    if (row->at[1] == DESCRIPTOR_INTERFACE && row->at[0] < INTERFACE_LENGTH)
      return set_impossible (error, "an interface's is too short");
    is_it =
        row->at[1] == DESCRIPTOR_INTERFACE && row->at[2] == interface->number && row->at[3] == 0;
    if (!is_it)
      skip (row);
    else if (!take_interface (row, interface, found, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
usb_interface_parse (const guint8 *data, gsize length, guint8 configuration, guint8 number,
                     UsbInterface *interface, GError **error)
{
  gboolean found = FALSE;
  Row row;

  *interface = (UsbInterface){ .number = number };
  if (!find_configuration (data, length, configuration, &row, error)
      || !find_interface (&row, interface, &found, error))
    return FALSE;
  if (!found)
    return set_impossible (error, "there is no interface of that number");
  if (interface->in == 0 || interface->out == 0)
    return set_impossible (error, "the interface has no bulk endpoint for each direction");
  return TRUE;
}
