/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For a station without system services (a trial run, a test): keycradled starts the signer
 * itself. The listening socket is made here and handed over as systemd would do it, so that
 * connections wait in it while a signer that died is started again.
 */
#pragma once

#include <glib.h>

typedef struct SignerChild SignerChild;

/* Listens on `socket_path` (a stale socket is removed) and starts keycradle-signer with `config`.
 * G_FILE_ERROR where the socket can't be made. */
SignerChild *signer_child_new (const char *socket_path, const char *config, GError **error);

/* What is wrong with it, as a sentence, or NULL while it runs. Owned by `child`. */
const char *signer_child_problem (const SignerChild *child);

/* Ends the signer (SIGTERM) and removes the socket. */
void signer_child_free (SignerChild *child);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SignerChild, signer_child_free)
