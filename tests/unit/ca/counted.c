/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See counted.h.
 */
#include "tests/unit/ca/counted.h"

#include "tests/unit/ca/make.h"

#include "base/encode.h"

#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>

void
counted_tpm (const Counted *counted, const char *verb)
{
  g_autofree char *said = NULL;

  ck_assert_msg (run (NULL, &said, "sh", counted->script, verb, counted->folder, NULL) == 0,
                 "stores.sh %s: %s", verb, said);
}

int
counted_shell (const Counted *counted, const char *command, char **output)
{
  g_autofree char *own = NULL;
  char **said = output != NULL ? output : &own;

  g_setenv ("TPM2TOOLS_TCTI", counted->tcti, TRUE);
  g_setenv ("TSS2_LOG", "all+none", TRUE);
  g_setenv ("INDEX", G_STRINGIFY (0x01800100), TRUE);
  g_setenv ("HANDLE", G_STRINGIFY (0x81000001), TRUE);
  return run (counted->folder, said, "sh", "-c", command, NULL);
}

static void
write_digest (const Counted *counted, const char *name, void (*make) (const TpmCounter *, guint8 *))
{
  g_autofree char *path = g_build_filename (counted->folder, name, NULL);
  guint8 digest[TPM_DIGEST];

  make (&counted->counter, digest);
  ck_assert (g_file_set_contents (path, (const char *)digest, sizeof digest, NULL));
}

Counted *
counted_new (const char *script, const char *owner, const char *kind)
{
  Counted *counted = g_new0 (Counted, 1);
  g_autofree char *folder = NULL;
  GError *problem = NULL;

  counted->script = script;
  counted->folder = folder_make ();
  folder = g_build_filename (counted->folder, "tpm", NULL);
  counted->tcti = g_strdup_printf ("swtpm:path=%s/sock", folder);
  g_mkdir (folder, 0700);
  counted_tpm (counted, "start-tpm");
  counted->owner = make_key (owner);
  counted->counter.index = COUNTED_INDEX;
  counted->key =
      tpm_make (counted->tcti, COUNTED_HANDLE, kind, counted->owner, &counted->counter, &problem);
  ck_assert_msg (counted->key != NULL, "%s", problem != NULL ? problem->message : "");
  write_digest (counted, "policy", tpm_counter_policy);
  write_digest (counted, "first", tpm_counter_first_policy);
  write_digest (counted, "limit", tpm_counter_limit_policy);
  return counted;
}

void
counted_free (Counted *counted)
{
  g_autofree char *path = g_build_filename (counted->folder, "tpm/pid", NULL);
  g_autofree char *pid = NULL;

  if (g_file_get_contents (path, &pid, NULL, NULL))
    kill (atoi (pid), SIGKILL);
  folder_remove (counted->folder);
  g_free (counted->tcti);
  EVP_PKEY_free (counted->owner);
  EVP_PKEY_free (counted->key);
  g_free (counted);
}

void
counted_begin (const Counted *counted, guint32 limit)
{
  g_autoptr (GError) problem = NULL;
  guint8 nonce[TPM_NONCE];
  g_autoptr (TpmBeginning) beginning =
      tpm_beginning_open (counted->tcti, &counted->counter, counted->owner, limit, nonce, &problem);
  g_autoptr (GBytes) message = tpm_first_message (&counted->counter, limit, nonce);
  g_autoptr (GBytes) answer = tpm_message_sign (message, counted->owner, NULL);

  ck_assert_msg (beginning != NULL, "%s", problem != NULL ? problem->message : "");
  ck_assert_msg (tpm_begin (beginning, answer, &problem), "%s",
                 problem != NULL ? problem->message : "");
}

char *
counted_uri (const Counted *counted)
{
  g_autofree char *reference = hex_encode (counted->counter.reference, TPM_REFERENCE);

  return g_strdup_printf ("tpm2:handle=0x%x;count=0x%08x;ref=%s?tcti=%s", COUNTED_HANDLE,
                          COUNTED_INDEX, reference, counted->tcti);
}

Keystore *
counted_open (const Counted *counted)
{
  const PassphraseSource none = { .fd = -1 };
  g_autofree char *uri = counted_uri (counted);
  const KeystoreSource source = { .uri = uri, .passphrase = &none, .public_key = counted->key };
  GError *problem = NULL;
  Keystore *keystore = keystore_open (&source, &problem);

  ck_assert_msg (keystore != NULL, "%s", problem != NULL ? problem->message : "");
  return keystore;
}

GBytes *
counted_permission (const Counted *counted, EVP_PKEY *owner, guint32 limit)
{
  g_autoptr (GBytes) message = tpm_limit_message (&counted->counter, limit);

  return tpm_message_sign (message, owner, NULL);
}

void
counted_allow (const Counted *counted, Keystore *keystore, guint32 limit)
{
  g_autoptr (GBytes) permission = counted_permission (counted, counted->owner, limit);
  GError *problem = NULL;

  ck_assert_msg (keystore_set_limit (keystore, counted->owner, limit, permission, &problem), "%s",
                 problem != NULL ? problem->message : "");
}

gboolean
counted_sign (const Counted *counted, Keystore *keystore, const char *word, GError **error)
{
  const SignatureAlgorithm *algorithm =
      word != NULL ? signature_find (word) : signature_default (counted->key);
  const Span text = { (const guint8 *)"a certificate", 13 };
  g_autoptr (GByteArray) out = g_byte_array_new ();

  if (!keystore_sign (keystore, algorithm, text, out, error))
    return FALSE;
  ck_assert (signature_verify (algorithm, counted->key, text, (Span){ out->data, out->len }, NULL));
  return TRUE;
}

guint
counted_sign_all (const Counted *counted, Keystore *keystore, guint most)
{
  g_autoptr (GError) problem = NULL;
  guint made = 0;

  while (made < most && counted_sign (counted, keystore, NULL, &problem))
    made++;
  ck_assert_msg (problem == NULL || g_error_matches (problem, CA_ERROR, CA_ERROR_COUNT), "%s",
                 problem != NULL ? problem->message : "");
  return made;
}

KeystoreCount
counted_count (Keystore *keystore)
{
  KeystoreCount count = { 0, 0 };
  GError *problem = NULL;

  ck_assert_msg (keystore_count (keystore, &count, &problem), "%s",
                 problem != NULL ? problem->message : "");
  return count;
}
