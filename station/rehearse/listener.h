/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The socket that devices come to: a thread a connection, and bounds, so that nobody can keep
 * others out: at most so many at once, each with one absolute deadline; when all places are taken,
 * the oldest connection of the address that has the most gives way.
 */
#pragma once

#include <gio/gio.h>

#include "station/rehearse/session.h"

#define LISTENER_MOST 64u

typedef struct Listener Listener;

/* Called in the main context, a verdict at a time; takes it. FALSE ends listener_run(). */
typedef gboolean (*ListenerSink) (Verdict *verdict, gpointer data);

/* Listens at `address` (an IP address) and `port` (0: one that is free). What `rehearsal` points at
 * must outlive it. NULL with G_IO_ERROR or REHEARSE_ERROR. */
Listener *listener_open (const Rehearsal *rehearsal, const char *address, guint16 port,
                         GError **error);
guint16 listener_port (const Listener *listener);

/* Serves until `sink` says FALSE, or SIGINT or SIGTERM comes; each connection has `seconds`. */
void listener_run (Listener *listener, guint seconds, ListenerSink sink, gpointer data);

/* Ends what is open and waits for its threads. */
void listener_close (Listener *listener);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Listener, listener_close)
