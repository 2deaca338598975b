/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The judges of evidence: the first byte is the format, then come the parts, each behind two bytes
 * of length. Whatever comes, there is a verdict and a sentence; and nothing of it is verified,
 * because nobody is trusted.
 */
#include "station/attestation/attestation.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static GPtrArray *
parts_of (const guint8 *data, size_t size)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  while (size >= 2) {
    gsize length = (gsize)data[0] << 8 | data[1];

    data += 2;
    size -= 2;
    length = MIN (length, size);
    g_ptr_array_add (parts, g_bytes_new (data, length));
    data += length;
    size -= length;
  }
  return parts;
}

/* As a driver would call it with what a device sent. */
static void
make_credential (AttestationChallenge *challenge, GPtrArray *parts)
{
  g_autoptr (GBytes) credential = NULL;

  if (parts->len < 2)
    return;
  credential = attestation_make_credential (challenge, g_ptr_array_index (parts, 0),
                                            g_ptr_array_index (parts, 1), NULL);
  if (credential != NULL && challenge->name == NULL)
    g_abort ();
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_auto (AttestationChallenge) challenge = { .nonce = { 1 } };
  g_autoptr (AttestationTrust) trust = attestation_trust_new ();
  g_autoptr (GBytes) spki = g_bytes_new_static ("key", 3);
  g_autoptr (GBytes) name = g_bytes_new_static ("name", 4);
  g_autofree char *detail = NULL;
  g_auto (Attestation) evidence = { .format = ATTESTATION_NRF91 };

  if (size < 1)
    return 0;
  evidence.format = (AttestationFormat)(data[0] % N_ATTESTATION_FORMATS);
  evidence.parts = parts_of (data + 1, size - 1);
  make_credential (&challenge, evidence.parts);
  if (challenge.name == NULL)
    challenge.name = g_bytes_ref (name);
  const AttestationCase claim = { .evidence = &evidence,
                                  .challenge = &challenge,
                                  .request = spki,
                                  .spki = spki,
                                  .chip_id = "1",
                                  .trust = trust,
                                  .now = 1700000000 };
  if (attestation_judge (&claim, &detail) == ATTESTATION_VERIFIED || detail == NULL)
    g_abort ();
  return 0;
}
