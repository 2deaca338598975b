/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See detect-judge.h.
 */
#include "station/detect-judge.h"

#include <string.h>

#include "base/text.h"
#include "station/usb-class.h"

#define TEXT_MOST 60 /* characters of what a device says of itself */

SeenDevice *
seen_device_new (void)
{
  SeenDevice *device = g_new0 (SeenDevice, 1);

  device->vendor = device->product = -1;
  device->ways = g_ptr_array_new ();
  return device;
}

void
seen_device_add_way (SeenDevice *device, Channel channel, int interface, const char *address)
{
  DeviceWay *way = g_new0 (DeviceWay, 1);

  way->channel = channel;
  way->interface = interface;
  way->address = g_strdup (address);
  g_ptr_array_add (device->ways, way);
}

void
seen_device_free (SeenDevice *device)
{
  if (device == NULL)
    return;
  for (guint i = 0; i < device->ways->len; i++) {
    DeviceWay *way = g_ptr_array_index (device->ways, i);

    g_free (way->address);
    g_free (way);
  }
  g_ptr_array_unref (device->ways);
  g_clear_pointer (&device->interfaces, g_array_unref);
  g_free (device->place);
  g_free (device->serial);
  g_free (device->name);
  g_free (device);
}

char *
seen_device_text (const SeenDevice *device)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (!device->on_usb)
    return g_strdup ("a serial port of this PC");
  g_string_append_printf (text, "%04x:%04x", (guint)device->vendor, (guint)device->product);
  if (device->name != NULL) {
    g_autofree char *name = text_for_display (device->name, TEXT_MOST);

    g_string_append_printf (text, " %s", name);
  }
  if (device->serial != NULL) {
    g_autofree char *serial = text_for_display (device->serial, TEXT_MOST);

    g_string_append_printf (text, ", serial %s", serial);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

void
verdict_free (Verdict *verdict)
{
  if (verdict == NULL)
    return;
  g_free (verdict->address);
  g_free (verdict->reason);
  g_clear_pointer (&verdict->drivers, g_ptr_array_unref);
  g_free (verdict);
}

static Verdict *
verdict_new (VerdictKind kind, char *reason)
{
  Verdict *verdict = g_new0 (Verdict, 1);

  verdict->kind = kind;
  verdict->reason = reason;
  return verdict;
}

/* ---- which way ---- */

/* A way with the match that allows it; without one it is the engineer's word. */
typedef struct {
  const DeviceWay *way;
  const Match *match;
} Choice;

/* The class of interface `number` as it is now; unknown where it is not on USB. */
static UsbClass
class_of (const SeenDevice *device, int number)
{
  for (guint i = 0; device->interfaces != NULL && i < device->interfaces->len; i++) {
    const UsbInterface *one = &g_array_index (device->interfaces, UsbInterface, i);

    if (one->configuration == device->configuration && (int)one->number == number
        && one->alternate == 0)
      return one->class;
  }
  return (UsbClass){ -1, -1, -1 };
}

static gboolean
allows (const Allowed *allowed, const SeenDevice *device, const DeviceWay *way,
        const SlotWish *wish)
{
  const MatchSubject subject = { .channel = way->channel,
                                 .vendor = device->vendor,
                                 .product = device->product,
                                 .interface = class_of (device, way->interface),
                                 .serial = device->serial };

  return (wish->driver == NULL || allowed->driver == wish->driver)
         && (!wish->exclusive || way->interface == wish->interface)
         && match_fits (allowed->match, &subject);
}

/* Whether the first is to be taken before the second: the interface that the slot wants, then one
 * that a match names, then the one with the lowest number. */
static gboolean
is_better (const Choice *one, const Choice *other, const SlotWish *wish)
{
  const gboolean wanted = one->way->interface == wish->interface;
  const gboolean other_wanted = other->way->interface == wish->interface;
  const gboolean named = one->match != NULL && one->match->interface.code >= 0;
  const gboolean other_named = other->match != NULL && other->match->interface.code >= 0;

  if (wish->interface >= 0 && wanted != other_wanted)
    return wanted;
  if (named != other_named)
    return named;
  if (one->way->interface != other->way->interface)
    return one->way->interface < other->way->interface;
  return strcmp (one->way->address, other->way->address) < 0;
}

static void
consider (Choice *best, const Choice *choice, const SlotWish *wish)
{
  if (best->way == NULL || is_better (choice, best, wish))
    *best = *choice;
}

static gboolean
speaks_serial (const Driver *driver)
{
  return driver == NULL || (driver->channels & CHANNEL_SERIAL) != 0;
}

/* The best way that a match allows, or else, where the engineer's word is enough, a serial port. */
static Choice
choose (const SeenDevice *device, const AllowList *allowed, const SlotWish *wish)
{
  Choice best = { 0 };

  for (guint i = 0; i < device->ways->len; i++)
    for (guint j = 0; j < allowed->list->len; j++) {
      const Allowed *one = &g_array_index (allowed->list, Allowed, j);
      const Choice choice = { g_ptr_array_index (device->ways, i), one->match };

      if (allows (one, device, choice.way, wish))
        consider (&best, &choice, wish);
    }
  for (guint i = 0; best.match == NULL && i < device->ways->len; i++) {
    const Choice choice = { g_ptr_array_index (device->ways, i), NULL };

    if (choice.way->channel == CHANNEL_SERIAL && speaks_serial (wish->driver)
        && (wish->trusted || !device->on_usb)
        && (!wish->exclusive || choice.way->interface == wish->interface))
      consider (&best, &choice, wish);
  }
  return best;
}

/* ---- what is still to come ---- */

static gboolean
has_way (const SeenDevice *device, Channel channel, int interface)
{
  for (guint i = 0; i < device->ways->len; i++) {
    const DeviceWay *way = g_ptr_array_index (device->ways, i);

    if (way->channel == channel && (interface < 0 || way->interface == interface))
      return TRUE;
  }
  return FALSE;
}

/* TRUE where an interface in front of the chosen one is a CDC ACM port whose tty is not there yet:
 * it would have been chosen. */
static gboolean
misses_earlier_port (const SeenDevice *device, const Choice *choice)
{
  const UsbClass port = { USB_COMMUNICATIONS, USB_ABSTRACT_CONTROL, -1 };

  if (choice->way->channel != CHANNEL_SERIAL)
    return FALSE;
  for (guint i = 0; i < device->interfaces->len; i++) {
    const UsbInterface *one = &g_array_index (device->interfaces, UsbInterface, i);

    if (one->configuration == device->configuration && one->alternate == 0
        && (int)one->number < choice->way->interface && usb_class_fits (&port, &one->class)
        && !has_way (device, CHANNEL_SERIAL, (int)one->number))
      return TRUE;
  }
  return FALSE;
}

/* TRUE where it is a reader of smart cards, or a token that is one. */
static gboolean
is_reader (const SeenDevice *device)
{
  for (guint i = 0; device->interfaces != NULL && i < device->interfaces->len; i++)
    if (g_array_index (device->interfaces, UsbInterface, i).class.code == USB_SMART_CARD)
      return TRUE;
  return FALSE;
}

/* TRUE where a match would allow the device but for a port of that kind, which is not there. */
static gboolean
lacks_port (const SeenDevice *device, const AllowList *allowed, const Driver *driver)
{
  for (guint i = 0; i < allowed->list->len; i++) {
    const Allowed *one = &g_array_index (allowed->list, Allowed, i);
    MatchSubject subject = { .channel = one->match->channel,
                             .vendor = device->vendor,
                             .product = device->product,
                             .interface = one->match->interface,
                             .serial = device->serial };

    if ((driver == NULL || one->driver == driver) && one->match->channel != CHANNEL_USB
        && (one->match->channel != CHANNEL_CARD || is_reader (device))
        && !has_way (device, one->match->channel, -1) && match_fits (one->match, &subject))
      return TRUE;
  }
  return FALSE;
}

gboolean
device_is_known (const SeenDevice *device, const AllowList *allowed)
{
  const SlotWish wish = { .interface = -1 };
  const Choice choice = choose (device, allowed, &wish);

  return device->on_usb && (choice.match != NULL || lacks_port (device, allowed, NULL));
}

/* ---- what it shows beside ---- */

static gboolean
is_own (const SeenDevice *device, const Choice *choice, const UsbInterface *shown)
{
  const UsbClass class = class_of (device, choice->way->interface);

  return shown->configuration == device->configuration
         && (int)shown->number == choice->way->interface && usb_class_fits (&class, &shown->class);
}

static gboolean
is_permitted (const Match *match, const UsbClass *class)
{
  for (guint i = 0; match != NULL && i < match->also->len; i++)
    if (usb_class_fits (&g_array_index (match->also, UsbClass, i), class))
      return TRUE;
  return usb_class_is_harmless (class);
}

/* What the device shows too much, or NULL. */
static char *
find_excess (const SeenDevice *device, const Choice *choice)
{
  for (guint i = 0; i < device->interfaces->len; i++) {
    const UsbInterface *shown = &g_array_index (device->interfaces, UsbInterface, i);

    if (is_own (device, choice, shown) || is_permitted (choice->match, &shown->class))
      continue;
    return g_strdup_printf (
        "it shows %s beside its port (interface %u%s, class %02x/%02x/%02x)",
        usb_class_text (&shown->class), shown->number,
        shown->configuration == device->configuration ? "" : " of another configuration",
        (guint)shown->class.code, (guint)shown->class.subclass, (guint)shown->class.protocol);
  }
  if (choice->way->channel == CHANNEL_HID && !choice->way->is_vendors)
    return g_strdup ("it is a keyboard, a mouse or another thing that a PC obeys");
  return NULL;
}

/* ---- the verdict ---- */

static Verdict *
refuse (const SeenDevice *device, const char *why)
{
  g_autofree char *what = seen_device_text (device);

  return verdict_new (VERDICT_REFUSED, g_strdup_printf ("%s: %s", what, why));
}

static Verdict *
refuse_unknown (const SeenDevice *device, const AllowList *allowed, const SlotWish *wish)
{
  if (lacks_port (device, allowed, wish->driver))
    return refuse (device, "a match allows it, but the kernel has made no port for it");
  if (wish->driver != NULL)
    return refuse (device, "it has no port by which the slot's driver could reach it");
  return refuse (device, "no match allows it");
}

/* All drivers whose matches allow this way; NULL where nobody was named. */
static GPtrArray *
drivers_for (const SeenDevice *device, const AllowList *allowed, const SlotWish *wish,
             const Choice *choice)
{
  GPtrArray *drivers = g_ptr_array_new ();

  for (guint i = 0; choice->match != NULL && i < allowed->list->len; i++) {
    const Allowed *one = &g_array_index (allowed->list, Allowed, i);

    if (allows (one, device, choice->way, wish) && !g_ptr_array_find (drivers, one->driver, NULL))
      g_ptr_array_add (drivers, (gpointer)one->driver);
  }
  if (choice->match == NULL && wish->driver != NULL)
    g_ptr_array_add (drivers, (gpointer)wish->driver);
  if (drivers->len > 0)
    return drivers;
  g_ptr_array_unref (drivers);
  return NULL;
}

static Verdict *
accept (const SeenDevice *device, const AllowList *allowed, const SlotWish *wish,
        const Choice *choice)
{
  Verdict *verdict = verdict_new (VERDICT_ACCEPTED, NULL);

  verdict->channel = choice->way->channel;
  verdict->address = g_strdup (choice->way->address);
  verdict->drivers = drivers_for (device, allowed, wish, choice);
  return verdict;
}

Verdict *
judge_device (const SeenDevice *device, const AllowList *allowed, const SlotWish *wish,
              gboolean patient)
{
  const Choice choice = choose (device, allowed, wish);
  g_autofree char *excess = NULL;

  if (device->on_usb && device->interfaces == NULL)
    return refuse (device, "what it says of itself (its USB descriptors) can't be read");
  if (device->is_hub)
    return refuse (device, "it is a hub, and no device of this line");
  if (patient && device->settling)
    return verdict_new (VERDICT_WAIT, g_strdup ("udev has not done with it"));
  if (choice.way == NULL && is_reader (device) && lacks_port (device, allowed, wish->driver))
    return verdict_new (VERDICT_NOTHING, g_strdup ("there is no card in it"));
  if (choice.way == NULL && patient && lacks_port (device, allowed, wish->driver))
    return verdict_new (VERDICT_WAIT, g_strdup ("its port has not come yet"));
  if (choice.way == NULL)
    return refuse_unknown (device, allowed, wish);
  if (!device->on_usb)
    return accept (device, allowed, wish, &choice);
  excess = find_excess (device, &choice);
  if (excess != NULL)
    return refuse (device, excess);
  if (patient && misses_earlier_port (device, &choice))
    return verdict_new (VERDICT_WAIT, g_strdup ("its first port has not come yet"));
  return accept (device, allowed, wish, &choice);
}
