/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Everything of one unit: who it is, its certificate, every attempt, and of the selected attempt
 * the steps with their times and what to do. What matters most gets its lines first; fingerprints
 * yield on small screens.
 */
#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/text.h"
#include "ui-tui/transcript.h"
#include "ui-tui/view.h"

#define LEAST_ATTEMPTS 3
#define MOST_ADVICE 3
#define SECONDS_A_DAY 86400
#define STEP_GAP 3

static const Column columns[] = {
  { N_ ("Attempt"), 16, FALSE, 0, FALSE },
  { N_ ("Slot"), 4, TRUE, 0, FALSE },
  { N_ ("Result"), 8, FALSE, 0, FALSE },
  { N_ ("Operator"), 10, FALSE, 60, FALSE },
  { N_ ("Took"), 9, TRUE, 96, FALSE },
  { N_ ("Why"), 0, FALSE, 0, FALSE },
  { NULL, 0, FALSE, 0, FALSE },
};

/* ---- who it is ---- */

static gboolean
is_void (const DeviceDetail *detail)
{
  return detail->certificate != NULL && g_strcmp0 (detail->certificate->state, "void") == 0;
}

static const char *
device_state_label (const DeviceDetail *detail)
{
  const char *state = detail->device->state;

  if (is_void (detail))
    return _ ("VOID");
  if (g_strcmp0 (state, "passed") == 0)
    return _ ("PASS");
  if (g_strcmp0 (state, "failed") == 0)
    return _ ("FAIL");
  if (g_strcmp0 (state, "started") == 0)
    return _ ("NOT FINISHED");
  if (g_strcmp0 (state, "certified") == 0)
    return _ ("NOT FINISHED: has a certificate");
  return state != NULL ? state : "";
}

static char *
device_words (const DeviceLine *device)
{
  if (device->chip_id == NULL)
    return g_strdup_printf (_ ("%s, firmware %s, driver %s"), or_dash (device->model),
                            or_dash (device->firmware), or_dash (device->driver));
  return g_strdup_printf (_ ("%s, firmware %s, driver %s, chip %s"), or_dash (device->model),
                          or_dash (device->firmware), or_dash (device->driver), device->chip_id);
}

static int
draw_identity (Canvas *canvas, Area area, const DeviceDetail *detail)
{
  const DeviceLine *device = detail->device;
  g_autofree char *title = g_strdup_printf (_ ("Unit %s"), device->serial);
  g_autofree char *what = device_words (device);
  g_autofree char *seen = date_words (device->created_at);
  g_autofree char *batch = g_strdup_printf (_ ("%s, first seen %s"), or_dash (device->batch), seen);
  const Fact facts[] = {
    { _ ("Device"), what },
    { _ ("Batch"), batch },
    { NULL, NULL },
  };

  heading_draw (canvas, area, 0, title, device_state_label (detail));
  return 1 + facts_draw (canvas, area, 1, facts);
}

/* ---- its certificate ---- */

static char *
validity_words (const CertificateLine *certificate, gint64 now)
{
  const gint64 left = (certificate->not_after - now / G_USEC_PER_SEC) / SECONDS_A_DAY;
  const guint days = (guint)CLAMP (left, 0, G_MAXINT);
  g_autofree char *first = day_words (certificate->not_before);
  g_autofree char *last = day_words (certificate->not_after);

  if (certificate->not_after < now / G_USEC_PER_SEC)
    return g_strdup_printf (_ ("%s to %s: it is over"), first, last);
  return g_strdup_printf (ngettext ("%s to %s, %u day left", "%s to %s, %u days left", days), first,
                          last, days);
}

static char *
log_words (const CertificateLine *certificate)
{
  g_autofree char *index = g_strdup_printf ("%" G_GUINT64_FORMAT, certificate->log_index);
  g_autofree char *issued = date_words (certificate->issued_at);

  return g_strdup_printf (_ ("entry %s, signed %s"), index, issued);
}

static int
draw_certificate (Canvas *canvas, Area area, const CertificateLine *certificate, gint64 now)
{
  g_autofree char *validity = validity_words (certificate, now);
  g_autofree char *log = log_words (certificate);
  g_autofree char *sha256 = grouped_words (certificate->sha256);
  g_autofree char *sha1 = grouped_words (certificate->sha1);
  g_autofree char *spki = grouped_words (certificate->spki_sha256);
  g_autofree char *registered =
      certificate->registrations != NULL ? g_strjoinv (", ", certificate->registrations) : NULL;
  const Fact facts[] = {
    { _ ("Void"), certificate->void_reason },
    { _ ("Subject"), certificate->subject },
    { _ ("Registered"), registered },
    { _ ("Valid"), validity },
    { _ ("Number"), certificate->serial_number },
    { _ ("Key"), certificate->key },
    { _ ("Issuer"), certificate->issuer },
    { _ ("SHA-256"), sha256 },
    { _ ("Log"), log },
    { _ ("Profile"), certificate->profile },
    { _ ("SHA-1"), sha1 },
    { _ ("Key hash"), spki },
    { NULL, NULL },
  };

  heading_draw (canvas, area, 0, _ ("Certificate"), certificate->status);
  return 1 + facts_draw (canvas, area, 1, facts);
}

static int
draw_no_certificate (Canvas *canvas, Area area)
{
  heading_draw (canvas, area, 0, _ ("Certificate"), _ ("none"));
  return 1;
}

/* ---- its attempts ---- */

static void
draw_attempt (Canvas *canvas, Area area, int row, const AttemptLine *attempt, gint64 now,
              gboolean selected)
{
  g_autofree char *when = when_words (attempt->started_at, now);
  g_autofree char *took = attempt->ended_at > attempt->started_at
                              ? duration_words (attempt->ended_at - attempt->started_at)
                              : g_strdup ("");
  const char *const texts[] = {
    when,
    attempt->slot,
    result_label (attempt->result),
    or_dash (attempt->operator_name),
    took,
    reason_label (attempt->reason, attempt->operator_text),
  };

  table_row (canvas, area, row, columns, selected, texts);
}

static int
draw_attempts (Canvas *canvas, Area area, Model *model)
{
  const GPtrArray *attempts = model->detail.attempts;
  ListPlace *place = &model->lists[VIEW_DEVICE];
  const int visible = MAX (MIN ((int)attempts->len, area.height - 1), 1);

  table_head (canvas, area, 0, columns);
  list_keep_in_sight (place, attempts->len, (guint)visible);
  for (int i = 0; i < visible && place->top + (guint)i < attempts->len; i++)
    draw_attempt (canvas, area, 1 + i, g_ptr_array_index (attempts, place->top + (guint)i),
                  model->now, place->top + (guint)i == place->selected);
  return 1 + visible;
}

/* ---- the selected attempt ---- */

static char *
step_words (const AttemptLine *attempt, guint index)
{
  const StepTime *step = g_ptr_array_index (attempt->steps, index);
  const gboolean last = index + 1 == attempt->steps->len;
  const gint64 end = last ? attempt->ended_at
                          : ((const StepTime *)g_ptr_array_index (attempt->steps, index + 1))->at;
  g_autofree char *took = duration_words (MAX (end - step->at, 0));

  if (last && end == 0)
    return g_strdup_printf (_ ("%s ..."), step_label (step->step));
  return g_strdup_printf ("%s %s", step_label (step->step), took);
}

/* Where the attempt failed, its last step says so by a word. */
static char *
marked_step_words (const AttemptLine *attempt, guint index)
{
  g_autofree char *words = step_words (attempt, index);

  if (index + 1 < attempt->steps->len || g_strcmp0 (attempt->result, "failed") != 0)
    return g_steal_pointer (&words);
  return g_strdup_printf ("%s %s", words, _ ("FAIL"));
}

/* Draws steps one after the other, in as many lines as they need; with `canvas` NULL, only counts
 * those lines. */
static int
draw_steps (Canvas *canvas, Area area, int row, const AttemptLine *attempt)
{
  const int first = row;
  int column = 1;

  if (attempt->steps == NULL || attempt->steps->len == 0)
    return 0;
  for (guint i = 0; i < attempt->steps->len; i++) {
    g_autofree char *words = marked_step_words (attempt, i);
    const int width = text_width (words);

    if (column > 1 && column + width > area.width) {
      row++;
      column = 1;
    }
    if (canvas != NULL)
      canvas_text (canvas, area, row, column, -1, STYLE_NORMAL, words);
    column += width + STEP_GAP;
  }
  return row - first + 1;
}

static char *
passed_words (const DeviceDetail *detail)
{
  if (is_void (detail))
    return g_strdup_printf (
        _ ("Its certificate is void: keep it apart. %s lets it run once more, for a new one."),
        key_name (REQUEST_RETRY_USED));
  return g_strdup_printf (_ ("Put it with the finished ones. %s runs it again, %s voids it."),
                          key_name (REQUEST_RETRY_USED), key_name (REQUEST_VOID));
}

/* What to do with the unit: only the newest attempt tells. */
static char *
advice_words (const Model *model, const AttemptLine *attempt)
{
  if (attempt != g_ptr_array_index (model->detail.attempts, 0))
    return g_strdup (_ ("Nothing: a later attempt decided."));
  if (g_strcmp0 (attempt->result, "passed") == 0)
    return passed_words (&model->detail);
  if (g_strcmp0 (attempt->result, "running") == 0)
    return g_strdup (_ ("A slot works on it now: leave it in."));
  if (attempt->operator_text != NULL)
    return g_strdup (_ (attempt->operator_text));
  return g_strdup (_ ("Put it in again, in any slot: it goes on where it was."));
}

static void
draw_selected (Canvas *canvas, Area area, const Model *model, const AttemptLine *attempt)
{
  g_autofree char *advice = advice_words (model, attempt);
  g_autofree char *said =
      g_strdup_printf (_ ("%s shows what was said"), key_name (REQUEST_TRANSCRIPT));
  const Fact facts[] = {
    { _ ("What to do"), advice },
    { _ ("Why"),
      attempt->reason != NULL ? reason_label (attempt->reason, attempt->operator_text) : NULL },
    { _ ("Exactly"), attempt->detail },
    { NULL, NULL },
  };
  int row = 1;

  heading_draw (canvas, area, 0, _ ("This attempt"), said);
  row += facts_draw (canvas, area, row, facts);
  draw_steps (canvas, area, row, attempt);
}

/* The lines that draw_selected() would like. */
static int
selected_lines (const Model *model, const AttemptLine *attempt, Area area)
{
  g_autofree char *advice = attempt != NULL ? advice_words (model, attempt) : NULL;
  const int width = area.width - 14;
  int lines = 1;

  if (attempt == NULL)
    return 0;
  if (advice != NULL)
    lines += paragraph_lines (advice, width, MOST_ADVICE);
  if (attempt->reason != NULL)
    lines++;
  if (attempt->detail != NULL)
    lines += paragraph_lines (attempt->detail, width, MOST_ADVICE);
  return lines + draw_steps (NULL, area, 0, attempt);
}

/* ---- all ---- */

static void
draw_unit (Model *model, Canvas *canvas, Area area)
{
  const DeviceDetail *detail = &model->detail;
  const AttemptLine *attempt = model_selected_attempt (model);
  const int attempts =
      1 + CLAMP ((int)detail->attempts->len, 1, MAX (LEAST_ATTEMPTS, area.height / 5));
  const int bottom = MIN (selected_lines (model, attempt, area), area.height / 2);
  int row = draw_identity (canvas, area, detail);
  const int room = MAX (area.height - row - attempts - bottom, 1);
  const Area top = area_top (area_below (area, row), room);

  row += detail->certificate != NULL
             ? draw_certificate (canvas, top, detail->certificate, model->now)
             : draw_no_certificate (canvas, top);
  row += draw_attempts (canvas, area_top (area_below (area, row), attempts), model);
  if (attempt != NULL)
    draw_selected (canvas, area_below (area, row), model, attempt);
}

static void
draw_nothing (Model *model, Canvas *canvas, Area area)
{
  const DeviceDetail *detail = &model->detail;
  g_autofree char *choose = g_strdup_printf (_ ("Scan a unit, or choose a slot and press %s."),
                                             key_name (REQUEST_DEVICE));
  int row = area.height / 3;

  if (detail->problem != NULL) {
    canvas_text_middle (canvas, area, row++, STYLE_ATTENTION, or_dash (detail->wanted));
    row += canvas_paragraph (canvas, area_inside (area, 0, 2), row, STYLE_NORMAL, detail->problem);
    row++;
  }
  else if (detail->wanted != NULL) {
    g_autofree char *wait = g_strdup_printf (_ ("The station is asked about %s."), detail->wanted);
    canvas_text_middle (canvas, area, row, STYLE_NORMAL, wait);
    return;
  }
  canvas_text_middle (canvas, area, row, STYLE_STRONG, choose);
}

static void
draw (Model *model, Canvas *canvas, Area area)
{
  if (model->detail.device == NULL || model->detail.attempts == NULL
      || model->detail.problem != NULL)
    draw_nothing (model, canvas, area);
  else if (model->show_transcript)
    transcript_draw (model, canvas, area);
  else
    draw_unit (model, canvas, area);
}

static guint
rows (const Model *model)
{
  return model->detail.attempts != NULL ? model->detail.attempts->len : 0;
}

const View view_device = { VIEW_DEVICE, "device", draw, rows };
