/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See event-chain.h.
 */
#include "db/event-chain.h"

#include <string.h>

#include "base/encode.h"

#define BEGINNING "keycradle ledger"

static void
append_u64 (GByteArray *bytes, guint64 value)
{
  const guint64 big = GUINT64_TO_BE (value);

  g_byte_array_append (bytes, (const guint8 *)&big, sizeof big);
}

static void
append_text (GByteArray *bytes, const char *text)
{
  const gsize length = strlen (text);
  const guint32 big = GUINT32_TO_BE ((guint32)length);

  g_byte_array_append (bytes, (const guint8 *)&big, sizeof big);
  g_byte_array_append (bytes, (const guint8 *)text, (guint)length);
}

static void
digest (const GByteArray *bytes, guint8 hash[EVENT_HASH])
{
  g_autoptr (GBytes) sha256 = sha256_of (bytes->data, bytes->len);

  memcpy (hash, g_bytes_get_data (sha256, NULL), EVENT_HASH);
}

void
event_chain_begin (const guint8 identity[LEDGER_IDENTITY], guint8 hash[EVENT_HASH])
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  g_byte_array_append (bytes, (const guint8 *)BEGINNING, strlen (BEGINNING));
  g_byte_array_append (bytes, identity, LEDGER_IDENTITY);
  digest (bytes, hash);
}

void
event_chain_hash (const guint8 before[EVENT_HASH], const AuditEvent *event, guint8 hash[EVENT_HASH])
{
  g_autoptr (GByteArray) bytes = g_byte_array_sized_new (256);

  g_byte_array_append (bytes, before, EVENT_HASH);
  append_u64 (bytes, (guint64)event->id);
  append_u64 (bytes, (guint64)event->at);
  append_text (bytes, event->actor);
  append_text (bytes, event->kind);
  append_text (bytes, event->subject);
  append_text (bytes, event->detail);
  digest (bytes, hash);
}

/* ---- SQL ---- */

static const guint8 *
blob_of (sqlite3_value *value, int length)
{
  const guint8 *data = sqlite3_value_blob (value);

  return sqlite3_value_bytes (value) == length ? data : NULL;
}

static void
answer (sqlite3_context *context, const guint8 hash[EVENT_HASH])
{
  sqlite3_result_blob (context, hash, EVENT_HASH, SQLITE_TRANSIENT);
}

static void
begin (sqlite3_context *context, int count, sqlite3_value **values)
{
  const guint8 *identity = blob_of (values[0], LEDGER_IDENTITY);
  guint8 hash[EVENT_HASH];

  if (identity == NULL) {
    sqlite3_result_error (context, "that is no ledger's identity", -1);
    return;
  }
  event_chain_begin (identity, hash);
  answer (context, hash);
}

static char *
text_of (sqlite3_value *value)
{
  return (char *)sqlite3_value_text (value);
}

static void
chain (sqlite3_context *context, int count, sqlite3_value **values)
{
  const guint8 *before = blob_of (values[0], EVENT_HASH);
  const AuditEvent event = { .id = sqlite3_value_int64 (values[1]),
                             .at = sqlite3_value_int64 (values[2]),
                             .actor = text_of (values[3]),
                             .kind = text_of (values[4]),
                             .subject = text_of (values[5]),
                             .detail = text_of (values[6]) };
  guint8 hash[EVENT_HASH];

  if (before == NULL || event.actor == NULL || event.kind == NULL || event.subject == NULL
      || event.detail == NULL)
  {
    sqlite3_result_error (context, "that is no audit event", -1);
    return;
  }
  event_chain_hash (before, &event, hash);
  answer (context, hash);
}

int
event_chain_add_function (sqlite3 *handle)
{
  const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  int result = sqlite3_create_function_v2 (handle, "ledger_event_hash", 1, flags, NULL, begin, NULL,
                                           NULL, NULL);

  if (result != SQLITE_OK)
    return result;
  return sqlite3_create_function_v2 (handle, "ledger_event_hash", 7, flags, NULL, chain, NULL, NULL,
                                     NULL);
}
