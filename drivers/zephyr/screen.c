/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The few things that a Zephyr shell does to a terminal: text, CR, LF, backspace, cursor moves
 * (ESC [ n A, B, C, D), erasing (ESC [ J and K); colours and all else is passed over.
 */
#include "drivers/zephyr/screen.h"

#include <string.h>

#define ESCAPE 0x1b
#define BACKSPACE 0x08
#define PROMPT_END ":~$ "
#define PROMPT_NAME_MAX 32u
#define LONGEST_ESCAPE 16u

/* Farther to the right no shell's cursor goes but by printing. */
#define MOST_MOVE 512u

static void
free_row (gpointer row)
{
  g_string_free (row, TRUE);
}

ZephyrScreen *
zephyr_screen_new (void)
{
  ZephyrScreen *screen = g_new0 (ZephyrScreen, 1);

  screen->rows = g_ptr_array_new_with_free_func (free_row);
  g_ptr_array_add (screen->rows, g_string_new (NULL));
  screen->escape = g_string_new (NULL);
  return screen;
}

void
zephyr_screen_free (ZephyrScreen *screen)
{
  g_ptr_array_unref (screen->rows);
  g_string_free (screen->escape, TRUE);
  g_free (screen);
}

static GString *
row_at (const ZephyrScreen *screen, guint i)
{
  return g_ptr_array_index (screen->rows, i);
}

static void
put (ZephyrScreen *screen, char character)
{
  GString *row = row_at (screen, screen->row);

  while (row->len < screen->column)
    g_string_append_c (row, ' ');
  if (screen->column < row->len)
    row->str[screen->column] = character;
  else
    g_string_append_c (row, character);
  screen->column++;
}

/* The column stays: CR is what goes to the first. A line feed alone is enough for those who leave
 * CR out, since nothing here is ever printed below a half row. */
static void
line_feed (ZephyrScreen *screen)
{
  screen->row++;
  screen->column = 0;
  if (screen->row == screen->rows->len)
    g_ptr_array_add (screen->rows, g_string_new (NULL));
}

static void
erase_to_end (ZephyrScreen *screen)
{
  GString *row = row_at (screen, screen->row);

  g_string_truncate (row, MIN (row->len, screen->column));
  g_ptr_array_set_size (screen->rows, (int)screen->row + 1);
}

static void
erase_row_end (ZephyrScreen *screen)
{
  GString *row = row_at (screen, screen->row);

  g_string_truncate (row, MIN (row->len, screen->column));
}

/* The number in an escape sequence; 1 where none is told. */
static guint
escape_count (const char *parameters)
{
  guint64 count;

  if (!g_ascii_string_to_unsigned (parameters, 10, 1, MOST_MOVE, &count, NULL))
    return parameters[0] == '\0' ? 1 : 0;
  return (guint)count;
}

static void
run_escape (ZephyrScreen *screen, const char *parameters, char final)
{
  guint count = escape_count (parameters);

  switch (final) {
  case 'A':
    screen->row -= MIN (count, screen->row);
    return;
  case 'B':
    screen->row = MIN (screen->row + count, screen->rows->len - 1);
    return;
  case 'C':
    screen->column = MIN (screen->column + count, MAX (screen->column, MOST_MOVE));
    return;
  case 'D':
    screen->column -= MIN (count, screen->column);
    return;
  case 'J':
    erase_to_end (screen);
    return;
  case 'K':
    erase_row_end (screen);
    return;
  default: /* colours, saved cursors, and what else terminals know */
    return;
  }
}

/* One byte behind ESC. Only "ESC [ parameters final" is longer than one byte. */
static void
feed_escape (ZephyrScreen *screen, guint8 byte)
{
  GString *escape = screen->escape;

  g_string_append_c (escape, (char)byte);
  if (escape->str[0] != '[' || escape->len > LONGEST_ESCAPE) {
    screen->in_escape = FALSE;
    return;
  }
  if (escape->len == 1 || byte < 0x40 || byte > 0x7e)
    return;
  g_string_truncate (escape, escape->len - 1);
  screen->in_escape = FALSE;
  run_escape (screen, escape->str + 1, (char)byte);
}

static void
feed_byte (ZephyrScreen *screen, guint8 byte)
{
  if (screen->in_escape)
    feed_escape (screen, byte);
  else if (byte == ESCAPE) {
    screen->in_escape = TRUE;
    g_string_truncate (screen->escape, 0);
  }
  else if (byte == '\n')
    line_feed (screen);
  else if (byte == '\r')
    screen->column = 0;
  else if (byte == BACKSPACE)
    screen->column -= screen->column > 0 ? 1 : 0;
  else if (byte >= ' ' && byte != 0x7f)
    put (screen, (char)byte);
}

void
zephyr_screen_feed (ZephyrScreen *screen, const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    feed_byte (screen, data[i]);
}

/* `text` behind the prompt that it starts with, or NULL. A prompt is a name and ":~$ "; one with an
 * '@' in it is a Unix shell's. */
static const char *
behind_prompt (const char *text)
{
  gsize name = strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-");

  if (name == 0 || name > PROMPT_NAME_MAX || !g_str_has_prefix (text + name, PROMPT_END))
    return NULL;
  return text + name + strlen (PROMPT_END);
}

static const char *
behind_prompts (const char *text)
{
  for (const char *next; (next = behind_prompt (text)) != NULL;)
    text = next;
  return text;
}

/* TRUE where nothing stands behind or below the cursor. */
static gboolean
at_end (const ZephyrScreen *screen)
{
  return !screen->in_escape && screen->row == screen->rows->len - 1
         && screen->column == row_at (screen, screen->row)->len;
}

gboolean
zephyr_screen_at_prompt (const ZephyrScreen *screen)
{
  const GString *row = row_at (screen, screen->row);
  const char *behind = behind_prompt (row->str);

  return at_end (screen) && behind != NULL && *behind_prompts (behind) == '\0';
}

gboolean
zephyr_screen_at_other_prompt (const ZephyrScreen *screen)
{
  static const char *const ends[] = { "> ", "# ", "$ ", "login: ", "Password: " };
  const GString *row = row_at (screen, screen->row);

  if (!at_end (screen) || zephyr_screen_at_prompt (screen))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    if (g_str_has_suffix (row->str, ends[i]))
      return TRUE;
  return FALSE;
}

/* Where rows from `first` on, put together, are `typed`: the number of the last of them, else -1. A
 * long line goes on in the next row, because the shell breaks it at the terminal's width. */
static int
match_typed (const ZephyrScreen *screen, guint first, const char *typed)
{
  const char *text = behind_prompts (row_at (screen, first)->str);

  for (guint row = first;; text = row_at (screen, row)->str) {
    gsize length = strlen (text);

    if (!g_str_has_prefix (typed, text))
      return -1;
    typed += length;
    if (*typed == '\0')
      return (int)row;
    if (length == 0 || ++row == screen->rows->len)
      return -1;
  }
}

gboolean
zephyr_screen_shows (const ZephyrScreen *screen, const char *typed)
{
  if (!at_end (screen))
    return FALSE;
  for (guint back = 0; back <= screen->row && back < 8; back++) {
    guint first = screen->row - back;
    int last = match_typed (screen, first, typed);

    /* Where the line fills its row, the cursor is in the next one already. */
    if (last >= 0 && (screen->row == (guint)last || screen->column == 0))
      return TRUE;
  }
  return FALSE;
}

/* TRUE where a log line starts: "[00:00:01.234,567] <inf> module: text". */
static gboolean
is_log_start (const char *text)
{
  static const char *const levels[] = { "<inf> ", "<wrn> ", "<err> ", "<dbg> " };

  if (text[0] != '[')
    return FALSE;
  gsize stamp = strspn (text + 1, "0123456789:.,- ");
  if (stamp == 0 || text[1 + stamp] != ']' || text[2 + stamp] != ' ')
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (levels); i++)
    if (g_str_has_prefix (text + 3 + stamp, levels[i]))
      return TRUE;
  return FALSE;
}

static const char *
find_log_start (const char *text)
{
  for (const char *at = strchr (text, '['); at != NULL; at = strchr (at + 1, '['))
    if (is_log_start (at))
      return at;
  return NULL;
}

/* The rows from `first` up to the prompt in the last one. A log line that cut a row in two took its
 * end: the row goes on in the next one. */
static char *
rows_without_log (const ZephyrScreen *screen, guint first)
{
  GString *text = g_string_new (NULL);

  for (guint i = first; i + 1 < screen->rows->len; i++) {
    const char *row = row_at (screen, i)->str;
    const char *log = find_log_start (row);

    if (log != NULL)
      g_string_append_len (text, row, log - row);
    else
      g_string_append_printf (text, "%s\n", row);
  }
  return g_string_free (text, FALSE);
}

ZephyrEcho
zephyr_screen_find_answer (const ZephyrScreen *screen, const char *command, char **answer)
{
  ZephyrEcho echo = ZEPHYR_NO_ECHO;

  for (guint i = 0; i + 1 < screen->rows->len; i++) {
    const char *row = behind_prompts (row_at (screen, i)->str);
    int last = match_typed (screen, i, command);

    if (last >= 0 && (guint)last + 1 < screen->rows->len) {
      *answer = rows_without_log (screen, (guint)last + 1);
      return ZEPHYR_ECHO_ANSWERED;
    }
    if (row[0] != '\0' && !is_log_start (row))
      echo = ZEPHYR_OTHER_ECHO;
  }
  return echo;
}
