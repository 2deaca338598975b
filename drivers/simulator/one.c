/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One device in the foreground, for a first look by hand.
 */
#include "drivers/simulator/commands.h"

int
one_run (Bench *bench, DeviceSettings *settings, const char *link)
{
  g_autoptr (GError) error = NULL;
  Device *device = bench_add (bench, settings, &error);
  gboolean pulled = FALSE;

  if (device == NULL || !bench_plug_link (device, link, &error)) {
    g_printerr ("keycradle-sim: %s\n", error->message);
    return 1;
  }
  g_print ("%s\n", machine_port (device->machine));
  while (!pulled) {
    g_autofree BenchEvent *event = g_async_queue_pop (bench->events);

    pulled = event->kind == MACHINE_PULLED;
  }
  return 0;
}
