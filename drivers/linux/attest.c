/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A TPM's evidence, with tpm2-tools: an attestation key beside the endorsement key, a credential
 * that only this TPM opens, and a certification of the device key over the nonce. The tools put no
 * nonce into a certification, so that one command goes to the TPM as it is; for it, both keys are
 * kept at handles for a moment.
 */
#include <string.h>

#include "drivers/linux/device.h"
#include "drivers/linux/tpm-wire.h"

/* Owner's persistent handles, used for the moment and freed. */
#define ATTESTATION_HANDLE "0x8101fff0"
#define KEY_HANDLE "0x8101fff1"

/* The parent of a key in a file: what the tpm2 provider takes for the owner's hierarchy. */
#define PARENT                                                                                     \
  "tpm2_createprimary -Q -C o -g sha256 -G ecc256:aes128cfb -a 'restricted|decrypt|fixedtpm|"      \
  "fixedparent|sensitivedataorigin|userwithauth|noda' -c p"

/* A TPM without a resource manager has room for three objects. */
#define FLUSH "tpm2_flushcontext -t 2>/dev/null; "
#define FREE_HANDLES                                                                               \
  "for H in " ATTESTATION_HANDLE " " KEY_HANDLE                                                    \
  "; do tpm2_evictcontrol -Q -C o -c $H 2>/dev/null; "                                             \
  "done; "

static gboolean
refuse (GError **error, DriverError code, const char *why)
{
  g_set_error_literal (error, DRIVER_ERROR, (int)code, why);
  return FALSE;
}

/* Runs `command` in the session's folder. */
static gboolean
in_folder (LinuxDevice *device, const char *command, const char *what, Deadline deadline,
           GError **error)
{
  g_autofree char *line = g_strdup_printf ("( cd " LINUX_FOLDER " && { %s; } ) 2>&1", command);
  g_autofree char *done =
      linux_ask (&device->shell, line, DRIVER_ERROR_REFUSED, what, deadline, error);

  return done != NULL;
}

static GBytes *
file_of (LinuxDevice *device, const char *name, Deadline deadline, GError **error)
{
  g_autofree char *path = g_strconcat (LINUX_FOLDER "/", name, NULL);

  return linux_read_file (&device->shell, path, DRIVER_ERROR_GARBLED, deadline, error);
}

/* Endorsement key, its certificate where the TPM has one, attestation key. */
static gboolean
make_keys (LinuxDevice *device, Deadline deadline, GError **error)
{
  return in_folder (device,
                    FREE_HANDLES FLUSH "tpm2_createek -Q -c ek -G rsa -u ek.pub && { " FLUSH
                                       "tpm2_createak -Q -C ek -c ak -G ecc -g sha256 -s ecdsa "
                                       "-u ak.pub -n ak.name; }",
                    "making an attestation key in the TPM", deadline, error)
         && in_folder (device,
                       FLUSH "tpm2_evictcontrol -Q -C o -c ak " ATTESTATION_HANDLE " && { " FLUSH
                             "tpm2_nvread -Q 0x01c00002 -o ek.crt 2>/dev/null || : >ek.crt; }",
                       "keeping the attestation key", deadline, error);
}

/* The device key at a handle, wherever it lives. */
static gboolean
place_key (LinuxDevice *device, Deadline deadline, GError **error)
{
  g_autofree char *path = linux_quote (session_option (device->shell.session, "KeyPath"));
  g_autofree char *cut = g_strdup_printf (
      "K=%s; openssl asn1parse -in $K -noout -out k.der && set -- $(openssl asn1parse -in $K | "
      "sed -n 's/^ *\\([0-9]*\\):d=1 *hl=\\([0-9]*\\) *l= *\\([0-9]*\\) prim: *OCTET STRING.*/"
      "\\1 \\2 \\3/p') && tail -c +$(($1+$2+1)) k.der | head -c $3 >k.pub && "
      "tail -c +$(($4+$5+1)) k.der | head -c $6 >k.priv",
      path);

  if (session_option (device->shell.session, "Handle") != NULL)
    return TRUE;
  return in_folder (device, cut, "taking the key's file apart", deadline, error)
         && in_folder (device,
                       FLUSH PARENT " && { " FLUSH "tpm2_load -Q -C p -u k.pub -r k.priv -c k; }",
                       "loading the key into the TPM", deadline, error)
         && in_folder (device, FLUSH "tpm2_evictcontrol -Q -C o -c k " KEY_HANDLE,
                       "keeping the key for a moment", deadline, error);
}

static const char *
key_handle (LinuxDevice *device)
{
  const char *handle = session_option (device->shell.session, "Handle");

  return handle != NULL ? handle : KEY_HANDLE;
}

/* The secret that the station put into a credential for this endorsement key and this name. */
static GBytes *
open_credential (LinuxDevice *device, const AttestationRequest *request, GBytes *endorsement_key,
                 Deadline deadline, GError **error)
{
  g_autoptr (GBytes) name = file_of (device, "ak.name", deadline, error);
  g_autoptr (GBytes) credential =
      name == NULL ? NULL : request->make_credential (request->data, endorsement_key, name, error);
  g_autoptr (GBytes) file = credential == NULL ? NULL : tpm_credential_file (credential);

  if (file == NULL
      || !linux_write_file (&device->shell, LINUX_FOLDER "/blob", "600", file, deadline, error)
      || !in_folder (device,
                     FLUSH "tpm2_startauthsession -Q --policy-session -S s && "
                           "tpm2_policysecret -Q -S s -c e && tpm2_activatecredential -Q "
                           "-c " ATTESTATION_HANDLE " -C ek -i blob -o secret -P session:s; R=$?; "
                           "tpm2_flushcontext s; " FLUSH "[ $R = 0 ]",
                     "opening the credential", deadline, error))
    return NULL;
  return file_of (device, "secret", deadline, error);
}

static gboolean
certify (LinuxDevice *device, const guint8 *nonce, GBytes **attest, GBytes **signature,
         Deadline deadline, GError **error)
{
  const guint32 key = (guint32)g_ascii_strtoull (key_handle (device), NULL, 16);
  const guint32 signer = (guint32)g_ascii_strtoull (ATTESTATION_HANDLE, NULL, 16);
  g_autoptr (GBytes) command = tpm_certify_command (key, signer, nonce, PROOF_NONCE_LENGTH);

  if (!linux_write_file (&device->shell, LINUX_FOLDER "/ask", "600", command, deadline, error)
      || !in_folder (device, FLUSH "tpm2_send <ask >answer", "certifying the key", deadline, error))
    return FALSE;
  g_autoptr (GBytes) response = file_of (device, "answer", deadline, error);
  if (response == NULL)
    return FALSE;
  return tpm_certify_response (response, attest, signature)
         || refuse (error, DRIVER_ERROR_REFUSED, "the TPM does not certify the key");
}

/* The TPMT_PUBLIC in a file of the session's folder. */
static GBytes *
public_of (LinuxDevice *device, const char *name, Deadline deadline, GError **error)
{
  g_autoptr (GBytes) file = file_of (device, name, deadline, error);
  GBytes *area = file == NULL ? NULL : tpm_public_area (file);

  if (file != NULL && area == NULL)
    refuse (error, DRIVER_ERROR_GARBLED, "what the TPM's tools show is no public area");
  return area;
}

static gboolean
gather (LinuxDevice *device, const AttestationRequest *request, GPtrArray *parts, Deadline deadline,
        GError **error)
{
  g_autoptr (GBytes) certified = NULL, signature = NULL;
  g_autoptr (GBytes) endorsement_key = public_of (device, "ek.pub", deadline, error);
  g_autoptr (GBytes) endorsement =
      endorsement_key == NULL ? NULL : file_of (device, "ek.crt", deadline, error);
  g_autoptr (GBytes) attestation_key =
      endorsement == NULL ? NULL : public_of (device, "ak.pub", deadline, error);
  g_autoptr (GBytes) secret =
      attestation_key == NULL ? NULL
                              : open_credential (device, request, endorsement_key, deadline, error);
  g_autofree char *show =
      g_strdup_printf (FLUSH "tpm2_readpublic -Q -c %s -o key.pub", key_handle (device));

  if (secret == NULL || !certify (device, request->nonce, &certified, &signature, deadline, error)
      || !in_folder (device, show, "reading the key's public area", deadline, error))
    return FALSE;
  g_autoptr (GBytes) key = public_of (device, "key.pub", deadline, error);
  if (key == NULL)
    return FALSE;
  GBytes *const all[] = { g_bytes_get_size (endorsement) > 0 ? endorsement : endorsement_key,
                          attestation_key,
                          secret,
                          certified,
                          signature,
                          key };
  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    g_ptr_array_add (parts, g_bytes_ref (all[i]));
  return TRUE;
}

gboolean
linux_attest (Session *session, const AttestationRequest *request, Attestation *attestation,
              Deadline deadline, GError **error)
{
  LinuxDevice *device = session->state;
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  *attestation = (Attestation){ 0 };
  if (!linux_look_at_keys (device, deadline, error))
    return FALSE;
  if (device->keys == LINUX_KEY_FILE || !device->has_tools)
    return refuse (error, DRIVER_ERROR_UNSUPPORTED,
                   "only a key in a TPM can be attested, and only with tpm2-tools on the device");
  const gboolean gathered = make_keys (device, deadline, error)
                            && place_key (device, deadline, error)
                            && gather (device, request, parts, deadline, error);
  if (device->shell.unplugged)
    return FALSE;
  /* Also after a failure, which is what is told then. */
  gboolean freed = in_folder (device, FREE_HANDLES FLUSH "true", "freeing the TPM's handles",
                              deadline, gathered ? error : NULL);
  if (!gathered || !freed)
    return FALSE;
  attestation->format = ATTESTATION_TPM;
  attestation->parts = g_steal_pointer (&parts);
  return TRUE;
}
