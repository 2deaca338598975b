/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A simulated card in a PC/SC reader: vpcd, the reader of vsmartcard
 * (https://frankmorgner.github.io/vsmartcard/virtualsmartcard/README.html), listens for cards on
 * TCP. What it says to a card goes over the machine's pty as well, so every fault of a machine is
 * one of a card.
 */
#pragma once

#include <glib.h>

typedef struct CardPlug CardPlug;

/* Puts the card whose machine has its pty at `pty` into the reader at `address`, "HOST:PORT", and
 * again whenever the reader comes back. `atr` is what it says to a reset; both are copied. NULL
 * with error where `address` is none. */
CardPlug *card_plug_new (const char *address, GBytes *atr, const char *pty, GError **error);

/* Pulls it out. */
void card_plug_free (CardPlug *plug);
