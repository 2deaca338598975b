/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See answer.h.
 */
#include "ca/signer/answer.h"

#include "base/encode.h"
#include "base/text.h"
#include "ca/signer/answer-evidence.h"
#include "ca/signer/answer-jws.h"
#include "ca/signer/answer-log.h"
#include "ca/signer/answer-ticket.h"
#include "ca/signer/signer-authority.h"

/* An ENTRIES reply must fit into a frame; what an entry takes besides its bytes is less. */
#define ENTRIES_BYTES (WIRE_MOST - 8 * 1024)
#define ENTRY_OVERHEAD 128
#define MOST_ENTRIES 256

static GVariant *
bytes_of_span (const guint8 *data, gsize length)
{
  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, data, length, 1);
}

static char *
text_of (Span span)
{
  return g_strndup ((const char *)span.data, span.length);
}

/* WIRE_ENTRY of an entry's bytes. */
static GVariant *
entry_payload (GBytes *bytes, guint64 index)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  LogEntry entry = { 0 };

  log_entry_decode (data, length, &entry, NULL);
  g_autofree char *batch = text_of (entry.batch);
  g_autofree char *profile = text_of (entry.profile);
  g_autofree char *device = text_of (entry.device);

  return g_variant_new ("(tyxsss@ay@ay)", index, (guint8)entry.type, entry.signed_at, batch,
                        profile, device, bytes_of_span (entry.csr_sha256, LOG_HASH),
                        bytes_of_span (entry.certificate.data, entry.certificate.length));
}

static GVariant *
answer_sign (Signer *signer, GVariant *request, GError **error)
{
  g_autoptr (GVariant) csr = NULL;
  g_autoptr (GBytes) entry = NULL;
  g_autofree char *device = NULL;
  SignOrder order;
  guint64 index = 0;

  g_variant_get (request, "(&s&s&s&s&sm&s@ay)", &order.batch, &order.product, &order.profile,
                 &order.profile_sha256, &order.device, &order.chip_id, &csr);
  order.csr.data = g_variant_get_fixed_array (csr, &order.csr.length, 1);
  entry = signer_sign (signer, &order, &index, error);
  if (entry != NULL)
    return entry_payload (entry, index);
  device = text_for_display (order.device, 64);
  g_message ("refused device %s: %s: %s", device, ca_error_word ((CaError)(*error)->code),
             (*error)->message);
  return NULL;
}

static GVariant *
answer_entries (Signer *signer, GVariant *request, GError **error)
{
  GVariantBuilder builder;
  guint64 from, size = issuance_log_size (signer_log (signer));
  guint32 most;
  gsize used = 0;

  g_variant_get (request, "(tu)", &from, &most);
  most = MIN (most, MOST_ENTRIES);
  g_variant_builder_init (&builder, G_VARIANT_TYPE (WIRE_ENTRIES_REPLY));
  for (guint64 index = from; index < size && index - from < most; index++) {
    g_autoptr (GBytes) bytes = issuance_log_read (signer_log (signer), index, error);

    if (bytes == NULL) {
      g_variant_builder_clear (&builder);
      return NULL;
    }
    used += g_bytes_get_size (bytes) + ENTRY_OVERHEAD;
    if (used > ENTRIES_BYTES)
      break;
    g_variant_builder_add_value (&builder, entry_payload (bytes, index));
  }
  return g_variant_builder_end (&builder);
}

static GVariant *
chain_payload (const Authority *authority)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aay"));
  for (guint i = 0; i < authority->chain->len; i++)
    g_variant_builder_add_value (&builder, wire_bytes (g_ptr_array_index (authority->chain, i)));
  return g_variant_builder_end (&builder);
}

/* WIRE_CA. */
static GVariant *
authority_payload (const Authority *authority)
{
  g_autofree char *problem = keystore_problem (authority->keystore);

  return g_variant_new ("(ssssssxxbs@aay)", authority->name, authority->subject_text,
                        authority->key_text, authority->signature->word,
                        keystore_scheme (authority->keystore), authority->fingerprint,
                        authority->not_before, authority->not_after, authority->demo,
                        problem != NULL ? problem : "", chain_payload (authority));
}

static GVariant *
tpm_payload (Signer *signer, const Authority *authority)
{
  TpmAccount account;
  GVariant *payload = NULL;

  if (keystore_counts (authority->keystore)
      && signer_tpm_account (signer, authority, &account, NULL))
    payload = g_variant_new ("(uut)", account.count, account.limit, account.logged);
  return g_variant_new_maybe (G_VARIANT_TYPE ("(uut)"), payload);
}

static GVariant *
answer_status (Signer *signer, GVariant *request, GError **error)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  g_auto (GStrv) profiles = generation_profiles (generation);
  g_auto (GStrv) problems = signer_problems (signer);
  g_autofree char *origin = hex_encode (issuance_log_origin (signer_log (signer)), LOG_HASH);
  GVariantBuilder authorities;

  g_variant_builder_init (&authorities, G_VARIANT_TYPE ("a" WIRE_CA));
  for (guint i = 0; i < generation->authorities->len; i++)
    g_variant_builder_add_value (
        &authorities, authority_payload (g_ptr_array_index (generation->authorities, i)));
  return g_variant_new ("(sts^asa" WIRE_CA "^as@aybt@m(uut))", generation->issuing->name,
                        issuance_log_size (signer_log (signer)), origin, problems, &authorities,
                        profiles, answer_station (signer), generation->owners != NULL,
                        issuance_log_verified (signer_log (signer)),
                        tpm_payload (signer, generation->issuing));
}

/* What a supervisor asks for is rare, and worth a line. */
static GVariant *
answer_code (Signer *signer, GVariant *request, GError **error)
{
  const char *name, *code;
  g_autoptr (GBytes) certificate = NULL;
  guint64 index = 0;

  g_variant_get (request, "(&s&s)", &name, &code);
  certificate = signer_certify_code (signer, name, code, &index, error);
  if (certificate == NULL)
    return NULL;
  g_message ("certified the code %s: entry %" G_GUINT64_FORMAT, code, index);
  return g_variant_new ("(t@ay)", index, wire_bytes (certificate));
}

static GVariant *
answer_revoke (Signer *signer, GVariant *request, GError **error)
{
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Revocation));
  RevocationCounts counts;
  GVariantIter iterator;
  Revocation item;
  guint8 reason;

  if (g_variant_n_children (request) > WIRE_REVOKE_MOST) {
    g_set_error (error, CA_ERROR, CA_ERROR_PROTOCOL, "more than %d revocations in one frame",
                 WIRE_REVOKE_MOST);
    return NULL;
  }
  g_variant_iter_init (&iterator, request);
  while (g_variant_iter_next (&iterator, "(txy)", &item.place, &item.revoked_at, &reason)) {
    item.reason = reason;
    g_array_append_val (items, item);
  }
  if (!signer_revoke (signer, (const Revocation *)(gpointer)items->data, items->len, &counts,
                      error))
    return NULL;
  return g_variant_new (WIRE_REVOKE_REPLY, counts.added, counts.unknown);
}

static GVariant *
answer_crl (Signer *signer, GVariant *request, GError **error)
{
  g_auto (RevocationList) list = { 0 };
  const char *name;
  gboolean make;
  guint64 offset;
  gsize size = 0;
  const guint8 *data;

  g_variant_get (request, "(&sbt)", &name, &make, &offset);
  if (!signer_revocation_list (signer, name, make, &list, error))
    return NULL;
  data = list.der != NULL ? g_bytes_get_data (list.der, &size) : NULL;
  offset = MIN (offset, size);
  if (make)
    g_message ("made revocation list %" G_GUINT64_FORMAT " of the CA '%s': %u certificates",
               list.head.number, name, list.count);
  return g_variant_new (
      "(ttxxuu@ay)", list.head.number, (guint64)size, list.head.this_update, list.head.next_update,
      list.count, list.waiting,
      bytes_of_span (data == NULL ? NULL : data + offset, MIN (size - offset, ENTRIES_BYTES)));
}

static GVariant *
dispatch (Signer *signer, WireKind kind, GVariant *request, GError **error)
{
  switch (kind) {
  case WIRE_SIGN:
    return answer_sign (signer, request, error);
  case WIRE_ENTRIES:
    return answer_entries (signer, request, error);
  case WIRE_STATUS:
    return answer_status (signer, request, error);
  case WIRE_CODE:
    return answer_code (signer, request, error);
  case WIRE_REVOKE:
    return answer_revoke (signer, request, error);
  case WIRE_CRL:
    return answer_crl (signer, request, error);
  case WIRE_CONSISTENCY:
    return answer_consistency (signer, request, error);
  case WIRE_LOG:
    return answer_log (signer, request, error);
  case WIRE_REPORT:
    return answer_report (signer, request, error);
  case WIRE_MANIFEST:
    return answer_manifest (signer, request, error);
  case WIRE_CHECKPOINT:
    return answer_checkpoint (signer, request, error);
  case WIRE_INCLUSION:
    return answer_inclusion (signer, request, error);
  case WIRE_TICKET:
    return answer_ticket (signer, request, error);
  case WIRE_TICKETS:
    return answer_tickets (signer, error);
  case WIRE_CLOCK:
    return answer_clock (signer, request, error);
  case WIRE_JWS:
    return answer_jws (signer, request, error);
  case WIRE_ERROR:
    break;
  }
  g_set_error_literal (error, CA_ERROR, CA_ERROR_PROTOCOL, "no such request");
  return NULL;
}

GVariant *
answer (Signer *signer, WireKind kind, GVariant *request, WireKind *reply_kind)
{
  g_autoptr (GError) problem = NULL;
  GVariant *payload = dispatch (signer, kind, request, &problem);

  *reply_kind = payload != NULL ? kind : WIRE_ERROR;
  if (payload != NULL)
    return payload;
  return g_variant_new (WIRE_ERROR_REPLY, ca_error_word ((CaError)problem->code), problem->message);
}
