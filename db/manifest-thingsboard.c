/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ThingsBoard's import of devices: a CSV whose columns a person maps to ThingsBoard's own (NAME,
 * TYPE, LABEL, X509; BulkImportColumnType.java), so the header names them as ThingsBoard does. The
 * last column is what its database will say of the certificate (EncryptionUtil.java): SHA3-256 of
 * the base64 text without markers and line ends. It is for comparing, and maps to nothing.
 */
#include <openssl/evp.h>
#include <string.h>

#include "base/text.h"
#include "db/manifest-private.h"

#define HEADER "NAME,TYPE,LABEL,X509,credentialsId\r\n"
#define LONGEST_NAME 255 /* a column of its database */

/* append_csv_field() puts a ' before what a spreadsheet would calculate: not in a name. */
static gboolean
looks_like_formula (const char *name)
{
  return name[0] != '\0' && strchr ("=+-@", name[0]) != NULL;
}

static char *
thingsboard_refusal (const ManifestRow *row, const ManifestContext *context)
{
  if (strlen (row->device) > LONGEST_NAME)
    return g_strdup_printf ("its serial is longer than the %d characters of a name in ThingsBoard",
                            LONGEST_NAME);
  if (looks_like_formula (row->device))
    return g_strdup ("its serial begins with a character that makes a CSV field a formula");
  if (row->not_after <= context->now)
    return g_strdup ("its certificate has expired");
  return NULL;
}

/* Fetched once: looking for it costs more than the digest. */
static const EVP_MD *
sha3_256 (void)
{
  static EVP_MD *algorithm;
  static gsize fetched = 0;

  if (g_once_init_enter (&fetched)) {
    algorithm = EVP_MD_fetch (NULL, "SHA3-256", NULL);
    g_once_init_leave (&fetched, 1);
  }
  return algorithm;
}

/* The base64 is written behind the text, hashed there, and taken away again. */
static void
append_credentials_id (GString *text, const ManifestRow *row)
{
  const gsize before = text->len;
  guint8 digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;

  append_base64 (text, row->der, row->der_length);
  if (!EVP_Digest (text->str + before, text->len - before, digest, &length, sha3_256 (), NULL))
    length = 0;
  g_string_truncate (text, before);
  append_hex (text, digest, length);
}

static void
thingsboard_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  append_csv_field (text, row->device);
  g_string_append_c (text, ',');
  append_csv_field (text, row->model != NULL && *row->model != '\0' ? row->model : row->profile);
  g_string_append_c (text, ',');
  append_csv_field (text, row->batch);
  append_literal (text, ",\"");
  append_pem (text, row->der, row->der_length, "\n");
  append_literal (text, "\",");
  append_credentials_id (text, row);
  append_literal (text, "\r\n");
}

static GHashTable *
thingsboard_fields (const char *line, gsize length)
{
  return csv_fields (HEADER, line, length);
}

const ManifestWriter manifest_thingsboard = {
  .format = { .name = "thingsboard",
              .title = "ThingsBoard, import of devices (CSV)",
              .file_suffix = ".csv",
              .use = N_ ("ThingsBoard: devices with their certificates"),
              .next = "keycradle manifest verify {file}" },
  .version = 1,
  .header = HEADER,
  .refusal = thingsboard_refusal,
  .line = thingsboard_line,
  .fields = thingsboard_fields,
  .certificate_field = "X509",
  .device_field = "NAME",
  .quoted = TRUE,
};
