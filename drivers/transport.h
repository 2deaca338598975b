/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A byte channel with deadlines: a serial port, the bulk endpoints of a USB interface, HID reports,
 * a smart card, or a recorded dialogue that is replayed. It bounds what a device can make the
 * station hold, notices a hang-up at once, and keeps the transcript of the attempt.
 *
 * All calls block until done or until `deadline`; errors are DRIVER_ERROR
 * (UNPLUGGED, NO_ANSWER, FLOOD, PORT).
 */
#pragma once

#include <glib.h>

#include "base/deadline.h"

/* The most that one answer may hold, and so the most that is buffered: 64 KiB. */
#define TRANSPORT_ANSWER_MAX (64u * 1024)

/* The most that a device may send over the life of one transport, however nicely it is cut
 * into lines: 1 MiB. Beyond it every read ends with FLOOD. */
#define TRANSPORT_SESSION_MAX (1024u * 1024)

typedef struct Transport Transport;

/* How a device is reached. */
typedef enum {
  CHANNEL_SERIAL = 1 << 0, /* a tty: a stream of bytes */
  CHANNEL_USB = 1 << 1,    /* a bulk endpoint each way of one USB interface: one write is one
                              transfer, ended by a short packet; what comes is a stream */
  CHANNEL_HID = 1 << 2,    /* a hidraw node: writes are cut into reports and padded with NUL; what
                              comes is the stream of the reports' bytes, padding and all */
  CHANNEL_CARD = 1 << 3,   /* a smart card behind PC/SC: one write is one command APDU behind its
                              length (16 bits, big endian); so are the answers that come */
} Channel;

/* "serial", "usb", "hid", "card". */
const char *channel_word (Channel channel);

/* How a serial port is set. */
typedef struct SerialSettings {
  guint baud;
  gboolean rtscts;
} SerialSettings;

struct UsbRequest;

/* What a kind of transport must provide; everything else is done in transport.c. */
typedef struct {
  /* Reads what is there, at most `length`, waiting for the first byte. *got > 0 on TRUE. */
  gboolean (*read) (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
                    GError **error);
  /* Writes all of it. */
  gboolean (*write) (gpointer channel, const guint8 *data, gsize length, Deadline deadline,
                     GError **error);
  /* A replay's: takes the recorded secret called `what` as written. NULL elsewhere. */
  gboolean (*write_secret) (gpointer channel, const char *what, GError **error);
  /* Throws away what has come and was not read. */
  void (*discard_input) (gpointer channel);
  /* Changes baud rate and flow control. NULL where a channel has none. */
  gboolean (*configure) (gpointer channel, const SerialSettings *settings, GError **error);
  /* One control request of a USB device: usb_control() of transport-usb.h. NULL elsewhere. */
  gboolean (*control) (gpointer channel, const struct UsbRequest *request, guint8 *data,
                       gsize *length, Deadline deadline, GError **error);
  /* Gives the channel back and frees it. */
  void (*close) (gpointer channel);
} TransportMethods;

/* A transport over `channel`, which it owns from now on. `name` is for people. */
Transport *transport_new (Channel kind, const TransportMethods *methods, gpointer channel,
                          const char *name);

/* How the device is reached. */
Channel transport_channel (Transport *transport);

/* Opens what `address` names:
 *   /dev/...              a tty (any link is followed; a pty will do)
 *   hid:/dev/hidrawN      a hidraw node
 *   usb:BUS/DEVICE/NUMBER interface NUMBER of the USB device with this bus and device number
 *   card:READER           the card in the PC/SC reader called READER
 * `settings` are a tty's. DRIVER_ERROR_PORT with the reason, DRIVER_ERROR_UNPLUGGED where it is
 * gone already. */
Transport *transport_open (const char *address, const SerialSettings *settings, Deadline deadline,
                           GError **error);

/* How `address` would be reached. */
Channel address_channel (const char *address);

/* What transport_open() calls for the kinds that are not serial; one file each. */
Transport *transport_open_usb (const char *place, Deadline deadline, GError **error);
Transport *transport_open_hid (const char *path, GError **error);
Transport *transport_open_card (const char *reader, Deadline deadline, GError **error);

/* The name: a serial port's real path. */
const char *transport_name (Transport *transport);

/* Closes the channel: the port is free for others when this returns. */
void transport_free (Transport *transport);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Transport, transport_free)

/* Opens the serial port at `path` (any link is followed; a pty will do): 8N1, raw, exclusively
 * (flock and TIOCEXCL), with nothing left of earlier input. DRIVER_ERROR_PORT with the reason. */
Transport *transport_open_serial (const char *path, const SerialSettings *settings, GError **error);

/* Changes the settings of an open serial transport; does nothing on other kinds. */
gboolean transport_set_serial (Transport *transport, const SerialSettings *settings,
                               GError **error);

/* A dialogue from a transcript: each write must equal the recorded one (else INTERNAL with both),
 * each read gives the recorded bytes. A read where the device said nothing fails at once with
 * NO_ANSWER, one behind the end with UNPLUGGED. Notes of the transcript are taken over and are read
 * with transport_replay_note(), which gives NULL where there is none. */
Transport *transport_open_replay (const char *transcript_path, GError **error);
const char *transport_replay_note (Transport *transport, const char *key);

gboolean transport_write (Transport *transport, const void *data, gsize length, Deadline deadline,
                          GError **error);
gboolean transport_write_text (Transport *transport, const char *text, Deadline deadline,
                               GError **error);

/* The same for a password, a PIN, a key: the transcript only says that `what` ("PIN") was sent. In
 * a replay any secret is right. A serial device that repeats it gets it into no transcript: the
 * rest of the line is blanked, and the secret (without its line end) wherever it comes later. */
gboolean transport_write_secret (Transport *transport, const void *data, gsize length,
                                 const char *what, Deadline deadline, GError **error);

/* Reads exactly `length` bytes (at most TRANSPORT_ANSWER_MAX). NUL-ended beyond its length. */
GByteArray *transport_read_exactly (Transport *transport, gsize length, Deadline deadline,
                                    GError **error);

/* Reads up to and including the first byte `terminator`. The bytes behind it stay for the next
 * read. FLOOD where `most` bytes came without it. NUL-ended beyond its length. */
GByteArray *transport_read_until (Transport *transport, guint8 terminator, gsize most,
                                  Deadline deadline, GError **error);

/* The next line without its CR LF or LF. Free with g_free(). Bytes may be hostile; a NUL
 * becomes '?'. */
char *transport_read_line (Transport *transport, gsize most, Deadline deadline, GError **error);

/* Reads at least one byte and at most what is buffered or comes at once; appends to `into`. */
gboolean transport_read_some (Transport *transport, GByteArray *into, Deadline deadline,
                              GError **error);

/* Puts bytes back in front of the input (for a reader that took too much). */
void transport_unread (Transport *transport, const guint8 *data, gsize length);

/* Forgets buffered and waiting input. */
void transport_discard_input (Transport *transport);

/* TRUE once anything at all has come from the device. */
gboolean transport_has_heard (Transport *transport);

/* How many the device has sent so far. */
guint64 transport_bytes_received (Transport *transport);

/* The transcript: text, one line a chunk, "> SECONDS ESCAPED" sent and "< SECONDS ESCAPED"
 * received, bytes escaped as g_strescape() does, and "# KEY VALUE" notes. At most 256 KiB: beyond
 * it a last note says how much is missing. Secrets never get in: a driver names what comes
 * before a secret with transport_redact_after(). Where a private key begins, as PEM or as DER in
 * any armour (base/private-key.h), the reading call (and every later one) fails with
 * PRIVATE_KEY_LEAKED, and what came since the last question is not in the transcript. */
void transport_note (Transport *transport, const char *key, const char *value);

/* From now on, whatever follows `prefix` on a line that comes from the device is blanked
 * in the transcript, up to the line's end. `prefix` must be a literal of at most 64 bytes. */
void transport_redact_after (Transport *transport, const char *prefix);

/* For a driver that finds a secret only after decoding: remember the place before the question,
 * and blank everything since. */
gsize transport_transcript_mark (Transport *transport);
void transport_blank_since (Transport *transport, gsize mark);

/* The transcript so far. Free with g_free(). */
char *transport_transcript (Transport *transport);
