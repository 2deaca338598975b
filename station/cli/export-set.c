/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See export-set.h.
 */
#include "station/cli/export-set.h"

#include <string.h>

#include "base/output-parts.h"
#include "station/cli/export-run.h"

static void
export_file_free (gpointer data)
{
  ExportFile *file = data;

  output_file_clear (&file->output);
  g_clear_pointer (&file->summary, g_variant_unref);
  g_free (file->template);
  g_free (file->statement);
  g_free (file);
}

static guint
parts_of (const ExportFile *file)
{
  guint parts = 1;

  g_variant_lookup (file->summary, "parts", "u", &parts);
  return parts;
}

/* The part behind the last of the set. */
static gboolean
add_part (Cli *cli, GPtrArray *set, const char *path, GError **error)
{
  ExportFile *file = g_new0 (ExportFile, 1);
  gint64 after = 0;

  if (set->len > 0) {
    const ExportFile *before = g_ptr_array_index (set, set->len - 1);
    g_variant_lookup (before->summary, "id", "x", &after);
  }
  file->output = (OutputFile)OUTPUT_FILE_INIT;
  g_ptr_array_add (set, file);
  if (!output_file_open (&file->output, path, error))
    return FALSE;
  file->summary = export_run (cli, file->output.fd, file->output.path != NULL, after, error);
  return file->summary != NULL;
}

/* It was opened under the name of the whole. */
static void
name_part (ExportFile *file, guint part, guint parts)
{
  g_autofree char *whole = g_steal_pointer (&file->output.path);

  file->output.path = output_part_path (whole, part, parts);
}

GPtrArray *
export_set_make (Cli *cli, GError **error)
{
  g_autoptr (GPtrArray) set = g_ptr_array_new_with_free_func (export_file_free);
  guint parts = 1;

  for (guint part = 1; part <= parts; part++) {
    if (!add_part (cli, set, cli->options.output, error))
      return NULL;
    parts = parts_of (g_ptr_array_index (set, 0));
    if (parts > 1)
      name_part (g_ptr_array_index (set, part - 1), part, parts);
  }
  return g_steal_pointer (&set);
}

/* What some formats want beside the manifest: AWS a template, FILE.template.json. */
static gboolean
write_template (ExportFile *file, GError **error)
{
  const char *template = NULL, *suffix = NULL;

  if (file->output.path == NULL || !g_variant_lookup (file->summary, "template", "&s", &template)
      || !g_variant_lookup (file->summary, "template-suffix", "&s", &suffix))
    return TRUE;
  file->template =
      output_file_write_beside (&file->output, suffix, template, strlen (template), error);
  return file->template != NULL;
}

/* What the station signed about it: FILE.p7s. */
static gboolean
write_statement (ExportFile *file, GError **error)
{
  g_autoptr (GVariant) statement =
      g_variant_lookup_value (file->summary, "statement", G_VARIANT_TYPE_BYTESTRING);
  gsize length = 0;

  if (file->output.path == NULL || statement == NULL)
    return TRUE;
  const void *data = g_variant_get_fixed_array (statement, &length, 1);
  file->statement = output_file_write_beside (&file->output, ".p7s", data, length, error);
  return file->statement != NULL;
}

gboolean
export_set_finish (GPtrArray *set, const char *path, GError **error)
{
  g_autofree char *whole = g_canonicalize_filename (path, NULL);

  if (set->len > 1 && !output_parts_remove (whole, error))
    return FALSE;
  for (guint i = 0; i < set->len; i++)
    if (!write_template (g_ptr_array_index (set, i), error)
        || !write_statement (g_ptr_array_index (set, i), error))
      return FALSE;
  return output_parts_finish (set, error);
}
