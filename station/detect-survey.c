/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All that is plugged in, for those who ask why something is not in a slot.
 */
#include "station/detect-private.h"

static gboolean
has_node (const SeenDevice *device)
{
  for (guint i = 0; i < device->ways->len; i++) {
    const DeviceWay *way = g_ptr_array_index (device->ways, i);

    if (way->channel != CHANNEL_USB)
      return TRUE;
  }
  return FALSE;
}

static void
survey_device (Detector *detector, const SeenDevice *device,
               void (*tell) (const DetectorView *view, gpointer data), gpointer data)
{
  const SlotWish none = { .interface = -1 };
  gboolean claimed = FALSE;

  for (guint i = 0; i < detector->config->slots->len; i++) {
    const SlotConfig *slot = g_ptr_array_index (detector->config->slots, i);
    g_autoptr (Verdict) verdict = NULL;
    SlotWish wish;

    if (!detect_wish (detector, slot, device->place, &wish))
      continue;
    claimed = TRUE;
    verdict = judge_device (device, detector->allowed, &wish, FALSE);
    tell (&(DetectorView){ device, slot->number, verdict }, data);
  }
  if (!claimed && device->on_usb && !device->is_hub
      && (has_node (device) || device_is_known (device, detector->allowed)))
  {
    g_autoptr (Verdict) verdict = judge_device (device, detector->allowed, &none, FALSE);

    tell (&(DetectorView){ device, 0, verdict }, data);
  }
}

void
detector_survey (Detector *detector, void (*tell) (const DetectorView *view, gpointer data),
                 gpointer data)
{
  g_autoptr (GPtrArray) paths = detect_all_paths (detector);

  for (guint i = 0; i < paths->len; i++) {
    g_autoptr (SeenDevice) device = look_at_device (detector->udev, g_ptr_array_index (paths, i));

    if (device == NULL)
      continue;
    detect_cards_add_ways (detector, device);
    survey_device (detector, device, tell, data);
  }
}
