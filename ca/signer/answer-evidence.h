/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The answers to requests for evidence: reports, manifests' statements, checkpoints, proofs. As
 * answer.h has it: the reply's payload, floating, or NULL with an error.
 */
#pragma once

#include "ca/signer/signer.h"

GVariant *answer_report (Signer *signer, GVariant *request, GError **error);
GVariant *answer_manifest (Signer *signer, GVariant *request, GError **error);
GVariant *answer_checkpoint (Signer *signer, GVariant *request, GError **error);
GVariant *answer_inclusion (Signer *signer, GVariant *request, GError **error);

/* "ay" of STATUS. */
GVariant *answer_station (Signer *signer);
