/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See loop.h. Keys go through the scanner to the app; whatever changes the model asks for a
 * drawing. Drawings are at least DRAW_PAUSE apart, so that 64 busy slots cost no more than one; the
 * first one after a quiet time is made when what came with its cause is there too. The header shows
 * the time: each second is drawn, and the terminal gets the cells that differ.
 */
#include "ui-tui/loop.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <unistd.h>

#include "ui-tui/alarm.h"
#include "ui-tui/app.h"
#include "ui-tui/language.h"
#include "ui-tui/scan.h"
#include "ui-tui/view.h"

#define DRAW_PAUSE (20 * 1000)
#define DRAW_DELAY (5 * 1000)
#define CTRL_C 0x03
#define CTRL_Z 0x1a

typedef struct {
  App app; /* first: app's callbacks get back to the loop by it */
  const LoopPlan *plan;
  GMainLoop *loop;
  Canvas *canvas;
  Scanner scanner;
  Alarm *alarm;
  GSource *drawing; /* ready when the next drawing is due */
  GSource *waiting; /* ready when scanner or display want to be asked again */
  gint64 drawn_at;
} Loop;

/* ---- drawing ---- */

/* Renamed into place, so that a test never reads half a screen. */
static void
save_canvas (const Canvas *canvas, const char *path)
{
  g_autofree char *text = canvas_to_text (canvas);
  g_autofree char *beside = g_strconcat (path, ".new", NULL);

  if (g_file_set_contents_full (beside, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL))
    g_rename (beside, path);
}

static void
draw (Loop *loop)
{
  const LoopPlan *plan = loop->plan;

  loop->app.model->now = g_get_real_time ();
  display_fit (plan->display, loop->canvas);
  screen_draw (loop->app.model, loop->canvas);
  display_draw (plan->display, loop->canvas);
  if (plan->save != NULL)
    save_canvas (loop->canvas, plan->save);
  loop->drawn_at = g_get_monotonic_time ();
}

static void
want_drawing (Loop *loop)
{
  const gint64 soon = g_get_monotonic_time () + DRAW_DELAY;

  if (g_source_get_ready_time (loop->drawing) < 0)
    g_source_set_ready_time (loop->drawing, MAX (soon, loop->drawn_at + DRAW_PAUSE));
}

static gboolean
drawing_is_due (gpointer user_data)
{
  Loop *loop = user_data;

  g_source_set_ready_time (loop->drawing, -1);
  draw (loop);
  return G_SOURCE_CONTINUE;
}

/* ---- keys and scans ---- */

static void
redraw_all (Loop *loop)
{
  display_forget (loop->plan->display);
  want_drawing (loop);
}

/* Keys of the terminal itself, which no view may take for its own. */
static gboolean
is_terminals_own (Loop *loop, gunichar key)
{
  if (key == CTRL_C) {
    if (loop->app.model->locked)
      app_request (&loop->app, REQUEST_QUIT); /* which says so */
    else
      g_main_loop_quit (loop->loop);
    return TRUE;
  }
  if (key == CTRL_Z) {
    display_suspend (loop->plan->display);
    redraw_all (loop);
    return TRUE;
  }
  if (key == key_of_request (REQUEST_REDRAW)->key)
    redraw_all (loop);
  return key == key_of_request (REQUEST_REDRAW)->key;
}

static void
take_code (Loop *loop, char *code)
{
  g_autofree char *owned = code;

  if (code_request (owned) == REQUEST_REDRAW)
    redraw_all (loop);
  app_code (&loop->app, owned);
}

/* FALSE: there was nothing. */
static gboolean
take_event (Loop *loop, ScannerEvent event)
{
  switch (event.result) {
  case SCANNER_NOTHING:
    return FALSE;
  case SCANNER_KEY:
    app_key (&loop->app, event.key);
    break;
  case SCANNER_CODE:
    take_code (loop, event.code);
    break;
  }
  return TRUE;
}

/* When scanner or display must be asked without anything having come. */
static gint64
next_deadline (const Loop *loop)
{
  const gint64 scanner = scanner_deadline (&loop->scanner);
  const gint64 display = display_deadline (loop->plan->display);

  if (scanner == 0 || display == 0)
    return scanner + display;
  return MIN (scanner, display);
}

static void
read_keys (Loop *loop)
{
  const gint64 now = g_get_monotonic_time ();
  gint64 deadline;
  gunichar key;

  while ((key = display_read (loop->plan->display, now)) != 0)
    if (!is_terminals_own (loop, key))
      take_event (loop, scanner_feed (&loop->scanner, key, now));
  while (take_event (loop, scanner_wake (&loop->scanner, now)))
    ;
  deadline = next_deadline (loop);
  g_source_set_ready_time (loop->waiting, deadline != 0 ? deadline : -1);
  want_drawing (loop);
}

static gboolean
keys_came (int fd, GIOCondition condition, gpointer user_data)
{
  Loop *loop = user_data;

  if ((condition & (G_IO_HUP | G_IO_ERR | G_IO_NVAL)) != 0) {
    g_main_loop_quit (loop->loop); /* the terminal is gone */
    return G_SOURCE_REMOVE;
  }
  read_keys (loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
waiting_is_over (gpointer user_data)
{
  read_keys (user_data);
  return G_SOURCE_CONTINUE;
}

/* ---- what else happens ---- */

static gboolean
second_passed (gpointer user_data)
{
  Loop *loop = user_data;

  loop->app.model->now = g_get_real_time ();
  app_tick (&loop->app, g_get_monotonic_time ());
  want_drawing (loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
size_changed (gpointer user_data)
{
  want_drawing (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
told_to_stop (gpointer user_data)
{
  Loop *loop = user_data;

  g_main_loop_quit (loop->loop);
  return G_SOURCE_CONTINUE;
}

static void
operator_quits (App *app)
{
  g_main_loop_quit (((Loop *)(void *)app)->loop);
}

static void
model_changed (gpointer data)
{
  app_hear (&((Loop *)data)->app);
  want_drawing (data);
}

static void
slot_failed (const Tile *tile, gpointer data)
{
  alarm_fail (((Loop *)data)->alarm, tile);
}

static void
batch_done (const BatchLine *batch, gpointer data)
{
  alarm_batch_done (((Loop *)data)->alarm, batch);
}

static void
ring (gpointer data)
{
  display_bell (((Loop *)data)->plan->display);
}

static void
alarm_has_problem (const char *sentence, gpointer data)
{
  Loop *loop = data;

  model_notice (loop->app.model, NOTICE_BAD, "%s", sentence);
  want_drawing (loop);
}

/* ---- from start to end ---- */

/* A source that is ready at a time: g_source_set_ready_time(). */
static gboolean
call_back (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  return callback (user_data);
}

static GSource *
add_timed_source (GSourceFunc callback, gpointer data)
{
  static GSourceFuncs functions = { .dispatch = call_back };
  GSource *source = g_source_new (&functions, sizeof (GSource));

  g_source_set_callback (source, callback, data, NULL);
  g_source_set_ready_time (source, -1);
  g_source_attach (source, NULL);
  return source;
}

static void
remove_source (GSource *source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

static void
loop_start (Loop *loop, const LoopPlan *plan)
{
  const AlarmListener alarms = { ring, alarm_has_problem, loop };
  const ClientListener listener = { model_changed, slot_failed, batch_done, loop };
  const char *language = plan->preferences->language;
  Model *model = model_new ();

  loop->plan = plan;
  loop->loop = g_main_loop_new (NULL, FALSE);
  loop->canvas = canvas_new (0, 0, display_is_ascii (plan->display));
  loop->drawing = add_timed_source (drawing_is_due, loop);
  loop->waiting = add_timed_source (waiting_is_over, loop);
  loop->alarm = alarm_new (plan->preferences, &alarms);
  scanner_init (&loop->scanner, plan->preferences);
  model->view = plan->view;
  model->now = g_get_real_time ();
  loop->app = (App){ .model = model,
                     .preferences = plan->preferences,
                     .ascii = display_is_ascii (plan->display),
                     .latin_only = display_is_latin_only (plan->display),
                     .quit = operator_quits,
                     .last_input_at = g_get_monotonic_time () };
  app_use_language (&loop->app, language != NULL ? language : language_of_locale ());
  loop->app.client = client_new (plan->socket, model, &listener);
  client_watch_view (loop->app.client, plan->view);
}

static void
loop_stop (Loop *loop)
{
  client_free (loop->app.client);
  app_clear (&loop->app);
  model_free (loop->app.model);
  alarm_free (loop->alarm);
  scanner_clear (&loop->scanner);
  remove_source (loop->drawing);
  remove_source (loop->waiting);
  canvas_free (loop->canvas);
  g_main_loop_unref (loop->loop);
}

void
loop_run (const LoopPlan *plan)
{
  Loop loop = { 0 };

  loop_start (&loop, plan);
  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, keys_came, &loop);
  g_unix_signal_add (SIGWINCH, size_changed, &loop);
  g_unix_signal_add (SIGTERM, told_to_stop, &loop);
  g_unix_signal_add (SIGHUP, told_to_stop, &loop);
  g_unix_signal_add (SIGINT, told_to_stop, &loop);
  g_timeout_add_seconds (1, second_passed, &loop);
  want_drawing (&loop);
  g_main_loop_run (loop.loop);
  loop_stop (&loop);
}
