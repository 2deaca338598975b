/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See stock-verify.h. Threads take stretches of ids one after the other, each with a reader of its
 * own; what they have to tell is written in the order of the stretches, so that two runs over the
 * same ledger say the same.
 */
#include "station/stock-verify.h"

#include "base/encode.h"
#include "base/json-write.h"
#include "db/ledger-stock.h"

/* Certificates of one stretch: some 100 ms of work. */
#define STRETCH 1024

typedef struct {
  Ledger *ledger;
  const char *batch;
  const CheckedAuthorities *authorities;
  gint64 last;
  GMutex mutex; /* guards what follows */
  GCond turned;
  gint64 next; /* where the next stretch begins */
  gint64 turn; /* which stretch is to be written next */
  StockOutput *output;
  VerifySummary *summary;
  GError *error; /* the first one: all stop */
} VerifyRun;

/* What a thread has found in one stretch. */
typedef struct {
  const VerifyRun *run;
  GString *text;
  VerifySummary summary;
} Stretch;

/* ---- one certificate ---- */

static void
tell (GString *out, const StoredCertificate *stored, const StoredVerdict *verdict)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *sha256 = sha256_hex (stored->der, stored->length);
  g_autofree char *words = stored_verdict_words (verdict);
  g_autofree char *line = NULL;

  json_builder_begin_object (builder);
  json_set_text (builder, "device", stored->device);
  json_set_text (builder, "batch", stored->batch);
  json_set_text (builder, "state", stored->state);
  json_set_number (builder, "log-index", stored->log_index);
  json_set_text (builder, "sha256", sha256);
  json_set_text (builder, "damage", words);
  json_set_text (builder, "sentence", verdict->sentence);
  json_builder_end_object (builder);
  line = json_to_text (builder, FALSE);
  g_string_append (out, line);
  g_string_append_c (out, '\n');
}

static gboolean
verify_one (const StoredCertificate *stored, gpointer data, GError **error)
{
  Stretch *stretch = data;
  g_auto (StoredVerdict) verdict = { 0 };

  stored_check ((Span){ stored->der, stored->length }, stretch->run->authorities, &verdict);
  if (*stored->differences != '\0')
    stored_verdict_add (&verdict, DAMAGE_LEDGER, "the ledger's row has another %s",
                        stored->differences);
  stretch->summary.checked++;
  if (verdict.damages == 0)
    return TRUE;
  stretch->summary.damaged++;
  for (guint i = 0; i < N_DAMAGES; i++)
    stretch->summary.by_damage[i] += (verdict.damages >> i) & 1;
  tell (stretch->text, stored, &verdict);
  return TRUE;
}

/* ---- stretches ---- */

static gboolean
take_stretch (VerifyRun *run, gint64 *from)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&run->mutex);

  if (run->error != NULL || run->next > run->last)
    return FALSE;
  *from = run->next;
  run->next += STRETCH;
  return TRUE;
}

static void
add_summary (VerifySummary *sum, const VerifySummary *more)
{
  sum->checked += more->checked;
  sum->damaged += more->damaged;
  for (guint i = 0; i < N_DAMAGES; i++)
    sum->by_damage[i] += more->by_damage[i];
}

/* Waits until all stretches before `from` are written. */
static void
write_stretch (VerifyRun *run, gint64 from, const Stretch *stretch, GError *problem)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&run->mutex);

  while (run->turn != from)
    g_cond_wait (&run->turned, &run->mutex);
  if (run->error == NULL && problem == NULL) {
    g_string_append_len (run->output->text, stretch->text->str, (gssize)stretch->text->len);
    add_summary (run->summary, &stretch->summary);
    stock_output_flush (run->output, &run->error);
  }
  else if (run->error == NULL)
    run->error = g_error_copy (problem);
  run->turn += STRETCH;
  g_cond_broadcast (&run->turned);
}

static void
verify_stretch (VerifyRun *run, StockReader *reader, GError *unopened, gint64 from)
{
  Stretch stretch = { .run = run, .text = g_string_new (NULL) };
  g_autoptr (GError) problem = unopened != NULL ? g_error_copy (unopened) : NULL;

  if (reader != NULL)
    stored_each (reader, from, from + STRETCH, verify_one, &stretch, &problem);
  write_stretch (run, from, &stretch, problem);
  g_string_free (stretch.text, TRUE);
}

static gpointer
verify_stretches (gpointer data)
{
  VerifyRun *run = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (StockReader) reader = stock_reader_open (run->ledger, NULL, run->batch, &error);
  gint64 from;

  while (take_stretch (run, &from))
    verify_stretch (run, reader, error, from);
  return NULL;
}

/* ---- the whole ---- */

static CheckedAuthorities *
read_authorities (StockReader *reader, GPtrArray *problems, GError **error)
{
  g_autoptr (GPtrArray) stock = stock_authorities (reader, error);
  g_autoptr (GPtrArray) chains = g_ptr_array_new ();
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  CheckedAuthorities *authorities;

  if (stock == NULL)
    return NULL;
  for (guint i = 0; i < stock->len; i++) {
    const StockAuthority *authority = g_ptr_array_index (stock, i);
    g_ptr_array_add (chains, authority->chain);
    g_ptr_array_add (names, authority->name);
  }
  authorities = checked_authorities_new (chains, (const char *const *)names->pdata, problems);
  for (guint i = 0; i < checked_authorities_count (authorities); i++) {
    const CheckedAuthority *authority = checked_authorities_at (authorities, i);
    if (authority->problem != NULL)
      g_ptr_array_add (problems,
                       g_strdup_printf ("CA %s: %s", authority->name, authority->problem));
  }
  return authorities;
}

gboolean
stock_verify_run (Ledger *ledger, const char *batch, guint threads, StockOutput *output,
                  VerifySummary *summary, GPtrArray *problems, GError **error)
{
  g_autoptr (StockReader) reader = stock_reader_open (ledger, NULL, batch, error);
  g_autoptr (CheckedAuthorities) authorities =
      reader != NULL ? read_authorities (reader, problems, error) : NULL;
  VerifyRun run = { .ledger = ledger,
                    .batch = batch,
                    .authorities = authorities,
                    .output = output,
                    .summary = summary };

  *summary = (VerifySummary){ 0 };
  if (authorities == NULL || !stored_bounds (reader, &run.next, &run.last, error))
    return FALSE;
  if (run.last == 0)
    return TRUE;
  run.turn = run.next;
  g_mutex_init (&run.mutex);
  g_cond_init (&run.turned);
  stock_run_threads (threads, verify_stretches, &run);
  g_mutex_clear (&run.mutex);
  g_cond_clear (&run.turned);
  if (run.error == NULL)
    return TRUE;
  g_propagate_error (error, run.error);
  return FALSE;
}
