/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One simulated device: what it was told to be, what it keeps across power
 * (its items: "key", "cert.der" and whatever its dialect stores), and its
 * machine. With a state folder each item is also a file SERIAL.ITEM there.
 */
#pragma once

#include <glib.h>

#include "drivers/simulator/chip.h"
#include "drivers/simulator/machine.h"
#include "drivers/simulator/plug-card.h"
#include "drivers/simulator/plug-usb.h"

typedef struct Device Device;

/* A dialect. */
typedef struct {
  const char *name;
  const char *title;
  guint key_kinds;   /* bits 1 << KeyKind */
  KeyKind key_kind;  /* when none is asked for */
  gboolean usb;      /* it can speak raw, as over the bulk endpoints of smp_device */
  guint long_answer; /* what half-line and flood take for a long answer; 0: 256 bytes */
  /* Completes the settings, for example the serial. FALSE with a sentence. May be NULL. */
  gboolean (*prepare) (Device *device, GError **error);
  /* The device's processor, from power-up until it is pulled out. */
  void (*run) (Device *device);
  /* Frees Device.state. May be NULL. */
  void (*finish) (Device *device);
  /* The root of the attestations that its devices make, in PEM; free with g_free(). NULL where they
   * make none, or none by certificates. */
  char *(*attestation_root) (void);
  /* What a card says to its reset (ATR); NULL: it is no card. */
  const char *atr;
} Personality;

/* All of them, NULL-ended. */
const Personality *const *personality_list (void);

/* Their names, with commas between. Free with g_free(). */
char *personality_words (void);

typedef struct {
  const Personality *personality;
  char *name;
  char *serial;
  char *chip;
  char *firmware; /* cortex-m3: the ELF file */
  char *key_file; /* PEM: the key that it "makes", or NULL */
  KeyKind key_kind;
  gboolean key_given;
  gboolean serial_given;
  guint slot; /* 0: none */
  guint keygen_ms;
  guint log_every;
  gboolean shell_host;
  gboolean zero_touch_host;
  UsbSettings usb;
  char *shell;    /* linux: dash, bash or busybox; NULL: dash */
  char *password; /* linux: root's; NULL: none is asked for */
  gboolean without_tpm;
  guint boot_ms; /* linux: how long it boots; 0: it is up when it is plugged in */
  char *vpcd;    /* HOST:PORT of the card reader that it is in, or NULL */
  MachineSettings machine;
} DeviceSettings;

struct Device {
  DeviceSettings settings;
  Machine *machine;
  UsbPlug *plug;  /* NULL while it is not on USB */
  CardPlug *card; /* NULL while it is in no reader */
  gpointer state; /* the personality's own */
  gpointer owner; /* for notify */
  void (*notify) (Device *device, MachineEvent event);
  char *state_folder;
  GMutex mutex;        /* for items */
  GHashTable *items;   /* name → GBytes */
  EVP_PKEY *other_key; /* wrong-key's */
};

/* Sets one setting by its name in any spelling ("keygen-ms", "KeygenMs"). */
gboolean device_settings_set (DeviceSettings *settings, const char *name, const char *value,
                              GError **error);
void device_settings_clear (DeviceSettings *settings);

/* Takes over `settings`. `state_folder` may be NULL; items of an earlier process are read. NULL
 * with a sentence. */
Device *device_new (DeviceSettings *settings, const char *state_folder,
                    void (*notify) (Device *device, MachineEvent event), gpointer owner,
                    GError **error);
void device_free (Device *device);

/* Plugs it in, with a link to its port at `link` where that is not NULL, and pulls it out. */
gboolean device_plug (Device *device, const char *link, GError **error);
void device_unplug (Device *device);

/* Unplugs it and ends what runs for it, for good. */
void device_power_off (Device *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Device, device_free)

/* An item, or NULL. Unref with g_bytes_unref(). */
GBytes *device_get (Device *device, const char *item);
/* An item as text, or NULL. Free with g_free(). */
char *device_get_text (Device *device, const char *item);
/* Keeps an item; NULL or nothing forgets it. */
void device_put (Device *device, const char *item, const void *data, gsize length);
void device_put_text (Device *device, const char *item, const char *text);

gboolean device_fault (Device *device, Fault fault);

/* Makes a key pair of `kind` (weak or shared where a fault says so), keeps it as `item` and as
 * "key", takes the chip's time for it, and forgets the certificate. */
gboolean device_make_key (Device *device, KeyKind kind, const char *item);

/* The key kept as `item`, or NULL. Free with EVP_PKEY_free(). */
EVP_PKEY *device_key (Device *device, const char *item);

/* The key that a proof is signed with: the one above, or another with the fault wrong-key. */
EVP_PKEY *device_proof_key (Device *device, const char *item);

/* The request for `key`, with a wrong signature where a fault says so, or the private key in its
 * place. */
GBytes *device_make_csr (Device *device, EVP_PKEY *key, ChipRequest *request);

/* The private key in PEM where the fault says that it leaks, else NULL. Free with g_free(). */
char *device_leak (Device *device, EVP_PKEY *key);
