/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Anything that a kit or its chip may say, and anything that may stand in a slot or be a template:
 * a certificate that was made anew must give the same 72 bytes again.
 */
#include <stddef.h>
#include <string.h>

#include "drivers/hid-report.h"
#include "drivers/microchip/certificate.h"
#include "drivers/microchip/proto.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
read_line (const guint8 *data, size_t size)
{
  g_autofree char *line = g_strndup ((const char *)data, size);
  g_autoptr (GBytes) payload = NULL;
  KitDevice device;
  const guint8 *inside;
  gsize length;
  guint8 status;

  kit_device_read (line, &device);
  if (kit_answer_read (line, &status, &payload) && chip_packet_read (payload, &inside, &length)
      && length == CHIP_CONFIG_LENGTH)
    chip_model (inside);
}

static void
read_certificate (const guint8 *data, size_t size)
{
  g_autoptr (GBytes) template = g_bytes_new (data, size);
  G_GNUC_UNUSED g_autofree char *places = certificate_places (template);
  guint8 compressed[COMPRESSED_LENGTH], again[COMPRESSED_LENGTH], point[POINT_LENGTH];
  const char *problem;

  if (!certificate_compress (template, (CompressedIds){ 1, 2 }, compressed, &problem)
      || !certificate_point (template, point))
    return;
  g_autoptr (GBytes) rebuilt = certificate_rebuild (template, compressed, point);
  if (rebuilt != NULL && certificate_compress (rebuilt, (CompressedIds){ 1, 2 }, again, &problem))
    g_assert (memcmp (compressed, again, sizeof again) == 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  HidReports reports;

  hid_reports_read (data, size, &reports);
  read_line (data, size);
  read_certificate (data, size);
  return 0;
}
