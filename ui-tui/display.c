/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See display.h. The terminal is in raw mode: Ctrl-C and Ctrl-Z come as keys, so that they do what
 * the program says. SIGWINCH belongs to the main loop, which calls display_fit().
 */
#define NCURSES_WIDECHAR 1
#include "ui-tui/display.h"

#include <curses.h>
#include <gio/gio.h>
#include <langinfo.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#include "ui-tui/display-crash.h"
#include "ui-tui/display-styles.h"
#include "ui-tui/keys.h"
#include "ui-tui/text.h"

/* How long after Esc a digit makes it a function key, where fingers do that. */
#define ESCAPE_TIME (G_USEC_PER_SEC / 2)
#define ESCAPE_MILLISECONDS 25

struct Display {
  SCREEN *screen;
  gboolean ascii;
  gboolean colour;
  const StyleLook *looks;
  gboolean slow_escape; /* the terminal has no function keys: a hand types Esc and a digit */
  gint64 escape_until;  /* an Esc came that may be one; 0: none */
  gunichar next;        /* came behind an Esc that was none; 0: none */
  gboolean cursor_hidden;
  Canvas *shown; /* what the terminal shows; NULL: unknown */
};

/* ---- opening ---- */

static gboolean
refuse (GError **error, const char *text)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, text);
  return FALSE;
}

/* curses would end the program for a terminal that it does not know. */
static gboolean
check_terminal (GError **error)
{
  const char *name = g_getenv ("TERM");
  g_autofree char *text = NULL;
  int problem;

  if (!isatty (STDIN_FILENO) || !isatty (STDOUT_FILENO))
    return refuse (error, "The operator's screen needs a terminal for its input and output; "
                          "'keycradle monitor' works without one.");
  if (name == NULL || *name == '\0')
    return refuse (error, "TERM is not set: say which terminal this is, as in 'TERM=vt100 "
                          "keycradle-tui'.");
  text = g_strdup_printf ("The terminal '%s' (TERM) is unknown here or can't move its cursor: try "
                          "'TERM=xterm keycradle-tui' or 'TERM=vt100 keycradle-tui'.",
                          name);
  if (setupterm (NULL, STDOUT_FILENO, &problem) != OK || cursor_address == NULL)
    return refuse (error, text);
  del_curterm (cur_term); /* newterm() reads its own */
  return TRUE;
}

static gboolean
wants_colour (const Preferences *preferences)
{
  const char *no_colour = g_getenv ("NO_COLOR");

  return preferences->colour && (no_colour == NULL || *no_colour == '\0') && has_colors ();
}

static void
start_colours (Display *display)
{
  gint8 letters, ground;

  start_color ();
  display->colour = COLOR_PAIRS > N_STYLES;
  if (!display->colour)
    return;
  const gboolean own = use_default_colors () == OK;

  for (short style = 0; style < N_STYLES; style++) {
    letters = display->looks[style].letters;
    ground = display->looks[style].ground;
    if (!own && letters == COLOUR_OWN)
      letters = COLOUR_WHITE;
    if (!own && ground == COLOUR_OWN)
      ground = COLOUR_BLACK;
    init_pair ((short)(style + 1), letters, ground);
  }
}

static void
set_modes (void)
{
  raw ();
  noecho ();
  nonl ();
  set_escdelay (ESCAPE_MILLISECONDS);
  keypad (stdscr, TRUE);
  nodelay (stdscr, TRUE);
  intrflush (stdscr, FALSE);
  typeahead (-1); /* a drawing is small: none is broken off for a key */
  scrollok (stdscr, FALSE);
  idlok (stdscr, FALSE);
  leaveok (stdscr, FALSE);
}

Display *
display_open (const Preferences *preferences, GError **error)
{
  Display *display;

  if (!check_terminal (error))
    return NULL;
  display = g_new0 (Display, 1);
  crash_handler_install ();
  display->screen = newterm (NULL, stdout, stdin);
  if (display->screen == NULL) {
    g_free (display);
    refuse (error, "The terminal can't be used: curses does not start on it.");
    return NULL;
  }
  endwin (); /* until it was away once, curses writes each move of the cursor by itself */
  crash_handler_arm (exit_ca_mode, cursor_normal, keypad_local);
  display->ascii = preferences->ascii || !g_str_equal (nl_langinfo (CODESET), "UTF-8");
  display->looks = style_looks (preferences->palette);
  display->slow_escape = key_f5 == NULL || key_f12 == NULL;
  if (wants_colour (preferences))
    start_colours (display);
  set_modes ();
  return display;
}

void
display_close (Display *display)
{
  if (display == NULL)
    return;
  endwin ();
  crash_handler_disarm ();
  delscreen (display->screen);
  canvas_free (display->shown);
  g_free (display);
}

gboolean
display_is_ascii (const Display *display)
{
  return display->ascii;
}

/* The font of the console has room for 512 characters at most. No capability in terminfo says so;
 * the name does, also over ssh. */
gboolean
display_is_latin_only (const Display *display)
{
  return display->ascii || g_str_has_prefix (termname (), "linux");
}

/* ---- drawing ---- */

static attr_t
look_attribute (Look look)
{
  switch (look) {
  case LOOK_PLAIN:
    return A_NORMAL;
  case LOOK_BOLD:
    return A_BOLD;
  case LOOK_DIM:
    return A_DIM;
  case LOOK_UNDERLINE:
    return A_UNDERLINE;
  case LOOK_REVERSE:
    return A_REVERSE;
  }
  return A_NORMAL;
}

/* What the terminal's C library takes for another width would push the whole line aside. */
static wchar_t
safe_glyph (gunichar glyph)
{
  if (glyph < 0x20)
    return L' ';
  return wcwidth ((wchar_t)glyph) == glyph_width (glyph) ? (wchar_t)glyph : L'?';
}

static void
draw_cell (const Display *display, int row, int column, Cell cell)
{
  const StyleLook *look = &display->looks[cell.style];
  const wchar_t text[] = { safe_glyph (cell.glyph), L'\0' };
  cchar_t character;

  if (display->colour)
    setcchar (&character, text, look_attribute (look->look), (short)(cell.style + 1), NULL);
  else
    setcchar (&character, text, look_attribute (look->monochrome), 0, NULL);
  mvadd_wch (row, column, &character);
}

static void
cell_changed (int row, int column, Cell cell, gpointer data)
{
  const Display *display = data;

  draw_cell (display, row, column, cell);
  if (glyph_width (cell.glyph) == 2 && safe_glyph (cell.glyph) == L'?')
    draw_cell (display, row, column + 1, (Cell){ ' ', cell.style });
}

static void
place_cursor (Display *display, const Canvas *canvas)
{
  const gboolean there = canvas->cursor_row >= 0 && canvas->cursor_row < canvas->height
                         && canvas->cursor_column >= 0 && canvas->cursor_column < canvas->width;

  if (display->cursor_hidden == there) /* each call is a write to the terminal */
    curs_set (there ? 1 : 0);
  display->cursor_hidden = !there;
  if (there)
    move (canvas->cursor_row, canvas->cursor_column);
}

void
display_draw (Display *display, const Canvas *canvas)
{
  canvas_changes (canvas, display->shown, cell_changed, display);
  place_cursor (display, canvas);
  refresh ();
  if (display->shown == NULL)
    display->shown = canvas_new (0, 0, FALSE);
  canvas_copy (canvas, display->shown);
}

void
display_forget (Display *display)
{
  g_clear_pointer (&display->shown, canvas_free);
  clearok (stdscr, TRUE);
}

void
display_fit (Display *display, Canvas *canvas)
{
  struct winsize size = { 0 };
  int height = LINES, width = COLS;

  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
    height = size.ws_row;
    width = size.ws_col;
  }
  if (height != LINES || width != COLS) {
    resizeterm (height, width);
    display_forget (display);
  }
  if (canvas->height != height || canvas->width != width)
    canvas_resize (canvas, height, width);
}

void
display_bell (Display *display)
{
  beep ();
}

/* ---- keys ---- */

static gunichar
special_key (wint_t key)
{
  static const struct {
    wint_t key;
    gunichar code;
  } keys[] = {
    { KEY_UP, KEY_CODE_UP },         { KEY_DOWN, KEY_CODE_DOWN },
    { KEY_LEFT, KEY_CODE_LEFT },     { KEY_RIGHT, KEY_CODE_RIGHT },
    { KEY_PPAGE, KEY_CODE_PAGE_UP }, { KEY_NPAGE, KEY_CODE_PAGE_DOWN },
    { KEY_HOME, KEY_CODE_HOME },     { KEY_END, KEY_CODE_END },
    { KEY_ENTER, KEY_CODE_ENTER },   { KEY_BACKSPACE, KEY_CODE_BACKSPACE },
    { KEY_DC, KEY_CODE_DELETE },
  };

  if (key > KEY_F0 && key <= KEY_F (12))
    return KEY_CODE_F1 + (key - KEY_F0) - 1;
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].key == key)
      return keys[i].code;
  return 0;
}

static gunichar
plain_key (wint_t key)
{
  switch (key) {
  case '\r':
  case '\n':
    return KEY_CODE_ENTER;
  case '\t':
    return KEY_CODE_TAB;
  case 0x1b:
    return KEY_CODE_ESCAPE;
  case 0x08:
  case 0x7f:
    return KEY_CODE_BACKSPACE;
  default:
    return (gunichar)key;
  }
}

/* What curses has; keys that mean nothing here are passed over. */
static gunichar
read_key (void)
{
  for (;;) {
    wint_t key = 0;
    const int kind = get_wch (&key);
    gunichar code;

    if (kind == ERR)
      return 0;
    code = kind == KEY_CODE_YES ? special_key (key) : plain_key (key);
    if (code != 0)
      return code;
  }
}

/* A key behind an Esc: a digit makes both one function key. */
static gunichar
behind_escape (Display *display, gunichar key)
{
  display->escape_until = 0;
  if (key >= '1' && key <= '9')
    return KEY_CODE_F1 + (key - '1');
  display->next = key;
  return KEY_CODE_ESCAPE;
}

gunichar
display_read (Display *display, gint64 now)
{
  gunichar key = display->next != 0 ? display->next : read_key ();

  display->next = 0;
  if (display->escape_until != 0 && (key != 0 || now >= display->escape_until))
    return behind_escape (display, key);
  if (key != KEY_CODE_ESCAPE || display->escape_until != 0)
    return key;
  /* the two come as one from keyboards that have Alt, and one after the other from a hand */
  display->escape_until = now + (display->slow_escape ? ESCAPE_TIME : 1);
  return display_read (display, now);
}

gint64
display_deadline (const Display *display)
{
  return display->next != 0 ? 1 : display->escape_until;
}

/* ---- away and back ---- */

void
display_suspend (Display *display)
{
  /* within a script the signal would stop others too, and perhaps the line's daemon */
  if (getpgrp () != getpid ())
    return;
  endwin ();
  signal (SIGTSTP, SIG_DFL);
  kill (0, SIGTSTP);
  display_forget (display);
}
