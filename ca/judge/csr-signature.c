/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * With what a request is signed. What is taken stands here as whole OIDs, a closed list: RSA
 * PKCS#1 (RFC 4055, section 5), RSASSA-PSS (section 3) and ECDSA (RFC 5758, section 3.2), each with
 * SHA-256, SHA-384 or SHA-512. What is refused is named, with OpenSSL's names of OIDs.
 *
 * RSASSA-PSS says its parameters itself. They must be complete, one hash for message and mask:
 *   - hash and mask without parameters or with NULL, as RFC 4055, section 2.1, has it
 *   - a salt from the digest's length (RFC 4055, section 3.1) up to what the modulus has room for:
 *     OpenSSL up to 3.0 takes the longest by default, and a longer salt weakens nothing
 *   - no trailer field: DER leaves out the default, and there is no other
 */
#include "ca/judge/csr-private.h"

#include "ca/judge/keycheck.h"

#include <openssl/obj_mac.h>
#include <openssl/objects.h>

typedef enum { SCHEME_ECDSA, SCHEME_RSA_PKCS1, SCHEME_RSA_PSS } Scheme;

typedef struct {
  guint8 oid[9];
  gsize oid_length;
  int nid;
  int digest_nid;
  Scheme scheme;
} Known;

static const Known known_signatures[] = {
  { { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 },
    8,
    NID_ecdsa_with_SHA256,
    NID_sha256,
    SCHEME_ECDSA },
  { { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03 },
    8,
    NID_ecdsa_with_SHA384,
    NID_sha384,
    SCHEME_ECDSA },
  { { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04 },
    8,
    NID_ecdsa_with_SHA512,
    NID_sha512,
    SCHEME_ECDSA },
  { { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b },
    9,
    NID_sha256WithRSAEncryption,
    NID_sha256,
    SCHEME_RSA_PKCS1 },
  { { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c },
    9,
    NID_sha384WithRSAEncryption,
    NID_sha384,
    SCHEME_RSA_PKCS1 },
  { { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d },
    9,
    NID_sha512WithRSAEncryption,
    NID_sha512,
    SCHEME_RSA_PKCS1 },
  { { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a },
    9,
    NID_rsassaPss,
    NID_undef, /* its parameters say it */
    SCHEME_RSA_PSS },
};

typedef struct {
  guint8 oid[9];
  int nid;
  guint bytes;
} Digest;

static const Digest digests[] = {
  { { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 }, NID_sha256, 32 },
  { { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02 }, NID_sha384, 48 },
  { { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03 }, NID_sha512, 64 },
};

static const guint8 oid_mgf1[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08 };

/* ---- names, and what is weak ---- */

static int
nid_of (Span oid)
{
  const guint8 *at = oid.data;
  ASN1_OBJECT *object = d2i_ASN1_OBJECT (NULL, &at, (long)oid.length);
  int nid = OBJ_obj2nid (object);

  ASN1_OBJECT_free (object);
  return nid;
}

char *
csr_algorithm_name (Span oid)
{
  const guint8 *at = oid.data;
  ASN1_OBJECT *object = d2i_ASN1_OBJECT (NULL, &at, (long)oid.length);
  char name[128] = "";

  if (object != NULL)
    OBJ_obj2txt (name, sizeof name, object, 0);
  ASN1_OBJECT_free (object);
  return g_strdup (*name != '\0' ? name : "an unreadable OID");
}

char *
csr_signature_name (const Csr *csr)
{
  DerReader outer = der_reader (csr->algorithm.data, csr->algorithm.length);
  DerReader algorithm;
  Span oid;

  if (csr->algorithm.length == 0
      || !der_enter (&outer, DER_SEQUENCE, "signature algorithm", &algorithm, NULL)
      || !der_read (&algorithm, DER_OID, "signature algorithm", NULL, &oid, NULL))
    return NULL;
  return csr_algorithm_name (oid);
}

static gboolean
digest_is_weak (int nid)
{
  return nid == NID_sha1 || nid == NID_sha || nid == NID_md5 || nid == NID_md5_sha1
         || nid == NID_md4 || nid == NID_md2;
}

/* An algorithm that is not on the list above. */
static gboolean
refuse_signature (const DerReader *request, const Csr *csr, Span oid, GError **error)
{
  g_autofree char *name = csr_algorithm_name (oid);
  int digest = NID_undef;

  if (OBJ_find_sigid_algs (nid_of (oid), &digest, NULL) && digest_is_weak (digest))
    return der_refuse (request, csr->algorithm.data, CA_ERROR_SIGNATURE_WEAK, error,
                       "the request is signed with %s, whose digest is broken; SHA-256, SHA-384 "
                       "and SHA-512 are taken",
                       name);
  return der_refuse (request, csr->algorithm.data, CA_ERROR_SIGNATURE_ALGORITHM, error,
                     "the request is signed with %s; RSA PKCS#1, RSASSA-PSS and ECDSA with "
                     "SHA-256, SHA-384 and SHA-512 are taken",
                     name);
}

/* ---- RSASSA-PSS ---- */

static const Digest *
digest_find (Span oid)
{
  for (guint i = 0; i < G_N_ELEMENTS (digests); i++)
    if (span_equal (oid, digests[i].oid, sizeof digests[i].oid))
      return &digests[i];
  return NULL;
}

static gboolean
refuse_digest (const DerReader *reader, const guint8 *at, Span oid, GError **error)
{
  g_autofree char *name = csr_algorithm_name (oid);

  return der_refuse (
      reader, at,
      digest_is_weak (nid_of (oid)) ? CA_ERROR_SIGNATURE_WEAK : CA_ERROR_SIGNATURE_ALGORITHM, error,
      "the request is signed with RSASSA-PSS and %s; SHA-256, SHA-384 and SHA-512 are taken", name);
}

/* A hash's AlgorithmIdentifier and nothing behind it. */
static const Digest *
read_digest (DerReader *reader, const char *what, GError **error)
{
  DerReader algorithm;
  const Digest *digest;
  const guint8 *at = reader->next;
  Span oid, whole;

  if (!der_enter (reader, DER_SEQUENCE, what, &algorithm, error)
      || !der_expect_end (reader, what, error)
      || !der_read (&algorithm, DER_OID, what, &oid, &whole, error))
    return NULL;
  digest = digest_find (oid);
  if (digest == NULL) {
    refuse_digest (reader, at, whole, error);
    return NULL;
  }
  if (!der_at_end (&algorithm) && !der_read_null (&algorithm, what, error))
    return NULL;
  return der_expect_end (&algorithm, what, error) ? digest : NULL;
}

/* [0], which stands for SHA-1 where it is left out. */
static const Digest *
read_pss_hash (DerReader *parameters, GError **error)
{
  DerReader inside;

  if (der_at_end (parameters) || *parameters->next != DER_CONTEXT_0) {
    der_refuse (parameters, parameters->next, CA_ERROR_SIGNATURE_WEAK, error,
                "the request is signed with RSASSA-PSS and sha1, its default, as no hash is named; "
                "SHA-256, SHA-384 and SHA-512 are taken");
    return NULL;
  }
  if (!der_enter (parameters, DER_CONTEXT_0, "RSASSA-PSS hash", &inside, error))
    return NULL;
  return read_digest (&inside, "RSASSA-PSS hash", error);
}

/* [1], which stands for MGF1 with SHA-1 where it is left out. */
static gboolean
read_pss_mask (DerReader *parameters, const Digest *digest, GError **error)
{
  const guint8 *at = parameters->next;
  const Digest *own;
  DerReader inside, mask;
  Span oid;

  if (der_at_end (parameters) || *at != DER_CONTEXT_1)
    return der_refuse (parameters, at, CA_ERROR_SIGNATURE_ALGORITHM, error,
                       "RSASSA-PSS has no mask of its own, so MGF1 with SHA-1; it must be MGF1 "
                       "with the hash of the message");
  if (!der_enter (parameters, DER_CONTEXT_1, "RSASSA-PSS mask", &inside, error)
      || !der_enter (&inside, DER_SEQUENCE, "RSASSA-PSS mask", &mask, error)
      || !der_expect_end (&inside, "RSASSA-PSS mask", error)
      || !der_read (&mask, DER_OID, "RSASSA-PSS mask", &oid, NULL, error))
    return FALSE;
  if (!span_equal (oid, oid_mgf1, sizeof oid_mgf1))
    return der_refuse (parameters, at, CA_ERROR_SIGNATURE_ALGORITHM, error,
                       "the mask of RSASSA-PSS is not MGF1");
  own = read_digest (&mask, "RSASSA-PSS mask hash", error);
  if (own == NULL)
    return FALSE;
  return own == digest
         || der_refuse (parameters, at, CA_ERROR_SIGNATURE_ALGORITHM, error,
                        "RSASSA-PSS hashes the message with %s and the mask with %s; they must be "
                        "the same",
                        OBJ_nid2ln (digest->nid), OBJ_nid2ln (own->nid));
}

/* Numbers that no salt's length comes near are all one. */
static guint
small_number (Span number)
{
  guint value = 0;

  if (number.length > 2)
    return G_MAXUINT16;
  for (gsize i = 0; i < number.length; i++)
    value = value << 8 | number.data[i];
  return value;
}

/* [2], which stands for 20 where it is left out. */
static gboolean
read_salt_length (DerReader *parameters, guint *length, GError **error)
{
  DerReader inside;
  Span number;

  *length = 20;
  if (der_at_end (parameters) || *parameters->next != DER_CONTEXT_2)
    return TRUE;
  if (!der_enter (parameters, DER_CONTEXT_2, "RSASSA-PSS salt", &inside, error)
      || !der_read_unsigned (&inside, "RSASSA-PSS salt", &number, error)
      || !der_expect_end (&inside, "RSASSA-PSS salt", error))
    return FALSE;
  *length = small_number (number);
  return TRUE;
}

/* The room for a salt: RFC 8017, section 9.1.1, step 3. */
static gboolean
read_pss_salt (DerReader *parameters, const Digest *digest, Csr *csr, GError **error)
{
  const guint8 *at = parameters->next;
  const guint encoded = (keycheck_bits (csr->modulus) + 6) / 8;

  if (!read_salt_length (parameters, &csr->salt_length, error))
    return FALSE;
  if (csr->salt_length < digest->bytes)
    return der_refuse (parameters, at, CA_ERROR_SIGNATURE_ALGORITHM, error,
                       "the salt of RSASSA-PSS has %u bytes; at least %u, as the digest has",
                       csr->salt_length, digest->bytes);
  return encoded >= csr->salt_length + digest->bytes + 2
         || der_refuse (parameters, at, CA_ERROR_SIGNATURE_ALGORITHM, error,
                        "the salt of RSASSA-PSS is longer than the modulus has room for");
}

static gboolean
read_pss (DerReader *algorithm, Csr *csr, GError **error)
{
  DerReader parameters;
  const Digest *digest;

  if (!der_enter (algorithm, DER_SEQUENCE, "RSASSA-PSS parameters", &parameters, error))
    return FALSE;
  digest = read_pss_hash (&parameters, error);
  if (digest == NULL || !read_pss_mask (&parameters, digest, error)
      || !read_pss_salt (&parameters, digest, csr, error)
      || !der_expect_end (&parameters, "RSASSA-PSS parameters", error))
    return FALSE;
  csr->digest_nid = digest->nid;
  return TRUE;
}

/* ---- the algorithm ---- */

static const Known *
known_find (Span oid)
{
  for (guint i = 0; i < G_N_ELEMENTS (known_signatures); i++)
    if (span_equal (oid, known_signatures[i].oid, known_signatures[i].oid_length))
      return &known_signatures[i];
  return NULL;
}

/* ECDSA has no parameters; the NULL that Nordic's modems put there is let through, and noted. */
static gboolean
read_parameters (DerReader *algorithm, const Known *known, Csr *csr, GError **error)
{
  switch (known->scheme) {
  case SCHEME_ECDSA:
    csr->null_parameter = !der_at_end (algorithm);
    return !csr->null_parameter || der_read_null (algorithm, "signature parameters", error);
  case SCHEME_RSA_PKCS1:
    return der_read_null (algorithm, "signature parameters", error);
  case SCHEME_RSA_PSS:
    return read_pss (algorithm, csr, error);
  }
  return FALSE;
}

gboolean
csr_read_signature_algorithm (const DerReader *request, Csr *csr, GError **error)
{
  DerReader outer = der_reader_within (request, csr->algorithm);
  const Known *known;
  DerReader algorithm;
  Span oid, whole;

  if (!der_enter (&outer, DER_SEQUENCE, "signature algorithm", &algorithm, error)
      || !der_read (&algorithm, DER_OID, "signature algorithm", &oid, &whole, error))
    return FALSE;
  known = known_find (oid);
  if (known == NULL)
    return refuse_signature (request, csr, whole, error);
  if ((known->scheme == SCHEME_ECDSA) == (csr->key_type == CSR_KEY_RSA))
    return der_refuse (request, csr->algorithm.data, CA_ERROR_SIGNATURE_ALGORITHM, error,
                       "the request is signed with %s, which the key that it carries can't do",
                       OBJ_nid2ln (known->nid));
  csr->signature_nid = known->nid;
  csr->digest_nid = known->digest_nid;
  return read_parameters (&algorithm, known, csr, error)
         && der_expect_end (&algorithm, "signature algorithm", error);
}
