/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Compressed certificates (Microchip, application note 20006367): what of a certificate goes into
 * 72 bytes of a chip, and how it is made anew from them. Pure: DER in, DER out.
 *
 *   0..63  signature, r and s            69  template id << 4 | chain id
 *   64..66 dates                         70  source of the serial number << 4 | format 0
 *   67..68 signer id, big endian         71  0
 *
 * The dates, from the top: years since 2000 (5 bits), month (4), day (5), hour (5), and how many
 * years it lasts (5).
 */
#pragma once

#include <glib.h>

#define COMPRESSED_LENGTH 72
#define POINT_LENGTH 64 /* X and Y */

typedef struct {
  guint8 template_id; /* 0 to 15, as the reader's firmware numbers them */
  guint8 chain_id;
} CompressedIds;

/* Cuts `certificate` down. FALSE, with a sentence in `*problem`, where a reader could not make it
 * anew. What its serial number follows from goes into the bytes, too: 0xa for key and dates, 0 for
 * one that is in the template (a signer's). */
gboolean certificate_compress (GBytes *certificate, CompressedIds ids,
                               guint8 compressed[COMPRESSED_LENGTH], const char **problem);

/* The certificate that `compressed` and the key make of a template: any certificate of the same
 * batch. NULL where the template is no certificate, or the bytes can't be a certificate's. */
GBytes *certificate_rebuild (GBytes *template, const guint8 compressed[COMPRESSED_LENGTH],
                             const guint8 point[POINT_LENGTH]);

/* X and Y of a P-256 certificate; FALSE where it has another key. */
gboolean certificate_point (GBytes *certificate, guint8 point[POINT_LENGTH]);

/* Which bytes of `certificate` change from device to device, for who writes the template into a
 * firmware: "serial 15+16, not-before 58+13 ..." (offset+length). NULL where it is none. Free with
 * g_free(). */
char *certificate_places (GBytes *certificate);
