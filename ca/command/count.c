/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See count.h. The answer is good in the one session that is open here, so this waits for it.
 */
#include "ca/command/count.h"

#include "base/encode.h"
#include "ca/keystore/tpm-make.h"
#include "ca/openssl.h"
#include "ca/proof/enrolment.h"
#include "ca/proof/statement.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define LOOK_EVERY (G_USEC_PER_SEC / 5)
#define MOST_LINE 4096

static gboolean
read_number (const char *text, const char *option, guint base, guint64 least, guint64 most,
             guint32 *value, GError **error)
{
  char *end = NULL;
  guint64 number = g_ascii_strtoull (text, &end, base);

  *value = (guint32)number;
  return (*text != '\0' && *end == '\0' && number >= least && number <= most)
         || ca_refuse (error, CA_ERROR_CA_KEY, "--%s %s is out of range", option, text);
}

/* The key of the first certificate; lent by `owners`. */
static EVP_PKEY *
load_owner (const char *path, GPtrArray **owners, GError **error)
{
  *owners = statement_signers_load (path, error);
  return *owners != NULL ? X509_get0_pubkey (g_ptr_array_index (*owners, 0)) : NULL;
}

static char *
key_hash (EVP_PKEY *key)
{
  guint8 *der = NULL;
  int length = i2d_PUBKEY (key, &der);
  char *hash = length > 0 ? sha256_hex (der, (gsize)length) : NULL;

  OPENSSL_free (der);
  return hash;
}

/* ---- create ---- */

static gboolean
write_enrolment (const CountCommand *wanted, const TpmCounter *counter, EVP_PKEY *key,
                 GError **error)
{
  g_autoptr (Enrolment) enrolment = enrolment_new ();
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = NULL;

  enrolment->counter = *counter;
  enrolment->ca = key_hash (key);
  tpm_counter_name (counter, TRUE, enrolment->name);
  text = enrolment_text (enrolment);
  return g_file_set_contents (wanted->enrolment, text, -1, &problem)
         || ca_refuse (error, CA_ERROR_CA_KEY, "the enrolment can't be written: %s",
                       problem->message);
}

static char *
uri_of (const CountCommand *wanted, guint32 handle, const TpmCounter *counter)
{
  g_autofree char *reference = hex_encode (counter->reference, TPM_REFERENCE);

  return g_strdup_printf ("tpm2:handle=0x%08x;count=0x%08x;ref=%s%s%s", handle, counter->index,
                          reference, wanted->tcti != NULL ? "?tcti=" : "",
                          wanted->tcti != NULL ? wanted->tcti : "");
}

char *
count_create (const CountCommand *wanted, GError **error)
{
  g_autoptr (GPtrArray) owners = NULL;
  g_autoptr (EVP_PKEY) key = NULL;
  EVP_PKEY *owner = load_owner (wanted->owner, &owners, error);
  TpmCounter counter = { 0 };
  guint32 handle;

  if (owner == NULL
      || !read_number (wanted->handle, "handle", 16, 0x81000000, 0x817fffff, &handle, error)
      || !read_number (wanted->index, "count", 16, TPM_COUNTER_FIRST, TPM_COUNTER_LAST,
                       &counter.index, error))
    return NULL;
  if (g_file_test (wanted->enrolment, G_FILE_TEST_EXISTS)) {
    ca_refuse (error, CA_ERROR_CA_KEY, "%s exists already and is not overwritten",
               wanted->enrolment);
    return NULL;
  }
  key = tpm_make (wanted->tcti, handle, wanted->key, owner, &counter, error);
  if (key == NULL || !write_enrolment (wanted, &counter, key, error))
    return NULL;
  return uri_of (wanted, handle, &counter);
}

/* ---- enroll ---- */

static Enrolment *
load_enrolment (const CountCommand *wanted, EVP_PKEY *owner, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (Enrolment) enrolment = NULL;
  g_autofree char *text = NULL;

  if (!g_file_get_contents (wanted->enrolment, &text, NULL, &problem)) {
    ca_refuse (error, CA_ERROR_CA_KEY, "the enrolment can't be read: %s", problem->message);
    return NULL;
  }
  enrolment = enrolment_parse (text, error);
  if (enrolment == NULL || !enrolment_check (enrolment, owner, error)
      || !read_number (wanted->limit, "limit", 10, 1, G_MAXUINT32, &enrolment->limit, error))
    return NULL;
  return g_steal_pointer (&enrolment);
}

static GBytes *
decode_answer (const char *text)
{
  gsize length;
  guint8 *data = g_base64_decode (text, &length);

  return g_bytes_new_take (data, length);
}

static char *
wait_for_file (const char *path)
{
  char *text = NULL;

  while (!g_file_get_contents (path, &text, NULL, NULL) || strchr (text, '\n') == NULL) {
    g_clear_pointer (&text, g_free);
    g_usleep (LOOK_EVERY);
  }
  return text;
}

static char *
read_line (GError **error)
{
  char line[MOST_LINE];

  if (fgets (line, sizeof line, stdin) != NULL)
    return g_strdup (line);
  ca_refuse (error, CA_ERROR_CA_KEY, "no answer came");
  return NULL;
}

static gboolean
begin (TpmBeginning *beginning, const CountCommand *wanted, GError **error)
{
  g_autofree char *text =
      wanted->answer != NULL ? wait_for_file (wanted->answer) : read_line (error);
  g_autoptr (GBytes) answer = text != NULL ? decode_answer (g_strstrip (text)) : NULL;

  return answer != NULL && tpm_begin (beginning, answer, error);
}

gboolean
count_enrol (const CountCommand *wanted, GError **error)
{
  g_autoptr (GPtrArray) owners = NULL;
  EVP_PKEY *owner = load_owner (wanted->owner, &owners, error);
  g_autoptr (Enrolment) enrolment = owner != NULL ? load_enrolment (wanted, owner, error) : NULL;
  g_autoptr (TpmBeginning) beginning = NULL;
  g_autofree char *challenge = NULL;

  if (enrolment == NULL)
    return FALSE;
  beginning = tpm_beginning_open (wanted->tcti, &enrolment->counter, owner, enrolment->limit,
                                  enrolment->nonce, error);
  if (beginning == NULL)
    return FALSE;
  enrolment->has_challenge = TRUE;
  challenge = enrolment_text (enrolment);
  fputs (challenge, stdout);
  fflush (stdout);
  return begin (beginning, wanted, error);
}
