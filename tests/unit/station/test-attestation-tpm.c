/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A TPM's evidence, from a real TPM of software and from tpm2-tools; then the same with one thing
 * changed at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "evidence.h"
#include "tpm-rig.h"

#define ATTRIBUTES "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"
#define OPEN_SESSION "tpm2_startauthsession --policy-session -S s; tpm2_policysecret -Q -S s -c e; "

/* One TPM for all tests: it takes seconds to be made. */
static TpmRig *rig;

/* What tpm2_activatecredential takes: a header of its own, then what a TPM takes. */
static void
write_credential (GBytes *credential)
{
  static const guint8 header[] = { 0xba, 0xdc, 0xc0, 0xde, 0, 0, 0, 1 };
  g_autoptr (GByteArray) file = g_byte_array_new ();

  g_byte_array_append (file, header, sizeof header);
  g_byte_array_append (file, g_bytes_get_data (credential, NULL),
                       (guint)g_bytes_get_size (credential));
  tpm_rig_write (rig, "credential", file->data, file->len);
}

/* Keys: EK, AK below it, and the device's key. The files' TPM2B_PUBLIC has 2 bytes of length. */
static void
make_keys (const char *ek, const char *ak, const char *attributes)
{
  g_autofree char *script = g_strdup_printf (
      "tpm2_flushcontext -t; tpm2_createek -Q -G %s -u ek.pub -c ek.ctx; "
      "tpm2_createak -Q -C ek.ctx -c ak.ctx -G %s -u ak.pub -n ak.name; tpm2_flushcontext -t; "
      "tpm2_createprimary -Q -C o -c p.ctx; "
      "tpm2_create -Q -C p.ctx -G ecc256 -u k.pub -r k.priv -a '%s' -d k.hash -t k.ticket; "
      "tpm2_flushcontext -t; tpm2_load -Q -C p.ctx -u k.pub -r k.priv -c k.ctx; "
      "tpm2_flushcontext -t; tpm2_readpublic -Q -c k.ctx -f der -o k.der; tpm2_flushcontext -t",
      ek, ak, attributes);

  tpm_rig_run (rig, script);
}

static void
open_credential (Evidence *evidence)
{
  g_autoptr (GBytes) ek = tpm_rig_read (rig, "ek.pub", 2);
  g_autoptr (GBytes) name = tpm_rig_read (rig, "ak.name", 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) credential =
      attestation_make_credential (&evidence->challenge, ek, name, &error);

  ck_assert_msg (credential != NULL, "%s", error != NULL ? error->message : "");
  write_credential (credential);
  tpm_rig_run (rig, OPEN_SESSION "tpm2_activatecredential -Q -c ak.ctx -C ek.ctx -i credential "
                                 "-o opened -P session:s; tpm2_flushcontext s; "
                                 "tpm2_flushcontext -t");
}

/* By TPM2_CertifyCreation, which takes a nonce from tpm2-tools, or by TPM2_Certify, which does not.
 */
static void
certify (const Evidence *evidence, gboolean creation)
{
  g_autofree char *nonce = hex_encode (evidence->challenge.nonce, PROOF_NONCE_LENGTH);
  g_autofree char *script =
      creation
          ? g_strdup_printf ("tpm2_certifycreation -Q -C ak.ctx -c k.ctx -d k.hash -t k.ticket "
                             "-g sha256 -o sig --attestation attest -q %s; "
                             "tpm2_flushcontext -t",
                             nonce)
          : g_strdup ("tpm2_certify -Q -c k.ctx -C ak.ctx -g sha256 -o attest -s sig; "
                      "tpm2_flushcontext -t");

  tpm_rig_run (rig, script);
}

/* The whole, as a driver would bring it. `endorsement` is the certificate, or empty. */
static void
gather (Evidence *evidence, GBytes *endorsement, gboolean creation)
{
  open_credential (evidence);
  certify (evidence, creation);
  evidence_add (evidence, endorsement);
  evidence_add (evidence, tpm_rig_read (rig, "ak.pub", 2));
  evidence_add (evidence, tpm_rig_read (rig, "opened", 0));
  evidence_add (evidence, tpm_rig_read (rig, "attest", 0));
  evidence_add (evidence, tpm_rig_read (rig, "sig", 0));
  evidence_add (evidence, tpm_rig_read (rig, "k.pub", 2));
  evidence->claim.spki = tpm_rig_read (rig, "k.der", 0);
}

static void
trust_local_ca (Evidence *evidence)
{
  g_autofree char *root = g_build_filename (rig->folder, "ca/swtpm-localca-rootca-cert.pem", NULL);
  g_autofree char *issuer = g_build_filename (rig->folder, "ca/issuercert.pem", NULL);
  const char *const paths[] = { issuer, root, NULL };

  attestation_trust_free (evidence->trust);
  evidence->trust = attestation_trust_load (paths, NULL);
  ck_assert_ptr_nonnull (evidence->trust);
  evidence->claim.trust = evidence->trust;
}

static void
finish (Evidence *evidence)
{
  g_clear_pointer (&evidence->claim.spki, g_bytes_unref);
  evidence_end (evidence);
}

/* With RSA all the way up, by swtpm's own CA. */
static void
gather_genuine (Evidence *evidence, gboolean creation)
{
  make_keys ("rsa", "rsa -g sha256 -s rsassa", ATTRIBUTES);
  tpm_rig_run (rig, "tpm2_nvread 0x01c00002 -o ek.der 2>/dev/null");
  evidence_begin (evidence, ATTESTATION_TPM);
  trust_local_ca (evidence);
  gather (evidence, tpm_rig_read (rig, "ek.der", 0), creation);
}

START_TEST (a_key_in_a_tpm_is_verified_up_to_its_makers_root)
{
  Evidence evidence;

  gather_genuine (&evidence, _i == 0);
  evidence_is (&evidence, ATTESTATION_VERIFIED, "maker id:00001014, model swtpm");
  finish (&evidence);
}
END_TEST

START_TEST (one_thing_changed_is_one_thing_too_many)
{
  Evidence evidence;
  g_autoptr (EVP_PKEY) other = evidence_key ();
  g_autoptr (GBytes) other_spki = evidence_spki (other);
  g_autoptr (X509) other_root = evidence_certificate ("swtpm-localca", other, NULL, other, TRUE,
                                                      g_get_real_time () / G_USEC_PER_SEC, 10);
  AttestationCase *claim = &evidence.claim;
  GBytes *spki, *name;

  gather_genuine (&evidence, TRUE);
  evidence.challenge.nonce[31] ^= 1;
  evidence_is (&evidence, ATTESTATION_REFUSED, "not over this nonce");
  evidence.challenge.nonce[31] ^= 1;
  evidence.challenge.secret[0] ^= 1;
  evidence_is (&evidence, ATTESTATION_REFUSED, "did not open the credential");
  evidence.challenge.secret[0] ^= 1;
  spki = g_steal_pointer (&claim->spki);
  claim->spki = other_spki;
  evidence_is (&evidence, ATTESTATION_REFUSED, "not the request's");
  claim->spki = spki;
  name = g_steal_pointer (&evidence.challenge.name);
  evidence_is (&evidence, ATTESTATION_REFUSED, "no credential was asked for");
  evidence.challenge.name = g_bytes_new_from_bytes (name, 1, g_bytes_get_size (name) - 1);
  evidence_is (&evidence, ATTESTATION_REFUSED, "for another attestation key");
  g_bytes_unref (evidence.challenge.name);
  evidence.challenge.name = name;
  claim->now -= 3 * EVIDENCE_DAY;
  evidence_is (&evidence, ATTESTATION_REFUSED, "not yet valid");
  claim->now += 3 * EVIDENCE_DAY;
  g_ptr_array_set_size (evidence.trust->certificates, 0);
  evidence_is (&evidence, ATTESTATION_KEPT, "no root");
  evidence_trust (&evidence, other_root);
  evidence_is (&evidence, ATTESTATION_REFUSED, "leads to no trusted root");
  finish (&evidence);
}
END_TEST

START_TEST (no_flipped_bit_is_passed_over)
{
  Evidence evidence;

  gather_genuine (&evidence, TRUE);
  evidence_flips (&evidence, 1);
  evidence_cuts (&evidence);
  evidence_is (&evidence, ATTESTATION_VERIFIED, "key made in a TPM");
  finish (&evidence);
}
END_TEST

/* As a maker's CA would, for the EK in ek.pub. */
static X509 *
certify_endorsement (X509 *root, EVP_PKEY *root_key, int days)
{
  g_autoptr (GBytes) der = NULL;
  const guint8 *data;
  gsize length;

  tpm_rig_run (rig, "tpm2_readpublic -Q -c ek.ctx -f der -o ek.spki; tpm2_flushcontext -t");
  der = tpm_rig_read (rig, "ek.spki", 0);
  data = g_bytes_get_data (der, &length);
  g_autoptr (EVP_PKEY) key = d2i_PUBKEY (NULL, &data, (long)length);
  ck_assert_ptr_nonnull (key);
  return evidence_certificate ("EK", key, root, root_key, FALSE,
                               g_get_real_time () / G_USEC_PER_SEC, days);
}

START_TEST (elliptic_curves_will_do_and_an_expired_chain_will_not)
{
  Evidence evidence;
  g_autoptr (EVP_PKEY) root_key = evidence_key ();
  g_autoptr (X509) root = evidence_certificate ("Maker", root_key, NULL, root_key, TRUE,
                                                g_get_real_time () / G_USEC_PER_SEC, 100);
  g_autoptr (X509) endorsement = NULL;

  make_keys ("ecc", "ecc -g sha256 -s ecdsa", ATTRIBUTES);
  endorsement = certify_endorsement (root, root_key, 10);
  evidence_begin (&evidence, ATTESTATION_TPM);
  evidence_trust (&evidence, root);
  gather (&evidence, evidence_der (endorsement), FALSE);
  evidence_is (&evidence, ATTESTATION_VERIFIED, "maker unknown");
  evidence.claim.now += 20 * EVIDENCE_DAY;
  evidence_is (&evidence, ATTESTATION_REFUSED, "expired");
  evidence.claim.now -= 20 * EVIDENCE_DAY;
  /* Without a certificate it may be anybody's endorsement key. */
  g_bytes_unref (g_ptr_array_index (evidence.evidence.parts, 0));
  g_ptr_array_index (evidence.evidence.parts, 0) = g_bytes_new (NULL, 0);
  evidence_is (&evidence, ATTESTATION_KEPT, "no certificate says");
  g_bytes_unref (g_ptr_array_index (evidence.evidence.parts, 0));
  g_ptr_array_index (evidence.evidence.parts, 0) = tpm_rig_read (rig, "ek.pub", 2);
  evidence_is (&evidence, ATTESTATION_KEPT, "no certificate says");
  finish (&evidence);
}
END_TEST

START_TEST (a_genuine_certificate_of_another_tpm_is_refused)
{
  Evidence evidence;

  /* The credential is made for the ECC endorsement key, the certificate is the RSA one's. */
  make_keys ("ecc", "ecc -g sha256 -s ecdsa", ATTRIBUTES);
  tpm_rig_run (rig, "tpm2_nvread 0x01c00002 -o ek.der 2>/dev/null");
  evidence_begin (&evidence, ATTESTATION_TPM);
  trust_local_ca (&evidence);
  gather (&evidence, tpm_rig_read (rig, "ek.der", 0), TRUE);
  evidence_is (&evidence, ATTESTATION_REFUSED, "of another key than the credential was made for");
  finish (&evidence);
}
END_TEST

START_TEST (a_key_that_may_leave_is_refused)
{
  Evidence evidence;

  make_keys ("rsa", "rsa -g sha256 -s rsassa", "sensitivedataorigin|userwithauth|sign");
  tpm_rig_run (rig, "tpm2_nvread 0x01c00002 -o ek.der 2>/dev/null");
  evidence_begin (&evidence, ATTESTATION_TPM);
  trust_local_ca (&evidence);
  gather (&evidence, tpm_rig_read (rig, "ek.der", 0), TRUE);
  evidence_is (&evidence, ATTESTATION_REFUSED, "or may leave it");
  finish (&evidence);
}
END_TEST

START_TEST (a_credential_is_for_one_attestation_key_alone)
{
  Evidence evidence;
  g_autoptr (GBytes) ek = NULL;
  g_autoptr (GBytes) name = NULL;
  g_autoptr (GBytes) credential = NULL;
  g_autofree guint8 *other = NULL;

  make_keys ("rsa", "rsa -g sha256 -s rsassa", ATTRIBUTES);
  evidence_begin (&evidence, ATTESTATION_TPM);
  ek = tpm_rig_read (rig, "ek.pub", 2);
  name = tpm_rig_read (rig, "ak.name", 0);
  other = g_memdup2 (g_bytes_get_data (name, NULL), g_bytes_get_size (name));
  other[5] ^= 1;
  g_autoptr (GBytes) other_name = g_bytes_new (other, g_bytes_get_size (name));
  credential = attestation_make_credential (&evidence.challenge, ek, other_name, NULL);
  write_credential (credential);
  tpm_rig_run (rig, OPEN_SESSION "! tpm2_activatecredential -Q -c ak.ctx -C ek.ctx -i credential "
                                 "-o opened2 -P session:s 2>/dev/null; tpm2_flushcontext s; "
                                 "tpm2_flushcontext -t; ! test -s opened2");
  evidence_end (&evidence);
}
END_TEST

START_TEST (no_credential_is_made_for_what_is_no_endorsement_key)
{
  Evidence evidence;
  g_autoptr (GBytes) ek = tpm_rig_read (rig, "ek.pub", 2);
  g_autoptr (GBytes) name = tpm_rig_read (rig, "ak.name", 0);
  g_autoptr (GBytes) signing = tpm_rig_read (rig, "k.pub", 2);
  g_autoptr (GBytes) garbage = g_bytes_new ("\0\1\0\13", 4);
  g_autoptr (GError) error = NULL;

  evidence_begin (&evidence, ATTESTATION_TPM);
  ck_assert_ptr_null (attestation_make_credential (&evidence.challenge, garbage, name, &error));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_ATTESTATION));
  ck_assert_ptr_null (attestation_make_credential (&evidence.challenge, signing, name, NULL));
  ck_assert_ptr_null (attestation_make_credential (&evidence.challenge, ek, garbage, NULL));
  ck_assert_ptr_null (evidence.challenge.name);
  g_autoptr (GBytes) made = attestation_make_credential (&evidence.challenge, ek, name, NULL);
  ck_assert_ptr_nonnull (made);
  evidence_end (&evidence);
}
END_TEST

static void
start_tpm (void)
{
  rig = tpm_rig_new ();
}

static void
stop_tpm (void)
{
  tpm_rig_free (rig);
}

int
main (void)
{
  Suite *suite;
  TCase *tpm;
  SRunner *runner;
  int failed;

  if (!tpm_rig_possible ())
    return 77;
  suite = suite_create ("attestation-tpm");
  tpm = tcase_create ("tpm");
  tcase_add_unchecked_fixture (tpm, start_tpm, stop_tpm);
  tcase_set_timeout (tpm, 60);
  tcase_add_loop_test (tpm, a_key_in_a_tpm_is_verified_up_to_its_makers_root, 0, 2);
  tcase_add_test (tpm, one_thing_changed_is_one_thing_too_many);
  tcase_add_test (tpm, no_flipped_bit_is_passed_over);
  tcase_add_test (tpm, elliptic_curves_will_do_and_an_expired_chain_will_not);
  tcase_add_test (tpm, a_genuine_certificate_of_another_tpm_is_refused);
  tcase_add_test (tpm, a_key_that_may_leave_is_refused);
  tcase_add_test (tpm, a_credential_is_for_one_attestation_key_alone);
  tcase_add_test (tpm, no_credential_is_made_for_what_is_no_endorsement_key);
  suite_add_tcase (suite, tpm);
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
