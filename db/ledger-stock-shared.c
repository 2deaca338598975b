/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys and devices that were seen at two places: stock_shared() of ledger-stock.h. A line sees a
 * key when its device comes, not when it is used; what is on record of that are findings about
 * keys, certificates that were void from the start, and attempts that failed for that reason. Each
 * leads to the certificate that lives.
 */
#include "db/ledger-stock-private.h"

/* The table certificates comes first, and from there what tells of it. */
#define FINDINGS                                                                                   \
  "(SELECT device, partner_device AS other, found_at AS at FROM key_findings"                      \
  "   WHERE kind = 'duplicate-key' UNION ALL"                                                      \
  " SELECT partner_device, device, found_at FROM key_findings WHERE kind = 'duplicate-key') AS "   \
  "seen"
/* A certificate that came back from the signer's log, for a key of another device. */
#define VOID                                                                                       \
  "(SELECT seen_keys.device AS device, void.device AS other, void.issued_at AS at"                 \
  "   FROM certificates AS void INDEXED BY certificates_void"                                      \
  "   CROSS JOIN seen_keys ON seen_keys.number_sha256 = key_sha256 (void.der)"                     \
  "   WHERE void.void_event IS NOT NULL AND void.void_reason = 'duplicate-key') AS seen"
/* The sentences of both reasons begin with "device SERIAL "; failures leads to the few batches. */
#define ATTEMPTS                                                                                   \
  "(SELECT named.id AS device, nullif (attempts.device, named.id) AS other,"                       \
  "   attempts.started_at AS at, attempts.slot AS slot FROM failures"                              \
  "   CROSS JOIN attempts ON attempts.batch = failures.batch AND attempts.slot = failures.slot"    \
  "     AND attempts.reason = failures.reason AND attempts.started_at >= ?2"                       \
  "   CROSS JOIN devices AS named ON named.serial = substr (detail, 8,"                            \
  "     instr (substr (detail, 8), ' ') - 1)"                                                      \
  "   WHERE failures.reason IN ('duplicate-key', 'busy-device') AND failures.last_at >= ?2) AS "   \
  "seen"
#define JOINED(seen)                                                                               \
  seen " CROSS JOIN certificates ON certificates.device = seen.device"                             \
       " AND certificates.state <> 'void'"

static const struct {
  const char *from;
  const char *columns;
  gboolean window; /* ?2 is bound */
} sources[] = {
  { JOINED (FINDINGS), ", seen.at, (SELECT serial FROM devices WHERE id = seen.other), NULL",
    FALSE },
  { JOINED (VOID), ", seen.at, (SELECT serial FROM devices WHERE id = seen.other), NULL", FALSE },
  { JOINED (ATTEMPTS), ", seen.at, (SELECT serial FROM devices WHERE id = seen.other), seen.slot",
    TRUE },
};

static gboolean
read_shared (Statement *select, SharedSink sink, gpointer data, GError **error)
{
  gboolean found = TRUE;

  while (statement_step (select, &found, error)) {
    SharedKey shared;

    if (!found)
      return TRUE;
    stock_row_read (select, &shared.row);
    shared.at = statement_int64 (select);
    shared.other = statement_text (select);
    shared.slot = statement_text (select);
    if (!sink (&shared, data, error))
      return FALSE;
  }
  return FALSE;
}

gboolean
stock_shared (StockReader *reader, gint64 since, SharedSink sink, gpointer data, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++) {
    g_autoptr (Statement) select = stock_prepare (
        reader, sources[i].from, "NULL",
        sources[i].window ? "?2 IS NOT NULL ORDER BY seen.at" : "TRUE ORDER BY seen.at",
        sources[i].columns, error);

    if (select == NULL)
      return FALSE;
    if (sources[i].window)
      statement_bind_int64 (select, since);
    if (!read_shared (select, sink, data, error))
      return FALSE;
  }
  return TRUE;
}
