/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See usb-bench.h. Nodes are told of, but not made: umockdev takes no name of a tty twice.
 */
#include "usb-bench.h"

#include <stdio.h>
#include <string.h>

#define HUB "/devices/pci0000:00/0000:00:14.0/usb1"
#define PATH "pci-0000:00:14.0-usb-0:"

char *
usb_place (const char *port)
{
  return g_strconcat (PATH, port, NULL);
}

/* "1-2" in the hub's folder; a device behind another hub stands in that one's: "1-2/1-2.3". */
static char *
folder_of (const UsbPlug *plug)
{
  GString *folder = g_string_new (HUB);

  for (const char *dot = strchr (plug->port, '.'); dot != NULL; dot = strchr (dot + 1, '.'))
    g_string_append_printf (folder, "/1-%.*s", (int)(dot - plug->port), plug->port);
  g_string_append_printf (folder, "/1-%s", plug->port);
  return g_string_free (folder, FALSE);
}

/* ---- descriptors ---- */

static void
append_interface (GByteArray *bytes, guint number, const char *word)
{
  guint class[3] = { 0 };
  guint8 descriptor[9] = { 9, 4, (guint8)number };

  sscanf (word, "%2x/%2x/%2x", &class[0], &class[1], &class[2]);
  for (guint i = 0; i < 3; i++)
    descriptor[5 + i] = (guint8) class[i];
  g_byte_array_append (bytes, descriptor, sizeof descriptor);
}

static void
append_configuration (GByteArray *bytes, guint number, const char *interfaces)
{
  g_auto (GStrv) words = g_strsplit (g_strstrip ((char *)interfaces), " ", -1);
  const guint8 count = (guint8)g_strv_length (words);
  const guint length = 9 + 9u * count;
  const guint8 head[9] = { 9,    2, (guint8)length, (guint8)(length >> 8), count, (guint8)number, 0,
                           0x80, 50 };

  g_byte_array_append (bytes, head, sizeof head);
  for (guint i = 0; i < count; i++)
    append_interface (bytes, i, words[i]);
}

static char *
descriptors_of (const UsbPlug *plug)
{
  g_auto (GStrv) configurations = g_strsplit (plug->interfaces, ";", -1);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 head[18] = { 18, 1, 0, 2 };
  GString *text = g_string_new (NULL);

  head[17] = (guint8)g_strv_length (configurations);
  g_byte_array_append (bytes, head, sizeof head);
  for (guint i = 0; configurations[i] != NULL; i++)
    append_configuration (bytes, i + 1, configurations[i]);
  for (guint i = 0; i < bytes->len; i++)
    g_string_append_printf (text, "%02x", bytes->data[i]);
  return g_string_free (text, FALSE);
}

/* ---- parts, in umockdev's words ---- */

typedef struct {
  char *path;
  char *text;
} Part;

static void
part_free (gpointer data)
{
  Part *part = data;

  g_free (part->path);
  g_free (part->text);
  g_free (part);
}

static void
add_part (GPtrArray *parts, char *path, char *lines)
{
  Part *part = g_new0 (Part, 1);

  part->path = path;
  part->text = g_strdup_printf ("P: %s\n%s\n", path, lines);
  g_free (lines);
  g_ptr_array_add (parts, part);
}

static void
add_device (GPtrArray *parts, const UsbPlug *plug)
{
  g_autofree char *descriptors = descriptors_of (plug);
  g_autofree char *serial =
      plug->serial != NULL ? g_strdup_printf ("A: serial=%s\\n\n", plug->serial) : NULL;

  add_part (parts, folder_of (plug),
            g_strdup_printf ("N: bus/usb/001/%03u\n"
                             "E: DEVNAME=/dev/bus/usb/001/%03u\nE: DEVTYPE=usb_device\n"
                             "E: SUBSYSTEM=usb\nE: ID_PATH=" PATH "%s\n"
                             "A: busnum=1\\n\nA: devnum=%u\\n\nA: idVendor=%s\\n\n"
                             "A: idProduct=%s\\n\nA: bConfigurationValue=1\\n\n"
                             "A: bDeviceClass=%s\\n\nA: product=Widget\\n\n%s"
                             "H: descriptors=%s\n",
                             plug->number, plug->number, plug->port, plug->number, plug->vendor,
                             plug->product, g_str_has_prefix (plug->interfaces, "09") ? "09" : "00",
                             serial != NULL ? serial : "", descriptors));
}

static void
add_node (GPtrArray *parts, const UsbPlug *plug, const char *interface, const char *name,
          guint number)
{
  const gboolean hid = g_str_has_prefix (name, "hidraw");
  g_autofree char *driver =
      hid ? g_strdup_printf ("/0003:%s:%s.%04u", plug->vendor, plug->product, plug->number)
      : g_str_has_prefix (name, "ttyUSB") ? g_strdup_printf ("/%s", name)
                                          : g_strdup ("");
  const char *subsystem = hid ? "hidraw" : "tty";

  if (hid)
    add_part (parts, g_strconcat (interface, driver, NULL),
              g_strdup_printf ("E: SUBSYSTEM=hid\nH: report_descriptor=%s\n",
                               plug->report != NULL ? plug->report : ""));
  add_part (parts, g_strconcat (interface, driver, "/", subsystem, "/", name, NULL),
            g_strdup_printf ("E: DEVNAME=/dev/%s\nE: SUBSYSTEM=%s\n"
                             "E: ID_PATH=" PATH "%s:1.%u\n",
                             name, subsystem, plug->port, number));
}

static void
add_interfaces (GPtrArray *parts, GPtrArray *nodes, const UsbPlug *plug)
{
  g_auto (GStrv) configurations = g_strsplit (plug->interfaces, ";", -1);
  g_auto (GStrv) words = g_strsplit (configurations[0], " ", -1);
  g_autofree char *device = folder_of (plug);

  for (guint i = 0; words[i] != NULL; i++) {
    g_autofree char *folder = g_strdup_printf ("%s/1-%s:1.%u", device, plug->port, i);
    const char *node = strchr (words[i], '=');

    add_part (parts, g_strdup (folder),
              g_strdup_printf ("E: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\n"
                               "A: bInterfaceNumber=%02x\\n\n",
                               i));
    if (node != NULL)
      add_node (nodes, plug, folder, node + 1, i);
  }
}

/* All parts: first those without, then those with a node. */
static void
parts_of (const UsbPlug *plug, GPtrArray **parts, GPtrArray **nodes)
{
  *parts = g_ptr_array_new_with_free_func (part_free);
  *nodes = g_ptr_array_new_with_free_func (part_free);
  add_device (*parts, plug);
  add_interfaces (*parts, *nodes, plug);
}

static void
add_all (UMockdevTestbed *bench, const GPtrArray *parts)
{
  for (guint i = 0; i < parts->len; i++) {
    const Part *part = g_ptr_array_index (parts, i);
    g_autoptr (GError) error = NULL;

    if (!umockdev_testbed_add_from_string (bench, part->text, &error))
      g_error ("%s: %s", part->text, error->message);
  }
}

static void
remove_all (UMockdevTestbed *bench, const GPtrArray *parts)
{
  for (guint i = parts->len; i-- > 0;) {
    const Part *part = g_ptr_array_index (parts, i);
    g_autofree char *path = g_strconcat ("/sys", part->path, NULL);

    umockdev_testbed_uevent (bench, path, "remove");
    umockdev_testbed_remove_device (bench, path);
  }
}

void
usb_plug (UMockdevTestbed *bench, const UsbPlug *plug)
{
  usb_plug_without_nodes (bench, plug);
  usb_add_nodes (bench, plug);
}

void
usb_plug_without_nodes (UMockdevTestbed *bench, const UsbPlug *plug)
{
  g_autoptr (GPtrArray) parts = NULL, nodes = NULL;

  parts_of (plug, &parts, &nodes);
  add_all (bench, parts);
}

void
usb_add_nodes (UMockdevTestbed *bench, const UsbPlug *plug)
{
  g_autoptr (GPtrArray) parts = NULL, nodes = NULL;

  parts_of (plug, &parts, &nodes);
  add_all (bench, nodes);
}

void
usb_unplug (UMockdevTestbed *bench, const UsbPlug *plug)
{
  g_autoptr (GPtrArray) parts = NULL, nodes = NULL;

  parts_of (plug, &parts, &nodes);
  remove_all (bench, nodes);
  remove_all (bench, parts);
}

void
usb_say_again (UMockdevTestbed *bench, const UsbPlug *plug, const char *action)
{
  g_autoptr (GPtrArray) parts = NULL, nodes = NULL;

  parts_of (plug, &parts, &nodes);
  for (guint i = 0; i < nodes->len; i++) {
    g_autofree char *path =
        g_strconcat ("/sys", ((const Part *)g_ptr_array_index (nodes, i))->path, NULL);

    umockdev_testbed_uevent (bench, path, action);
  }
}
