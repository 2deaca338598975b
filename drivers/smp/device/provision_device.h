/* SPDX-License-Identifier: Apache-2.0
 *
 * The device's side of Keycradle's provisioning group over SMP (the Simple
 * Management Protocol of MCUmgr). docs/smp-provisioning-group.md is the
 * specification; this is a small implementation of it for firmware: C99, no
 * allocation, no operating system, no crypto of its own. Keys, certificates and
 * storage are behind the callbacks below.
 *
 * A whole device over a serial port is this loop:
 *
 *   static uint8_t request[1024 + 2], response[1024], transfer[4096];
 *   static SmpSerialReceiver receiver;
 *   static ProvisionDevice device;
 *
 *   provision_device_init (&device, &my_callbacks, my_context, PROVISION_GROUP_DEFAULT,
 *                          transfer, sizeof transfer, 1024);
 *   smp_serial_receiver_init (&receiver, request, sizeof request);
 *   for (;;) {
 *     size_t length = smp_serial_receive (&receiver, read_byte ());
 *     if (length == 0)
 *       continue;
 *     length = provision_device_answer (&device, request, length, response, sizeof response);
 *     smp_serial_send (response, length, put_bytes, 0);
 *     if (provision_device_takes_reset (&device))
 *       restart ();
 *   }
 *
 * Firmware that has an SMP server already (Zephyr, Mynewt, NuttX) leaves framing and
 * the OS group to it and hands packets of this group to provision_device_answer().
 */
#ifndef PROVISION_DEVICE_H
#define PROVISION_DEVICE_H

#include <stddef.h>
#include <stdint.h>

/* "KC". Any number from 64 to 65535 will do as long as the station uses the same. */
#define PROVISION_GROUP_DEFAULT 0x4b43u

/* The version of the group's specification, as capabilities reports it. */
#define PROVISION_VERSION 1u

#define PROVISION_NONCE_SIZE 32u
#define PROVISION_DIGEST_SIZE 32u

/* The longest strings of an identity and of a common name, without NUL. */
#define PROVISION_TEXT_MAX 64u

/* The longest signature that `sign` may give: RSA 4096. */
#define PROVISION_SIGNATURE_MAX 512u

/* The smallest packet_size and response capacity that provision_device_init() and
 * provision_device_answer() work with: an RSA 4096 signature must fit where the chip has RSA,
 * else 256 is enough. */
#define PROVISION_PACKET_MIN 256u

/* The group's errors: rc of {"err": {"group": ..., "rc": ...}}. Callbacks return one of these. */
typedef enum {
  PROVISION_OK = 0,
  PROVISION_ERROR_UNKNOWN = 1,        /* something failed that has no word of its own */
  PROVISION_ERROR_LOCKED = 2,         /* the device is locked */
  PROVISION_ERROR_KEY_KIND = 3,       /* the chip can't make this kind of key */
  PROVISION_ERROR_KEY_GENERATION = 4, /* it tried and failed, for example without entropy */
  PROVISION_ERROR_NO_KEY = 5,         /* there is no key yet */
  PROVISION_ERROR_CSR = 6,            /* the CSR could not be made */
  PROVISION_ERROR_OBJECT = 7,         /* this object is not kept by this device */
  PROVISION_ERROR_TOO_LARGE = 8,      /* it does not fit */
  PROVISION_ERROR_OFFSET = 9,         /* a chunk that does not follow the one before */
  PROVISION_ERROR_DIGEST = 10,        /* the whole does not have the digest that came with it */
  PROVISION_ERROR_STORAGE = 11,       /* flash failed */
  PROVISION_ERROR_NOT_STORED = 12,    /* there is nothing to read back */
  PROVISION_ERROR_WRONG_KEY = 13,     /* the certificate is not for this device's key */
  PROVISION_ERROR_SIGNING = 14,       /* the signature could not be made */
  PROVISION_ERROR_VALUE = 15,         /* a serial or endpoint that the device can't take */
} ProvisionError;

/* "rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", "p-521" on the wire. */
typedef enum {
  PROVISION_KEY_RSA_2048,
  PROVISION_KEY_RSA_3072,
  PROVISION_KEY_RSA_4096,
  PROVISION_KEY_P256,
  PROVISION_KEY_P384,
  PROVISION_KEY_P521,
} ProvisionKeyKind;

/* What can be installed: "cert", "chain", "roots", "endpoint", "serial" on the wire. */
typedef enum {
  PROVISION_OBJECT_CERTIFICATE, /* one certificate, DER */
  PROVISION_OBJECT_CHAIN,    /* certificates in DER, one after the other, the leaf's issuer first */
  PROVISION_OBJECT_ROOTS,    /* server roots to trust, DER, one after the other */
  PROVISION_OBJECT_ENDPOINT, /* host name, UTF-8 without NUL */
  PROVISION_OBJECT_SERIAL,   /* the device's name, ASCII without NUL */
} ProvisionObject;

/* How `sign` signs: "ecdsa-sha256" and "rsa-pkcs1-sha256" on the wire. */
typedef enum {
  PROVISION_ECDSA_SHA256,     /* DER of Ecdsa-Sig-Value (RFC 3279) over SHA-256 */
  PROVISION_RSA_PKCS1_SHA256, /* RSASSA-PKCS1-v1_5 (RFC 8017, 8.2) over SHA-256 */
} ProvisionScheme;

/* Strings end in NUL, hold at most PROVISION_TEXT_MAX bytes (a longer one is left out), and must
 * stay until the next call. NULL where there is none. */
typedef struct {
  const char *chip_id; /* burnt in, never changes */
  const char *serial;  /* the name it carries now */
  const char *model;
  const char *firmware;
  uint32_t key_kinds; /* bits 1 << ProvisionKeyKind that the chip can make */
  uint32_t objects;   /* bits 1 << ProvisionObject that it keeps */
  uint8_t can_lock;   /* whether `lock` works */
} ProvisionIdentity;

/* What the firmware provides. Every function gets the context of provision_device_init(),
 * may take as long as it needs (RSA takes minutes on a small core: the station waits up to its
 * own deadline), and returns PROVISION_OK or the error that the station is to see. */
typedef struct {
  ProvisionError (*identify) (void *context, ProvisionIdentity *identity);

  /* 1 where a key pair is there, 0 where not. */
  int (*has_key) (void *context);

  /* Makes a new key pair in place of an old one. The private key never leaves the chip. A
   * certificate that belonged to the old key must be forgotten. */
  ProvisionError (*generate_key) (void *context, ProvisionKeyKind kind);

  /* A PKCS#10 request in DER for the present key, signed by it. `common_name` ends in NUL and is
   * a proposal for the subject's CN, "" where the station has none. */
  ProvisionError (*make_csr) (void *context, const char *common_name, uint8_t *der, size_t capacity,
                              size_t *length);

  /* Keeps an object for good: when this returns PROVISION_OK a power cut must not lose it, and a
   * power cut before that must leave the old one or the new one. Length 0 forgets it. */
  ProvisionError (*store) (void *context, ProvisionObject object, const uint8_t *data,
                           size_t length);

  /* Reads it back from where it is kept, byte for byte. PROVISION_ERROR_NOT_STORED where there
   * is none. */
  ProvisionError (*load) (void *context, ProvisionObject object, uint8_t *data, size_t capacity,
                          size_t *length);

  /* Signs SHA-256 of `message` with the private key. */
  ProvisionError (*sign) (void *context, const uint8_t *message, size_t length,
                          ProvisionScheme *scheme, uint8_t *signature, size_t capacity,
                          size_t *signature_length);

  /* SHA-256 of `data`. */
  ProvisionError (*sha256) (void *context, const uint8_t *data, size_t length,
                            uint8_t digest[PROVISION_DIGEST_SIZE]);

  /* From now on, for good, keys and objects can't be changed. NULL where can_lock is 0. */
  ProvisionError (*lock) (void *context);

  /* 1 once locked. NULL where can_lock is 0. The library itself refuses what a lock forbids. */
  int (*is_locked) (void *context);
} ProvisionCallbacks;

/* The state of one device. Its members are the library's own. */
typedef struct {
  const ProvisionCallbacks *callbacks;
  void *context;
  uint16_t group;
  uint8_t *transfer; /* one object at a time: a CSR or a certificate on its way */
  size_t transfer_size;
  size_t packet_size;
  size_t transfer_length;  /* the whole object's length */
  size_t transfer_filled;  /* how much of an install has come */
  uint8_t transfer_use;    /* what is in it */
  uint8_t transfer_object; /* ProvisionObject of an install or a read-back */
  uint8_t reset_asked;
} ProvisionDevice;

/* Makes `device` ready. `transfer` holds the largest object in one piece: 4096 bytes are good for
 * a chain of two RSA certificates. `packet_size` is the largest request that the transport can
 * take and is reported as buf_size. Everything passed in must outlive `device`. */
void provision_device_init (ProvisionDevice *device, const ProvisionCallbacks *callbacks,
                            void *context, uint16_t group, uint8_t *transfer, size_t transfer_size,
                            size_t packet_size);

/* Carries out one SMP request (header and CBOR) and writes the response. Returns its length, at
 * most `capacity`, or 0 where `request` is not a request (too short for a header, or a response):
 * then nothing is to be sent. Knows this group, and of the OS group echo (0), reset (5) and
 * MCUmgr parameters (6). `request` and `response` must not overlap. */
size_t provision_device_answer (ProvisionDevice *device, const uint8_t *request, size_t length,
                                uint8_t *response, size_t capacity);

/* 1, once, after a reset was asked for: to be carried out when its response has been sent. */
int provision_device_takes_reset (ProvisionDevice *device);

#endif
