/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The key in the slot: made by the card, and what it signs.
 */
#pragma once

#include "drivers/piv/apdu.h"

#define PIV_KINDS_ALWAYS (1u << KEY_KIND_RSA_2048 | 1u << KEY_KIND_P256 | 1u << KEY_KIND_P384)
#define PIV_KINDS_LARGE (1u << KEY_KIND_RSA_3072 | 1u << KEY_KIND_RSA_4096)

/* Session.state. */
typedef struct {
  guint8 slot;
  guint32 object;     /* of the slot's certificate */
  gboolean is_yubico; /* it knows GET VERSION */
  guint8 version[3];
  gboolean authenticated; /* with the management key */
  gboolean pin_good;
  PivKey key; /* what generate_key made */
} Card;

/* The words of PinPolicy and TouchPolicy, NULL-ended; the place of each is its number on the card.
 */
extern const char *const piv_pin_policies[];
extern const char *const piv_touch_policies[];

/* Bits 1 << KeyKind that the card can make, as far as one knows before it is tried. */
guint piv_kinds (const Card *card);

/* Makes sure that the card has seen the management key in this session. */
gboolean piv_authenticate (Session *session, Deadline deadline, GError **error);

/* The driver's steps, as in driver.h. */
gboolean piv_generate_key (Session *session, KeyKind kind, Deadline deadline, GError **error);
GBytes *piv_read_csr (Session *session, const char *common_name, Deadline deadline, GError **error);
gboolean piv_prove (Session *session, const guint8 *nonce, Proof *proof, Deadline deadline,
                    GError **error);
