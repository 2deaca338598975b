/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See views-rig.h.
 */
#include "tests/unit/tui/views-rig.h"

#define FRAME_LINES 6 /* header, notice, scan field, health, footer */

static void
check_view_at (const View *view, const char *name, const char *suffix, Model *model, int width,
               int height, gboolean ascii)
{
  g_autofree char *file = g_strconcat (name, suffix, NULL);
  g_autoptr (Canvas) canvas = canvas_new (height - FRAME_LINES, width, ascii);

  view->draw (model, canvas, canvas_area (canvas));
  golden_check_canvas (file, canvas);
}

void
check_view (const View *view, const char *name, Model *model)
{
  model->view = view->kind;
  check_view_at (view, name, "-80", model, 80, 24, FALSE);
  check_view_at (view, name, "-132", model, 132, 43, FALSE);
  check_view_at (view, name, "-ascii", model, 80, 24, TRUE);
  model_free (model);
}

static void
check_dialog_at (const char *name, const char *suffix, Model *model, int width, int height,
                 gboolean ascii)
{
  g_autofree char *file = g_strconcat (name, suffix, NULL);
  g_autoptr (Canvas) canvas = canvas_new (height, width, ascii);

  canvas_pattern (canvas, canvas_area (canvas), PATTERN_DOT, STYLE_QUIET); /* what is behind */
  dialog_draw (model, canvas);
  golden_check_canvas (file, canvas);
}

void
check_dialog (const char *name, Model *model)
{
  check_dialog_at (name, "-80", model, 80, 24, FALSE);
  check_dialog_at (name, "-132", model, 132, 43, FALSE);
  check_dialog_at (name, "-ascii", model, 80, 24, TRUE);
  model_free (model);
}
