/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What client.c and client-authority.c share, and nobody else sees.
 */
#pragma once

#include "ca/wire/client.h"
#include "ca/wire/wire.h"

/* One request and its reply, over a connection that is made anew where it broke. Sinks `request`.
 */
GVariant *signer_client_call (SignerClient *client, WireKind kind, GVariant *request,
                              Deadline deadline, GError **error);

/* Drops the connection, sets CA_ERROR_PROTOCOL, and returns FALSE. */
gboolean signer_client_refuse (SignerClient *client, GError **error, const char *message);
