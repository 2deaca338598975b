/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-output.h.
 */
#include "db/manifest-output.h"

#include <errno.h>
#include <unistd.h>

#include "base/files.h"
#include "db/ledger.h"

#define BUFFER_SIZE (1024 * 1024)

static gboolean
digest_failed (GError **error)
{
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE, "SHA-256 failed");
  return FALSE;
}

gboolean
manifest_output_open (ManifestOutput *output, int fd, GError **error)
{
  output->fd = fd;
  output->buffer = g_byte_array_sized_new (BUFFER_SIZE);
  output->digest = EVP_MD_CTX_new ();
  return (output->digest != NULL && EVP_DigestInit_ex (output->digest, EVP_sha256 (), NULL))
         || digest_failed (error);
}

void
manifest_output_clear (ManifestOutput *output)
{
  g_clear_pointer (&output->buffer, g_byte_array_unref);
  g_clear_pointer (&output->digest, EVP_MD_CTX_free);
}

static gboolean
flush (ManifestOutput *output, GError **error)
{
  if (!EVP_DigestUpdate (output->digest, output->buffer->data, output->buffer->len))
    return digest_failed (error);
  if (!fd_write_all (output->fd, output->buffer->data, output->buffer->len, error))
    return FALSE;
  output->bytes += output->buffer->len;
  g_byte_array_set_size (output->buffer, 0);
  return TRUE;
}

gboolean
manifest_output_add (ManifestOutput *output, const char *text, gsize length, GError **error)
{
  if (output->buffer->len + length > BUFFER_SIZE && !flush (output, error))
    return FALSE;
  g_byte_array_append (output->buffer, (const guint8 *)text, (guint)length);
  return TRUE;
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

  if (!flush (output, error) || !sync_descriptor (output->fd, error))
    return NULL;
  if (EVP_DigestFinal_ex (output->digest, digest, &length))
    return g_bytes_new (digest, length);
  digest_failed (error);
  return NULL;
}
