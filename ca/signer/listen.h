/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The listening socket, and who may speak on it.
 */
#pragma once

#include <glib.h>

/* The socket that was passed as fd 3 (LISTEN_FDS), or a new one at `path`: a stale one of a dead
 * signer is replaced, that of a living one is not. `lock` receives a file descriptor that keeps
 * others away, or -1. -1 and CA_ERROR_UNREACHABLE where it fails. */
int listen_open (const char *path, int *lock, GError **error);

/* The users that may connect: root, the signer's own, and one more. */
typedef struct {
  guint32 own;
  guint32 allowed;
  gboolean has_allowed;
} ListenPeers;

/* `user` may be NULL, for nobody more; an unknown one is an error. */
gboolean listen_peers (const char *user, ListenPeers *peers, GError **error);

/* TRUE where the process at the other end of `fd` is one of `peers`; `uid` receives whose it is.
 */
gboolean listen_peer_allowed (int fd, const ListenPeers *peers, guint32 *uid);
