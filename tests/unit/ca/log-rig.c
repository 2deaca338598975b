/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-rig.h. Whatever goes wrong here ends the program.
 */
#include "tests/unit/ca/log-rig.h"

#include "base/certificate.h"
#include "tests/unit/ca/make-entry.h"
#include "tests/unit/ca/make.h"

#include <string.h>

char *rig_folder;
char *rig_path;
char *rig_index;
EntryMaker *rig_maker;

void
rig_use (const char *folder)
{
  rig_folder = g_strdup (folder);
  rig_path = g_build_filename (folder, "state", "issuance.log", NULL);
  rig_index = g_build_filename (folder, "state", "issuance.index", NULL);
  rig_maker = entry_maker_new (folder, FALSE);
}

void
rig_setup (void)
{
  g_autofree char *folder = folder_make ();

  folder_fill (folder, "p-256");
  rig_use (folder);
}

void
rig_teardown (void)
{
  entry_maker_free (rig_maker);
  g_free (rig_path);
  g_free (rig_index);
  folder_remove (rig_folder);
}

/* ---- a log ---- */

IssuanceLog *
rig_try_open (LogOpenMode mode, GError **error)
{
  return log_open_with_step (rig_path, entry_maker_origin (rig_maker), mode, RIG_STEP, error);
}

IssuanceLog *
rig_open (void)
{
  GError *problem = NULL;
  IssuanceLog *log = rig_try_open (LOG_OPEN_WRITE, &problem);

  g_assert_no_error (problem);
  return log;
}

/* Entry `number` of the log that all these tests write: every tenth is a ticket, now and then there
 * is something else. */
void
rig_entry (guint64 number, LogEntry *entry)
{
  entry_make (rig_maker, number, entry);
  entry->signed_at = 1000 + (gint64)number;
  entry->batch = span_of_text (number % 3 == 0 ? "A" : "B");
  if (number % 10 == 5)
    entry->type = LOG_ENTRY_TICKET;
  else if (number % 50 == 20)
    entry->type = LOG_ENTRY_REPORT;
  else if (number % 50 == 21)
    entry->type = LOG_ENTRY_CRL;
  else if (number % 100 == 42)
    entry->type = LOG_ENTRY_CLOCK;
  else if (number % 100 == 43)
    entry->type = LOG_ENTRY_REFUSAL;
  if (log_entry_type_is_bare (entry->type))
    entry->certificate = (Span){ NULL, 0 };
}

gboolean
rig_append (IssuanceLog *log, guint64 number, GError **error)
{
  LogEntry entry;
  guint64 index;

  rig_entry (number, &entry);
  if (!issuance_log_append (log, &entry, &index, error))
    return FALSE;
  g_assert_cmpuint (index, ==, number);
  return TRUE;
}

void
rig_fill (IssuanceLog *log, guint64 count)
{
  for (guint64 i = issuance_log_size (log); i < count; i++)
    g_assert_true (rig_append (log, i, NULL));
}

void
rig_make (guint64 count)
{
  IssuanceLog *log = rig_open ();

  rig_fill (log, count);
  issuance_log_close (log);
}

/* ---- what it says, whoever says it ---- */

static void
add_places (GString *text, IssuanceLog *log)
{
  for (int type = LOG_ENTRY_AUTHORITY; type <= LOG_ENTRY_LAST; type++) {
    g_autoptr (GArray) places = issuance_log_places (log, (LogEntryType)type);

    g_string_append_printf (text, "type %d:", type);
    for (guint i = 0; i < places->len; i++)
      g_string_append_printf (text, " %" G_GUINT64_FORMAT, g_array_index (places, guint64, i));
    g_string_append_c (text, '\n');
  }
}

static void
add_batches (GString *text, IssuanceLog *log)
{
  for (guint i = 0; i < 3; i++) {
    const char *name = i == 0 ? "A" : i == 1 ? "B" : "C";
    LogBatch batch;
    gboolean known = issuance_log_batch (log, name, &batch);

    g_string_append_printf (text,
                            "batch %s %d: %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                            " %" G_GUINT64_FORMAT " %d %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                            "\n",
                            name, known, batch.certificates, batch.first, batch.last,
                            batch.has_ticket, batch.ticket, batch.since_ticket);
  }
}

static void
add_entry (GString *text, IssuanceLog *log, guint64 place)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) bytes = issuance_log_read (log, place, &problem);
  g_autoptr (GByteArray) path_up = NULL;
  g_autoptr (GByteArray) proof = NULL;

  g_assert_no_error (problem);
  path_up = issuance_log_inclusion (log, place, issuance_log_size (log), &problem);
  g_assert_no_error (problem);
  proof = issuance_log_consistency (log, place, issuance_log_size (log), &problem);
  g_assert_no_error (problem);
  g_string_append_printf (text, "%u %u %u\n", g_bytes_hash (bytes), path_up->len, proof->len);
}

/* Keys are looked for by the number in the certificate, or by the CA's. */
static void
add_keys (GString *text, IssuanceLog *log, guint64 count)
{
  for (guint64 i = 0; i < count; i += 7) {
    g_autoptr (GArray) places = NULL;
    g_autoptr (GBytes) number = NULL;
    g_autoptr (GBytes) bytes = NULL;
    CertificateParts parts;
    CertificateKey key;
    LogEntry entry;

    bytes = issuance_log_read (log, i, NULL);
    g_assert_true (
        log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL));
    if (entry.type != LOG_ENTRY_CERTIFICATE)
      continue;
    g_assert_true (certificate_split (entry.certificate.data, entry.certificate.length, &parts)
                   && certificate_part_key (parts.spki, &key));
    number = certificate_key_sha256 (&key);
    places = issuance_log_find (log, g_bytes_get_data (number, NULL));
    g_assert_cmpuint (places->len, ==, 1);
    g_assert_cmpuint (g_array_index (places, guint64, 0), ==, i);
  }
  g_string_append_printf (text, "newest %" G_GINT64_FORMAT ", signatures %" G_GUINT64_FORMAT "\n",
                          issuance_log_newest (log),
                          issuance_log_signatures (log, entry_maker_authority (rig_maker)));
}

static char *
all_said (IssuanceLog *log)
{
  GString *text = g_string_new (NULL);
  const guint64 size = issuance_log_size (log);
  guint8 root[LOG_HASH];

  g_assert_true (issuance_log_root (log, size, root, NULL));
  for (guint i = 0; i < LOG_HASH; i++)
    g_string_append_printf (text, "%02x", root[i]);
  g_string_append_printf (text, "\nsize %" G_GUINT64_FORMAT "\n", size);
  add_batches (text, log);
  add_places (text, log);
  add_keys (text, log, size);
  for (guint64 i = 0; i < size; i++)
    add_entry (text, log, i);
  return g_string_free (text, FALSE);
}

/* Against the same file read whole, without any index. */
void
rig_expect_truth (IssuanceLog *log)
{
  GError *problem = NULL;
  g_autoptr (IssuanceLog) whole = rig_try_open (LOG_OPEN_CHECK, &problem);
  g_autofree char *said = all_said (log);
  g_autofree char *truth = NULL;

  g_assert_no_error (problem);
  truth = all_said (whole);
  g_assert_cmpstr (said, ==, truth);
}

void
rig_expect_verified (IssuanceLog *log)
{
  GError *problem = NULL;

  issuance_log_wait_verified (log, &problem);
  g_assert_no_error (problem);
  g_assert_cmpuint (issuance_log_verified (log), ==, issuance_log_size (log));
}

/* Opens the log by its index, or (with `anew`) not by it, and compares all that it says. */
void
rig_expect_opens (gboolean anew)
{
  g_autoptr (IssuanceLog) log = rig_open ();

  g_assert_cmpint (log->to_verify == 0, ==, anew);
  rig_expect_truth (log);
  rig_expect_verified (log);
  rig_expect_truth (log);
}

void
rig_wait_carried (IssuanceLog *log)
{
  for (guint i = 0; i < 2000; i++) {
    g_mutex_lock (&log->mutex);
    if (log->older == NULL) {
      g_mutex_unlock (&log->mutex);
      return;
    }
    g_mutex_unlock (&log->mutex);
    g_usleep (5000);
  }
  g_error ("the index is not written");
}

/* ---- files ---- */

char *
rig_part (const char *name)
{
  return g_build_filename (rig_index, name, NULL);
}

GBytes *
rig_get (const char *file)
{
  char *content;
  gsize length;

  g_assert_true (g_file_get_contents (file, &content, &length, NULL));
  return g_bytes_new_take (content, length);
}

void
rig_put (const char *file, GBytes *content)
{
  gsize length;
  const char *data = g_bytes_get_data (content, &length);

  g_assert_true (g_file_set_contents (file, data, (gssize)length, NULL));
}
