/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The requests may come from anywhere: files are read up to a bound, and nothing
 * of them is shown but what the judge says.
 */
#include "station/cli/csr-files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* PEM of the largest request that is read takes less than half of it. */
#define FILE_MOST (64u * 1024)
#define FOLDER_DEPTH_MOST 32u

void
csr_verdict_free (CsrVerdict *verdict)
{
  g_free (verdict->file);
  g_free (verdict->engineer);
  g_free (verdict->identity);
  g_clear_pointer (&verdict->number, g_bytes_unref);
  g_free (verdict);
}

/* ---- finding ---- */

static gboolean
looks_like_request (const char *name)
{
  static const char *const suffixes[] = { ".csr", ".pem", ".der" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (name, suffixes[i]))
      return TRUE;
  return FALSE;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *
sorted_names (const char *folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static void
find_in_folder (GPtrArray *files, const char *folder, guint depth)
{
  g_autoptr (GPtrArray) names = sorted_names (folder);
  struct stat about;

  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);
    g_autofree char *path = g_build_filename (folder, name, NULL);
    if (g_lstat (path, &about) == 0 && S_ISDIR (about.st_mode)) {
      if (depth < FOLDER_DEPTH_MOST)
        find_in_folder (files, path, depth + 1);
    }
    else if (looks_like_request (name))
      g_ptr_array_add (files, g_steal_pointer (&path));
  }
}

GPtrArray *
csr_files_find (char **arguments)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);

  for (char **argument = arguments; *argument != NULL; argument++) {
    if (g_file_test (*argument, G_FILE_TEST_IS_DIR))
      find_in_folder (files, *argument, 0);
    else
      g_ptr_array_add (files, g_strdup (*argument));
  }
  return files;
}

/* ---- reading ---- */

/* Everything up to the bound and one byte more, which tells that there was more. */
static GByteArray *
read_bounded (int fd)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 chunk[4096];
  ssize_t got;

  while (bytes->len <= FILE_MOST) {
    got = read (fd, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return NULL;
    if (got == 0)
      break;
    g_byte_array_append (bytes, chunk, (guint)got);
  }
  return g_steal_pointer (&bytes);
}

static char *
identify (int fd)
{
  struct stat about;

  if (fstat (fd, &about) != 0)
    return NULL;
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64)about.st_dev,
                          (guint64)about.st_ino);
}

static GByteArray *
read_file (const char *file, char **identity)
{
  if (g_str_equal (file, "-"))
    return read_bounded (STDIN_FILENO);

  int fd = open (file, O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    return NULL;
  *identity = identify (fd);
  GByteArray *bytes = read_bounded (fd);
  int saved = errno;
  close (fd);
  errno = saved;
  return bytes;
}

/* ---- judging ---- */

static void
reject (CsrVerdict *verdict, const GError *error)
{
  CaError code = error->domain == CA_ERROR ? (CaError)error->code : CA_ERROR_INTERNAL;

  verdict->code = ca_error_word (code);
  verdict->operator_text = ca_error_operator_text (code);
  verdict->engineer = g_strdup (error->message);
}

static void
accept_request (CsrVerdict *verdict, const Csr *csr)
{
  g_autofree char *key = csr_describe_key (csr);
  g_autofree char *signature = csr_describe_signature (csr);

  verdict->accepted = TRUE;
  verdict->code = "ok";
  verdict->operator_text = "This request is good.";
  verdict->engineer = g_strdup_printf ("%s, signed by its own key: %s", key, signature);
}

static void
keep_key (CsrVerdict *verdict, const Csr *csr)
{
  Span number = csr->modulus;

  if (csr->key_type != CSR_KEY_RSA)
    number = (Span){ csr->point.data + 1, csr->point.length - 1 };
  verdict->key_type = csr->key_type;
  verdict->number = g_bytes_new (number.data, number.length);
}

/* A key that is rejected can be another one's relative all the same. */
static void
keep_rejected_key (CsrVerdict *verdict, GBytes *der)
{
  EVP_PKEY *key;
  Csr csr;

  if (!csr_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &csr, NULL))
    return;
  key = csr_public_key (&csr, NULL);
  if (key != NULL && csr_verify (&csr, key, NULL))
    keep_key (verdict, &csr);
  EVP_PKEY_free (key);
}

static void
judge_bytes (CsrVerdict *verdict, const GByteArray *bytes, const KnownKeys *known)
{
  g_autoptr (GError) error = NULL;
  Csr csr;

  if (bytes->len > FILE_MOST) {
    g_set_error (&error, CA_ERROR, CA_ERROR_CSR_MALFORMED,
                 "the file is larger than %u KiB, which no request is", FILE_MOST / 1024);
    reject (verdict, error);
    return;
  }
  g_autoptr (GBytes) der = csr_from_file_bytes ((const char *)bytes->data, bytes->len, &error);
  if (der == NULL) {
    reject (verdict, error);
    return;
  }
  if (csr_judge (g_bytes_get_data (der, NULL), g_bytes_get_size (der), known, &csr, NULL, &error)) {
    accept_request (verdict, &csr);
    keep_key (verdict, &csr);
    return;
  }
  reject (verdict, error);
  keep_rejected_key (verdict, der);
}

CsrVerdict *
csr_file_judge (const char *file, const KnownKeys *known)
{
  g_autoptr (CsrVerdict) verdict = g_new0 (CsrVerdict, 1);
  g_autoptr (GByteArray) bytes = read_file (file, &verdict->identity);

  verdict->file = g_filename_display_name (file);
  verdict->readable = bytes != NULL;
  if (bytes == NULL) {
    verdict->code = "unreadable";
    verdict->operator_text = "The file can't be read. Call the engineer.";
    verdict->engineer = g_strdup_printf ("the file can't be read: %s", g_strerror (errno));
  }
  else
    judge_bytes (verdict, bytes, known);
  return g_steal_pointer (&verdict);
}

static void
add_member (JsonBuilder *builder, const char *name, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);

  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, valid);
}

char *
csr_verdicts_json (GPtrArray *verdicts)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_array (builder);
  for (guint i = 0; i < verdicts->len; i++) {
    const CsrVerdict *verdict = g_ptr_array_index (verdicts, i);
    json_builder_begin_object (builder);
    add_member (builder, "file", verdict->file);
    add_member (builder, "verdict", verdict->accepted ? "accept" : "reject");
    add_member (builder, "code", verdict->code);
    add_member (builder, "operator", verdict->operator_text);
    add_member (builder, "engineer", verdict->engineer);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *json = json_to_string (root, TRUE);
  return g_strconcat (json, "\n", NULL);
}
