/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See place.h. The kernel calls an interface PORTS:CONFIGURATION.INTERFACE; udev puts that behind
 * "-usb-0:".
 */
#include "station/place.h"

#include <string.h>

#define USB_MARK "-usb-"

/* The ':' in front of "C.I" at the end of a path on USB, or NULL. */
static const char *
find_interface (const char *id_path)
{
  const char *usb = g_strrstr (id_path, USB_MARK);
  const char *bus = usb != NULL ? strchr (usb, ':') : NULL;

  return bus != NULL ? strchr (bus + 1, ':') : NULL;
}

char *
place_of_id_path (const char *id_path, int *interface)
{
  const char *behind = find_interface (id_path);
  const char *dot = behind != NULL ? strchr (behind, '.') : NULL;
  guint64 number;

  *interface = -1;
  if (dot == NULL || !g_ascii_string_to_unsigned (dot + 1, 10, 0, 255, &number, NULL))
    return g_strdup (id_path);
  *interface = (int)number;
  return g_strndup (id_path, (gsize)(behind - id_path));
}

gboolean
place_is_shared (const char *id_path, const char *other)
{
  int interface, other_interface;
  g_autofree char *place = place_of_id_path (id_path, &interface);
  g_autofree char *other_place = place_of_id_path (other, &other_interface);

  return g_str_equal (place, other_place)
         && (interface == other_interface || interface < 0 || other_interface < 0);
}
