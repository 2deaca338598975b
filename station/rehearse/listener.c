/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See listener.h. The main loop accepts and collects; threads only run their session.
 */
#include "station/rehearse/listener.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#include "station/rehearse/server-chain.h"

#define BACKLOG 128

struct Listener {
  const Rehearsal *rehearsal;
  GSocket *socket;
  GPtrArray *places; /* of Place, oldest first */
  GMainLoop *loop;
  guint accepting; /* the source; 0 while all places are taken */
  guint seconds;
  ListenerSink sink;
  gpointer data;
  gboolean ended;
};

/* One connection and its thread. */
typedef struct {
  Listener *listener;
  GSocket *socket;
  char *address;
  char *peer;
  Deadline deadline;
  gint pushed_out;
  GThread *thread;
  Verdict *verdict;
} Place;

static void
place_free (Place *place)
{
  g_clear_pointer (&place->verdict, verdict_free);
  g_clear_object (&place->socket);
  g_free (place->address);
  g_free (place->peer);
  g_free (place);
}

static void
end (Listener *listener)
{
  listener->ended = TRUE;
  if (listener->loop != NULL)
    g_main_loop_quit (listener->loop);
}

/* ---- opening ---- */

Listener *
listener_open (const Rehearsal *rehearsal, const char *address, guint16 port, GError **error)
{
  g_autoptr (GInetAddress) internet = g_inet_address_new_from_string (address);
  g_autoptr (GSocketAddress) at = NULL;
  g_autoptr (GSocket) socket = NULL;
  Listener *listener;

  if (internet == NULL) {
    g_set_error (error, REHEARSE_ERROR, REHEARSE_ERROR_WRONG,
                 "%s is no IP address of this PC; 0.0.0.0 stands for all of them.", address);
    return NULL;
  }
  at = g_inet_socket_address_new (internet, port);
  socket = g_socket_new (g_inet_address_get_family (internet), G_SOCKET_TYPE_STREAM,
                         G_SOCKET_PROTOCOL_TCP, error);
  if (socket == NULL || !g_socket_bind (socket, at, TRUE, error))
    return NULL;
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_listen (socket, error))
    return NULL;
  listener = g_new0 (Listener, 1);
  listener->rehearsal = rehearsal;
  listener->socket = g_steal_pointer (&socket);
  listener->places = g_ptr_array_new_with_free_func ((GDestroyNotify)place_free);
  return listener;
}

guint16
listener_port (const Listener *listener)
{
  g_autoptr (GSocketAddress) at = g_socket_get_local_address (listener->socket, NULL);

  return at != NULL ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (at)) : 0;
}

/* ---- connections ---- */

static void accept_again (Listener *listener);

static gboolean
collect (gpointer data)
{
  Place *place = data;
  Listener *listener = place->listener;
  Verdict *verdict = g_steal_pointer (&place->verdict);

  g_thread_join (place->thread);
  g_ptr_array_remove (listener->places, place);
  if (listener->ended)
    verdict_free (verdict);
  else if (!listener->sink (verdict, listener->data))
    end (listener);
  accept_again (listener);
  return G_SOURCE_REMOVE;
}

static gpointer
serve (gpointer data)
{
  Place *place = data;

  place->verdict = session_run (place->listener->rehearsal, g_socket_get_fd (place->socket),
                                place->peer, place->deadline, &place->pushed_out);
  g_idle_add (collect, place);
  return NULL;
}

static guint
count_from (const Listener *listener, const char *address)
{
  guint count = 0;

  for (guint i = 0; i < listener->places->len; i++) {
    const Place *place = g_ptr_array_index (listener->places, i);
    count += g_str_equal (place->address, address) ? 1 : 0;
  }
  return count;
}

static void
push_out (Place *place)
{
  g_atomic_int_set (&place->pushed_out, 1);
  shutdown (g_socket_get_fd (place->socket), SHUT_RDWR);
}

/* The oldest of the address that has the most. */
static void
make_room (Listener *listener)
{
  Place *victim = NULL;
  guint most = 0;

  for (guint i = 0; i < listener->places->len; i++) {
    Place *place = g_ptr_array_index (listener->places, i);
    const guint count = count_from (listener, place->address);
    if (g_atomic_int_get (&place->pushed_out) == 0 && count > most) {
      victim = place;
      most = count;
    }
  }
  if (victim != NULL)
    push_out (victim);
}

static gboolean
name_peer (Place *place)
{
  g_autoptr (GSocketAddress) from = g_socket_get_remote_address (place->socket, NULL);

  if (from == NULL || !G_IS_INET_SOCKET_ADDRESS (from))
    return FALSE;
  GInetSocketAddress *internet = G_INET_SOCKET_ADDRESS (from);
  place->address = g_inet_address_to_string (g_inet_socket_address_get_address (internet));
  place->peer =
      g_strdup_printf (g_inet_address_get_family (g_inet_socket_address_get_address (internet))
                               == G_SOCKET_FAMILY_IPV6
                           ? "[%s]:%u"
                           : "%s:%u",
                       place->address, (guint)g_inet_socket_address_get_port (internet));
  return TRUE;
}

static void
take_place (Listener *listener, GSocket *socket)
{
  Place *place = g_new0 (Place, 1);

  place->listener = listener;
  place->socket = socket;
  place->deadline = deadline_in (listener->seconds * 1000);
  if (!name_peer (place)) {
    place_free (place);
    return;
  }
  g_socket_set_blocking (socket, FALSE);
  g_ptr_array_add (listener->places, place);
  /* the thread may be done before this returns; collect() waits in the main loop */
  place->thread = g_thread_new ("rehearse", serve, place);
}

static gboolean
arrived (int fd, GIOCondition condition, gpointer data)
{
  Listener *listener = data;
  GSocket *socket;

  if (listener->places->len >= LISTENER_MOST) {
    make_room (listener);
    listener->accepting = 0;
    return G_SOURCE_REMOVE;
  }
  socket = g_socket_accept (listener->socket, NULL, NULL);
  if (socket != NULL)
    take_place (listener, socket);
  return G_SOURCE_CONTINUE;
}

static void
accept_again (Listener *listener)
{
  if (listener->accepting == 0 && !listener->ended)
    listener->accepting =
        g_unix_fd_add (g_socket_get_fd (listener->socket), G_IO_IN, arrived, listener);
}

/* ---- running ---- */

static gboolean
signalled (gpointer data)
{
  end (data);
  return G_SOURCE_CONTINUE;
}

void
listener_run (Listener *listener, guint seconds, ListenerSink sink, gpointer data)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  const guint interrupted = g_unix_signal_add (SIGINT, signalled, listener);
  const guint terminated = g_unix_signal_add (SIGTERM, signalled, listener);

  listener->loop = loop;
  listener->seconds = seconds;
  listener->sink = sink;
  listener->data = data;
  accept_again (listener);
  if (!listener->ended)
    g_main_loop_run (loop);
  listener->ended = TRUE;
  listener->loop = NULL;
  g_source_remove (interrupted);
  g_source_remove (terminated);
}

void
listener_close (Listener *listener)
{
  listener->ended = TRUE;
  if (listener->accepting != 0)
    g_source_remove (listener->accepting);
  for (guint i = 0; i < listener->places->len; i++)
    push_out (g_ptr_array_index (listener->places, i));
  while (listener->places->len > 0)
    g_main_context_iteration (NULL, TRUE);
  g_ptr_array_unref (listener->places);
  g_object_unref (listener->socket);
  g_free (listener);
}
