/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See enrolment.h.
 */
#include "ca/proof/enrolment.h"

#include "base/encode.h"
#include "ca/proof/proof-text.h"

#include <string.h>

#define COUNTER "counter"
#define CHALLENGE "challenge"
#define INDEX_BYTES 4

static const char *const counter_keys[] = { "Version", "Index", "Reference", "Name", "Ca", NULL };
static const char *const challenge_keys[] = { "Limit", "Nonce", NULL };
static const KeyfileGroup groups[] = { { COUNTER, counter_keys },
                                       { CHALLENGE, challenge_keys },
                                       { NULL, NULL } };

Enrolment *
enrolment_new (void)
{
  return g_new0 (Enrolment, 1);
}

void
enrolment_free (Enrolment *enrolment)
{
  if (enrolment == NULL)
    return;
  g_free (enrolment->ca);
  g_free (enrolment);
}

/* ---- reading ---- */

static gboolean
read_bytes (const Keyfile *text, const char *group, const char *key, guint8 *out, gsize length,
            GError **error)
{
  g_autofree char *hex = proof_text_hex (text, group, key, length, error);
  g_autoptr (GBytes) bytes = hex != NULL ? hex_decode (hex) : NULL;

  if (bytes == NULL)
    return FALSE;
  memcpy (out, g_bytes_get_data (bytes, NULL), length);
  return TRUE;
}

static gboolean
read_index (const Keyfile *text, Enrolment *enrolment, GError **error)
{
  guint8 index[INDEX_BYTES];

  if (!read_bytes (text, COUNTER, "Index", index, sizeof index, error))
    return FALSE;
  enrolment->counter.index =
      (guint32)index[0] << 24 | (guint32)index[1] << 16 | (guint32)index[2] << 8 | index[3];
  return (enrolment->counter.index >= TPM_COUNTER_FIRST
          && enrolment->counter.index <= TPM_COUNTER_LAST)
         || proof_text_refuse (text, COUNTER, "Index", error, "Index is from %08x to %08x",
                               TPM_COUNTER_FIRST, TPM_COUNTER_LAST);
}

static gboolean
read_challenge (const Keyfile *text, Enrolment *enrolment, GError **error)
{
  enrolment->has_challenge = proof_text_has_group (text, CHALLENGE);
  return !enrolment->has_challenge
         || (proof_text_count (text, CHALLENGE, "Limit", 1, G_MAXUINT32, &enrolment->limit, error)
             && read_bytes (text, CHALLENGE, "Nonce", enrolment->nonce, TPM_NONCE, error));
}

Enrolment *
enrolment_parse (const char *text, GError **error)
{
  g_autoptr (Keyfile) keyfile = proof_text_read ("enrolment", text, groups, error);
  g_autoptr (Enrolment) enrolment = enrolment_new ();

  if (keyfile == NULL || !read_index (keyfile, enrolment, error)
      || !read_bytes (keyfile, COUNTER, "Reference", enrolment->counter.reference, TPM_REFERENCE,
                      error)
      || !read_bytes (keyfile, COUNTER, "Name", enrolment->name, TPM_NAME, error)
      || (enrolment->ca = proof_text_hex (keyfile, COUNTER, "Ca", PROOF_HASH, error)) == NULL
      || !read_challenge (keyfile, enrolment, error))
    return NULL;
  return g_steal_pointer (&enrolment);
}

/* ---- writing ---- */

static void
set_hex (GKeyFile *text, const char *group, const char *key, const guint8 *data, gsize length)
{
  g_autofree char *hex = hex_encode (data, length);

  g_key_file_set_value (text, group, key, hex);
}

char *
enrolment_text (const Enrolment *enrolment)
{
  g_autoptr (GKeyFile) text = proof_text_new (COUNTER);
  g_autofree char *index = g_strdup_printf ("%08x", enrolment->counter.index);

  g_key_file_set_value (text, COUNTER, "Index", index);
  set_hex (text, COUNTER, "Reference", enrolment->counter.reference, TPM_REFERENCE);
  set_hex (text, COUNTER, "Name", enrolment->name, TPM_NAME);
  g_key_file_set_value (text, COUNTER, "Ca", enrolment->ca);
  if (enrolment->has_challenge) {
    g_key_file_set_uint64 (text, CHALLENGE, "Limit", enrolment->limit);
    set_hex (text, CHALLENGE, "Nonce", enrolment->nonce, TPM_NONCE);
  }
  return g_key_file_to_data (text, NULL, NULL);
}

gboolean
enrolment_check (Enrolment *enrolment, EVP_PKEY *owner, GError **error)
{
  guint8 name[TPM_NAME];

  if (!tpm_owner_name (owner, enrolment->counter.owner, error))
    return FALSE;
  tpm_counter_name (&enrolment->counter, TRUE, name);
  return memcmp (name, enrolment->name, TPM_NAME) == 0
         || ca_refuse (error, CA_ERROR_PROOF,
                       "this counter was not made for this owner's key, or is none that only the "
                       "owner can write");
}
