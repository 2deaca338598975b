/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See audit.h. The order is that of docs/evidence.md, "What a verifier checks".
 */
#include "audit/audit.h"

#include <string.h>

#include "audit/file-buffer.h"
#include "audit/ledger.h"
#include "audit/log-pass.h"
#include "audit/manifests.h"
#include "base/encode.h"
#include "ca/error.h"
#include "ca/proof/statement.h"

#define MOST_PEM (1024 * 1024)

static void
record_free (gpointer data)
{
  AuditRecord *record = data;

  g_clear_pointer (&record->report, report_free);
  g_clear_pointer (&record->statement, manifest_statement_free);
  g_free (record);
}

static void
run_clear (AuditRun *run)
{
  g_clear_pointer (&run->signatures, audit_signatures_free);
  g_clear_pointer (&run->result, audit_result_free);
  g_clear_pointer (&run->station, g_ptr_array_unref);
  g_clear_pointer (&run->owner, g_ptr_array_unref);
  g_clear_pointer (&run->station_name, g_free);
  g_clear_pointer (&run->digest, audit_digest_free);
  g_clear_pointer (&run->roots, audit_roots_free);
  g_clear_pointer (&run->authorities, audit_authorities_free);
  g_clear_pointer (&run->account, audit_account_free);
  g_clear_pointer (&run->records, g_ptr_array_unref);
  g_clear_pointer (&run->resets, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AuditRun, run_clear)

/* The path of a part of the collection, or NULL where it is not there. */
static char *
part_of (const AuditPlan *plan, const char *name)
{
  g_autofree char *path = g_build_filename (plan->folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path) : NULL;
}

/* ---- who signs ---- */

/* The one certificate in a file of the collection's. */
static GPtrArray *
read_own_station (const char *path, GError **error)
{
  gsize length;
  g_autofree char *pem = file_read_small (path, MOST_PEM, &length, error);
  g_autoptr (GPtrArray) own = pem != NULL ? statement_signers_read (pem, length, error) : NULL;

  if (own == NULL)
    return NULL;
  if (own->len == 1)
    return g_steal_pointer (&own);
  ca_refuse (error, CA_ERROR_PROOF, "there is more than one certificate in station.pem");
  return NULL;
}

static void
compare_station (AuditRun *run, const char *path)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GPtrArray) own = read_own_station (path, &problem);

  if (own == NULL)
    audit_wrong (run->result, AUDIT_REPORTS, AUDIT_WHOLE ("station"), "%s", problem->message);
  else if (X509_cmp (g_ptr_array_index (own, 0), g_ptr_array_index (run->station, 0)) != 0)
    audit_wrong (run->result, AUDIT_REPORTS, AUDIT_WHOLE ("station"),
                 "the collection's station.pem is not the one that you pinned: it is another "
                 "station's, or this one's was exchanged");
}

static gboolean
load_station (AuditRun *run, const AuditPlan *plan, GError **error)
{
  g_autofree char *own = part_of (plan, "station.pem");
  const char *path = plan->station != NULL ? plan->station : own;
  g_autoptr (GError) problem = NULL;
  guint8 hash[AUDIT_HASH];

  if (path == NULL) {
    audit_unchecked (run->result, AUDIT_REPORTS, AUDIT_WHOLE ("station"),
                     "there is no station.pem: nobody's signatures under reports, statements, "
                     "checkpoints and rows of manifests were verified");
    return TRUE;
  }
  run->station = plan->station != NULL ? statement_signers_load (path, &problem)
                                       : read_own_station (path, &problem);
  if (run->station == NULL && plan->station == NULL) {
    audit_wrong (run->result, AUDIT_REPORTS, AUDIT_WHOLE ("station"), "%s", problem->message);
    return TRUE;
  }
  if (run->station == NULL) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  statement_key_sha256 (g_ptr_array_index (run->station, 0), hash);
  run->station_name = hex_encode (hash, sizeof hash);
  if (plan->station == NULL)
    audit_unchecked (run->result, AUDIT_REPORTS, AUDIT_WHOLE ("station"),
                     "the station's certificate is the collection's own: whoever forged all of it "
                     "would have forged that, too; --station names the one that you pinned");
  else if (own != NULL)
    compare_station (run, own);
  return TRUE;
}

static gboolean
load_owner (AuditRun *run, const AuditPlan *plan, GError **error)
{
  if (plan->owner == NULL)
    return TRUE;
  run->owner = statement_signers_load (plan->owner, error);
  return run->owner != NULL;
}

/* ---- the log ---- */

static char *
log_path (const AuditPlan *plan)
{
  return g_file_test (plan->folder, G_FILE_TEST_IS_REGULAR)
             ? g_strdup (plan->folder)
             : g_build_filename (plan->folder, "issuance.log", NULL);
}

/* The header tells of the first CA's key alone. */
static void
load_first_authority (AuditRun *run, const AuditPlan *plan)
{
  g_autofree char *path = part_of (plan, "authorities.pem");
  gsize length;
  g_autofree char *pem = path != NULL ? file_read_small (path, MOST_PEM, &length, NULL) : NULL;

  if (pem == NULL || !audit_authorities_load_origin (run->authorities, pem))
    audit_unchecked (run->result, AUDIT_CERTIFICATES, AUDIT_WHOLE ("log"),
                     "the certificate of the log's first CA is not there (authorities.pem): "
                     "whether certificates name one of its CAs as their issuer was not checked");
}

static AuditAnchors *
load_anchors (AuditRun *run, const AuditPlan *plan)
{
  AuditAnchors *anchors = audit_anchors_new (run->result, run->station, run->result->origin);
  g_autofree char *checkpoints = part_of (plan, "checkpoints");

  for (guint i = 0; plan->kept != NULL && plan->kept[i] != NULL; i++)
    audit_anchors_add_kept (anchors, plan->kept[i]);
  if (checkpoints != NULL)
    audit_anchors_add_checkpoints (anchors, checkpoints);
  else
    audit_unchecked (run->result, AUDIT_CHECKPOINTS, AUDIT_WHOLE ("checkpoints"),
                     "there is no file checkpoints");
  return anchors;
}

static void
say_unwatched (AuditRun *run, const AuditPlan *plan, const AuditAnchors *anchors)
{
  guint64 through = audit_anchors_kept_through (anchors);

  if (plan->kept == NULL || plan->kept[0] == NULL)
    audit_unchecked (run->result, AUDIT_KEPT, AUDIT_WHOLE ("log"),
                     "nothing that you kept was compared (--kept): whoever has the station's key "
                     "may have written another log");
  else
    audit_note (run->result, AUDIT_KEPT, AUDIT_WHOLE ("log"),
                "%" G_GUINT64_FORMAT
                " entries stand behind the last thing that you kept; keep a newer checkpoint",
                run->result->entries - MIN (through, run->result->entries));
}

static void
say_unsigned_tickets (AuditRun *run)
{
  if (run->owner != NULL)
    return;
  if (run->result->checked[AUDIT_TICKETS] == 0)
    audit_note (run->result, AUDIT_TICKETS, AUDIT_WHOLE ("tickets"),
                "the log has none: nobody has limited what was issued");
  else
    audit_unchecked (run->result, AUDIT_TICKETS, AUDIT_WHOLE ("tickets"),
                     "the tickets' signatures were not verified, and certificates without a ticket "
                     "not judged: --owner names the owner's certificate");
}

static gboolean
add_issued (guint64 index, const LogEntry *entry, gpointer data, GError **error)
{
  return audit_issued_add (data, index, entry, error);
}

static gboolean
has_manifests (const AuditPlan *plan)
{
  return plan->manifests != NULL && plan->manifests[0] != NULL;
}

static gboolean
judge_log (AuditRun *run, const AuditPlan *plan, AuditIssued *issued, GError **error)
{
  g_autofree char *path = log_path (plan);
  g_autoptr (GError) problem = NULL;
  g_autoptr (LogStream) stream = log_stream_open (path, &problem);
  g_autoptr (AuditAnchors) anchors = NULL;

  if (stream == NULL) {
    audit_wrong (run->result, AUDIT_LOG, AUDIT_WHOLE ("header"), "%s", problem->message);
    return TRUE;
  }
  memcpy (run->result->origin, log_stream_origin (stream), AUDIT_HASH);
  run->roots = audit_roots_new (path);
  run->authorities = audit_authorities_new (run->result->origin);
  load_first_authority (run, plan);
  anchors = load_anchors (run, plan);
  if (!audit_log_pass (run, stream, anchors, issued != NULL ? add_issued : NULL, issued, error))
    return FALSE;
  say_unwatched (run, plan, anchors);
  say_unsigned_tickets (run);
  return TRUE;
}

/* Behind the log, if it could be read at all. */
static gboolean
judge_rest (AuditRun *run, const AuditPlan *plan, const char *ledger, AuditIssued *issued,
            GError **error)
{
  g_autoptr (Spill) states = has_manifests (plan) && ledger != NULL ? spill_new () : NULL;

  if (run->roots == NULL)
    return TRUE;
  if (ledger == NULL)
    audit_unchecked (run->result, AUDIT_LEDGER, AUDIT_WHOLE ("ledger"), "there is no ledger.jsonl");
  else if (!audit_ledger_judge (run, issued, states, ledger, error))
    return FALSE;
  return !has_manifests (plan)
         || audit_manifests_judge (run, plan->manifests, issued, states, error);
}

AuditResult *
audit_verify (const AuditPlan *plan, GError **error)
{
  g_auto (AuditRun) run = { .result = audit_result_new (),
                            .digest = audit_digest_new (),
                            .account = audit_account_new (),
                            .records = g_ptr_array_new_with_free_func (record_free),
                            .resets = g_array_new (FALSE, FALSE, sizeof (AuditReset)),
                            .signatures = plan->certificates ? audit_signatures_new () : NULL,
                            .tally = plan->tally };
  g_autofree char *ledger = part_of (plan, "ledger.jsonl");
  const gboolean wanted = ledger != NULL || has_manifests (plan);
  g_autoptr (AuditIssued) issued =
      wanted ? audit_issued_new (run.digest, has_manifests (plan), error) : NULL;

  if ((wanted && issued == NULL) || !load_station (&run, plan, error)
      || !load_owner (&run, plan, error) || !judge_log (&run, plan, issued, error)
      || !judge_rest (&run, plan, ledger, issued, error))
    return NULL;
  return g_steal_pointer (&run.result);
}
