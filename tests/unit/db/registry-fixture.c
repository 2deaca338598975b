/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See registry-fixture.h.
 */
#include "registry-fixture.h"

#include <openssl/x509v3.h>
#include <string.h>

#include "base/encode.h"

/* ---- CAs ---- */

static void
add_extension (X509 *certificate, X509 *issuer, int nid, const char *value)
{
  X509V3_CTX context;

  X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  ck_assert_ptr_nonnull (extension);
  ck_assert_int_eq (X509_add_ext (certificate, extension, -1), 1);
  X509_EXTENSION_free (extension);
}

static X509 *
blank (EVP_PKEY *key, const char *common_name, int days)
{
  static long number = 0x61000000;
  X509 *certificate = X509_new ();

  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), ++number);
  X509_NAME_add_entry_by_txt (X509_get_subject_name (certificate), "CN", MBSTRING_UTF8,
                              (const guint8 *)common_name, -1, -1, 0);
  X509_time_adj_ex (X509_getm_notBefore (certificate), days > 0 ? -1 : days - 1, 0, NULL);
  X509_time_adj_ex (X509_getm_notAfter (certificate), days, 0, NULL);
  X509_set_pubkey (certificate, key);
  return certificate;
}

static GBytes *
finish (X509 *certificate, EVP_PKEY *signer)
{
  guint8 *der = NULL;

  ck_assert_int_gt (X509_sign (certificate, signer, EVP_sha256 ()), 0);
  const int length = i2d_X509 (certificate, &der);
  GBytes *bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  X509_free (certificate);
  return bytes;
}

TestAuthority *
test_authority_new (const char *subject, int days)
{
  TestAuthority *authority = g_new0 (TestAuthority, 1);

  authority->key = make_key ();
  X509 *certificate = blank (authority->key, subject, days);
  X509_set_issuer_name (certificate, X509_get_subject_name (certificate));
  add_extension (certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension (certificate, certificate, NID_subject_key_identifier, "hash");
  authority->der = finish (certificate, authority->key);
  authority->name = g_strdup (subject);
  authority->sha256 =
      sha256_hex (g_bytes_get_data (authority->der, NULL), g_bytes_get_size (authority->der));
  return authority;
}

void
test_authority_free (TestAuthority *authority)
{
  EVP_PKEY_free (authority->key);
  g_bytes_unref (authority->der);
  g_free (authority->name);
  g_free (authority->sha256);
  g_free (authority);
}

GBytes *
test_authority_sign (const TestAuthority *authority, EVP_PKEY *key, const char *common_name,
                     int days)
{
  const guint8 *at = g_bytes_get_data (authority->der, NULL);
  X509 *issuer = d2i_X509 (NULL, &at, (long)g_bytes_get_size (authority->der));
  X509 *certificate = blank (key, common_name, days);

  X509_set_issuer_name (certificate, X509_get_subject_name (issuer));
  add_extension (certificate, issuer, NID_authority_key_identifier, "keyid:always");
  X509_free (issuer);
  return finish (certificate, authority->key);
}

char *
test_authority_verify (const TestAuthority *authority, const char *code, int days)
{
  g_autoptr (EVP_PKEY) key = make_key ();
  g_autoptr (GBytes) der = test_authority_sign (authority, key, code, days);

  return pem_encode ("CERTIFICATE", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
}

void
keep_authority (Ledger *ledger, const TestAuthority *authority)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) chain = g_ptr_array_new ();

  g_ptr_array_add (chain, authority->der);
  assert_ok (ledger_keep_chain (ledger, authority->name, chain, &error), error);
}

/* ---- units ---- */

void
pass_signed (Ledger *ledger, const char *batch, const char *chip, guint64 log_index,
             const TestAuthority *authority, int days)
{
  g_autoptr (EVP_PKEY) key = make_key ();
  g_autoptr (GBytes) der = test_authority_sign (authority, key, chip, days);
  g_autoptr (Certificate) certificate = pass_with (ledger, batch, chip, log_index, der);

  ck_assert_ptr_nonnull (certificate);
}

/* ---- targets ---- */

static void
put (char **member, const char *value)
{
  g_free (*member);
  *member = g_strdup (value);
}

Target *
target_of (const char *name, const char *kind, TargetMode mode, const char *account,
           const char *region)
{
  Target *target = target_new ();

  put (&target->name, name);
  put (&target->kind, kind);
  put (&target->account, account);
  put (&target->region, region);
  target->mode = mode;
  return target;
}

void
add_aws (Ledger *ledger, const char *name, TargetMode mode, const char *account)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Target) target = target_of (name, "aws", mode, account, REGION);

  assert_ok (ledger_add_target (ledger, target, "sue", &error), error);
}

void
register_ca (Ledger *ledger, const char *target, const TestAuthority *authority)
{
  g_autoptr (GError) error = NULL;
  const AuthorityOrder order = { .target = target, .authority = authority->name, .active = TRUE };

  assert_ok (ledger_register_authority (ledger, &order, "sue", &error), error);
}

/* ---- changes ---- */

static gboolean
note_line (const RegistryLine *line, gpointer data, GError **error)
{
  GString *heard = data;

  if (line->refusal != NULL)
    g_string_append_printf (heard, "%s ! %s\n", line->device, line->refusal);
  else
    g_string_append_printf (heard, "%s %s %s\n", line->device,
                            registration_status_word (line->from),
                            registration_status_word (line->to));
  return TRUE;
}

char *
change_with (Ledger *ledger, const RegistryRequest *request, const char *target,
             const char *devices, gboolean dry_run, RegistrySummary *summary)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = devices == NULL ? NULL : g_strsplit (devices, " ", 0);
  const RegistrySelection selection = { .batch = devices == NULL ? "b1" : NULL,
                                        .devices = (const char *const *)names };
  g_autoptr (GString) heard = g_string_new (NULL);

  assert_ok (ledger_change_registry (ledger, target, request, &selection, dry_run, "sue", note_line,
                                     heard, summary, &error),
             error);
  return g_strdup (heard->str);
}

char *
change (Ledger *ledger, RegistryOperation operation, const char *target, const char *devices)
{
  RegistryRequest request = { .operation = operation };
  RegistrySummary summary;

  if (operation == REGISTRY_REGISTER)
    request.status = REGISTRATION_ACTIVE;
  if (operation == REGISTRY_TRANSFER)
    request.account = OTHER;
  return change_with (ledger, &request, target, devices, FALSE, &summary);
}

char *
registered_in (Ledger *ledger, const char *target)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *next = NULL;
  const RegistrationFilter filter = { .target = target, .ascending = TRUE };
  g_autoptr (GPtrArray) rows = ledger_registrations (ledger, &filter, 250, NULL, &next, &error);
  GString *text = g_string_new (NULL);

  assert_ok (rows != NULL, error);
  ck_assert_ptr_null (next);
  for (guint i = 0; i < rows->len; i++) {
    const Registration *row = g_ptr_array_index (rows, i);

    g_string_append_printf (text, "%s%s %s", i > 0 ? "," : "", row->device,
                            registration_status_word (row->status));
  }
  return g_string_free (text, FALSE);
}

char *
operations_in (Ledger *ledger, const char *target)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *next = NULL;
  const OperationFilter filter = { .target = target };
  g_autoptr (GPtrArray) rows = ledger_operations (ledger, &filter, 250, NULL, &next, &error);
  GString *text = g_string_new (NULL);

  assert_ok (rows != NULL, error);
  ck_assert_ptr_null (next);
  for (guint i = rows->len; i > 0; i--) {
    const Operation *row = g_ptr_array_index (rows, i - 1);

    g_string_append_printf (text, "%s%s %s", text->len > 0 ? "," : "", row->operation, row->state);
  }
  return g_string_free (text, FALSE);
}
