/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See detect-look.h. The kernel has a folder for each interface below the device's
 * ("1-2/1-2:1.0"); in it stand ttys and hidraw nodes, at once or below the driver's own folder
 * ("tty/ttyACM0", "ttyUSB0/tty/ttyUSB0", "0003:03EB:2312.0001/hidraw/hidraw0").
 */
#include "station/detect-look.h"

#include <string.h>
#include <sys/stat.h>

#include "station/place.h"

/* A number that stands in sysfs, -1 where it does not. */
static int
number_attribute (GUdevDevice *device, const char *name, guint base)
{
  const char *text = g_udev_device_get_sysfs_attr (device, name);
  g_autofree char *bare = text != NULL ? g_strstrip (g_strdup (text)) : NULL;
  guint64 number;

  return bare != NULL && g_ascii_string_to_unsigned (bare, base, 0, 0xffff, &number, NULL)
             ? (int)number
             : -1;
}

static gboolean
is_usb_device (GUdevDevice *device)
{
  return g_strcmp0 (g_udev_device_get_subsystem (device), "usb") == 0
         && g_strcmp0 (g_udev_device_get_devtype (device), "usb_device") == 0;
}

/* Its rules have run: node, links and permissions are as they stay. Only udev gives an ID_PATH. */
static gboolean
is_ready (GUdevDevice *device)
{
  return g_udev_device_get_is_initialized (device)
         || g_udev_device_get_property (device, "ID_PATH") != NULL;
}

/* The USB device that it is, or is a part of; NULL where it is not on USB. */
static GUdevDevice *
usb_device_of (GUdevDevice *device)
{
  if (is_usb_device (device))
    return g_object_ref (device);
  return g_udev_device_get_parent_with_subsystem (device, "usb", "usb_device");
}

char *
look_device_path (GUdevDevice *device)
{
  g_autoptr (GUdevDevice) usb = usb_device_of (device);

  if (usb != NULL)
    return g_strdup (g_udev_device_get_sysfs_path (usb));
  if (g_strcmp0 (g_udev_device_get_subsystem (device), "tty") == 0
      && g_udev_device_get_property (device, "ID_PATH") != NULL)
    return g_strdup (g_udev_device_get_sysfs_path (device));
  return NULL;
}

/* ---- the nodes below an interface ---- */

typedef struct {
  GUdevClient *udev;
  SeenDevice *device;
  int interface;
} Look;

/* `folder` is that of a hidraw node: ".../HID/hidraw/hidraw0". */
static gboolean
hid_is_vendors (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "..", "..", "report_descriptor", NULL);
  g_autofree char *report = NULL;
  gsize length;

  return g_file_get_contents (path, &report, &length, NULL)
         && report_is_vendors ((const guint8 *)report, length);
}

static void
take_node (Look *look, const char *kind, const char *path)
{
  const Channel channel = g_str_equal (kind, "tty") ? CHANNEL_SERIAL : CHANNEL_HID;
  g_autoptr (GUdevDevice) node = g_udev_client_query_by_sysfs_path (look->udev, path);
  const char *file = node != NULL ? g_udev_device_get_device_file (node) : NULL;
  g_autofree char *address = NULL;
  DeviceWay *way;

  if (file == NULL)
    return;
  if (!is_ready (node)) {
    look->device->settling = TRUE;
    return;
  }
  address = g_strconcat (channel == CHANNEL_HID ? "hid:" : "", file, NULL);
  seen_device_add_way (look->device, channel, look->interface, address);
  way = g_ptr_array_index (look->device->ways, look->device->ways->len - 1);
  way->is_vendors = channel == CHANNEL_HID && hid_is_vendors (path);
}

/* The nodes in FOLDER/tty and FOLDER/hidraw. */
static void
take_nodes_in (Look *look, const char *folder)
{
  static const char *const kinds[] = { "tty", "hidraw" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree char *nodes = g_build_filename (folder, kinds[i], NULL);
    g_autoptr (GDir) directory = g_dir_open (nodes, 0, NULL);
    const char *name;

    while (directory != NULL && (name = g_dir_read_name (directory)) != NULL) {
      g_autofree char *path = g_build_filename (nodes, name, NULL);

      take_node (look, kinds[i], path);
    }
  }
}

/* A folder of the kernel's own below another, and no link out of it. */
static gboolean
is_folder (const char *path)
{
  struct stat about;

  return lstat (path, &about) == 0 && S_ISDIR (about.st_mode);
}

static void
take_interface (Look *look, const char *folder)
{
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  g_autofree char *address =
      g_strdup_printf ("usb:%u/%u/%d", look->device->bus, look->device->number, look->interface);
  const char *name;

  seen_device_add_way (look->device, CHANNEL_USB, look->interface, address);
  take_nodes_in (look, folder);
  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL) {
    g_autofree char *below = g_build_filename (folder, name, NULL);

    if (is_folder (below))
      take_nodes_in (look, below);
  }
}

/* The number of the interface whose folder it is ("1-2:1.0" below ".../1-2"), or -1. */
static int
interface_of_folder (const char *device, const char *name)
{
  const char *colon = strrchr (name, ':');
  const char *dot = colon != NULL ? strchr (colon, '.') : NULL;
  guint64 number;

  if (dot == NULL || strlen (device) != (gsize)(colon - name) || !g_str_has_prefix (name, device)
      || !g_ascii_string_to_unsigned (dot + 1, 10, 0, 255, &number, NULL))
    return -1;
  return (int)number;
}

static void
take_interfaces (GUdevClient *udev, SeenDevice *device, const char *path)
{
  g_autofree char *own = g_path_get_basename (path);
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL) {
    g_autofree char *folder = g_build_filename (path, name, NULL);
    Look look = { udev, device, interface_of_folder (own, name) };

    if (look.interface >= 0)
      take_interface (&look, folder);
  }
}

/* ---- devices ---- */

static void
take_descriptors (SeenDevice *device, const char *path)
{
  g_autofree char *file = g_build_filename (path, "descriptors", NULL);
  g_autofree char *data = NULL;
  gsize length;

  if (g_file_get_contents (file, &data, &length, NULL))
    device->interfaces = descriptors_read ((const guint8 *)data, length);
}

/* Where it is plugged in: as udev says it of the device. */
static char *
place_of_usb (GUdevDevice *usb)
{
  const char *id_path = g_udev_device_get_property (usb, "ID_PATH");
  int interface;

  return id_path != NULL ? place_of_id_path (id_path, &interface) : NULL;
}

static SeenDevice *
look_at_usb (GUdevClient *udev, GUdevDevice *usb)
{
  const char *path = g_udev_device_get_sysfs_path (usb);
  SeenDevice *device = seen_device_new ();
  const int configuration = number_attribute (usb, "bConfigurationValue", 10);

  device->on_usb = TRUE;
  device->place = place_of_usb (usb);
  device->vendor = number_attribute (usb, "idVendor", 16);
  device->product = number_attribute (usb, "idProduct", 16);
  device->serial = g_strdup (g_udev_device_get_sysfs_attr (usb, "serial"));
  device->name = g_strdup (g_udev_device_get_sysfs_attr (usb, "product"));
  device->bus = (guint)MAX (number_attribute (usb, "busnum", 10), 0);
  device->number = (guint)MAX (number_attribute (usb, "devnum", 10), 0);
  device->is_hub = number_attribute (usb, "bDeviceClass", 16) == 0x09;
  device->configuration = (guint)MAX (configuration, 0);
  device->settling = configuration <= 0 || !is_ready (usb);
  take_descriptors (device, path);
  take_interfaces (udev, device, path);
  return device;
}

static SeenDevice *
look_at_tty (GUdevDevice *tty)
{
  SeenDevice *device = seen_device_new ();
  const char *file = g_udev_device_get_device_file (tty);

  device->place = g_strdup (g_udev_device_get_property (tty, "ID_PATH"));
  if (file != NULL)
    seen_device_add_way (device, CHANNEL_SERIAL, -1, file);
  return device;
}

SeenDevice *
look_at_device (GUdevClient *udev, const char *path)
{
  g_autoptr (GUdevDevice) device = g_udev_client_query_by_sysfs_path (udev, path);

  if (device == NULL)
    return NULL;
  return is_usb_device (device) ? look_at_usb (udev, device) : look_at_tty (device);
}

char *
look_up_node (GUdevClient *udev, const char *path, int *interface)
{
  struct stat about;
  g_autoptr (GUdevDevice) tty = NULL;
  g_autoptr (GUdevDevice) usb = NULL;
  g_autoptr (GUdevDevice) part = NULL;

  *interface = -1;
  if (stat (path, &about) != 0 || !S_ISCHR (about.st_mode))
    return NULL;
  tty = g_udev_client_query_by_device_number (udev, G_UDEV_DEVICE_TYPE_CHAR, about.st_rdev);
  usb = tty != NULL ? usb_device_of (tty) : NULL;
  if (usb == NULL)
    return NULL;
  part = g_udev_device_get_parent_with_subsystem (tty, "usb", "usb_interface");
  if (part != NULL)
    *interface = number_attribute (part, "bInterfaceNumber", 16);
  return g_strdup (g_udev_device_get_sysfs_path (usb));
}
