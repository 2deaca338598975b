/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Doctor: what is plugged in, as the daemon sees it. Why something is in no slot, whether udev has
 * applied our rules to what is in one, and who else has it open.
 */
#include "station/cli/doctor.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "station/cli/output.h"

#define UDEV_DATABASE "/run/udev/data"

/* What udev keeps of a node: "E:KEYCRADLE_DEVICE=1" is what 70-keycradle.rules sets. */
static gboolean
udev_marked (const char *node)
{
  struct stat status;
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;

  if (stat (node, &status) != 0 || !S_ISCHR (status.st_mode))
    return TRUE; /* it has gone, or is none of udev's */
  path = g_strdup_printf (UDEV_DATABASE "/c%u:%u", major (status.st_rdev), minor (status.st_rdev));
  return !g_file_get_contents (path, &text, NULL, NULL)
         || strstr (text, "E:KEYCRADLE_DEVICE=1\n") != NULL;
}

static void
judge_rule (Doctor *doctor, const char *node)
{
  if (udev_marked (node))
    return;
  doctor_find (
      doctor, DOCTOR_WARN, "udev-device",
      g_strdup_printf ("udev has not applied Keycradle's rules to %s, so other programs "
                       "may open it.",
                       node),
      g_strdup ("keycradle driver rules | sudo tee /etc/udev/rules.d/71-keycradle-site.rules; "
                "sudo udevadm control --reload; sudo udevadm trigger"));
}

/* The real node: what a holder's descriptors point to. An address may have a scheme before it. */
static const char *
node_of (const char *address)
{
  const char *slash = strchr (address, '/');

  return slash != NULL && g_str_has_prefix (slash, "/dev/") ? slash : NULL;
}

static void
judge_node (Doctor *doctor, GVariant *port, const char *address)
{
  const char *node = node_of (address);
  g_autofree char *place = record_text (port, "place");

  if (node == NULL)
    return;
  judge_rule (doctor, node);
  g_autoptr (PortHolder) holder = port_holder_find (node);
  if (holder == NULL || g_str_equal (holder->name, "keycradled"))
    return;
  doctor_find (doctor, DOCTOR_FAIL, "device-held",
               g_strdup_printf ("%s: %s (process %d) has %s open, so the unit there fails.", place,
                                holder->name, holder->pid, node),
               port_holder_advice (holder));
}

static void
judge_in_slot (Doctor *doctor, GVariant *port)
{
  g_autoptr (GVariant) nodes = g_variant_lookup_value (port, "nodes", G_VARIANT_TYPE ("as"));
  g_autofree const char **addresses = nodes != NULL ? g_variant_get_strv (nodes, NULL) : NULL;

  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    judge_node (doctor, port, addresses[i]);
}

static void
judge_out_of_slot (Doctor *doctor, GVariant *port, const char *state)
{
  g_autofree char *device = record_text (port, "device");
  g_autofree char *place = record_text (port, "place");
  g_autofree char *reason = record_text (port, "reason");

  if (g_str_equal (state, "refused"))
    doctor_find (doctor, DOCTOR_WARN, "device-refused",
                 g_strdup_printf ("%s at %s is refused: %s", device, place, reason),
                 g_strdup ("keycradle port list"));
  else if (g_str_equal (state, "unclaimed"))
    doctor_find (
        doctor, DOCTOR_WARN, "device-unclaimed",
        g_strdup_printf ("%s at %s could be worked with, but no slot is there.", device, place),
        g_strdup ("keycradle slot learn N, then unplug it and plug it in again"));
}

void
doctor_judge_ports (Doctor *doctor, GVariant *ports)
{
  GVariantIter iter;
  GVariant *port;
  guint in_slots = 0;

  g_variant_iter_init (&iter, ports);
  while ((port = g_variant_iter_next_value (&iter)) != NULL) {
    g_autofree char *state = record_text (port, "state");

    if (g_str_equal (state, "in-slot")) {
      in_slots++;
      judge_in_slot (doctor, port);
    }
    else
      judge_out_of_slot (doctor, port, state);
    g_variant_unref (port);
  }
  doctor_find (doctor, DOCTOR_OK, "devices",
               g_strdup_printf ("%u of the devices that udev shows are in slots.", in_slots), NULL);
}

void
doctor_check_devices (Doctor *doctor)
{
  g_autoptr (GVariant) ports = NULL;
  g_autoptr (GError) error = NULL;

  if (doctor->cli->api == NULL)
    return; /* doctor_check_daemon() has said so */
  if (api_station1_call_list_ports_sync (doctor->cli->api, &ports, NULL, &error))
    doctor_judge_ports (doctor, ports);
  else
    doctor_find (doctor, DOCTOR_WARN, "devices",
                 g_strdup_printf ("What is plugged in can't be told: %s", error->message),
                 g_strdup ("keycradle port list"));
}
