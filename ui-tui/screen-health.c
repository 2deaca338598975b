/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The line of health: each part with a word, "ok" or "!". What is wrong stays where the line is too
 * short; F5 says more.
 */
#include "ui-tui/bar.h"
#include "ui-tui/language.h"
#include "ui-tui/screen-parts.h"
#include "ui-tui/text.h"

#define FEW_DAYS 30
#define LITTLE_PERCENT 10
#define LEAST_DISK (100 * G_GUINT64_CONSTANT (1000000))

/* What falls off a short line first: the last of these. */
enum {
  RANK_ALARM,
  RANK_WARNING,
  RANK_EXPORT,
  RANK_CA,
  RANK_SIGNER,
  RANK_CLOCK,
  RANK_DISK,
};

static void
add_ok (Bar *bar, guint rank, const char *label, const char *more)
{
  bar_add (bar, rank, label, STYLE_QUIET,
           *more == '\0' ? g_strdup (_ ("ok")) : g_strdup_printf (_ ("ok %s"), more));
}

static void
add_wrong (Bar *bar, Style style, const char *label, const char *what)
{
  bar_add (bar, style == STYLE_ALARM ? RANK_ALARM : RANK_WARNING, "", style,
           g_strdup_printf (" ! %s %s ", label, what));
}

static void
add_ca (Bar *bar, const CaHealth *ca)
{
  const guint left = (guint)CLAMP (ca->days_left, 0, G_MAXINT);
  g_autofree char *days = g_strdup_printf (ngettext ("%u day", "%u days", left), left);

  if (ca->not_after == 0)
    return;
  if (ca->days_left <= 0)
    add_wrong (bar, STYLE_ALARM, _ ("CA"), _ ("is over"));
  else if (ca->days_left < FEW_DAYS)
    add_wrong (bar, STYLE_WARNING, _ ("CA"), days);
  else
    add_ok (bar, RANK_CA, _ ("CA"), days);
}

static void
add_signer (Bar *bar, const CaHealth *ca)
{
  if (ca->reachable)
    add_ok (bar, RANK_SIGNER, _ ("signer"), "");
  else
    add_wrong (bar, STYLE_ALARM, _ ("signer"), _ ("does not answer"));
}

static void
add_clock (Bar *bar, const char *clock)
{
  if (g_strcmp0 (clock, "synchronised") == 0)
    add_ok (bar, RANK_CLOCK, _ ("clock"), "");
  else if (g_strcmp0 (clock, "free") == 0)
    add_wrong (bar, STYLE_WARNING, _ ("clock"), _ ("not kept right"));
  else
    bar_add (bar, RANK_CLOCK, _ ("clock"), STYLE_QUIET, g_strdup ("?"));
}

static void
add_disk (Bar *bar, guint64 left, guint64 size)
{
  const guint percent = size > 0 ? (guint)MIN (100.0 * (double)left / (double)size, 100.0) : 0;
  g_autofree char *words = g_strdup_printf (_ ("%u%% free"), percent);

  if (size == 0)
    return;
  if (left < LEAST_DISK)
    add_wrong (bar, STYLE_ALARM, _ ("disk"), words);
  else if (left / LITTLE_PERCENT < size / 100)
    add_wrong (bar, STYLE_WARNING, _ ("disk"), words);
  else
    add_ok (bar, RANK_DISK, _ ("disk"), words);
}

/* Only what is wrong: how far the check is stands in the Health view. */
static void
add_keys (Bar *bar, const Health *health)
{
  const guint units = (guint)MIN (health->weak_units, G_MAXINT);
  g_autofree char *words =
      g_strdup_printf (ngettext ("%u unit to void", "%u units to void", units), units);

  if (units > 0)
    add_wrong (bar, STYLE_ALARM, _ ("keys"), words);
  else if (health->keys_problem != NULL)
    add_wrong (bar, STYLE_WARNING, _ ("keys"), _ ("can't be checked"));
}

static void
add_approvals (Bar *bar, guint count)
{
  g_autofree char *words = g_strdup_printf (ngettext ("%u waits", "%u wait", count), count);

  if (count > 0)
    add_wrong (bar, STYLE_WARNING, _ ("requests"), words);
}

/* Until somebody has seen that FAIL. */
static void
add_leaks (Bar *bar, const Model *model)
{
  for (guint i = 0; i < model->tiles->len; i++) {
    const Tile *tile = g_ptr_array_index (model->tiles, i);
    g_autofree char *slot = g_strdup_printf (_ ("slot %u"), tile->number);

    if (tile->state == TILE_FAIL && !tile->acknowledged
        && g_strcmp0 (tile->reason, "private-key-leaked") == 0)
      add_wrong (bar, STYLE_ALARM, slot, _ ("gave its private key away"));
  }
}

/* ---- exports ---- */

/* How many units the exports of `batch` hold, from its newest full one on; -1: can't be told. */
static gint64
exported_rows (const Model *model, const char *batch)
{
  gint64 rows = 0;

  for (guint i = 0; i < model->exports->len; i++) {
    const ExportLine *line = g_ptr_array_index (model->exports, i);

    if (g_strcmp0 (line->batch, batch) != 0)
      continue;
    rows += (gint64)MIN (line->rows, G_MAXINT);
    if (!line->new_only)
      return rows;
  }
  return model->exports->len > 0 ? rows : -1;
}

static gint64
units_to_export (const Model *model, const BatchLine *batch)
{
  const ExportLine *last = &model->health.last_export;
  gint64 rows = -1;

  if (last->at != 0 && !last->new_only && g_strcmp0 (last->batch, batch->name) == 0)
    rows = (gint64)MIN (last->rows, G_MAXINT);
  else if (last->at == 0)
    rows = 0;
  else
    rows = exported_rows (model, batch->name);
  return rows < 0 ? -1 : MAX ((gint64)batch->passed - rows, 0);
}

/* `when` was the last one; `left` is below 0 where that can't be told. */
static char *
export_words (gint64 left, const char *when)
{
  const guint units = (guint)CLAMP (left, 0, G_MAXINT);

  if (left < 0)
    return when != NULL ? g_strdup_printf (_ ("last export %s"), when) : NULL;
  if (left == 0)
    return when != NULL ? g_strdup_printf (_ ("all exported %s"), when) : NULL;
  if (when == NULL)
    return g_strdup_printf (_ ("%u to export"), units);
  return g_strdup_printf (_ ("%u to export since %s"), units, when);
}

static void
add_export (Bar *bar, const Model *model)
{
  const BatchLine *batch = model_running_batch (model);
  const gint64 left = batch != NULL ? units_to_export (model, batch) : -1;
  const gint64 at = model->health.last_export.at;
  g_autofree char *clock = clock_words (at);
  g_autofree char *when = g_strndup (clock, 5);

  bar_add (bar, RANK_EXPORT, "", STYLE_QUIET, export_words (left, at != 0 ? when : NULL));
}

/* ---- the line ---- */

/* Sentences of the station: the first in full, so that it can be told to the engineer. What stops
 * the line goes before what does not, and is among the warnings too. */
static void
add_warnings (Bar *bar, char **warnings, char **alarms)
{
  const guint count = warnings != NULL ? g_strv_length (warnings) : 0;

  if (alarms != NULL && alarms[0] != NULL)
    bar_add (bar, RANK_ALARM, "", STYLE_ALARM, g_strdup_printf (_ (" STOP: %s "), alarms[0]));
  else if (count == 1)
    bar_add (bar, RANK_WARNING, "", STYLE_WARNING, g_strdup_printf (" ! %s ", warnings[0]));
  else if (count > 1)
    bar_add (bar, RANK_WARNING, "", STYLE_WARNING,
             g_strdup_printf (_ (" ! %u warnings (F5): %s "), count, warnings[0]));
}

static Bar
health_bar (const Model *model)
{
  const Health *health = &model->health;
  Bar bar = { .label_style = STYLE_QUIET };

  add_warnings (&bar, health->warnings, health->alarms);
  add_leaks (&bar, model);
  add_keys (&bar, health);
  add_approvals (&bar, health->approvals);
  add_ca (&bar, &health->ca);
  add_signer (&bar, &health->ca);
  add_clock (&bar, health->clock);
  add_disk (&bar, health->disk_free, health->disk_size);
  add_export (&bar, model);
  return bar;
}

void
health_draw (const Model *model, Canvas *canvas, Area area)
{
  Bar bar = health_bar (model);

  bar_draw (&bar, canvas, area, 0);
}

gboolean
health_has_problem (const Model *model)
{
  Bar bar = health_bar (model);
  gboolean problem = FALSE;

  for (guint i = 0; i < bar.used; i++) {
    problem |= bar.items[i].rank <= RANK_WARNING;
    g_free (bar.items[i].text);
  }
  return problem;
}
