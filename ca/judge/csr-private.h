/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of csr.h share.
 */
#pragma once

#include "ca/judge/csr.h"

/* OpenSSL's name of the algorithm whose OID stands at `oid` (with its DER header), or its dotted
 * numbers; for messages only. Free with g_free(). */
char *csr_algorithm_name (Span oid);

/* The same of the request's signature; NULL where there is none, or no OID in its place. */
char *csr_signature_name (const Csr *csr);

/* Reads the AlgorithmIdentifier `csr->algorithm`, which lies within what `request` reads, once the
 * key is known. */
gboolean csr_read_signature_algorithm (const DerReader *request, Csr *csr, GError **error);
