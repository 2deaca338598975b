/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See descriptors.h. Whatever does not add up makes all of it unreadable: the kernel reads on where
 * it can, but a device that lies in its first sentence gets nothing from us.
 */
#include "station/descriptors.h"

#define DEVICE_DESCRIPTOR 1u
#define CONFIGURATION_DESCRIPTOR 2u
#define INTERFACE_DESCRIPTOR 4u
#define DEVICE_LENGTH 18u
#define CONFIGURATION_LENGTH 9u
#define INTERFACE_LENGTH 9u

static void
take_interface (GArray *interfaces, guint configuration, const guint8 *descriptor)
{
  const UsbInterface interface = { .configuration = configuration,
                                   .number = descriptor[2],
                                   .alternate = descriptor[3],
                                   .class = { descriptor[5], descriptor[6], descriptor[7] } };

  g_array_append_val (interfaces, interface);
}

/* The descriptors of one configuration, `length` bytes. */
static gboolean
read_configuration (GArray *interfaces, const guint8 *data, gsize length)
{
  const guint configuration = data[5];

  for (gsize at = 0; at < length; at += data[at]) {
    const gsize size = data[at];

    if (size < 2 || size > length - at)
      return FALSE;
    if (data[at + 1] != INTERFACE_DESCRIPTOR)
      continue;
    if (size < INTERFACE_LENGTH)
      return FALSE;
    take_interface (interfaces, configuration, data + at);
  }
  return TRUE;
}

/* The length of the configuration that begins at `data`, 0 where none does. */
static gsize
configuration_length (const guint8 *data, gsize length)
{
  gsize total;

  if (length < CONFIGURATION_LENGTH || data[0] < CONFIGURATION_LENGTH
      || data[1] != CONFIGURATION_DESCRIPTOR)
    return 0;
  total = (gsize)data[2] | (gsize)data[3] << 8;
  return total >= data[0] && total <= length ? total : 0;
}

GArray *
descriptors_read (const guint8 *data, gsize length)
{
  g_autoptr (GArray) interfaces = g_array_new (FALSE, FALSE, sizeof (UsbInterface));
  gsize at = DEVICE_LENGTH;

  if (length < DEVICE_LENGTH || length > DESCRIPTORS_MAX || data[0] != DEVICE_LENGTH
      || data[1] != DEVICE_DESCRIPTOR)
    return NULL;
  for (guint i = 0; i < data[17]; i++) {
    const gsize total = configuration_length (data + at, length - at);

    if (total == 0 || !read_configuration (interfaces, data + at, total))
      return NULL;
    at += total;
  }
  return at == length ? g_steal_pointer (&interfaces) : NULL;
}

/* ---- HID ---- */

#define ITEM_LONG 0xfeu
#define ITEM_KIND 0xfcu /* type and tag, without the size */
#define ITEM_USAGE_PAGE 0x04u
#define ITEM_USAGE 0x08u
#define ITEM_USAGE_MINIMUM 0x18u
#define ITEM_USAGE_MAXIMUM 0x28u
#define ITEM_PUSH 0xa4u
#define ITEM_POP 0xb4u
#define ITEM_COLLECTION 0xa0u
#define ITEM_END_COLLECTION 0xc0u
#define VENDOR_PAGES 0xff00u

typedef struct {
  guint page;   /* in force; 0: none yet */
  guint depth;  /* of collections */
  gboolean any; /* there was one */
} Report;

static guint
item_value (const guint8 *data, gsize size)
{
  guint value = 0;

  for (gsize i = 0; i < size; i++)
    value |= (guint)data[i] << (8 * i);
  return value;
}

/* FALSE where the item speaks of a page that is not the vendor's, or can't be read. The kernel
 * looks for keyboards in collections at any depth, and lets a page count that comes behind its
 * usage: so no page but the vendor's may be in it at all, and nothing that saves and restores
 * pages. */
static gboolean
take_item (Report *report, guint kind, guint value, gsize size)
{
  switch (kind) {
  case ITEM_USAGE_PAGE:
    report->page = value;
    return value >= VENDOR_PAGES;
  case ITEM_USAGE:
    return report->page != 0 && (size < 4 || value >> 16 >= VENDOR_PAGES);
  case ITEM_COLLECTION:
    report->depth++;
    report->any = TRUE;
    return report->page != 0;
  case ITEM_END_COLLECTION:
    return report->depth-- > 0;
  case ITEM_USAGE_MINIMUM:
  case ITEM_USAGE_MAXIMUM:
    return size < 4 || value >> 16 >= VENDOR_PAGES;
  case ITEM_PUSH:
  case ITEM_POP:
    return FALSE;
  default: /* the many kinds of item that say nothing of a purpose */
    return TRUE;
  }
}

gboolean
report_is_vendors (const guint8 *data, gsize length)
{
  Report report = { 0 };

  for (gsize at = 0; at < length;) {
    const guint kind = data[at] & ITEM_KIND;
    const gsize size = (data[at] & 3u) == 3 ? 4 : data[at] & 3u;

    if (data[at] == ITEM_LONG || size > length - at - 1
        || !take_item (&report, kind, item_value (data + at + 1, size), size))
      return FALSE;
    at += 1 + size;
  }
  return report.any && report.depth == 0;
}
