/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See listen.h.
 */
#include "ca/signer/listen.h"

#include "ca/error.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define BACKLOG 128

static int
refuse_errno (const char *path, const char *doing, GError **error)
{
  g_set_error (error, CA_ERROR, CA_ERROR_UNREACHABLE, "%s: %s: %s", path, doing,
               g_strerror (errno));
  return -1;
}

/* The lock file stays; only who holds its lock may replace the socket. */
static int
take_lock (const char *path, GError **error)
{
  g_autofree char *lock_path = g_strconcat (path, ".lock", NULL);
  int fd = open (lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd < 0)
    return refuse_errno (lock_path, "can't be made", error);
  if (flock (fd, LOCK_EX | LOCK_NB) < 0) {
    refuse_errno (lock_path, "another signer serves this socket", error);
    close (fd);
    return -1;
  }
  return fd;
}

static int
bind_socket (const char *path, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd;
  gboolean bound;

  if (g_strlcpy (address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return refuse_errno (path, "can't be a socket", error);
  }
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  unlink (path);
  bound = fd >= 0 && bind (fd, (struct sockaddr *)&address, sizeof address) == 0
          && chmod (path, 0660) == 0 && listen (fd, BACKLOG) == 0;
  if (bound)
    return fd;
  refuse_errno (path, "can't listen", error);
  if (fd >= 0)
    close (fd);
  return -1;
}

static int
passed_socket (GError **error)
{
  int fd = SD_LISTEN_FDS_START;

  if (sd_is_socket_unix (fd, SOCK_STREAM, 1, NULL, 0) > 0
      && fcntl (fd, F_SETFL, fcntl (fd, F_GETFL) | O_NONBLOCK) == 0)
    return fd;
  g_set_error_literal (error, CA_ERROR, CA_ERROR_UNREACHABLE,
                       "the passed file descriptor 3 is no listening Unix socket");
  return -1;
}

int
listen_open (const char *path, int *lock, GError **error)
{
  int passed = sd_listen_fds (1);
  mode_t before;
  int fd;

  *lock = -1;
  if (passed > 0)
    return passed_socket (error);
  *lock = take_lock (path, error);
  if (*lock < 0)
    return -1;
  before = umask (0117);
  fd = bind_socket (path, error);
  umask (before);
  return fd;
}

gboolean
listen_peers (const char *user, ListenPeers *peers, GError **error)
{
  const struct passwd *entry;

  *peers = (ListenPeers){ .own = geteuid () };
  if (user == NULL)
    return TRUE;
  entry = getpwnam (user);
  if (entry == NULL) {
    g_set_error (error, CA_ERROR, CA_ERROR_UNREACHABLE, "AllowedUser=%s: there is no such user",
                 user);
    return FALSE;
  }
  peers->allowed = entry->pw_uid;
  peers->has_allowed = TRUE;
  return TRUE;
}

gboolean
listen_peer_allowed (int fd, const ListenPeers *peers, guint32 *uid)
{
  struct ucred credentials;
  socklen_t length = sizeof credentials;

  *uid = G_MAXUINT32;
  if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0)
    return FALSE;
  *uid = credentials.uid;
  return credentials.uid == 0 || credentials.uid == peers->own
         || (peers->has_allowed && credentials.uid == peers->allowed);
}
