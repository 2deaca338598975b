/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The device's key: made, named in a request, used for a proof. Three ways lead to it, and no way
 * shows it.
 */
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "drivers/linux/device.h"
#include "drivers/request.h"

#define OUTPUT LINUX_FOLDER "/out"

/* OpenSSL asks a provider only where it is told to; "tpm2" must be loaded first. */
#define PROVIDERS " -provider tpm2 -provider default"
#define PROPERTIES PROVIDERS " -propquery '?provider=tpm2'"

/* What a key may be used for, and that it was made in this TPM and stays there. */
#define ATTRIBUTES "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign"

static gboolean
refuse (GError **error, DriverError code, const char *why)
{
  g_set_error_literal (error, DRIVER_ERROR, (int)code, why);
  return FALSE;
}

static gboolean
wants_file (const LinuxDevice *device)
{
  return g_str_equal (session_option (device->shell.session, "KeyStore"), "openssl");
}

static const char *
handle_of (const LinuxDevice *device)
{
  return session_option (device->shell.session, "Handle");
}

static gboolean
is_handle (const char *text)
{
  return strlen (text) == 10 && g_str_has_prefix (text, "0x81")
         && strspn (text + 2, "0123456789abcdefABCDEF") == 8;
}

static gboolean
choose_keys (LinuxDevice *device, const char *answer, GError **error)
{
  const gboolean has_openssl = linux_says (answer, "openssl=yes");

  device->has_tools = linux_says (answer, "tpm2_create=yes");
  if (wants_file (device)) {
    device->keys = LINUX_KEY_FILE;
    return has_openssl
           || refuse (error, DRIVER_ERROR_UNSUPPORTED, "the device has no openssl command");
  }
  if (!linux_says (answer, "tpm=yes"))
    return refuse (error, DRIVER_ERROR_UNSUPPORTED,
                   "the device has no TPM; a key in a file has to be allowed: KeyStore=openssl in "
                   "[driver linux] of the profile");
  if (handle_of (device) != NULL && !is_handle (handle_of (device)))
    return refuse (error, DRIVER_ERROR_UNSUPPORTED,
                   "Handle= in [driver linux] must be a persistent handle such as 0x81000002");
  device->keys = LINUX_KEY_PROVIDER;
  if (has_openssl && linux_says (answer, "provider=yes")
      && (handle_of (device) == NULL || device->has_tools))
    return TRUE;
  device->keys = LINUX_KEY_TOOLS;
  if (!device->has_tools)
    return refuse (error, DRIVER_ERROR_UNSUPPORTED,
                   "the device has a TPM, but neither OpenSSL's tpm2 provider nor tpm2-tools");
  return handle_of (device) != NULL
         || refuse (error, DRIVER_ERROR_UNSUPPORTED,
                    "the device has tpm2-tools, but not OpenSSL's tpm2 provider: set Handle= in "
                    "[driver linux], where the key is to be kept");
}

gboolean
linux_look_at_keys (LinuxDevice *device, Deadline deadline, GError **error)
{
  if (device->looked)
    return TRUE;
  g_autofree char *answer =
      linux_run (&device->shell,
                 "for C in openssl tpm2_create; do command -v $C >/dev/null && echo $C=yes; done; "
                 "openssl list -providers" PROVIDERS " 2>/dev/null | grep -q '^ *tpm2' && "
                 "echo provider=yes; if [ -e /dev/tpmrm0 ] || [ -e /dev/tpm0 ] || "
                 "[ -n \"$TPM2TOOLS_TCTI$TPM2OPENSSL_TCTI\" ]; then echo tpm=yes; fi",
                 NULL, deadline, error);
  if (answer == NULL)
    return FALSE;
  device->looked = choose_keys (device, answer, error);
  return device->looked;
}

/* A TPM 2.0 for PCs has P-256 and RSA 2048; whatever else is asked for. */
static guint
tpm_key_kinds (LinuxDevice *device, Deadline deadline, GError **error)
{
  static const struct {
    const char *name;
    KeyKind kind;
  } more[] = { { "rsa3072", KEY_KIND_RSA_3072 },
               { "rsa4096", KEY_KIND_RSA_4096 },
               { "ecc384", KEY_KIND_P384 },
               { "ecc521", KEY_KIND_P521 } };
  guint kinds = 1u << KEY_KIND_P256 | 1u << KEY_KIND_RSA_2048;

  if (!device->has_tools)
    return kinds;
  g_autofree char *answer =
      linux_run (&device->shell,
                 "for K in rsa3072 rsa4096 ecc384 ecc521; do tpm2_testparms $K >/dev/null 2>&1 && "
                 "echo $K; done",
                 NULL, deadline, error);
  if (answer == NULL)
    return 0;
  for (gsize i = 0; i < G_N_ELEMENTS (more); i++)
    if (linux_says (answer, more[i].name))
      kinds |= 1u << more[i].kind;
  return kinds;
}

guint
linux_key_kinds (LinuxDevice *device, Deadline deadline, GError **error)
{
  if (!linux_look_at_keys (device, deadline, error))
    return 0;
  if (device->keys == LINUX_KEY_FILE)
    return (1u << N_KEY_KINDS) - 1;
  return tpm_key_kinds (device, deadline, error);
}

char *
linux_key_reference (LinuxDevice *device)
{
  const char *handle = device->keys == LINUX_KEY_FILE ? NULL : handle_of (device);

  if (handle == NULL)
    return linux_quote (session_option (device->shell.session, "KeyPath"));
  return g_strconcat (device->keys == LINUX_KEY_PROVIDER ? "handle:" : "", handle, NULL);
}

/* ---- making ---- */

static const char *
openssl_kind (KeyKind kind)
{
  switch (kind) {
  case KEY_KIND_RSA_2048:
    return "RSA -pkeyopt rsa_keygen_bits:2048";
  case KEY_KIND_RSA_3072:
    return "RSA -pkeyopt rsa_keygen_bits:3072";
  case KEY_KIND_RSA_4096:
    return "RSA -pkeyopt rsa_keygen_bits:4096";
  case KEY_KIND_P256:
    return "EC -pkeyopt group:P-256";
  case KEY_KIND_P384:
    return "EC -pkeyopt group:P-384";
  case KEY_KIND_P521:
    return "EC -pkeyopt group:P-521";
  }
  return "";
}

static const char *
tpm_kind (KeyKind kind)
{
  switch (kind) {
  case KEY_KIND_RSA_2048:
    return "rsa2048";
  case KEY_KIND_RSA_3072:
    return "rsa3072";
  case KEY_KIND_RSA_4096:
    return "rsa4096";
  case KEY_KIND_P256:
    return "ecc256";
  case KEY_KIND_P384:
    return "ecc384";
  case KEY_KIND_P521:
    return "ecc521";
  }
  return "";
}

/* Beside the old one first: a device that is unplugged has the one or the other. */
static gboolean
make_key_file (LinuxDevice *device, KeyKind kind, Deadline deadline, GError **error)
{
  const char *path = session_option (device->shell.session, "KeyPath");
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *quoted = linux_quote (path);
  g_autofree char *quoted_folder = linux_quote (folder);
  g_autofree char *command = g_strdup_printf (
      "K=%s; mkdir -p %s && openssl genpkey%s -algorithm %s -out \"$K.new\" >" OUTPUT " 2>&1 && "
      "{ sync \"$K.new\" 2>/dev/null || sync; mv -f \"$K.new\" \"$K\"; } || "
      "{ tail -n 3 " OUTPUT "; rm -f \"$K.new\"; false; }",
      quoted, quoted_folder, device->keys == LINUX_KEY_PROVIDER ? PROVIDERS : "",
      openssl_kind (kind));
  g_autofree char *done = linux_ask (&device->shell, command, DRIVER_ERROR_KEY_GENERATION,
                                     "making a key", deadline, error);

  return done != NULL;
}

static gboolean
make_key_at_handle (LinuxDevice *device, KeyKind kind, Deadline deadline, GError **error)
{
  const char *handle = handle_of (device);
  g_autofree char *create = g_strdup_printf (
      "( cd " LINUX_FOLDER " && tpm2_createprimary -Q -C o -g sha256 -G ecc -c p && "
      "tpm2_create -Q -C p -g sha256 -G %s -a '" ATTRIBUTES "' -u k.pub -r k.priv && "
      "{ tpm2_flushcontext -t; tpm2_load -Q -C p -u k.pub -r k.priv -c k; } ) 2>&1",
      tpm_kind (kind));
  g_autofree char *keep = g_strdup_printf (
      "( cd " LINUX_FOLDER "; tpm2_flushcontext -t; tpm2_evictcontrol -Q -C o -c %s 2>/dev/null; "
      "tpm2_evictcontrol -Q -C o -c k %s; R=$?; tpm2_flushcontext -t; rm -f p k k.pub k.priv; "
      "exit $R ) 2>&1",
      handle, handle);
  g_autofree char *created = linux_ask (&device->shell, create, DRIVER_ERROR_KEY_GENERATION,
                                        "making a key in the TPM", deadline, error);
  g_autofree char *kept = created == NULL
                              ? NULL
                              : linux_ask (&device->shell, keep, DRIVER_ERROR_KEY_GENERATION,
                                           "keeping the key in the TPM", deadline, error);

  return kept != NULL;
}

gboolean
linux_generate_key (Session *session, KeyKind kind, Deadline deadline, GError **error)
{
  LinuxDevice *device = session->state;
  g_autofree char *certificate = linux_quote (session_option (session, "CertificatePath"));
  g_autofree char *forget = g_strdup_printf ("rm -f %s", certificate);

  if (!linux_look_at_keys (device, deadline, error))
    return FALSE;
  /* It would be one for another key. */
  g_autofree char *forgotten =
      linux_ask (&device->shell, forget, DRIVER_ERROR_KEY_GENERATION,
                 "removing the earlier key's certificate", deadline, error);
  if (forgotten == NULL)
    return FALSE;
  return device->keys != LINUX_KEY_FILE && handle_of (device) != NULL
             ? make_key_at_handle (device, kind, deadline, error)
             : make_key_file (device, kind, deadline, error);
}

/* ---- using ---- */

/* SubjectPublicKeyInfo and a signature over the file `message` in the session's folder. FALSE with
 * `refusal`. */
static gboolean
sign_file (LinuxDevice *device, const char *message, GBytes **key, GBytes **signature,
           DriverError refusal, Deadline deadline, GError **error)
{
  g_autofree char *reference = linux_key_reference (device);
  const char *provider = device->keys == LINUX_KEY_PROVIDER ? PROVIDERS : "";
  const char *properties = device->keys == LINUX_KEY_PROVIDER ? PROPERTIES : "";
  g_autofree char *with_openssl = g_strdup_printf (
      "openssl dgst -sha256%s -sign %s -out sig %s && openssl pkey%s -in %s -pubout -outform DER "
      "-out pub",
      properties, reference, message, provider, reference);
  g_autofree char *with_tools = g_strdup_printf (
      "tpm2_sign -Q -c %s -g sha256 -f plain -o sig %s && tpm2_readpublic -Q -c %s -f der -o pub",
      reference, message, reference);
  g_autofree char *command = g_strdup_printf (
      "( cd " LINUX_FOLDER " && %s && for F in sig pub; do echo \"$F<\"; base64 <$F; echo "
      "\">$F\"; done; R=$?; rm -f sig pub %s; exit $R ) 2>&1",
      device->keys == LINUX_KEY_TOOLS ? with_tools : with_openssl, message);
  g_autofree char *answer =
      linux_ask (&device->shell, command, refusal, "signing with the key", deadline, error);

  if (answer == NULL)
    return FALSE;
  *signature = linux_bytes (answer, "sig");
  *key = linux_bytes (answer, "pub");
  if (*signature != NULL && *key != NULL)
    return TRUE;
  g_clear_pointer (signature, g_bytes_unref);
  g_clear_pointer (key, g_bytes_unref);
  return refuse (error, refusal, "the device shows no signature with its public key");
}

/* rsaEncryption stands in the key's algorithm (RFC 3279, 2.3.1). */
static gboolean
is_rsa (GBytes *key)
{
  static const guint8 identifier[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                       0xf7, 0x0d, 0x01, 0x01, 0x01 };
  gsize length;
  const guint8 *data = g_bytes_get_data (key, &length);

  return memmem (data, MIN (length, 32), identifier, sizeof identifier) != NULL;
}

gboolean
linux_prove (Session *session, const guint8 *nonce, Proof *proof, Deadline deadline, GError **error)
{
  LinuxDevice *device = session->state;
  g_autofree char *hex = hex_encode (nonce, PROOF_NONCE_LENGTH);
  g_autofree char *command = g_strdup_printf ("printf %%s %s >" LINUX_FOLDER "/nonce", hex);
  g_autoptr (GBytes) key = NULL;
  GBytes *signature = NULL;

  *proof = (Proof){ 0 };
  if (!linux_look_at_keys (device, deadline, error))
    return FALSE;
  g_autofree char *written =
      linux_ask (&device->shell, command, DRIVER_ERROR_PROOF, "writing the nonce", deadline, error);
  if (written == NULL
      || !sign_file (device, "nonce", &key, &signature, DRIVER_ERROR_PROOF, deadline, error))
    return FALSE;
  proof->scheme = is_rsa (key) ? PROOF_RSA_PKCS1_SHA256 : PROOF_ECDSA_SHA256_DER;
  proof->message = g_bytes_new (hex, strlen (hex));
  proof->signature = signature;
  return TRUE;
}

/* ---- the request ---- */

/* A configuration of its own, so that the device's does not matter. */
static GBytes *
request_by_openssl (LinuxDevice *device, const char *common_name, Deadline deadline, GError **error)
{
  g_autofree char *reference = linux_key_reference (device);
  g_autofree char *subject = g_strconcat ("/CN=", common_name, NULL);
  g_autofree char *quoted = linux_quote (subject);
  g_autofree char *command = g_strdup_printf (
      "printf '[req]\\ndistinguished_name=dn\\n[dn]\\n' >" LINUX_FOLDER "/req && "
      "openssl req -new -sha256 -config " LINUX_FOLDER "/req%s -key %s -subj %s 2>&1",
      device->keys == LINUX_KEY_PROVIDER ? PROVIDERS : "", reference, quoted);
  g_autofree char *answer = linux_ask (&device->shell, command, DRIVER_ERROR_REFUSED,
                                       "making a certificate request", deadline, error);

  if (answer == NULL)
    return NULL;
  GBytes *request = pem_decode (answer, "CERTIFICATE REQUEST", NULL);
  if (request == NULL)
    refuse (error, DRIVER_ERROR_GARBLED, "what the device shows is no certificate request");
  return request;
}

/* The key's SubjectPublicKeyInfo, from tpm2-tools. */
static GBytes *
public_key_by_tools (LinuxDevice *device, Deadline deadline, GError **error)
{
  g_autofree char *command = g_strdup_printf (
      "( cd " LINUX_FOLDER " && tpm2_readpublic -Q -c %s -f der -o pub && echo 'pub<' && "
      "base64 <pub && echo '>pub' && rm -f pub ) 2>&1",
      handle_of (device));
  g_autofree char *answer = linux_ask (&device->shell, command, DRIVER_ERROR_REFUSED,
                                       "reading the public key", deadline, error);

  if (answer == NULL)
    return NULL;
  GBytes *key = linux_bytes (answer, "pub");
  if (key == NULL)
    refuse (error, DRIVER_ERROR_GARBLED, "what the device shows is no public key");
  return key;
}

static GBytes *
request_by_tools (LinuxDevice *device, const char *common_name, Deadline deadline, GError **error)
{
  g_autoptr (GBytes) key = public_key_by_tools (device, deadline, error);
  g_autoptr (GBytes) info = key == NULL ? NULL : request_info (common_name, key);
  g_autoptr (GBytes) shown = NULL, signature = NULL;

  if (info == NULL
      || !linux_write_file (&device->shell, LINUX_FOLDER "/info", "600", info, deadline, error)
      || !sign_file (device, "info", &shown, &signature, DRIVER_ERROR_REFUSED, deadline, error))
    return NULL;
  return request_new (info, is_rsa (key) ? REQUEST_RSA_SHA256 : REQUEST_ECDSA_SHA256, signature);
}

GBytes *
linux_read_csr (Session *session, const char *common_name, Deadline deadline, GError **error)
{
  LinuxDevice *device = session->state;

  if (!linux_look_at_keys (device, deadline, error))
    return NULL;
  return device->keys == LINUX_KEY_TOOLS
             ? request_by_tools (device, common_name, deadline, error)
             : request_by_openssl (device, common_name, deadline, error);
}
