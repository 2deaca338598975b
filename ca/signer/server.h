/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The signer's socket: who may speak, one thread a connection, one reply a request.
 */
#pragma once

#include "ca/signer/signer.h"

typedef struct Server Server;

/* Takes the listening socket that systemd (or the station) passed, or makes `config`'s own. `path`
 * is where SIGHUP finds signer.conf again; it must outlive the server. */
Server *server_open (const char *path, const SignerConfig *config, Signer *signer, GError **error);
void server_close (Server *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Server, server_close)

/* Serves until SIGTERM or SIGINT, and then until the requests that run are answered; SIGHUP
 * reloads. The signals must have been blocked before any thread was made. */
gboolean server_run (Server *server, GError **error);
