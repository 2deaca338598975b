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
