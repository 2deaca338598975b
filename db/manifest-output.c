/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-output.h.
 */
#include "db/manifest-output.h"

#include <errno.h>
#include <unistd.h>

#include "base/files.h"
#include "db/ledger.h"

#define PIECE (1024 * 1024)
#define PIECES 3 /* one is made, one waits, one is written */

static gboolean
digest_failed (GError **error)
{
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE, "SHA-256 failed");
  return FALSE;
}

/* ---- the thread ---- */

static gboolean
write_piece (ManifestOutput *output, const GString *piece, GError **error)
{
  if (!EVP_DigestUpdate (output->digest, piece->str, piece->len))
    return digest_failed (error);
  if (!fd_write_for_reader (output->fd, piece->str, piece->len, READER_PATIENCE, error))
    return FALSE;
  output->bytes += piece->len;
  return TRUE;
}

/* An empty piece is the last one. */
static gpointer
write_pieces (gpointer data)
{
  ManifestOutput *output = data;

  for (;;) {
    GString *piece = g_async_queue_pop (output->full);
    const gboolean last = piece->len == 0;

    if (!last && output->failure == NULL && !write_piece (output, piece, &output->failure))
      g_atomic_int_set (&output->failed, TRUE);
    g_string_truncate (piece, 0);
    g_async_queue_push (output->empty, piece);
    if (last)
      return NULL;
  }
}

static void
end_thread (ManifestOutput *output)
{
  GString *last = g_async_queue_pop (output->empty);

  g_string_truncate (last, 0);
  g_async_queue_push (output->full, last);
  g_thread_join (g_steal_pointer (&output->thread));
}

/* ---- ours ---- */

gboolean
manifest_output_open (ManifestOutput *output, int fd, GError **error)
{
  output->fd = fd;
  output->digest = EVP_MD_CTX_new ();
  if (output->digest == NULL || !EVP_DigestInit_ex (output->digest, EVP_sha256 (), NULL))
    return digest_failed (error);
  output->full = g_async_queue_new ();
  output->empty = g_async_queue_new ();
  output->piece = g_string_sized_new (PIECE);
  for (guint i = 1; i < PIECES; i++)
    g_async_queue_push (output->empty, g_string_sized_new (PIECE));
  output->thread = g_thread_try_new ("manifest", write_pieces, output, error);
  return output->thread != NULL;
}

static void
free_pieces (GAsyncQueue *queue)
{
  GString *piece;

  while (queue != NULL && (piece = g_async_queue_try_pop (queue)) != NULL)
    g_string_free (piece, TRUE);
}

void
manifest_output_clear (ManifestOutput *output)
{
  if (output->thread != NULL)
    end_thread (output);
  free_pieces (output->full);
  free_pieces (output->empty);
  if (output->piece != NULL)
    g_string_free (g_steal_pointer (&output->piece), TRUE);
  g_clear_pointer (&output->full, g_async_queue_unref);
  g_clear_pointer (&output->empty, g_async_queue_unref);
  g_clear_pointer (&output->digest, EVP_MD_CTX_free);
  g_clear_error (&output->failure);
}

/* Waits where the thread has not caught up. */
static void
pass_on (ManifestOutput *output)
{
  if (output->piece->len == 0)
    return;
  g_async_queue_push (output->full, output->piece);
  output->piece = g_async_queue_pop (output->empty);
}

gboolean
manifest_output_add (ManifestOutput *output, const char *text, gsize length, GError **error)
{
  if (output->piece->len + length > PIECE)
    pass_on (output);
  g_string_append_len (output->piece, text, (gssize)length);
  if (!g_atomic_int_get (&output->failed))
    return TRUE;
  end_thread (output);
  g_propagate_error (error, g_steal_pointer (&output->failure));
  return FALSE;
}

/* A pipe or a terminal has nothing to sync. */
static gboolean
sync_descriptor (int fd, GError **error)
{
  if (fsync (fd) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP)
    return TRUE;
  const int code = errno;
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (code),
               "the manifest can't be written: %s", g_strerror (code));
  return FALSE;
}

GBytes *
manifest_output_finish (ManifestOutput *output, GError **error)
{
  guint8 digest[EVP_MAX_MD_SIZE];
  unsigned int length;

  pass_on (output);
  end_thread (output);
  if (output->failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&output->failure));
    return NULL;
  }
  if (!sync_descriptor (output->fd, error))
    return NULL;
  if (EVP_DigestFinal_ex (output->digest, digest, &length))
    return g_bytes_new (digest, length);
  digest_failed (error);
  return NULL;
}
