/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a ticket says to a TPM that counts.
 */
#pragma once

#include "ca/proof/ticket.h"
#include "station/cli/cli.h"

#include <openssl/evp.h>

/* Fills in [tpm] where --tpm= was given, signed with the owner's key. */
gboolean ticket_tpm_take (const CliOptions *options, EVP_PKEY *owner, Ticket *ticket,
                          GError **error);
