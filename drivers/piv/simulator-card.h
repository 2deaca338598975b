/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A simulated PIV card from inside: simulator.c has its frames, APDUs and data objects,
 * simulator-key.c its keys, PIN and management key, simulator-attestation.c what a Yubico token
 * says of its keys.
 */
#pragma once

#include "drivers/piv/apdu.h"
#include "drivers/simulator/device.h"

#define CARD_PIN_TRIES 3u
#define CARD_STATUS_WRONG_LENGTH 0x6700
#define CARD_STATUS_WRONG_CLASS 0x6e00

/* The firmware that a simulated token says it has. */
extern const guint8 card_firmware[3];

typedef struct {
  Device *device;
  gboolean is_yubico;
  guint32 number;  /* of a token */
  guint8 guid[16]; /* of a plain card */
  /* Until the card is reset: */
  gboolean selected;
  gboolean managed;  /* the management key was shown */
  gboolean verified; /* the PIN was */
  guint8 witness[16];
  gboolean witness_given;
  GByteArray *command; /* data of a chained command so far */
  GByteArray *answer;  /* data of an answer that is still to be fetched */
} SimulatedCard;

/* One command, whole. */
typedef struct {
  guint8 instruction;
  guint8 p1;
  guint8 p2;
  PivValue data;
} CardCommand;

/* Each puts its answer's data into card->answer and returns the status word. */
guint16 card_verify (SimulatedCard *card, const CardCommand *command);
guint16 card_generate (SimulatedCard *card, const CardCommand *command);
guint16 card_authenticate (SimulatedCard *card, const CardCommand *command);
guint16 card_metadata (SimulatedCard *card, const CardCommand *command);
guint16 card_attest (SimulatedCard *card, const CardCommand *command);

/* The key's item for a slot, "key.9a". Free with g_free(). */
char *card_key_item (guint8 slot);

/* PIN and touch policy of the key in `slot`, as Yubico numbers them. */
void card_policies (SimulatedCard *card, guint8 slot, guint8 policies[2]);

/* The certificate object of the attestation key, made when it is first asked for. */
GBytes *card_attestation_object (SimulatedCard *card);

/* In PEM: the root of all simulated tokens' attestations, always with the same key. Free with
 * g_free(). */
char *card_attestation_root (void);
