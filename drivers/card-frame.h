/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How APDUs lie in the stream of a CHANNEL_CARD (transport.h): each behind its length, 16 bits, big
 * endian. Pure.
 */
#pragma once

#include <glib.h>

#define CARD_FRAME_HEAD 2u

/* The longest APDU that fits. */
#define CARD_FRAME_MAX 0xffffu

/* The length that `head` announces. */
gsize card_frame_length (const guint8 head[CARD_FRAME_HEAD]);

/* Appends `apdu`, at most CARD_FRAME_MAX bytes long, behind its length. */
void card_frame_put (GByteArray *stream, const guint8 *apdu, gsize length);

/* Takes the first APDU out of the stream, or NULL where it is not whole yet. */
GBytes *card_frame_take (GByteArray *stream);

/* How much of a short command APDU goes to a card by T=0, which has no place for both data and the
 * length of an answer: the latter is left out, and the card says 61xx (ISO/IEC 7816-3, 12.2.1). */
gsize card_command_length_t0 (const guint8 *apdu, gsize length);
