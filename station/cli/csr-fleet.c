/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See csr-fleet.h. Only keys whose owner has proven to hold them count: nobody brings another one
 * into disrepute by a request that he could not sign. A file that was named twice counts once.
 */
#include "station/cli/csr-fleet.h"

#include "ca/fleet/fleet.h"

#define BATCH 4096

/* The keys of the verdicts; key i + 1 is that of verdict i. */
typedef struct {
  GPtrArray *verdicts;
  GHashTable *files; /* identities; the value is the verdict that counts */
} Keys;

static gboolean
counts (const Keys *keys, const CsrVerdict *verdict)
{
  return verdict->number != NULL
         && (verdict->identity == NULL
             || g_hash_table_lookup (keys->files, verdict->identity) == verdict);
}

static GPtrArray *
read_keys (guint64 after, guint most, gpointer data, GError **error)
{
  const Keys *keys = data;
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify)fleet_key_free);

  for (guint64 i = after; i < keys->verdicts->len && found->len < most; i++) {
    const CsrVerdict *verdict = g_ptr_array_index (keys->verdicts, (guint)i);

    if (counts (keys, verdict))
      g_ptr_array_add (found, fleet_key_new (i + 1, verdict->key_type,
                                             g_bytes_get_data (verdict->number, NULL),
                                             g_bytes_get_size (verdict->number)));
  }
  return found;
}

static char *
describe (CaError kind, const char *file)
{
  if (kind == CA_ERROR_DUPLICATE_KEY)
    return g_strdup_printf ("%s has the same key", file);
  if (kind == CA_ERROR_EC_NEAR_KEY)
    return g_strdup_printf ("the private key is that of %s plus or minus a small number", file);
  return g_strdup_printf ("the RSA key shares a prime with that of %s: anybody can compute both "
                          "private keys",
                          file);
}

static void
reject (CsrVerdict *verdict, const CsrVerdict *other, CaError kind)
{
  if (!verdict->accepted)
    return;
  verdict->accepted = FALSE;
  verdict->code = ca_error_word (kind);
  verdict->operator_text = ca_error_operator_text (kind);
  g_free (verdict->engineer);
  verdict->engineer = describe (kind, other->file);
}

static void
reject_both (GPtrArray *verdicts, const FleetFinding *finding)
{
  CsrVerdict *later = g_ptr_array_index (verdicts, (guint)finding->key - 1);
  CsrVerdict *earlier = g_ptr_array_index (verdicts, (guint)finding->partner - 1);

  reject (later, earlier, finding->kind);
  reject (earlier, later, finding->kind);
}

static GHashTable *
first_of_each_file (GPtrArray *verdicts)
{
  GHashTable *files = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = verdicts->len; i-- > 0;) {
    CsrVerdict *verdict = g_ptr_array_index (verdicts, i);

    if (verdict->identity != NULL)
      g_hash_table_insert (files, verdict->identity, verdict);
  }
  return files;
}

gboolean
csr_fleet_judge (GPtrArray *verdicts, GError **error)
{
  g_autoptr (GHashTable) files = first_of_each_file (verdicts);
  Keys keys = { verdicts, files };
  g_autoptr (Fleet) fleet = fleet_open (NULL, read_keys, &keys, error);
  g_autoptr (GArray) findings = g_array_new (FALSE, FALSE, sizeof (FleetFinding));
  guint64 before, mark = 0;

  do {
    before = mark;
    if (!fleet_check (fleet, BATCH, &mark, findings, error))
      return FALSE;
  } while (mark != before);
  for (guint i = 0; i < findings->len; i++)
    reject_both (verdicts, &g_array_index (findings, FleetFinding, i));
  return TRUE;
}
