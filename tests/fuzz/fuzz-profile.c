/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Profile files: whatever is read must issue, for a device of which all is one letter, a
 * certificate that the lint lets pass and OpenSSL verifies strictly. Only a validity that the CA
 * can't give may stand against it, and a Matter certificate that is too long.
 */
#include "ca/issue/issue.h"
#include "ca/openssl.h"
#include "tests/unit/ca/make-ca.h"
#include "tests/unit/ca/make.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t length);

static const char *const key_words[][2] = {
  { "p-256", "P-256" },       { "p-384", "P-384" },       { "p-521", "P-521" },
  { "rsa-2048", "rsa-2048" }, { "rsa-3072", "rsa-3072" }, { "rsa-4096", "rsa-4096" }
};

static char *folder;
static Authority *authority;
static X509_STORE *roots;
static STACK_OF (X509) * issuers;
static GBytes *requests[G_N_ELEMENTS (key_words)];

static X509 *
read_certificate (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (BIO) in = BIO_new_file (path, "r");

  return PEM_read_bio_X509 (in, NULL, NULL, NULL);
}

static void
remove_folder (void)
{
  folder_remove (folder);
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_autoptr (EVP_PKEY) key = make_key ("P-256");
  g_autoptr (X509) root = NULL;

  (void)argc;
  (void)argv;
  folder = folder_make ();
  atexit (remove_folder);
  authority = open_ca (folder, key, NULL, "FFF1", NULL);
  root = read_certificate ("root.pem");
  roots = X509_STORE_new ();
  X509_STORE_add_cert (roots, root);
  issuers = sk_X509_new_null ();
  sk_X509_push (issuers, read_certificate ("ca.pem"));
  return 0;
}

static GBytes *
request_for (const Profile *profile)
{
  for (guint i = 0; i < G_N_ELEMENTS (key_words); i++) {
    if (!g_str_equal (profile->keys[0], key_words[i][0]))
      continue;
    if (requests[i] == NULL)
      requests[i] = make_good_request (key_words[i][1], "SHA256");
    return requests[i];
  }
  abort ();
}

/* What may come between a profile that was read and its certificate. */
static void
expect_excuse (const Profile *profile, const GError *problem)
{
  const gboolean matter = profile->kind == KIND_MATTER_DAC;

  if (g_error_matches (problem, CA_ERROR, CA_ERROR_VALIDITY)
      || (matter && g_error_matches (problem, CA_ERROR, CA_ERROR_CA_CERTIFICATE))
      || (matter && g_str_has_prefix (problem->message, "matter-size: ")))
    return;
  g_printerr ("%s\n", problem->message);
  abort ();
}

static void
expect_openssl_takes (GBytes *der)
{
  gsize length;
  const guint8 *at = g_bytes_get_data (der, &length);
  g_autoptr (X509) certificate = d2i_X509 (NULL, &at, (long)length);
  X509_STORE_CTX *context = X509_STORE_CTX_new ();

  if (certificate == NULL || !X509_STORE_CTX_init (context, roots, certificate, issuers))
    abort ();
  X509_STORE_CTX_set_flags (context, X509_V_FLAG_X509_STRICT);
  if (X509_verify_cert (context) != 1) {
    g_printerr ("%s\n", X509_verify_cert_error_string (X509_STORE_CTX_get_error (context)));
    abort ();
  }
  X509_STORE_CTX_free (context);
}

static void
issue (const Profile *profile)
{
  GBytes *request = request_for (profile);
  g_autoptr (GError) problem = NULL;
  g_autoptr (IssueTemplate) plan = issue_template_new (authority, profile, &problem);
  g_autoptr (GBytes) certificate = NULL;
  gsize length;
  const guint8 *data = g_bytes_get_data (request, &length);
  Csr csr;

  g_assert_true (csr_parse (data, length, &csr, NULL));
  if (plan != NULL)
    certificate = issue_certificate (plan, &csr, profile_kind_probe (profile->kind),
                                     (gint64)time (NULL), &problem);
  if (certificate == NULL)
    expect_excuse (profile, problem);
  else
    expect_openssl_takes (certificate);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t length)
{
  g_autofree char *path = g_build_filename (folder, "fuzz.profile", NULL);
  g_autoptr (GError) problem = NULL;
  g_autoptr (Profile) profile = NULL;

  if (!g_file_set_contents (path, (const char *)data, (gssize)length, NULL))
    abort ();
  profile = profile_load (path, &problem);
  if (profile != NULL)
    issue (profile);
  else if (!g_error_matches (problem, CA_ERROR, CA_ERROR_PROFILE)
           || !g_utf8_validate (problem->message, -1, NULL))
    abort ();
  return 0;
}
