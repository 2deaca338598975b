/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See server.h. The main thread only accepts; each connection has a thread that reads one
 * request, answers it, and reads the next. Whoever breaks the protocol is dropped.
 */
#include "ca/signer/server.h"

#include "ca/signer/answer.h"
#include "ca/signer/listen.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define MOST_CONNECTIONS 128
/* How long a begun frame may take; between frames a station may be silent for ever. */
#define FRAME_MILLISECONDS 5000

struct Server {
  Signer *signer;
  const char *config; /* path of signer.conf */
  ListenPeers peers;
  int listening;
  int lock;
  int stop; /* an eventfd, readable once all shall end */
  GMutex mutex;
  GCond ended;
  guint connections;
};

typedef struct {
  Server *server;
  int fd;
} Connection;

Server *
server_open (const char *path, const SignerConfig *config, Signer *signer, GError **error)
{
  g_autoptr (Server) server = g_new0 (Server, 1);

  g_mutex_init (&server->mutex);
  g_cond_init (&server->ended);
  server->signer = signer;
  server->config = path;
  server->listening = -1;
  server->lock = -1;
  server->stop = eventfd (0, EFD_CLOEXEC);
  if (!listen_peers (config->allowed_user, &server->peers, error))
    return NULL;
  server->listening = listen_open (config->socket, &server->lock, error);
  return server->listening >= 0 ? g_steal_pointer (&server) : NULL;
}

void
server_close (Server *server)
{
  const int fds[] = { server->listening, server->lock, server->stop };

  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    if (fds[i] >= 0)
      close (fds[i]);
  g_mutex_clear (&server->mutex);
  g_cond_clear (&server->ended);
  g_free (server);
}

/* TRUE when a request has begun to come, FALSE when the connection or the server ends. */
static gboolean
wait_for_request (const Connection *connection)
{
  struct pollfd pollers[] = { { .fd = connection->fd, .events = POLLIN },
                              { .fd = connection->server->stop, .events = POLLIN } };

  while (poll (pollers, G_N_ELEMENTS (pollers), -1) < 0)
    if (errno != EINTR)
      return FALSE;
  return pollers[1].revents == 0 && (pollers[0].revents & POLLIN) != 0;
}

/* FALSE where the connection is of no more use. */
static gboolean
serve_request (const Connection *connection)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GVariant) request = NULL;
  GVariant *reply;
  WireKind kind, reply_kind;

  if (wire_read (connection->fd, WIRE_REQUEST, deadline_in (FRAME_MILLISECONDS), &kind, &request,
                 &problem))
  {
    reply = answer (connection->server->signer, kind, request, &reply_kind);
    if (wire_write (connection->fd, reply_kind, reply, deadline_in (FRAME_MILLISECONDS), &problem))
      return TRUE;
  }
  if (g_error_matches (problem, CA_ERROR, CA_ERROR_PROTOCOL))
    g_warning ("dropped a connection: %s", problem->message);
  return FALSE;
}

static gpointer
connection_thread (gpointer data)
{
  Connection *connection = data;
  Server *server = connection->server;

  while (wait_for_request (connection) && serve_request (connection))
    ;
  close (connection->fd);
  g_free (connection);
  /* Now, since the process may end as soon as this thread counts as ended. */
  OPENSSL_thread_stop ();
  g_mutex_lock (&server->mutex);
  server->connections--;
  g_cond_signal (&server->ended);
  g_mutex_unlock (&server->mutex);
  return NULL;
}

/* A place among the connections, or FALSE. */
static gboolean
take_place (Server *server)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  if (server->connections >= MOST_CONNECTIONS)
    return FALSE;
  server->connections++;
  return TRUE;
}

static void
give_place_back (Server *server)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  server->connections--;
}

static void
start_connection (Server *server, int fd)
{
  Connection *connection = g_new0 (Connection, 1);
  g_autoptr (GError) problem = NULL;
  GThread *thread;

  connection->server = server;
  connection->fd = fd;
  thread = g_thread_try_new ("connection", connection_thread, connection, &problem);
  if (thread != NULL) {
    g_thread_unref (thread);
    return;
  }
  g_warning ("refused a connection: %s", problem->message);
  close (fd);
  g_free (connection);
  give_place_back (server);
}

static void
accept_connection (Server *server)
{
  int fd = accept4 (server->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  guint32 uid;

  if (fd < 0)
    return;
  if (!listen_peer_allowed (fd, &server->peers, &uid)) {
    g_warning ("refused a connection of user id %u", uid);
    close (fd);
  }
  else if (!take_place (server)) {
    g_warning ("refused a connection: there are %d already", MOST_CONNECTIONS);
    close (fd);
  }
  else {
    start_connection (server, fd);
  }
}

/* Lets the running requests end. */
static void
stop (Server *server)
{
  const guint64 one = 1;

  if (write (server->stop, &one, sizeof one) < 0)
    g_warning ("can't tell the connections to end");
  g_mutex_lock (&server->mutex);
  while (server->connections > 0)
    g_cond_wait (&server->ended, &server->mutex);
  g_mutex_unlock (&server->mutex);
}

static int
open_signals (GError **error)
{
  sigset_t signals;
  int fd;

  sigemptyset (&signals);
  sigaddset (&signals, SIGTERM);
  sigaddset (&signals, SIGINT);
  sigaddset (&signals, SIGHUP);
  fd = signalfd (-1, &signals, SFD_CLOEXEC);
  if (fd < 0)
    g_set_error (error, CA_ERROR, CA_ERROR_INTERNAL, "signalfd: %s", g_strerror (errno));
  return fd;
}

/* Orders go on meanwhile; a new connection waits. */
static void
reload (Server *server)
{
  g_autoptr (GError) problem = NULL;

  sd_notify (0, "RELOADING=1");
  if (signer_reload (server->signer, server->config, &problem))
    g_message ("reloaded %s", server->config);
  else
    g_warning ("nothing was reloaded, the signer goes on with what it had: %s", problem->message);
  sd_notify (0, "READY=1");
}

/* FALSE once the server shall end. */
static gboolean
handle_signal (Server *server, int signals)
{
  struct signalfd_siginfo info;

  if (read (signals, &info, sizeof info) != sizeof info || info.ssi_signo != SIGHUP)
    return FALSE;
  reload (server);
  return TRUE;
}

gboolean
server_run (Server *server, GError **error)
{
  int signals = open_signals (error);
  struct pollfd pollers[2] = { { .fd = server->listening, .events = POLLIN },
                               { .fd = signals, .events = POLLIN } };
  gboolean more = TRUE;

  if (signals < 0)
    return FALSE;
  while (more) {
    if (poll (pollers, G_N_ELEMENTS (pollers), -1) <= 0)
      continue;
    if (pollers[1].revents != 0)
      more = handle_signal (server, signals);
    else if (pollers[0].revents != 0)
      accept_connection (server);
  }
  close (signals);
  stop (server);
  return TRUE;
}
