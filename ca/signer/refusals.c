/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See refusals.h. A day is one of CLOCK_BOOTTIME: whoever may set the clock would else have a new
 * day whenever he likes. What was entered before the start is read from the log's last refusals.
 */
#include "ca/signer/refusals.h"

#include "base/encode.h"

#include <string.h>

#define UNKNOWN_BATCH "-" /* no batch can have that name */
#define MOST_TEXT 255
#define MOST_READ 1000 /* entries, at the first refusal */

struct Refusals {
  IssuanceLog *log;
  GMutex mutex;      /* guards what follows */
  GHashTable *lines; /* "word\nbatch" → Line */
  gboolean read;     /* what the log says is in `lines` */
};

typedef struct {
  gint64 entered; /* CLOCK_BOOTTIME */
  guint64 skipped;
} Line;

Refusals *
refusals_new (IssuanceLog *log)
{
  Refusals *refusals = g_new0 (Refusals, 1);

  g_mutex_init (&refusals->mutex);
  refusals->log = log;
  refusals->lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return refusals;
}

void
refusals_free (Refusals *refusals)
{
  if (refusals == NULL)
    return;
  g_hash_table_unref (refusals->lines);
  g_mutex_clear (&refusals->mutex);
  g_free (refusals);
}

char *
refusals_cut (const char *text)
{
  gsize length = strlen (text);

  if (length > MOST_TEXT)
    length = (gsize)(g_utf8_find_prev_char (text, text + MOST_TEXT + 1) - text);
  return g_strndup (text, length);
}

static gboolean
is_entered (const GError *problem)
{
  return problem->domain == CA_ERROR
         && (problem->code == CA_ERROR_CLOCK
             || (problem->code >= CA_ERROR_TICKET_MISSING && problem->code <= CA_ERROR_COUNT));
}

static char *
line_name (Span word, Span batch)
{
  return g_strdup_printf ("%.*s\n%.*s", (int)word.length, word.data, (int)batch.length, batch.data);
}

/* ---- what the log has ---- */

/* FALSE once it is older than a day. An entry of another clock's future is of no use either. */
static gboolean
note_entry (Refusals *refusals, guint64 place, ClockReading now)
{
  g_autoptr (GBytes) bytes = issuance_log_read (refusals->log, place, NULL);
  g_autofree char *name = NULL;
  LogEntry entry;
  Line *line;
  gint64 age;

  if (bytes == NULL
      || !log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL))
    return FALSE;
  age = now.real - entry.signed_at;
  if (age < 0 || age >= G_TIME_SPAN_DAY)
    return FALSE;
  name = line_name (entry.profile, entry.batch);
  if (g_hash_table_contains (refusals->lines, name))
    return TRUE;
  line = g_new0 (Line, 1);
  line->entered = now.boot - age;
  g_hash_table_insert (refusals->lines, g_steal_pointer (&name), line);
  return TRUE;
}

static void
read_log (Refusals *refusals, ClockReading now)
{
  g_autoptr (GArray) places = NULL;

  if (refusals->read)
    return;
  refusals->read = TRUE;
  places = issuance_log_places (refusals->log, LOG_ENTRY_REFUSAL);
  for (guint i = 0; i < MIN (places->len, MOST_READ); i++)
    if (!note_entry (refusals, g_array_index (places, guint64, places->len - 1 - i), now))
      return;
}

/* ---- entering ---- */

/* TRUE where this one is to be entered; `skipped` receives how many were not since the last. */
static gboolean
is_due (Refusals *refusals, Span word, Span batch, ClockReading now, guint64 *skipped)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&refusals->mutex);
  g_autofree char *name = line_name (word, batch);
  Line *line;

  read_log (refusals, now);
  line = g_hash_table_lookup (refusals->lines, name);
  if (line != NULL && now.boot - line->entered < G_TIME_SPAN_DAY) {
    line->skipped++;
    return FALSE;
  }
  if (line == NULL) {
    line = g_new0 (Line, 1);
    g_hash_table_insert (refusals->lines, g_steal_pointer (&name), line);
  }
  *skipped = line->skipped;
  *line = (Line){ .entered = now.boot };
  return TRUE;
}

static Span
known_batch (Refusals *refusals, const char *batch)
{
  LogBatch account;

  return span_of_text (
      batch != NULL && issuance_log_batch (refusals->log, batch, &account) ? batch : UNKNOWN_BATCH);
}

void
refusals_enter (Refusals *refusals, const Refusal *refusal, const GError *problem, ClockReading now)
{
  LogEntry entry = { .type = LOG_ENTRY_REFUSAL, .signed_at = now.real };
  g_autofree char *sentence = refusals_cut (problem->message);
  g_autofree char *device = refusals_cut (refusal->device != NULL ? refusal->device : "");
  g_autoptr (GBytes) digest = sha256_of (refusal->subject.data, refusal->subject.length);
  g_autofree char *count = NULL;
  guint64 skipped = 0, place;

  if (!is_entered (problem))
    return;
  entry.batch = known_batch (refusals, refusal->batch);
  entry.profile = span_of_text (ca_error_word ((CaError)problem->code));
  if (!is_due (refusals, entry.profile, entry.batch, now, &skipped))
    return;
  count = g_strdup_printf ("%" G_GUINT64_FORMAT, skipped);
  entry.product = span_of_text (sentence);
  entry.device = span_of_text (device);
  entry.chip = span_of_text (count);
  if (refusal->subject.length > 0)
    memcpy (entry.csr_sha256, g_bytes_get_data (digest, NULL), LOG_HASH);
  issuance_log_append (refusals->log, &entry, &place, NULL);
}
