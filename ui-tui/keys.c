/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See keys.h.
 */
#include "ui-tui/keys.h"

#include <string.h>

#include "ui-tui/language.h"

#define LISTS                                                                                      \
  (IN_VIEW (VIEW_BATCH) | IN_VIEW (VIEW_DEVICE) | IN_VIEW (VIEW_LOG) | IN_VIEW (VIEW_EXPORT)       \
   | IN_VIEW (VIEW_SLOTS))
#define TILES (IN_VIEW (VIEW_LINE) | IN_VIEW (VIEW_SLOTS))

const Key key_table[] = {
  /* what the view is for comes first: it is the last to fall off a narrow footer */
  { REQUEST_HELP, KEY_CODE_F1, "F1", "KCHELP", IN_ALL_VIEWS, TRUE, FALSE, N_ ("Help"),
    N_ ("Shows or hides this help.") },
  { REQUEST_ACKNOWLEDGE, 'a', "A", "KCSEEN", TILES, TRUE, FALSE, N_ ("Seen"),
    N_ ("You have seen the FAIL: the slot takes the next unit.") },
  { REQUEST_RETRY, 'r', "R", "KCREDO", TILES, TRUE, FALSE, N_ ("Retry"),
    N_ ("Runs the unit in the chosen slot again.") },
  { REQUEST_START, 's', "S", "KCGO", IN_VIEW (VIEW_BATCH), TRUE, FALSE, N_ ("Start"),
    N_ ("Starts the chosen batch, or goes on with it.") },
  { REQUEST_PAUSE, 'p', "P", "KCHOLD", IN_VIEW (VIEW_BATCH), TRUE, TRUE, N_ ("Pause"),
    N_ ("Pauses the batch: slots finish their units and wait.") },
  { REQUEST_CLOSE, 'c', "C", "KCEND", IN_VIEW (VIEW_BATCH), TRUE, TRUE, N_ ("Close"),
    N_ ("Closes the batch for good.") },
  { REQUEST_NEW, 'n', "N", "KCNEU", IN_VIEW (VIEW_BATCH), TRUE, TRUE, N_ ("New"),
    N_ ("Makes a new batch.") },
  { REQUEST_RUN, 'x', "X", "KCDO", IN_VIEW (VIEW_EXPORT), TRUE, FALSE, N_ ("Export now"),
    N_ ("Writes the file.") },
  { REQUEST_RANGE, 'n', "N", "KCONLINEU", IN_VIEW (VIEW_EXPORT), TRUE, FALSE, N_ ("Range"),
    N_ ("All units of the batch, or only those since the last export.") },
  { REQUEST_FILE, 'f', "F", "KCFILE", IN_VIEW (VIEW_EXPORT), TRUE, FALSE, N_ ("File"),
    N_ ("Another file to write to.") },
  { REQUEST_RETRY_USED, 'r', "R", "KCREUSE", IN_VIEW (VIEW_DEVICE), TRUE, TRUE, N_ ("Run again"),
    N_ ("Lets a unit that has passed run once more.") },
  { REQUEST_VOID, 'v', "V", "KCVOID", IN_VIEW (VIEW_DEVICE), TRUE, TRUE, N_ ("Void"),
    N_ ("Voids the unit's certificate, with a reason.") },
  { REQUEST_TRANSCRIPT, 't', "T", "KCTEXT", IN_VIEW (VIEW_DEVICE), TRUE, FALSE, N_ ("Dialogue"),
    N_ ("Shows what unit and station said to each other in the chosen attempt.") },
  { REQUEST_APPROVALS, 'g', "G", "KCDOUBLE", IN_VIEW (VIEW_CA), TRUE, TRUE, N_ ("Requests"),
    N_ ("Lists what waits for a second supervisor, who grants or refuses it.") },
  { REQUEST_FOLLOW, 'f', "F", "KCFOLLOU", IN_VIEW (VIEW_LOG), TRUE, FALSE, N_ ("Follow"),
    N_ ("Stays at the newest entry, or stops doing so.") },
  { REQUEST_TOGGLE, KEY_CODE_TAB, "Tab", "KCOTHER", IN_VIEW (VIEW_LOG), TRUE, FALSE,
    N_ ("Events/attempts"), N_ ("Changes between audit events and attempts.") },
  { REQUEST_FILTER, '/', "/", "KCFIND", IN_VIEW (VIEW_LOG) | IN_VIEW (VIEW_BATCH), TRUE, FALSE,
    N_ ("Find"), N_ ("Shows only lines with these words; Esc shows all again.") },
  { REQUEST_LEARN, 'l', "L", "KCTUTOR", IN_VIEW (VIEW_SLOTS), TRUE, TRUE, N_ ("Learn"),
    N_ ("Binds the slot to the port of the device that is plugged in next.") },
  { REQUEST_SWAP, 'w', "W", "KCCROSS", IN_VIEW (VIEW_SLOTS), TRUE, TRUE, N_ ("Swap"),
    N_ ("Changes the ports of two slots: their cables were swapped.") },
  { REQUEST_DISABLE, 'd', "D", "KCOFF", TILES, TRUE, TRUE, N_ ("Off/on"),
    N_ ("Takes the chosen slot out of service, or back.") },
  { REQUEST_LINE, KEY_CODE_F1 + 1, "F2", "KCLINE", IN_ALL_VIEWS, TRUE, FALSE, N_ ("Line"),
    N_ ("The line: all slots.") },
  { REQUEST_BATCH, KEY_CODE_F1 + 2, "F3", "KCJOB", IN_ALL_VIEWS, TRUE, FALSE, N_ ("Batch"),
    N_ ("Batches: progress, yield, failures.") },
  { REQUEST_DEVICE, KEY_CODE_F1 + 3, "F4", "KCUNIT", IN_ALL_VIEWS, TRUE, FALSE, N_ ("Unit"),
    N_ ("Everything about one unit.") },
  { REQUEST_CA, KEY_CODE_F1 + 4, "F5", "KCTRUST", IN_ALL_VIEWS, TRUE, FALSE, N_ ("Health"),
    N_ ("The certificate authority, the signer, clock and disk.") },
  { REQUEST_LOG, KEY_CODE_F1 + 5, "F6", "KCLOG", IN_ALL_VIEWS, TRUE, FALSE, N_ ("Log"),
    N_ ("What was done, by whom, and every attempt.") },
  { REQUEST_EXPORT, KEY_CODE_F1 + 6, "F7", "KCEXPORT", IN_ALL_VIEWS, TRUE, FALSE, N_ ("Export"),
    N_ ("Writes the file with which a batch is registered.") },
  { REQUEST_SLOTS, KEY_CODE_F1 + 7, "F8", "KCSLOTS", IN_ALL_VIEWS, TRUE, FALSE, N_ ("Slots"),
    N_ ("Which port belongs to which slot.") },
  { REQUEST_LANGUAGE, KEY_CODE_F1 + 8, "F9", "KCTONGUE", IN_ALL_VIEWS, TRUE, FALSE, N_ ("Language"),
    N_ ("Another language.") },
  { REQUEST_TYPE, ' ', N_ ("Space"), "KCIN", IN_ALL_VIEWS, FALSE, FALSE, N_ ("Type"),
    N_ ("Types a code by hand, in place of a scan; Enter ends it.") },
  { REQUEST_LOCK, KEY_CODE_F1 + 10, "F11", "KCLOCK", IN_ALL_VIEWS, FALSE, FALSE, N_ ("Lock"),
    N_ ("Locks the screen until a badge is scanned.") },
  { REQUEST_UP, KEY_CODE_UP, N_ ("Up"), "KCUP", IN_ALL_VIEWS, FALSE, FALSE, N_ ("Up"),
    N_ ("One line up, or the slot above.") },
  { REQUEST_DOWN, KEY_CODE_DOWN, N_ ("Down"), "KCNEXT", IN_ALL_VIEWS, FALSE, FALSE, N_ ("Down"),
    N_ ("One line down, or the slot below.") },
  { REQUEST_LEFT, KEY_CODE_LEFT, N_ ("Left"), "KCLEFT", IN_ALL_VIEWS, FALSE, FALSE, N_ ("Left"),
    N_ ("The slot to the left.") },
  { REQUEST_RIGHT, KEY_CODE_RIGHT, N_ ("Right"), "KCRIGHT", IN_ALL_VIEWS, FALSE, FALSE,
    N_ ("Right"), N_ ("The slot to the right.") },
  { REQUEST_PAGE_UP, KEY_CODE_PAGE_UP, N_ ("PgUp"), "KCPREV", IN_ALL_VIEWS, FALSE, FALSE,
    N_ ("Page up"), N_ ("One page up; on the line the slots before these.") },
  { REQUEST_PAGE_DOWN, KEY_CODE_PAGE_DOWN, N_ ("PgDn"), "KCFORTH", IN_ALL_VIEWS, FALSE, FALSE,
    N_ ("Page down"), N_ ("One page down; on the line the slots behind these.") },
  { REQUEST_FIRST, KEY_CODE_HOME, N_ ("Home"), "KCFIRST", LISTS, FALSE, FALSE, N_ ("First"),
    N_ ("The first line.") },
  { REQUEST_LAST, KEY_CODE_END, N_ ("End"), "KCLIST", LISTS, FALSE, FALSE, N_ ("Last"),
    N_ ("The last line.") },
  { REQUEST_NEXT_FIELD, KEY_CODE_TAB, "Tab", "KCFIELD", IN_ALL_VIEWS & ~IN_VIEW (VIEW_LOG), FALSE,
    FALSE, N_ ("Next"), N_ ("The next field, or the next slot.") },
  { REQUEST_ENTER, KEY_CODE_ENTER, "Enter", "KCOK", IN_ALL_VIEWS, FALSE, FALSE, N_ ("Open"),
    N_ ("Opens what is chosen, or says yes.") },
  { REQUEST_BACK, KEY_CODE_ESCAPE, "Esc", "KCNO", IN_ALL_VIEWS, FALSE, FALSE, N_ ("Back"),
    N_ ("Goes back, or says no.") },
  { REQUEST_REDRAW, 0x0c, N_ ("Ctrl-L"), "KCREFRESH", IN_ALL_VIEWS, FALSE, FALSE, N_ ("Redraw"),
    N_ ("Draws the whole screen anew.") },
  { REQUEST_QUIT, 'q', "Q", "KCEXIT", IN_ALL_VIEWS, TRUE, FALSE, N_ ("Quit"),
    N_ ("Leaves the screen; the line goes on.") },
  /* twins for keyboards without function keys */
  { REQUEST_HELP, '?', "?", NULL, IN_ALL_VIEWS, FALSE, FALSE, N_ ("Help"), NULL },
  { REQUEST_QUIT, KEY_CODE_F1 + 9, "F10", NULL, IN_ALL_VIEWS, FALSE, FALSE, N_ ("Quit"), NULL },
  { REQUEST_UP, 'k', "K", NULL, LISTS, FALSE, FALSE, N_ ("Up"), NULL },
  { REQUEST_DOWN, 'j', "J", NULL, LISTS, FALSE, FALSE, N_ ("Down"), NULL },
  { REQUEST_NONE, 0, NULL, NULL, 0, FALSE, FALSE, NULL, NULL },
};

Request
key_request (ViewKind view, gunichar key)
{
  const gunichar small = key < KEY_CODE_BASE ? g_unichar_tolower (key) : key;

  for (const Key *line = key_table; line->request != REQUEST_NONE; line++)
    if (line->key == small && (line->views & IN_VIEW (view)) != 0)
      return line->request;
  return REQUEST_NONE;
}

const Key *
key_of_request (Request request)
{
  for (const Key *line = key_table; line->request != REQUEST_NONE; line++)
    if (line->request == request)
      return line;
  return NULL;
}

/* Behind the views' requests. */
G_STATIC_ASSERT (REQUEST_LINE + (int)N_VIEWS == REQUEST_LANGUAGE);

Request
request_of_view (ViewKind view)
{
  return (Request)(REQUEST_LINE + (int)view);
}

/* ---- control barcodes ---- */

#define SLOT_CODE "KCSLOT"
#define SLOT_DIGITS "BCDFGHJKLN" /* 0 to 9 */

Request
code_request (const char *code)
{
  for (const Key *line = key_table; line->request != REQUEST_NONE; line++)
    if (line->code != NULL && g_ascii_strcasecmp (line->code, code) == 0)
      return line->request;
  return REQUEST_NONE;
}

char *
code_of_slot (guint slot)
{
  g_autofree char *digits = g_strdup_printf ("%u", slot);
  GString *code = g_string_new (SLOT_CODE);

  for (const char *digit = digits; *digit != '\0'; digit++)
    g_string_append_c (code, SLOT_DIGITS[*digit - '0']);
  return g_string_free (code, FALSE);
}

guint
code_slot (const char *code)
{
  guint slot = 0;

  if (g_ascii_strncasecmp (code, SLOT_CODE, strlen (SLOT_CODE)) != 0)
    return 0;
  code += strlen (SLOT_CODE);
  if (*code == '\0' || strlen (code) > 3)
    return 0;
  for (; *code != '\0'; code++) {
    const char *digit = strchr (SLOT_DIGITS, g_ascii_toupper (*code));

    if (digit == NULL)
      return 0;
    slot = slot * 10 + (guint)(digit - SLOT_DIGITS);
  }
  return slot;
}
