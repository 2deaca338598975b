/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usbfs as its header tells it (linux/usbdevice_fs.h). umockdev's own thread calls the handler.
 */
#include "tests/unit/drivers/usb-bench.h"

#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define SETUP_LENGTH 8

/* One URB of the client. */
typedef struct {
  UMockdevIoctlData *urb;
  UMockdevIoctlData *buffer;
} Transfer;

static struct usbdevfs_urb *
urb_of (const Transfer *transfer)
{
  return (struct usbdevfs_urb *)(gpointer)transfer->urb->data;
}

static void
transfer_free (gpointer data)
{
  Transfer *transfer = data;

  g_object_unref (transfer->urb);
  g_clear_object (&transfer->buffer);
  g_free (transfer);
}

static void
end_transfer (UsbBench *bench, Transfer *transfer, int status, gsize length)
{
  urb_of (transfer)->status = status;
  urb_of (transfer)->actual_length = (int)length;
  g_queue_push_tail (&bench->ended, transfer);
  g_cond_broadcast (&bench->changed);
}

static gboolean
is_in (const Transfer *transfer)
{
  return (urb_of (transfer)->endpoint & 0x80) != 0;
}

/* The first that waits for input. */
static Transfer *
take_listener (UsbBench *bench)
{
  for (GList *each = bench->waiting.head; each != NULL; each = each->next) {
    Transfer *transfer = each->data;

    if (is_in (transfer)) {
      g_queue_delete_link (&bench->waiting, each);
      return transfer;
    }
  }
  return NULL;
}

/* As much of one saying as the buffer takes; a full buffer is no end of the transfer. */
static void
give (UsbBench *bench, Transfer *transfer)
{
  GByteArray *saying = g_queue_peek_head (&bench->sayings);
  guint room = (guint)urb_of (transfer)->buffer_length;
  guint count = MIN (saying->len, room);

  if (count > 0)
    memcpy (transfer->buffer->data, saying->data, count);
  g_byte_array_remove_range (saying, 0, count);
  if (count < room)
    g_byte_array_unref (g_queue_pop_head (&bench->sayings));
  end_transfer (bench, transfer, 0, count);
}

static void
halt_in (UsbBench *bench, Transfer *transfer)
{
  bench->halted_in = TRUE;
  bench->stalls_in--;
  end_transfer (bench, transfer, -EPIPE, 0);
}

static void
pump (UsbBench *bench)
{
  Transfer *transfer;

  while (!bench->halted_in && !g_queue_is_empty (&bench->sayings)
         && (transfer = take_listener (bench)) != NULL)
  {
    if (bench->stalls_in > 0)
      halt_in (bench, transfer);
    else if (bench->failure_in != 0) {
      end_transfer (bench, transfer, bench->failure_in, 0);
      bench->failure_in = 0;
    }
    else
      give (bench, transfer);
  }
}

/* What the kernel does with everything under way. */
static void
pull_out (UsbBench *bench)
{
  Transfer *transfer;

  bench->gone = TRUE;
  while ((transfer = g_queue_pop_head (&bench->waiting)) != NULL)
    end_transfer (bench, transfer, -ESHUTDOWN, 0);
  g_cond_broadcast (&bench->changed);
}

static void
hear (UsbBench *bench, Transfer *transfer)
{
  const struct usbdevfs_urb *urb = urb_of (transfer);
  gsize length = (gsize)urb->buffer_length;
  gboolean zero =
      (urb->flags & USBDEVFS_URB_ZERO_PACKET) != 0 && length % SMP_USB_FULL_SPEED_PACKET == 0;

  if (bench->unplugs_when_heard) {
    g_queue_push_tail (&bench->waiting, transfer);
    pull_out (bench);
    return;
  }
  if (bench->deaf) {
    g_queue_push_tail (&bench->waiting, transfer);
    g_cond_broadcast (&bench->changed);
    return;
  }
  if (bench->stalls_out > 0 || bench->halted_out) {
    bench->stalls_out -= bench->stalls_out > 0 ? 1 : 0;
    bench->halted_out = TRUE;
    end_transfer (bench, transfer, -EPIPE, 0);
    return;
  }
  end_transfer (bench, transfer, 0, length);
  if (bench->heard != NULL)
    bench->heard (bench, transfer->buffer->data, length, zero);
}

static void
answer_request (UsbBench *bench, Transfer *transfer)
{
  SmpUsbDevice device = { .strings = { NULL, "Maker", "Thing", "SN-1", "Provisioning" } };
  guint8 *buffer = transfer->buffer->data;
  gsize room = (gsize)urb_of (transfer)->buffer_length - SETUP_LENGTH;
  const uint8_t *data;
  size_t length;
  SmpUsbReaction reaction = smp_usb_request (&device, buffer, &data, &length);

  if (reaction == SMP_USB_STALL) {
    end_transfer (bench, transfer, -EPIPE, 0);
    return;
  }
  bench->resets += reaction == SMP_USB_FORGET ? 1 : 0;
  length = MIN (length, room);
  if (length > 0)
    memcpy (buffer + SETUP_LENGTH, data, length);
  end_transfer (bench, transfer, 0, length);
}

static void
submit (UsbBench *bench, UMockdevIoctlData *argument)
{
  Transfer *transfer = g_new0 (Transfer, 1);
  UMockdevIoctlData *urb =
      umockdev_ioctl_data_resolve (argument, 0, sizeof (struct usbdevfs_urb), NULL);
  UMockdevIoctlData *buffer;

  transfer->urb = g_object_ref (urb);
  buffer = umockdev_ioctl_data_resolve (urb, G_STRUCT_OFFSET (struct usbdevfs_urb, buffer),
                                        (gsize)urb_of (transfer)->buffer_length, NULL);
  transfer->buffer = buffer != NULL ? g_object_ref (buffer) : NULL;
  if (urb_of (transfer)->type == USBDEVFS_URB_TYPE_CONTROL)
    answer_request (bench, transfer);
  else if (is_in (transfer)) {
    g_queue_push_tail (&bench->waiting, transfer);
    pump (bench);
  }
  else
    hear (bench, transfer);
}

static int
discard (UsbBench *bench, UMockdevIoctlData *argument)
{
  gulong wanted = *(gulong *)(gpointer)argument->data;

  for (GList *each = bench->waiting.head; each != NULL; each = each->next) {
    Transfer *transfer = each->data;

    if (transfer->urb->client_addr != wanted)
      continue;
    g_queue_delete_link (&bench->waiting, each);
    bench->cancelled++;
    end_transfer (bench, transfer, -ENOENT, 0);
    return 0;
  }
  return EINVAL;
}

static int
reap (UsbBench *bench, UMockdevIoctlData *argument)
{
  UMockdevIoctlData *pointer = umockdev_ioctl_data_resolve (argument, 0, sizeof (gpointer), NULL);
  Transfer *transfer = g_queue_pop_head (&bench->ended);

  if (transfer == NULL)
    return bench->gone ? ENODEV : EAGAIN;
  umockdev_ioctl_data_set_ptr (pointer, 0, transfer->urb);
  transfer_free (transfer);
  return 0;
}

static int
claim (UsbBench *bench, gpointer client)
{
  if (bench->holder != NULL || (bench->claimed_by != NULL && bench->claimed_by != client))
    return EBUSY;
  bench->claims++;
  bench->claimed_by = client;
  return 0;
}

static int
tell_holder (UsbBench *bench, UMockdevIoctlData *argument)
{
  UMockdevIoctlData *data =
      umockdev_ioctl_data_resolve (argument, 0, sizeof (struct usbdevfs_getdriver), NULL);
  struct usbdevfs_getdriver *asked = (gpointer)data->data;

  if (bench->holder == NULL && bench->claimed_by == NULL)
    return ENODATA;
  g_strlcpy (asked->driver, bench->holder != NULL ? bench->holder : "usbfs", sizeof asked->driver);
  return 0;
}

static int
clear_halt (UsbBench *bench, UMockdevIoctlData *argument)
{
  UMockdevIoctlData *data = umockdev_ioctl_data_resolve (argument, 0, sizeof (guint), NULL);
  guint endpoint = *(guint *)(gpointer)data->data;

  bench->cleared++;
  *((endpoint & 0x80) != 0 ? &bench->halted_in : &bench->halted_out) = FALSE;
  pump (bench);
  return 0;
}

static int
obey (UsbBench *bench, gulong request, UMockdevIoctlData *argument, gpointer client)
{
  UMockdevIoctlData *data;

  if (bench->gone && request != USBDEVFS_REAPURBNDELAY)
    return ENODEV;
  switch (request) {
  case USBDEVFS_GET_CAPABILITIES:
    data = umockdev_ioctl_data_resolve (argument, 0, sizeof (guint32), NULL);
    *(guint32 *)(gpointer)data->data = USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_ZERO_PACKET
                                       | USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
    return 0;
  case USBDEVFS_CONNECTINFO:
    return 0;
  case USBDEVFS_CLAIMINTERFACE:
    return claim (bench, client);
  case USBDEVFS_RELEASEINTERFACE:
    bench->claimed_by = NULL;
    return 0;
  case USBDEVFS_GETDRIVER:
    return tell_holder (bench, argument);
  case USBDEVFS_CLEAR_HALT:
    return clear_halt (bench, argument);
  case USBDEVFS_SUBMITURB:
    submit (bench, argument);
    return 0;
  case USBDEVFS_DISCARDURB:
    return discard (bench, argument);
  case USBDEVFS_REAPURBNDELAY:
    return reap (bench, argument);
  default: /* GET_CONFIGURATION by USBDEVFS_CONTROL: the first one then */
    return ENOTTY;
  }
}

static gboolean
on_ioctl (UMockdevIoctlBase *handler, UMockdevIoctlClient *client, gpointer data)
{
  UsbBench *bench = data;
  int problem;

  g_mutex_lock (&bench->mutex);
  problem = obey (bench, umockdev_ioctl_client_get_request (client),
                  umockdev_ioctl_client_get_arg (client), client);
  g_mutex_unlock (&bench->mutex);
  umockdev_ioctl_client_complete (client, problem == 0 ? 0 : -1, problem);
  return TRUE;
}

static void
on_vanished (UMockdevIoctlBase *handler, UMockdevIoctlClient *client, gpointer data)
{
  UsbBench *bench = data;

  g_mutex_lock (&bench->mutex);
  if (bench->claimed_by == client)
    bench->claimed_by = NULL;
  g_mutex_unlock (&bench->mutex);
}

UsbBench *
usb_bench_new (const char *place, const guint8 *descriptors, gsize length)
{
  UsbBench *bench = g_new0 (UsbBench, 1);
  g_autoptr (GString) hex = g_string_new (NULL);
  g_autofree char *description = NULL;
  g_autoptr (GError) error = NULL;
  guint bus, number, interface;

  g_assert_cmpint (sscanf (place, "%u/%u/%u", &bus, &number, &interface), ==, 3);
  for (gsize i = 0; i < length; i++)
    g_string_append_printf (hex, "%02X", descriptors[i]);
  bench->node = g_strdup_printf ("/dev/bus/usb/%03u/%03u", bus, number);
  description = g_strdup_printf ("P: /devices/usb1/1-%u\nN: bus/usb/%03u/%03u=%s\n"
                                 "E: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DEVNAME=%s\n",
                                 number, bus, number, hex->str, bench->node);
  g_mutex_init (&bench->mutex);
  g_cond_init (&bench->changed);
  bench->testbed = umockdev_testbed_new ();
  bench->handler = umockdev_ioctl_base_new ();
  g_signal_connect (bench->handler, "handle-ioctl", G_CALLBACK (on_ioctl), bench);
  g_signal_connect (bench->handler, "client-vanished", G_CALLBACK (on_vanished), bench);
  umockdev_testbed_add_from_string (bench->testbed, description, &error);
  g_assert_no_error (error);
  g_assert_true (umockdev_testbed_attach_ioctl (bench->testbed, bench->node, bench->handler, NULL));
  return bench;
}

UsbBench *
usb_bench_new_smp (const char *place)
{
  guint8 both[USB_BENCH_DESCRIPTORS];

  memcpy (both, smp_usb_device_descriptor, sizeof smp_usb_device_descriptor);
  memcpy (both + sizeof smp_usb_device_descriptor, smp_usb_full_speed_configuration,
          sizeof smp_usb_full_speed_configuration);
  return usb_bench_new (place, both, sizeof both);
}

void
usb_bench_free (UsbBench *bench)
{
  umockdev_testbed_detach_ioctl (bench->testbed, bench->node, NULL);
  g_object_unref (bench->handler);
  g_object_unref (bench->testbed);
  g_queue_clear_full (&bench->waiting, transfer_free);
  g_queue_clear_full (&bench->ended, transfer_free);
  g_queue_clear_full (&bench->sayings, (GDestroyNotify)g_byte_array_unref);
  g_cond_clear (&bench->changed);
  g_mutex_clear (&bench->mutex);
  g_free (bench->node);
  g_free (bench);
}

void
usb_bench_say (UsbBench *bench, const void *data, gsize length)
{
  GByteArray *saying = g_byte_array_new ();

  g_byte_array_append (saying, data, (guint)length);
  g_queue_push_tail (&bench->sayings, saying);
  pump (bench);
}

void
usb_bench_unplug (UsbBench *bench)
{
  g_mutex_lock (&bench->mutex);
  pull_out (bench);
  g_mutex_unlock (&bench->mutex);
}
