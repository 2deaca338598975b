/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The room for the rules on public keys. A rule looks at the numbers of a parsed request and
 * says no with one of CA_ERROR's reasons; it does no I/O and keeps nothing. That a point
 * lies on its curve is checked where OpenSSL takes it in: csr_public_key().
 */
#pragma once

#include "ca/judge/csr.h"

/* All rules; the first that says no decides. */
gboolean keycheck_csr (const Csr *csr, GError **error);

/* Bits of a big-endian number without leading zero byte. */
guint keycheck_bits (Span number);
