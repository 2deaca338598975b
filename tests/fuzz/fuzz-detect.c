/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as what a device says of itself: its descriptors and its HID report descriptor.
 * Whatever they are, a device that is worked with shows no keyboard, disk or network card.
 */
#include "station/detect-judge.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static gboolean
is_dangerous (const UsbClass *class)
{
  return class->code != 0xff && class->code != 0x0a
         && !(class->code == 0x02 && class->subclass == 0x02 && class->protocol <= 6);
}

/* The port is interface 0: of a class of its own, it may be anything. */
static void
check_accepted (const SeenDevice *device)
{
  for (guint i = 0; i < device->interfaces->len; i++) {
    const UsbInterface *one = &g_array_index (device->interfaces, UsbInterface, i);
    const gboolean is_port = one->configuration == device->configuration && one->number == 0;

    if (!is_port && is_dangerous (&one->class))
      g_abort ();
  }
}

static void
judge (const guint8 *data, size_t size, gboolean trusted)
{
  static AllowList *allowed;
  const SlotWish wish = { .trusted = trusted, .interface = -1 };
  g_autoptr (SeenDevice) device = seen_device_new ();
  g_autoptr (Verdict) verdict = NULL;

  if (allowed == NULL)
    allowed = allow_list_load (NULL, NULL);
  device->on_usb = TRUE;
  device->place = g_strdup ("place");
  device->vendor = 0x2fe3;
  device->product = 0x0001;
  device->configuration = 1;
  device->serial = g_strndup ((const char *)data, size);
  device->name = g_strdup (device->serial);
  device->interfaces = descriptors_read (data, size);
  seen_device_add_way (device, CHANNEL_SERIAL, 0, "/dev/ttyACM0");
  verdict = judge_device (device, allowed, &wish, FALSE);
  if (verdict->kind == VERDICT_WAIT)
    g_abort ();
  if (verdict->kind == VERDICT_ACCEPTED)
    check_accepted (device);
  else if (!g_utf8_validate (verdict->reason, -1, NULL))
    g_abort ();
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  report_is_vendors (data, size);
  judge (data, size, FALSE);
  judge (data, size, TRUE);
  return 0;
}
