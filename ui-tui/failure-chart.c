/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A batch's failures as a bar chart: reason in words, how often, and in which slots. That all of
 * one reason come from one slot is the first thing that an engineer asks: it is the fixture, not
 * the units.
 */
#include <string.h>

#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/text.h"
#include "ui-tui/view.h"

#define COUNT_COLUMNS 6
#define WIDEST_REASON 30

/* All failures of one reason. */
typedef struct {
  const char *label; /* words of the reason */
  guint count;
  GPtrArray *bars; /* of FailureBar, one a slot, the most first; not owned */
} Reason;

static void
reason_free (Reason *reason)
{
  g_ptr_array_unref (reason->bars);
  g_free (reason);
}

static Reason *
reason_with_label (GPtrArray *reasons, const char *label)
{
  Reason *reason;

  for (guint i = 0; i < reasons->len; i++) {
    reason = g_ptr_array_index (reasons, i);
    if (g_str_equal (reason->label, label))
      return reason;
  }
  reason = g_new0 (Reason, 1);
  reason->label = label;
  reason->bars = g_ptr_array_new ();
  g_ptr_array_add (reasons, reason);
  return reason;
}

static int
compare_bars (gconstpointer first, gconstpointer second)
{
  const FailureBar *one = *(FailureBar *const *)first;
  const FailureBar *other = *(FailureBar *const *)second;

  return (one->count < other->count) - (one->count > other->count);
}

static int
compare_reasons (gconstpointer first, gconstpointer second)
{
  const Reason *one = *(Reason *const *)first;
  const Reason *other = *(Reason *const *)second;

  if (one->count != other->count)
    return one->count < other->count ? 1 : -1;
  return strcmp (one->label, other->label); /* a steady order */
}

/* Of Reason, the most frequent first. */
static GPtrArray *
collect_reasons (const GPtrArray *failures)
{
  GPtrArray *reasons = g_ptr_array_new_with_free_func ((GDestroyNotify)reason_free);

  for (guint i = 0; i < failures->len; i++) {
    FailureBar *bar = g_ptr_array_index (failures, i);
    Reason *reason = reason_with_label (reasons, reason_label (bar->reason, bar->operator_text));

    reason->count += bar->count;
    g_ptr_array_add (reason->bars, bar);
  }
  for (guint i = 0; i < reasons->len; i++)
    g_ptr_array_sort (((Reason *)g_ptr_array_index (reasons, i))->bars, compare_bars);
  g_ptr_array_sort (reasons, compare_reasons);
  return reasons;
}

static char *
slot_words (const Reason *reason)
{
  const FailureBar *first = g_ptr_array_index (reason->bars, 0);
  GString *words;

  if (reason->bars->len == 1 && reason->count == 1)
    return g_strdup_printf (_ ("in slot %s"), or_dash (first->slot));
  if (reason->bars->len == 1)
    return g_strdup_printf (_ ("all in slot %s"), or_dash (first->slot));
  words = g_string_new (NULL);
  for (guint i = 0; i < reason->bars->len; i++) {
    const FailureBar *bar = g_ptr_array_index (reason->bars, i);

    if (i > 0)
      g_string_append (words, ", ");
    g_string_append_printf (words, _ ("%u in slot %s"), bar->count, or_dash (bar->slot));
  }
  return g_string_free (words, FALSE);
}

static int
widest_reason (const GPtrArray *reasons)
{
  int widest = 0;

  for (guint i = 0; i < reasons->len; i++)
    widest = MAX (widest, text_width (((Reason *)g_ptr_array_index (reasons, i))->label));
  return MIN (widest, WIDEST_REASON);
}

static void
draw_reason (Canvas *canvas, Area area, int row, const Reason *reason, int label_width, guint most)
{
  g_autofree char *slots = slot_words (reason);
  const int bar_start = 1 + label_width + COUNT_COLUMNS + 2;
  const int bar_width = CLAMP ((area.width - bar_start) / 2 - 2, 0, 40);
  int column = bar_start;

  canvas_text (canvas, area, row, 1, label_width, STYLE_NORMAL, reason->label);
  canvas_printf (canvas, area, row, 1 + label_width, -1, STYLE_STRONG, "%*u", COUNT_COLUMNS,
                 reason->count);
  if (bar_width >= 6) {
    canvas_bar (canvas, area, row, column, bar_width, reason->count, most, STYLE_NORMAL);
    column += bar_width + 2;
  }
  canvas_text (canvas, area, row, column, -1, STYLE_NORMAL, slots);
}

static void
draw_reasons (Canvas *canvas, Area area, const GPtrArray *reasons)
{
  const guint room = (guint)MAX (area.height - 1, 0);
  const guint shown = reasons->len <= room ? reasons->len : MAX (room, 1) - 1;
  const guint hidden = reasons->len - shown;
  const int label_width = widest_reason (reasons);
  const Reason *first = g_ptr_array_index (reasons, 0);

  for (guint i = 0; i < shown; i++)
    draw_reason (canvas, area, 1 + (int)i, g_ptr_array_index (reasons, i), label_width,
                 first->count);
  if (hidden > 0)
    canvas_printf (canvas, area, 1 + (int)shown, 1, -1, STYLE_QUIET,
                   ngettext ("and %u more reason", "and %u more reasons", hidden), hidden);
}

static const char *
nothing_words (const BatchLine *batch)
{
  if (batch->attempts == 0)
    return _ ("Nothing was tried yet.");
  return batch->failures != NULL ? _ ("No attempt failed.") : _ ("The station is being asked.");
}

void
failure_chart_draw (Canvas *canvas, Area area, const BatchLine *batch)
{
  g_autoptr (GPtrArray) reasons = NULL;

  if (area.height < 2)
    return;
  heading_draw (canvas, area, 0, _ ("Why attempts failed"), NULL);
  if (batch->failures == NULL || batch->failures->len == 0) {
    canvas_text (canvas, area, 1, 1, -1, STYLE_QUIET, nothing_words (batch));
    return;
  }
  reasons = collect_reasons (batch->failures);
  draw_reasons (canvas, area, reasons);
}
