/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One operation on many certificates: up to a thousand a transaction, and no longer than a moment,
 * so that a unit that passes meanwhile waits for one of these at most, and no more than one of
 * these is in memory. Whoever asked hears of each thousand when it is on the disk. A dry run asks
 * the same of a reading connection.
 */
#include <string.h>

#include "db/registry-private.h"

#define CHUNK 1000
/* Writing the operations takes as long again. */
#define LONGEST_CHUNK (25 * G_TIME_SPAN_MILLISECOND)

/* One certificate, judged; the strings of RegistryLine with it. */
typedef struct {
  RegistryLine line;
  char *device;
  char *sha256;
  char *refusal;
  gboolean changes;
} Judged;

typedef struct {
  const char *target_name;
  const RegistryRequest *request;
  const RegistrySelection *selection;
  const char *actor;
  gboolean dry_run;
  /* Where the next thousand begins. */
  gint64 batch_id;
  gint64 place;  /* of a batch: the last row's */
  guint64 lines; /* so far */
  /* Of the present thousand. */
  GPtrArray *judged;
  gint64 until; /* monotonic time: then the line has its turn */
  gboolean at_end;
  GHashTable *pretended; /* dry run over devices: what certificates would have become */
} Change;

static void
judged_free (gpointer data)
{
  Judged *judged = data;

  g_free (judged->device);
  g_free (judged->sha256);
  g_free (judged->refusal);
  g_free (judged);
}

/* ---- one certificate ---- */

static Judged *
add_line (Change *change, const char *device)
{
  Judged *judged = g_new0 (Judged, 1);

  judged->device = g_strdup (device);
  judged->line.line = ++change->lines;
  judged->line.device = judged->device;
  g_ptr_array_add (change->judged, judged);
  return judged;
}

/* A device that is named twice in a dry run is judged the second time as what it would be then. */
static void
pretend (Change *change, Candidate *candidate)
{
  gpointer status;

  if (change->pretended != NULL
      && g_hash_table_lookup_extended (change->pretended, candidate->sha256, NULL, &status))
  {
    candidate->status = (RegistrationStatus)GPOINTER_TO_INT (status);
    candidate->registration = candidate->status == REGISTRATION_NONE ? 0 : candidate->id;
    if (candidate->status == REGISTRATION_PENDING_TRANSFER && candidate->transferred_to == NULL)
      candidate->transferred_to = g_strdup (change->request->account);
  }
}

static gboolean
take_verdict (Change *change, Registrar *registrar, const Candidate *candidate,
              RegistryVerdict *verdict, GError **error)
{
  Judged *judged = add_line (change, candidate->device);

  judged->sha256 = g_strdup (candidate->sha256);
  judged->line.sha256 = judged->sha256;
  judged->line.from = candidate->status;
  judged->line.to = verdict->allowed ? verdict->status : candidate->status;
  judged->refusal = g_steal_pointer (&verdict->refusal);
  judged->line.refusal = judged->refusal;
  judged->changes = verdict->changes;
  if (!change->dry_run)
    return registrar_apply (registrar, candidate, verdict, error);
  if (change->pretended != NULL && verdict->changes)
    g_hash_table_insert (change->pretended, g_strdup (candidate->sha256),
                         GINT_TO_POINTER ((int)verdict->status));
  return TRUE;
}

static gboolean
take_candidate (Change *change, Registrar *registrar, Candidate *candidate, GError **error)
{
  g_auto (RegistryVerdict) verdict = { 0 };

  pretend (change, candidate);
  return candidate_judge (registrar, candidate, &verdict, error)
         && take_verdict (change, registrar, candidate, &verdict, error);
}

/* ---- the next thousand ---- */

static gboolean
take_device (Change *change, Registrar *registrar, const char *name, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (Candidate) candidate = candidate_find (registrar, name, &failure);

  if (candidate != NULL)
    return take_candidate (change, registrar, candidate, error);
  if (!g_error_matches (failure, LEDGER_ERROR, LEDGER_ERROR_NOT_FOUND)) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  Judged *judged = add_line (change, name);
  judged->refusal = g_strdup (failure->message);
  judged->line.refusal = judged->refusal;
  return TRUE;
}

/* A reader holds nobody up. */
static gboolean
is_over (const Change *change)
{
  return !change->dry_run && g_get_monotonic_time () > change->until;
}

static gboolean
take_devices (Change *change, Registrar *registrar, GError **error)
{
  const char *const *next = change->selection->devices + change->lines;

  for (guint i = 0; i < CHUNK && next[i] != NULL && (i == 0 || !is_over (change)); i++)
    if (!take_device (change, registrar, next[i], error))
      return FALSE;
  change->at_end = change->selection->devices[change->lines] == NULL;
  return TRUE;
}

/* Parameters: target, batch, place. */
#define VERIFIED_OF_BATCH                                                                          \
  CANDIDATE_COLUMNS ("certificates.id")                                                            \
  " FROM certificates" CANDIDATE_DEVICE CANDIDATE_HERE                                             \
  " WHERE certificates.batch = ?2 AND certificates.id > ?3 AND certificates.state = 'verified'"    \
  " ORDER BY certificates.id LIMIT 1000"
#define REGISTERED_OF_BATCH                                                                        \
  CANDIDATE_COLUMNS ("here.id")                                                                    \
  " FROM registrations AS here JOIN certificates ON certificates.id = "                            \
  "here.certificate" CANDIDATE_DEVICE                                                              \
  " WHERE here.batch = ?2 AND here.target = ?1 AND here.ended IS NULL"                             \
  " AND here.id > ?3 ORDER BY here.id LIMIT 1000"
#define COMING_OF_BATCH                                                                            \
  CANDIDATE_COLUMNS ("source.id")                                                                  \
  " FROM registrations AS source JOIN targets AS giver ON giver.id = source.target"                \
  " JOIN targets AS taker ON taker.id = ?1"                                                        \
  " JOIN certificates ON certificates.id = source.certificate" CANDIDATE_DEVICE CANDIDATE_HERE     \
  " WHERE source.batch = ?2 AND source.ended IS NULL AND source.status = 'PENDING_TRANSFER'"       \
  " AND source.transferred_to = taker.account AND giver.region = taker.region"                     \
  " AND source.id > ?3 ORDER BY source.id LIMIT 1000"

static const char *
query_of (const RegistryRequest *request)
{
  switch (request->operation) {
  case REGISTRY_REGISTER:
    return VERIFIED_OF_BATCH;
  case REGISTRY_ACCEPT_TRANSFER:
  case REGISTRY_REJECT_TRANSFER:
    return request->elsewhere ? REGISTERED_OF_BATCH : COMING_OF_BATCH;
  case REGISTRY_ACTIVATE:
  case REGISTRY_DEACTIVATE:
  case REGISTRY_REVOKE:
  case REGISTRY_TRANSFER:
  case REGISTRY_CANCEL_TRANSFER:
  case REGISTRY_DELETE:
    return REGISTERED_OF_BATCH;
  }
  return REGISTERED_OF_BATCH;
}

/* All of them first: rows must not change under the statement that reads them. */
static GPtrArray *
read_batch (Change *change, const Registrar *registrar, GError **error)
{
  g_autoptr (GPtrArray) candidates =
      g_ptr_array_new_with_free_func ((GDestroyNotify)candidate_free);
  g_autoptr (Statement) select =
      statement_prepare (registrar->database, query_of (change->request), error);
  gboolean row = TRUE;

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, registrar->target->id);
  statement_bind_int64 (select, change->batch_id);
  statement_bind_int64 (select, change->place);
  while (row) {
    if (!statement_step (select, &row, error))
      return NULL;
    if (row)
      g_ptr_array_add (candidates, candidate_load (registrar, select));
  }
  return g_steal_pointer (&candidates);
}

static gboolean
take_batch (Change *change, Registrar *registrar, GError **error)
{
  g_autoptr (GPtrArray) candidates = read_batch (change, registrar, error);

  if (candidates == NULL)
    return FALSE;
  guint taken = 0;
  while (taken < candidates->len && (taken == 0 || !is_over (change))) {
    Candidate *candidate = g_ptr_array_index (candidates, taken++);

    change->place = candidate->place;
    if (!take_candidate (change, registrar, candidate, error))
      return FALSE;
  }
  change->at_end = candidates->len < CHUNK && taken == candidates->len;
  return TRUE;
}

/* ---- on record ---- */

/* Count, and SHA-256 over "SHA-256 FROM TO" of each certificate that changed, a line each. */
static guint
digest_changes (const Change *change, char **digest)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint count = 0;

  for (guint i = 0; i < change->judged->len; i++) {
    const Judged *judged = g_ptr_array_index (change->judged, i);

    if (!judged->changes)
      continue;
    g_autofree char *line =
        g_strdup_printf ("%s %s %s\n", judged->sha256, registration_status_word (judged->line.from),
                         registration_status_word (judged->line.to));
    g_checksum_update (sum, (const guchar *)line, (gssize)strlen (line));
    count++;
  }
  *digest = g_strdup (g_checksum_get_string (sum));
  return count;
}

static gboolean
record (const Change *change, Registrar *registrar, GError **error)
{
  const char *word = registry_operation_word (change->request->operation);
  g_autofree char *digest = NULL;
  const guint count = digest_changes (change, &digest);
  gint64 event;

  if (count == 0)
    return TRUE;
  g_autofree char *kind = g_strconcat ("registry-", word, NULL);
  g_autofree char *detail =
      g_strdup_printf ("%u certificates%s%s, SHA-256 of the list %s", count,
                       change->selection->batch != NULL ? " of batch " : "",
                       change->selection->batch != NULL ? change->selection->batch : "", digest);
  return audit_add (registrar->database, change->actor, kind, registrar->target->name, detail,
                    &event, error)
         && registrar_write_deeds (registrar, event, error);
}

/* A job of the writer's, or a question to a reader. */
static gboolean
change_chunk (Database *database, gpointer data, GError **error)
{
  Change *change = data;
  g_autoptr (Target) target = target_read (database, change->target_name, error);
  g_auto (Registrar) registrar = { 0 };

  change->until = g_get_monotonic_time () + LONGEST_CHUNK;
  if (target == NULL
      || (change->selection->batch != NULL
          && !batch_find_existing (database, change->selection->batch, &change->batch_id, error))
      || !registrar_init (&registrar, database, target, change->request, error))
    return FALSE;
  if (change->selection->batch != NULL ? !take_batch (change, &registrar, error)
                                       : !take_devices (change, &registrar, error))
    return FALSE;
  return change->dry_run || record (change, &registrar, error);
}

static gboolean
run_chunk (Ledger *ledger, Change *change, GError **error)
{
  g_ptr_array_set_size (change->judged, 0);
  if (!change->dry_run)
    return ledger_write (ledger, change_chunk, change, error);
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  return change_chunk (ledger->list.database, change, error);
}

/* ---- telling ---- */

static void
count_chunk (const Change *change, RegistrySummary *summary)
{
  for (guint i = 0; i < change->judged->len; i++) {
    const Judged *judged = g_ptr_array_index (change->judged, i);

    if (judged->refusal != NULL)
      summary->refused++;
    else if (judged->changes)
      summary->changed++;
    else
      summary->unchanged++;
  }
}

static gboolean
tell_chunk (const Change *change, RegistrySink sink, gpointer data, GError **error)
{
  for (guint i = 0; sink != NULL && i < change->judged->len; i++) {
    const Judged *judged = g_ptr_array_index (change->judged, i);

    if (!sink (&judged->line, data, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_selection (const RegistrySelection *selection, GError **error)
{
  if ((selection->batch == NULL) != (selection->devices == NULL))
    return TRUE;
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                       "say either a batch or devices: one of the two");
  return FALSE;
}

gboolean
ledger_change_registry (Ledger *ledger, const char *target, const RegistryRequest *request,
                        const RegistrySelection *selection, gboolean dry_run, const char *actor,
                        RegistrySink sink, gpointer data, RegistrySummary *summary, GError **error)
{
  g_autoptr (GPtrArray) judged = g_ptr_array_new_with_free_func (judged_free);
  g_autoptr (GHashTable) pretended = NULL;
  Change change = { .target_name = target,
                    .request = request,
                    .selection = selection,
                    .actor = actor,
                    .dry_run = dry_run,
                    .judged = judged };

  *summary = (RegistrySummary){ 0 };
  if (!registry_request_check (request, error) || !check_selection (selection, error))
    return FALSE;
  if (dry_run && selection->devices != NULL)
    pretended = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  change.pretended = pretended;
  while (!change.at_end) {
    if (!run_chunk (ledger, &change, error))
      return FALSE;
    count_chunk (&change, summary);
    if (!tell_chunk (&change, sink, data, error))
      return FALSE;
  }
  return TRUE;
}
