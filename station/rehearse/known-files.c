/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See known-files.h.
 */
#include "station/rehearse/known-files.h"

#include <json-glib/json-glib.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "station/rehearse/server-chain.h"
#include "station/rehearse/shown.h"

#define CERTIFICATE "CERTIFICATE"
#define MOST_OPEN 16 /* objects and arrays */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)

struct KnownFiles {
  GHashTable *devices;    /* SHA-256 in hex: the device's name */
  GHashTable *signers;    /* SHA-256 in hex of those that are in `authorities` */
  GPtrArray *authorities; /* of GBytes */
  GPtrArray *names;       /* of char *, of the authorities */
};

void
known_files_free (KnownFiles *files)
{
  g_hash_table_unref (files->devices);
  g_hash_table_unref (files->signers);
  g_ptr_array_unref (files->authorities);
  g_ptr_array_unref (files->names);
  g_free (files);
}

static void
add_authority (KnownFiles *files, X509 *certificate, GBytes *der, char *sha256)
{
  if (!g_hash_table_add (files->signers, sha256))
    return;
  g_ptr_array_add (files->authorities, g_bytes_ref (der));
  g_ptr_array_add (files->names, certificate_own_name (certificate));
}

static void
add_certificate (KnownFiles *files, GBytes *der)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length), *at = data;
  g_autoptr (X509) certificate = length <= G_MAXINT ? d2i_X509 (NULL, &at, (long)length) : NULL;

  ERR_clear_error ();
  if (certificate == NULL || at != data + length)
    return;
  if (X509_check_ca (certificate) == 1)
    add_authority (files, certificate, der, sha256_hex (data, length));
  else
    g_hash_table_insert (files->devices, sha256_hex (data, length),
                         certificate_own_name (certificate));
}

static void
add_pem (KnownFiles *files, const char *text)
{
  while (text != NULL && *text != '\0') {
    const char *end = NULL;
    g_autoptr (GBytes) der = pem_decode (text, CERTIFICATE, &end);
    if (der == NULL)
      return;
    add_certificate (files, der);
    text = end;
  }
}

/* ---- files ---- */

static void
add_member (JsonObject *object, const char *name, JsonNode *node, gpointer data)
{
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    add_pem (data, json_node_get_string (node));
}

static void
add_json_line (KnownFiles *files, const char *line, gsize length)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (!json_is_shallow (line, length, MOST_OPEN)
      || !json_parser_load_from_data (parser, line, (gssize)length, NULL))
    return;
  JsonNode *root = json_parser_get_root (parser);
  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root))
    json_object_foreach_member (json_node_get_object (root), add_member, files);
}

/* A line at a time: a manifest may have a million. */
static gboolean
add_lines (KnownFiles *files, const char *path, GError **error)
{
  g_autoptr (GIOChannel) channel = g_io_channel_new_file (path, "r", error);

  if (channel == NULL || g_io_channel_set_encoding (channel, NULL, error) != G_IO_STATUS_NORMAL)
    return FALSE;
  for (;;) {
    g_autofree char *line = NULL;
    gsize length;
    switch (g_io_channel_read_line (channel, &line, &length, NULL, error)) {
    case G_IO_STATUS_NORMAL:
      add_json_line (files, line, length);
      break;
    case G_IO_STATUS_EOF:
      return TRUE;
    case G_IO_STATUS_ERROR:
    case G_IO_STATUS_AGAIN:
      return FALSE;
    }
  }
}

static gboolean
has_suffix (const char *path, const char *const *suffixes)
{
  for (; *suffixes != NULL; suffixes++)
    if (g_str_has_suffix (path, *suffixes))
      return TRUE;
  return FALSE;
}

static gboolean
is_of_lines (const char *path)
{
  static const char *const suffixes[] = { ".jsonl", ".ndjson", ".json", NULL };

  return has_suffix (path, suffixes);
}

static gboolean
is_of_certificates (const char *path)
{
  static const char *const suffixes[] = { ".pem", ".crt", ".cer", ".der", NULL };

  return has_suffix (path, suffixes);
}

static gboolean
add_file (KnownFiles *files, const char *path, GError **error)
{
  g_autofree char *content = NULL;
  gsize length;

  if (is_of_lines (path))
    return add_lines (files, path, error);
  if (!g_file_get_contents (path, &content, &length, error))
    return FALSE;
  if (strstr (content, "-----BEGIN ") != NULL) {
    add_pem (files, content);
    return TRUE;
  }
  g_autoptr (GBytes) der = g_bytes_new (content, length);
  add_certificate (files, der);
  return TRUE;
}

static gboolean
add_folder (KnownFiles *files, const char *path, GError **error)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, error);
  const char *name;

  if (folder == NULL)
    return FALSE;
  while ((name = g_dir_read_name (folder)) != NULL) {
    g_autofree char *file = g_build_filename (path, name, NULL);
    if ((is_of_lines (name) || is_of_certificates (name)) && !add_file (files, file, error))
      return FALSE;
  }
  return TRUE;
}

KnownFiles *
known_files_load (const char *path, GError **error)
{
  g_autoptr (KnownFiles) files = g_new0 (KnownFiles, 1);
  const gboolean is_folder = g_file_test (path, G_FILE_TEST_IS_DIR);

  files->devices = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  files->signers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  files->authorities = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  files->names = g_ptr_array_new_with_free_func (g_free);
  if (!(is_folder ? add_folder (files, path, error) : add_file (files, path, error)))
    return NULL;
  if (g_hash_table_size (files->devices) > 0)
    return g_steal_pointer (&files);
  g_autofree char *shown = g_filename_display_name (path);
  g_set_error (error, REHEARSE_ERROR, REHEARSE_ERROR_WRONG,
               "There is no certificate of a device in %s: it takes *.pem, *.crt, *.cer, *.der, "
               "*.jsonl, *.ndjson and *.json.",
               shown);
  return NULL;
}

guint
known_files_devices (const KnownFiles *files)
{
  return g_hash_table_size (files->devices);
}

guint
known_files_authorities (const KnownFiles *files)
{
  return files->authorities->len;
}

/* Nothing changes any more once it is loaded, so threads need no lock. */
static void
ask (gpointer data, const Shown *shown, Known *known)
{
  const KnownFiles *files = data;
  const char *device = g_hash_table_lookup (files->devices, shown->sha256);

  known->found = device != NULL;
  known->device = g_strdup (device);
  known->verified = TRUE;
  known->demands_signer = files->authorities->len > 0;
  for (guint i = 0; i < files->authorities->len && known->signer == NULL; i++)
    if (certificate_signed_by (shown->der, g_ptr_array_index (files->authorities, i)))
      known->signer = g_strdup (g_ptr_array_index (files->names, i));
}

RehearsalRegistry
known_files_registry (KnownFiles *files)
{
  return (RehearsalRegistry){ files, ask };
}
