/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See export-formats.h.
 */
#include "ui-tui/export-formats.h"

#include "ui-tui/language.h"

const ExportFormat export_formats[] = {
  { "aws", ".ndjson", N_ ("AWS IoT: registers all units in one go") },
  { "csv", ".csv", N_ ("a table, one row a unit: for spreadsheets and databases") },
  { "jsonl", ".jsonl", N_ ("JSON lines, one object a unit: for programs of your own") },
  { "aws-no-ca", ".ndjson", N_ ("AWS IoT: as aws, where the CA's subject is there only once") },
  { "aws-csr", ".ndjson", N_ ("AWS IoT: has AWS itself sign the units' requests") },
  { "aws-calls", ".calls", N_ ("AWS IoT: calls for the aws CLI, and a script that makes them") },
  { "azure-hub", ".txt", N_ ("Azure IoT Hub: registers all units in one job") },
  { "azure-dps", ".jsonl", N_ ("Azure DPS: enrols units, ten in each call") },
  { "nrfcloud", ".csv", N_ ("nRF Cloud: onboards units, a thousand a file") },
  { "microchip", ".json", N_ ("secure elements: Microchip's manifest, signed by this station") },
  { "thingsboard", ".csv", N_ ("ThingsBoard: devices with their certificates") },
  { "clearblade", ".ndjson", N_ ("ClearBlade IoT Core: one device resource a line") },
  { "spki", ".jsonl", N_ ("public keys alone: for pins and raw public keys") },
  { NULL, NULL, NULL },
};

const ExportFormat *
export_format_find (const char *name)
{
  for (const ExportFormat *format = export_formats; format->name != NULL; format++)
    if (g_strcmp0 (format->name, name) == 0)
      return format;
  return NULL;
}
