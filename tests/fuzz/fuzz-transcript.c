/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as the transcript of an attempt that the daemon reads back: each step that is found
 * stands in a line of its own that notes it, and what goes over D-Bus is text.
 */
#include <string.h>

#include "station/transcript.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

/* The line that notes `step`, behind `from`. */
static const char *
find_note (const char *from, const char *step)
{
  g_autofree char *note = g_strdup_printf ("# step %s ", step);

  for (const char *at = from; at != NULL; at = strchr (at, '\n')) {
    at += *at == '\n' ? 1 : 0;
    if (g_str_has_prefix (at, note))
      return at + strlen (note);
  }
  return NULL;
}

static const char *
expect_noted (GVariant *record, const char *from)
{
  const char *step;
  gint64 at;

  if (!g_variant_lookup (record, "step", "&s", &step) || !g_variant_lookup (record, "at", "x", &at)
      || at < 0)
    g_abort ();
  from = find_note (from, step);
  if (from == NULL)
    g_abort ();
  return from;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *text = g_utf8_make_valid ((const char *)data, (gssize)size);
  g_autoptr (GVariant) steps = g_variant_ref_sink (transcript_steps (text));
  const char *from = text;

  if (!g_variant_is_normal_form (steps))
    g_abort ();
  for (gsize i = 0; i < g_variant_n_children (steps); i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (steps, i);

    from = expect_noted (record, from);
  }
  return 0;
}
