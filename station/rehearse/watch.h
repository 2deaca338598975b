/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What OpenSSL tells of a handshake while it goes on, written down as facts: ClientHello, messages,
 * alerts, the device's certificate.
 */
#pragma once

#include <openssl/ssl.h>

#include "station/rehearse/facts.h"

/* Every session of `context` can be watched from now on. */
void watch_context (SSL_CTX *context);

/* What `ssl` does goes to `one` from now on; NULL ends it. */
void watch_session (SSL *ssl, Try *one);
