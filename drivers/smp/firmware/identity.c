/* SPDX-License-Identifier: Apache-2.0
 *
 * mbedTLS behind the callbacks of the provisioning group. "Flash" is RAM here: the
 * emulated board has none. The key pair never leaves this file.
 */
#include "identity.h"

#include <string.h>

#include "handover.h"
#include "mbedtls/hmac_drbg.h"
#include "mbedtls/memory_buffer_alloc.h"
#include "mbedtls/pk.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/sha256.h"
#include "mbedtls/x509_crt.h"
#include "mbedtls/x509_csr.h"

#define FIRMWARE_VERSION "1.0.0"
#define HEAP_SIZE (48u * 1024u)
#define SUBJECT_SIZE (2u * PROVISION_TEXT_MAX + 4u)

#define HANDOVER ((Handover *)HANDOVER_ADDRESS)

static uint8_t heap[HEAP_SIZE];
static mbedtls_hmac_drbg_context random_source;
static int random_ready;
static mbedtls_pk_context key;
static char chip[HANDOVER_TEXT_SIZE];
static int locked;

/* What is kept of each object. */
static uint8_t certificate[2048], chain[4096], roots[4096];
static uint8_t endpoint[PROVISION_TEXT_MAX * 4u], serial[PROVISION_TEXT_MAX + 1u];
static struct {
  uint8_t *data;
  size_t size;
  size_t length;
} objects[] = {
  [PROVISION_OBJECT_CERTIFICATE] = { certificate, sizeof certificate, 0 },
  [PROVISION_OBJECT_CHAIN] = { chain, sizeof chain, 0 },
  [PROVISION_OBJECT_ROOTS] = { roots, sizeof roots, 0 },
  [PROVISION_OBJECT_ENDPOINT] = { endpoint, sizeof endpoint, 0 },
  [PROVISION_OBJECT_SERIAL] = { serial, sizeof serial - 1u, 0 },
};

static void
keep_text (char *to, const char *from, size_t size)
{
  strncpy (to, from, size - 1u);
  to[size - 1u] = '\0';
}

void
identity_init (void)
{
  Handover *handover = HANDOVER;

  mbedtls_memory_buffer_alloc_init (heap, sizeof heap);
  mbedtls_hmac_drbg_init (&random_source);
  mbedtls_pk_init (&key);
  if (handover->magic != HANDOVER_MAGIC)
    return;
  keep_text (chip, handover->chip, sizeof chip);
  keep_text ((char *)serial, handover->serial, sizeof serial);
  objects[PROVISION_OBJECT_SERIAL].length = strlen ((char *)serial);
  random_ready =
      mbedtls_hmac_drbg_seed_buf (&random_source, mbedtls_md_info_from_type (MBEDTLS_MD_SHA256),
                                  handover->seed, sizeof handover->seed)
      == 0;
  mbedtls_platform_zeroize (handover, sizeof *handover);
}

static ProvisionError
identify (void *context, ProvisionIdentity *identity)
{
  (void)context;
  serial[objects[PROVISION_OBJECT_SERIAL].length] = '\0';
  identity->chip_id = chip[0] != '\0' ? chip : NULL;
  identity->serial = serial[0] != '\0' ? (const char *)serial : NULL;
  identity->model = "mps2-an385";
  identity->firmware = FIRMWARE_VERSION;
  identity->key_kinds = 1u << PROVISION_KEY_P256;
  identity->objects = 1u << PROVISION_OBJECT_CERTIFICATE | 1u << PROVISION_OBJECT_CHAIN
                      | 1u << PROVISION_OBJECT_ROOTS | 1u << PROVISION_OBJECT_ENDPOINT
                      | 1u << PROVISION_OBJECT_SERIAL;
  identity->can_lock = 1;
  return PROVISION_OK;
}

static int
has_key (void *context)
{
  (void)context;
  return mbedtls_pk_get_type (&key) == MBEDTLS_PK_ECKEY;
}

static ProvisionError
generate_key (void *context, ProvisionKeyKind kind)
{
  (void)context;
  if (kind != PROVISION_KEY_P256)
    return PROVISION_ERROR_KEY_KIND;
  if (!random_ready)
    return PROVISION_ERROR_KEY_GENERATION;
  objects[PROVISION_OBJECT_CERTIFICATE].length = 0;
  mbedtls_pk_free (&key);
  mbedtls_pk_init (&key);
  if (mbedtls_pk_setup (&key, mbedtls_pk_info_from_type (MBEDTLS_PK_ECKEY)) == 0
      && mbedtls_ecp_gen_key (MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec (key),
                              mbedtls_hmac_drbg_random, &random_source)
             == 0)
    return PROVISION_OK;
  mbedtls_pk_free (&key);
  mbedtls_pk_init (&key);
  return PROVISION_ERROR_KEY_GENERATION;
}

/* "CN=" and the name, with what mbedTLS would take for a separator escaped. */
static void
write_subject (char subject[SUBJECT_SIZE], const char *name)
{
  size_t length = 3;

  memcpy (subject, "CN=", length);
  for (; *name != '\0' && length < SUBJECT_SIZE - 3u; name++) {
    if (*name == ',' || *name == '\\')
      subject[length++] = '\\';
    subject[length++] = *name;
  }
  subject[length] = '\0';
}

/* The name for a request: what the station proposes, else what the device has. */
static const char *
request_name (const char *proposed)
{
  if (*proposed != '\0')
    return proposed;
  if (objects[PROVISION_OBJECT_SERIAL].length > 0)
    return (const char *)serial;
  return chip[0] != '\0' ? chip : "device";
}

static ProvisionError
make_csr (void *context, const char *common_name, uint8_t *der, size_t capacity, size_t *length)
{
  mbedtls_x509write_csr request;
  char subject[SUBJECT_SIZE];
  int size = -1;

  (void)context;
  if (!has_key (NULL))
    return PROVISION_ERROR_NO_KEY;
  write_subject (subject, request_name (common_name));
  mbedtls_x509write_csr_init (&request);
  mbedtls_x509write_csr_set_md_alg (&request, MBEDTLS_MD_SHA256);
  mbedtls_x509write_csr_set_key (&request, &key);
  if (mbedtls_x509write_csr_set_subject_name (&request, subject) == 0
      && mbedtls_x509write_csr_set_key_usage (&request, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0)
    size = mbedtls_x509write_csr_der (&request, der, capacity, mbedtls_hmac_drbg_random,
                                      &random_source);
  mbedtls_x509write_csr_free (&request);
  if (size <= 0)
    return PROVISION_ERROR_CSR;
  /* mbedTLS writes from the buffer's end. */
  memmove (der, der + capacity - (size_t)size, (size_t)size);
  *length = (size_t)size;
  return PROVISION_OK;
}

/* Whether the certificate in `data` is for the present key. */
static ProvisionError
check_certificate (const uint8_t *data, size_t length)
{
  mbedtls_x509_crt parsed;
  ProvisionError error = PROVISION_ERROR_WRONG_KEY;

  if (!has_key (NULL))
    return PROVISION_ERROR_NO_KEY;
  mbedtls_x509_crt_init (&parsed);
  if (mbedtls_x509_crt_parse_der (&parsed, data, length) == 0 && parsed.raw.len == length
      && mbedtls_pk_check_pair (&parsed.pk, &key) == 0)
    error = PROVISION_OK;
  mbedtls_x509_crt_free (&parsed);
  return error;
}

static ProvisionError
store (void *context, ProvisionObject object, const uint8_t *data, size_t length)
{
  ProvisionError error;

  (void)context;
  if (length > objects[object].size)
    return PROVISION_ERROR_TOO_LARGE;
  if (object == PROVISION_OBJECT_CERTIFICATE && length > 0) {
    error = check_certificate (data, length);
    if (error != PROVISION_OK)
      return error;
  }
  memcpy (objects[object].data, data, length);
  objects[object].length = length;
  return PROVISION_OK;
}

static ProvisionError
load (void *context, ProvisionObject object, uint8_t *data, size_t capacity, size_t *length)
{
  (void)context;
  if (objects[object].length == 0)
    return PROVISION_ERROR_NOT_STORED;
  if (objects[object].length > capacity)
    return PROVISION_ERROR_TOO_LARGE;
  *length = objects[object].length;
  memcpy (data, objects[object].data, *length);
  return PROVISION_OK;
}

static ProvisionError
sha256 (void *context, const uint8_t *data, size_t length, uint8_t digest[PROVISION_DIGEST_SIZE])
{
  (void)context;
  return mbedtls_sha256_ret (data, length, digest, 0) == 0 ? PROVISION_OK : PROVISION_ERROR_UNKNOWN;
}

static ProvisionError
sign (void *context, const uint8_t *message, size_t length, ProvisionScheme *scheme,
      uint8_t *signature, size_t capacity, size_t *signature_length)
{
  uint8_t digest[PROVISION_DIGEST_SIZE];

  if (!has_key (NULL))
    return PROVISION_ERROR_NO_KEY;
  if (capacity < MBEDTLS_PK_SIGNATURE_MAX_SIZE
      || sha256 (context, message, length, digest) != PROVISION_OK
      || mbedtls_pk_sign (&key, MBEDTLS_MD_SHA256, digest, sizeof digest, signature,
                          signature_length, mbedtls_hmac_drbg_random, &random_source)
             != 0)
    return PROVISION_ERROR_SIGNING;
  *scheme = PROVISION_ECDSA_SHA256;
  return PROVISION_OK;
}

static ProvisionError
lock (void *context)
{
  (void)context;
  locked = 1;
  return PROVISION_OK;
}

static int
is_locked (void *context)
{
  (void)context;
  return locked;
}

const ProvisionCallbacks identity_callbacks = {
  .identify = identify,
  .has_key = has_key,
  .generate_key = generate_key,
  .make_csr = make_csr,
  .store = store,
  .load = load,
  .sign = sign,
  .sha256 = sha256,
  .lock = lock,
  .is_locked = is_locked,
};
