/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Transports: hang-ups, deadlines, bounds, locks, secrets and replay. A pty plays
 * the port, a source in memory the device that never stops.
 */
#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "drivers/transcript.h"

#define LONG_TIME 20000 /* milliseconds; a test that waits for it has failed */

static const SerialSettings settings = { .baud = 115200 };

/* A pty: the station opens `path`, the test holds `device`. */
typedef struct {
  int device;
  int other; /* keeps the far side open until the station has opened it */
  char path[64];
} Pty;

static Pty
pty_new (void)
{
  Pty pty;

  ck_assert_int_eq (openpty (&pty.device, &pty.other, pty.path, NULL, NULL), 0);
  return pty;
}

static Transport *
open_pty (Pty *pty)
{
  g_autoptr (GError) error = NULL;
  Transport *transport = transport_open_serial (pty->path, &settings, &error);

  ck_assert_msg (transport != NULL, "%s", error != NULL ? error->message : "?");
  close (pty->other);
  return transport;
}

static void
device_says (Pty *pty, const void *data, gsize length)
{
  ck_assert_int_eq (write (pty->device, data, length), (ssize_t)length);
}

/* A device in memory that says the same for ever, or its words once. */
typedef struct {
  const char *words;
  gsize length;
  gboolean for_ever;
  gsize piece;
  gsize at;
} Source;

static gboolean
source_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
             GError **error)
{
  Source *source = channel;

  if (source->at == source->length && source->for_ever)
    source->at = 0;
  if (source->at == source->length) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "silence");
    return FALSE;
  }
  *got = MIN (MIN (length, source->piece), source->length - source->at);
  memcpy (data, source->words + source->at, *got);
  source->at += *got;
  return TRUE;
}

static gboolean
source_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  return TRUE;
}

static void
source_nothing (gpointer channel)
{
}

static const TransportMethods source_methods = {
  .read = source_read,
  .write = source_write,
  .discard_input = source_nothing,
  .close = g_free,
};

static Transport *
says_bytes (const char *words, gsize length, gsize piece, gboolean for_ever)
{
  Source *source = g_new0 (Source, 1);

  source->words = words;
  source->length = length;
  source->piece = piece;
  source->for_ever = for_ever;
  return transport_new (CHANNEL_SERIAL, &source_methods, source, "memory");
}

static Transport *
says (const char *words, gsize piece)
{
  return says_bytes (words, strlen (words), piece, FALSE);
}

static void
assert_error (GError *error, DriverError code)
{
  ck_assert_ptr_nonnull (error);
  ck_assert_msg (g_error_matches (error, DRIVER_ERROR, (int)code), "%s", error->message);
}

START_TEST (a_hang_up_ends_a_read_at_once)
{
  Pty pty = pty_new ();
  g_autoptr (Transport) transport = open_pty (&pty);
  g_autoptr (GError) error = NULL;

  close (pty.device);
  ck_assert_ptr_null (transport_read_line (transport, 100, deadline_in (LONG_TIME), &error));
  assert_error (error, DRIVER_ERROR_UNPLUGGED);
}
END_TEST

static gpointer
close_when_asked (gpointer data)
{
  Pty *pty = data;
  char byte;

  ck_assert_int_eq (read (pty->device, &byte, 1), 1);
  close (pty->device);
  return NULL;
}

START_TEST (a_hang_up_ends_a_read_that_is_waiting)
{
  Pty pty = pty_new ();
  g_autoptr (Transport) transport = open_pty (&pty);
  GThread *device = g_thread_new ("device", close_when_asked, &pty);
  g_autoptr (GError) error = NULL;

  ck_assert (transport_write_text (transport, "?", deadline_in (LONG_TIME), NULL));
  ck_assert_ptr_null (transport_read_line (transport, 100, deadline_in (LONG_TIME), &error));
  assert_error (error, DRIVER_ERROR_UNPLUGGED);
  g_thread_join (device);
}
END_TEST

START_TEST (a_write_to_a_port_that_hung_up_is_an_unplug)
{
  Pty pty = pty_new ();
  g_autoptr (Transport) transport = open_pty (&pty);
  g_autoptr (GError) error = NULL;

  close (pty.device);
  ck_assert (!transport_write_text (transport, "?", deadline_in (LONG_TIME), &error));
  assert_error (error, DRIVER_ERROR_UNPLUGGED);
}
END_TEST

START_TEST (all_bytes_pass_unchanged_in_both_directions)
{
  Pty pty = pty_new ();
  g_autoptr (Transport) transport = open_pty (&pty);
  g_autoptr (GByteArray) got = g_byte_array_new ();
  guint8 all[256];
  guint8 heard[256];
  gsize count = 0;

  for (guint i = 0; i < 256; i++)
    all[i] = (guint8)i;
  device_says (&pty, all, sizeof all);
  while (got->len < sizeof all)
    ck_assert (transport_read_some (transport, got, deadline_in (LONG_TIME), NULL));
  ck_assert_mem_eq (got->data, all, sizeof all);
  ck_assert (transport_write (transport, all, sizeof all, deadline_in (LONG_TIME), NULL));
  while (count < sizeof all) {
    ssize_t more = read (pty.device, heard + count, sizeof heard - count);

    ck_assert_int_gt (more, 0);
    count += (gsize)more;
  }
  ck_assert_mem_eq (heard, all, sizeof all);
  close (pty.device);
}
END_TEST

START_TEST (a_port_that_is_taken_is_refused_and_free_again_when_closed)
{
  Pty pty = pty_new ();
  Transport *first = open_pty (&pty);
  g_autoptr (GError) error = NULL;
  g_autoptr (Transport) again = NULL;

  ck_assert_ptr_null (transport_open_serial (pty.path, &settings, &error));
  assert_error (error, DRIVER_ERROR_PORT);
  transport_free (first);
  again = transport_open_serial (pty.path, &settings, NULL);
  ck_assert_ptr_nonnull (again);
  close (pty.device);
}
END_TEST

START_TEST (a_port_that_another_program_locked_is_refused)
{
  Pty pty = pty_new ();
  g_autoptr (GError) error = NULL;

  ck_assert_int_eq (flock (pty.other, LOCK_EX | LOCK_NB), 0);
  ck_assert_ptr_null (transport_open_serial (pty.path, &settings, &error));
  assert_error (error, DRIVER_ERROR_PORT);
  ck_assert_ptr_nonnull (strstr (error->message, "in use"));
  close (pty.other);
  close (pty.device);
}
END_TEST

START_TEST (a_link_to_a_port_is_followed)
{
  Pty pty = pty_new ();
  g_autofree char *folder = g_dir_make_tmp ("keycradle-XXXXXX", NULL);
  g_autofree char *link = g_build_filename (folder, "slot1", NULL);
  g_autoptr (Transport) transport = NULL;

  ck_assert_int_eq (symlink (pty.path, link), 0);
  transport = transport_open_serial (link, &settings, NULL);
  ck_assert_ptr_nonnull (transport);
  ck_assert_str_eq (transport_name (transport), pty.path);
  g_unlink (link);
  g_rmdir (folder);
  close (pty.other);
  close (pty.device);
}
END_TEST

START_TEST (what_is_no_port_is_refused_by_name)
{
  static const char *const paths[] = { "/dev/null", "/etc/passwd", "/nowhere/tty", "/tmp" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autoptr (GError) error = NULL;

    ck_assert_ptr_null (transport_open_serial (paths[i], &settings, &error));
    assert_error (error, DRIVER_ERROR_PORT);
    ck_assert_ptr_nonnull (strstr (error->message, paths[i]));
  }
}
END_TEST

/* The kernel's struct termios2, which <termios.h> does not know. */
static guint
baud_of (int port)
{
  struct {
    guint32 flags[4];
    guint8 line;
    guint8 characters[19];
    guint32 speeds[2];
  } now;

  ck_assert_int_eq (ioctl (port, _IOR ('T', 0x2A, now), &now), 0);
  return now.speeds[1];
}

START_TEST (settings_reach_the_port)
{
  static const SerialSettings fast = { .baud = 250000, .rtscts = TRUE };
  Pty pty = pty_new ();
  g_autoptr (Transport) transport = open_pty (&pty);
  struct termios now;

  ck_assert (transport_set_serial (transport, &fast, NULL));
  ck_assert_int_eq (tcgetattr (pty.device, &now), 0);
  ck_assert_uint_eq (baud_of (pty.device), 250000);
  ck_assert_uint_ne (now.c_cflag & CRTSCTS, 0);
  ck_assert_uint_eq (now.c_cflag & HUPCL, 0);
  ck_assert_uint_eq (now.c_lflag & (ECHO | ICANON | ISIG), 0);
  close (pty.device);
}
END_TEST

START_TEST (input_from_before_is_thrown_away_at_open)
{
  Pty pty = pty_new ();
  g_autoptr (Transport) transport = NULL;
  g_autofree char *line = NULL;

  device_says (&pty, "boot\n", 5);
  transport = open_pty (&pty);
  device_says (&pty, "answer\r\n", 8);
  line = transport_read_line (transport, 100, deadline_in (LONG_TIME), NULL);
  ck_assert_str_eq (line, "answer");
  close (pty.device);
}
END_TEST

START_TEST (silence_ends_at_the_deadline)
{
  Pty pty = pty_new ();
  g_autoptr (Transport) transport = open_pty (&pty);
  g_autoptr (GError) error = NULL;

  device_says (&pty, "half a li", 9);
  ck_assert_ptr_null (transport_read_line (transport, 100, deadline_in (30), &error));
  assert_error (error, DRIVER_ERROR_NO_ANSWER);
  ck_assert (transport_has_heard (transport));
  close (pty.device);
}
END_TEST

START_TEST (a_device_that_takes_nothing_ends_at_the_deadline)
{
  Pty pty = pty_new ();
  g_autoptr (Transport) transport = open_pty (&pty);
  g_autofree char *much = g_strnfill (1024 * 1024, 'x');
  g_autoptr (GError) error = NULL;

  ck_assert (!transport_write_text (transport, much, deadline_in (30), &error));
  assert_error (error, DRIVER_ERROR_NO_ANSWER);
  close (pty.device);
}
END_TEST

START_TEST (chatter_does_not_outlive_the_deadline)
{
  g_autoptr (Transport) transport = says_bytes ("still alive\n", 12, 12, TRUE);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (transport_read_line (transport, 100, deadline_in (0) - 1, &error));
  assert_error (error, DRIVER_ERROR_NO_ANSWER);
}
END_TEST

START_TEST (a_line_without_end_is_a_flood)
{
  g_autoptr (Transport) transport = says_bytes ("xxxxxxxx", 8, 7, TRUE);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (transport_read_line (transport, 1000, deadline_in (LONG_TIME), &error));
  assert_error (error, DRIVER_ERROR_FLOOD);
  ck_assert_uint_le (transport_bytes_received (transport), 1000 + 4096);
}
END_TEST

START_TEST (no_reader_may_ask_for_more_than_an_answer)
{
  g_autoptr (Transport) transport = says_bytes ("xxxxxxxx", 8, 8, TRUE);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (
      transport_read_until (transport, '\n', G_MAXSIZE, deadline_in (LONG_TIME), &error));
  assert_error (error, DRIVER_ERROR_FLOOD);
  ck_assert_uint_le (transport_bytes_received (transport), TRANSPORT_ANSWER_MAX + 4096);
}
END_TEST

START_TEST (fine_lines_for_ever_are_a_flood_too)
{
  g_autoptr (Transport) transport = says_bytes ("still alive\n", 12, 4096, TRUE);
  g_autoptr (GError) error = NULL;
  g_autofree char *transcript = NULL;

  while (error == NULL) {
    g_autofree char *line = transport_read_line (transport, 100, deadline_in (LONG_TIME), &error);

    if (line != NULL)
      ck_assert_str_eq (line, "still alive");
  }
  assert_error (error, DRIVER_ERROR_FLOOD);
  ck_assert_uint_le (transport_bytes_received (transport), TRANSPORT_SESSION_MAX + 4096);
  transport_note (transport, "step", "record 1"); /* what the station says still fits */
  transcript = transport_transcript (transport);
  ck_assert_uint_le (strlen (transcript), TRANSCRIPT_MAX + 100);
  ck_assert_ptr_nonnull (strstr (transcript, "\n# left-out "));
  ck_assert_ptr_nonnull (strstr (transcript, "\n# step record 1\n"));
}
END_TEST

START_TEST (lines_are_cut_where_they_end)
{
  static const char words[] = "one\r\ntwo\n\n\0three\nrest";

  for (gsize piece = 1; piece < sizeof words; piece++) {
    g_autoptr (Transport) transport = says_bytes (words, sizeof words - 1, piece, FALSE);
    static const char *const wanted[] = { "one", "two", "", "?three" };
    g_autoptr (GByteArray) rest = NULL;

    for (guint i = 0; i < G_N_ELEMENTS (wanted); i++) {
      g_autofree char *line = transport_read_line (transport, 100, deadline_in (LONG_TIME), NULL);

      ck_assert_str_eq (line, wanted[i]);
    }
    rest = transport_read_until (transport, 's', 100, deadline_in (LONG_TIME), NULL);
    ck_assert_str_eq ((const char *)rest->data, "res");
  }
}
END_TEST

START_TEST (bytes_that_are_put_back_come_first)
{
  g_autoptr (Transport) transport = says ("world\n", 100);
  g_autoptr (GByteArray) got = g_byte_array_new ();
  g_autofree char *line = NULL;

  ck_assert (transport_read_some (transport, got, deadline_in (LONG_TIME), NULL));
  transport_unread (transport, got->data, got->len);
  transport_unread (transport, (const guint8 *)"hello ", 6);
  line = transport_read_line (transport, 100, deadline_in (LONG_TIME), NULL);
  ck_assert_str_eq (line, "hello world");
}
END_TEST

static void
read_all (Transport *transport, GError **error)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();

  while (transport_read_some (transport, all, deadline_in (LONG_TIME), error))
    continue;
}

/* What came, as the transcript has it, in one piece. */
static char *
received_of (Transport *transport)
{
  g_autofree char *transcript = transport_transcript (transport);
  g_auto (GStrv) lines = g_strsplit (transcript, "\n", -1);
  g_autoptr (GString) together = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] == '<')
      g_string_append (together, strchr (lines[i] + 2, ' ') + 1);
  return g_string_free (g_steal_pointer (&together), FALSE);
}

START_TEST (what_follows_a_secrets_name_is_not_in_the_transcript)
{
  static const char words[] = "wifi_ssid=\"net\"\r\nwifi_credential=\"hunter2\"\r\nport=8883\r\n";

  for (gsize piece = 1; piece < sizeof words; piece++) {
    g_autoptr (Transport) transport = says (words, piece);

    transport_redact_after (transport, "wifi_credential=");
    read_all (transport, NULL);
    g_autofree char *received = received_of (transport);
    ck_assert_str_eq (received, "wifi_ssid=\\\"net\\\"\\r\\nwifi_credential=[blanked]"
                                "\\r\\nport=8883\\r\\n");
  }
}
END_TEST

START_TEST (a_secret_that_a_device_repeats_is_not_in_the_transcript)
{
  static const char words[] = "hunter2\r\nlogin hunter2: hunhunter2 hunter1 \"hunter2\r\n";

  for (gsize piece = 1; piece < sizeof words; piece++) {
    g_autoptr (Transport) transport = says (words, piece);

    transport_write_secret (transport, "hunter2\r", 8, "Password", deadline_in (LONG_TIME), NULL);
    read_all (transport, NULL);
    g_autofree char *received = received_of (transport);
    ck_assert_str_eq (received, "\\r\\nlogin *******: hun******* hunter1 \\\"*******\\r\\n");
  }
}
END_TEST

START_TEST (a_private_key_ends_the_reading_and_is_not_in_the_transcript)
{
  static const char words[] = "ok\n-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIsecret\n"
                              "-----END EC PRIVATE KEY-----\nok\n";

  for (gsize piece = 1; piece < sizeof words; piece++) {
    g_autoptr (Transport) transport = says (words, piece);
    g_autoptr (GError) error = NULL;
    g_autoptr (GError) again = NULL;
    g_autofree char *transcript = NULL;

    read_all (transport, &error);
    assert_error (error, DRIVER_ERROR_PRIVATE_KEY_LEAKED);
    read_all (transport, &again);
    assert_error (again, DRIVER_ERROR_PRIVATE_KEY_LEAKED);
    transcript = transport_transcript (transport);
    ck_assert_ptr_null (strstr (transcript, "MHc"));
    ck_assert_ptr_null (strstr (transcript, "Isecret"));
  }
}
END_TEST

/* Without PEM's mark: as base64 and as hex digits. What came ahead of it on the same question goes
 * too, what was said before stays. */
START_TEST (a_private_key_without_a_mark_is_seen_too)
{
  static const char *const words[] = {
    "fine\r\nMHcCAQEEIKnEqL1sBz2dQKYG0V5vIcXr5pJm7n3sH4x8yT2uWq1RoAoGCCqGSM49\r\nok\r\n",
    "fine\r\n30770201010420a9c4a8bd6c073d9d40a606d15e6f21c5ebe69266ee7dec1f8c7cc9\r\nok\r\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    for (gsize piece = 1; piece <= strlen (words[i]); piece++) {
      g_autoptr (Transport) transport = says (words[i], piece);
      g_autoptr (GError) error = NULL;
      g_autofree char *transcript = NULL;

      read_all (transport, &error);
      assert_error (error, DRIVER_ERROR_PRIVATE_KEY_LEAKED);
      transcript = transport_transcript (transport);
      ck_assert_ptr_null (strstr (transcript, "MHc"));
      ck_assert_ptr_null (strstr (transcript, "QKYG"));
      ck_assert_ptr_null (strstr (transcript, "a9c4"));
      ck_assert_ptr_null (strstr (transcript, "ebe6"));
      ck_assert_ptr_nonnull (strstr (transcript, "# blanked"));
    }
}
END_TEST

START_TEST (a_certificate_is_no_private_key)
{
  g_autoptr (Transport) transport =
      says ("-----BEGIN CERTIFICATE-----\nPRIVATE KEY\n-----END CERTIFICATE-----\n", 9);
  g_autoptr (GError) error = NULL;

  read_all (transport, &error);
  assert_error (error, DRIVER_ERROR_NO_ANSWER);
}
END_TEST

START_TEST (escapes_go_there_and_back)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GByteArray) back = NULL;
  guint8 all[512];

  for (guint i = 0; i < sizeof all; i++)
    all[i] = (guint8)(i * 7);
  transcript_escape (text, all, sizeof all);
  for (const char *at = text->str; *at != '\0'; at++)
    ck_assert (g_ascii_isprint (*at));
  back = transcript_unescape (text->str);
  ck_assert_uint_eq (back->len, sizeof all);
  ck_assert_mem_eq (back->data, all, sizeof all);
  ck_assert_ptr_null (transcript_unescape ("\\8"));
  ck_assert_ptr_null (transcript_unescape ("\\12"));
  ck_assert_ptr_null (transcript_unescape ("\\400"));
  ck_assert_ptr_null (transcript_unescape ("\\"));
}
END_TEST

static Transport *
replay_of (const char *text)
{
  g_autofree char *path = NULL;
  int file = g_file_open_tmp ("keycradle-XXXXXX", &path, NULL);
  Transport *transport;

  ck_assert_int_ge (file, 0);
  close (file);
  ck_assert (g_file_set_contents (path, text, -1, NULL));
  transport = transport_open_replay (path, NULL);
  g_unlink (path);
  return transport;
}

START_TEST (a_transcript_can_be_replayed)
{
  g_autoptr (Transport) original = says ("answer\001\377\n", 3);
  g_autofree char *transcript = NULL;
  g_autoptr (Transport) replay = NULL;
  g_autoptr (GError) error = NULL;

  transport_note (original, "nonce", "00 11");
  ck_assert (transport_write_text (original, "question\n", deadline_in (LONG_TIME), NULL));
  read_all (original, NULL);
  transcript = transport_transcript (original);
  replay = replay_of (transcript);
  ck_assert_str_eq (transport_replay_note (replay, "nonce"), "00 11");
  ck_assert_ptr_null (transport_replay_note (replay, "other"));
  ck_assert (transport_write_text (replay, "ques", deadline_in (LONG_TIME), NULL));
  ck_assert (transport_write_text (replay, "tion\n", deadline_in (LONG_TIME), NULL));
  g_autofree char *line = transport_read_line (replay, 100, deadline_in (LONG_TIME), NULL);
  ck_assert_str_eq (line, "answer\001\377");
  ck_assert_ptr_null (transport_read_line (replay, 100, deadline_in (LONG_TIME), &error));
  assert_error (error, DRIVER_ERROR_UNPLUGGED);
}
END_TEST

START_TEST (a_replay_holds_the_driver_to_the_recorded_words)
{
  g_autoptr (Transport) replay = replay_of ("> 0.000001 who\n< 0.1 me\\n\n> 0.2 bye\n");
  g_autoptr (GError) error = NULL;

  ck_assert (!transport_write_text (replay, "what", deadline_in (LONG_TIME), &error));
  assert_error (error, DRIVER_ERROR_INTERNAL);
  ck_assert_ptr_nonnull (strstr (error->message, "\"what\""));
  ck_assert_ptr_nonnull (strstr (error->message, "\"who\""));
}
END_TEST

START_TEST (a_replay_is_silent_where_the_device_was)
{
  g_autoptr (Transport) replay = replay_of ("> 0.000001 who\n> 0.2 who\n< 0.3 me\\n\n");
  g_autoptr (GError) error = NULL;

  ck_assert (transport_write_text (replay, "who", deadline_in (LONG_TIME), NULL));
  ck_assert_ptr_null (transport_read_line (replay, 100, deadline_in (LONG_TIME), &error));
  assert_error (error, DRIVER_ERROR_NO_ANSWER);
}
END_TEST

START_TEST (what_is_no_transcript_is_refused)
{
  ck_assert_ptr_null (replay_of ("hello\n"));
  ck_assert_ptr_null (replay_of ("> 0.1 bad \\9 escape\n"));
  ck_assert_ptr_null (replay_of (">\n"));
}
END_TEST

START_TEST (every_error_and_key_has_a_word)
{
  KeyKind kind;

  for (guint code = DRIVER_ERROR_UNPLUGGED; code < DRIVER_ERROR_INTERNAL; code++)
    ck_assert_str_ne (driver_error_word ((DriverError)code), "internal");
  for (guint i = 0; i < N_KEY_KINDS; i++) {
    ck_assert (key_kind_from_word (key_kind_word ((KeyKind)i), &kind));
    ck_assert_uint_eq (kind, i);
  }
  ck_assert (!key_kind_from_word ("p-255", &kind));
  ck_assert (!key_kind_from_word (NULL, &kind));
}
END_TEST

START_TEST (every_driver_is_whole)
{
  const Driver *const *drivers = driver_list ();

  for (guint i = 0; drivers[i] != NULL; i++) {
    const Driver *driver = drivers[i];

    ck_assert_ptr_eq (driver_by_name (driver->name), driver);
    ck_assert (driver->title != NULL && driver->channels != 0);
    ck_assert (driver_matches (driver) != NULL && driver_matches (driver)->len > 0);
    ck_assert (driver->key_kinds != 0 && driver->key_kinds < 1u << N_KEY_KINDS);
    ck_assert (driver->probe != NULL && driver->identify != NULL && driver->prove != NULL);
    ck_assert (driver->generate_key != NULL && driver->read_csr != NULL);
    ck_assert (driver->install != NULL && driver->read_back != NULL);
    ck_assert_int_eq ((driver->abilities & DRIVER_ASSIGNS_SERIAL) != 0,
                      driver->assign_serial != NULL);
    ck_assert_int_eq ((driver->abilities & DRIVER_LOCKS) != 0, driver->lock != NULL);
  }
  ck_assert_ptr_null (driver_by_name ("no-such-driver"));
}
END_TEST

START_TEST (probing_tells_silence_from_a_foreign_tongue)
{
  g_autoptr (Transport) silent = says ("", 1);
  g_autoptr (Transport) foreign = says ("bonjour\n", 8);
  g_autoptr (GError) silence = NULL;
  g_autoptr (GError) tongue = NULL;

  ck_assert_ptr_null (driver_probe (silent, NULL, deadline_in (20), &silence));
  assert_error (silence, DRIVER_ERROR_NO_ANSWER);
  ck_assert_ptr_null (driver_probe (foreign, NULL, deadline_in (20), &tongue));
  assert_error (tongue, DRIVER_ERROR_UNKNOWN);
}
END_TEST

static const char complaint[] = "> Command not recognized.\r\n> ";

START_TEST (a_foreign_shell_is_not_asked_for_ever)
{
  g_autoptr (Transport) shell = says_bytes (complaint, strlen (complaint), 4096, TRUE);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (
      driver_probe (shell, driver_by_name ("smp"), deadline_in (LONG_TIME), &error));
  assert_error (error, DRIVER_ERROR_UNKNOWN);
}
END_TEST

static TCase *
port_tests (void)
{
  TCase *tests = tcase_create ("port");

  tcase_add_test (tests, a_hang_up_ends_a_read_at_once);
  tcase_add_test (tests, a_hang_up_ends_a_read_that_is_waiting);
  tcase_add_test (tests, a_write_to_a_port_that_hung_up_is_an_unplug);
  tcase_add_test (tests, all_bytes_pass_unchanged_in_both_directions);
  tcase_add_test (tests, a_port_that_is_taken_is_refused_and_free_again_when_closed);
  tcase_add_test (tests, a_port_that_another_program_locked_is_refused);
  tcase_add_test (tests, a_link_to_a_port_is_followed);
  tcase_add_test (tests, what_is_no_port_is_refused_by_name);
  tcase_add_test (tests, settings_reach_the_port);
  tcase_add_test (tests, input_from_before_is_thrown_away_at_open);
  tcase_add_test (tests, silence_ends_at_the_deadline);
  tcase_add_test (tests, a_device_that_takes_nothing_ends_at_the_deadline);
  return tests;
}

static TCase *
bound_tests (void)
{
  TCase *tests = tcase_create ("bounds");

  tcase_add_test (tests, chatter_does_not_outlive_the_deadline);
  tcase_add_test (tests, a_line_without_end_is_a_flood);
  tcase_add_test (tests, no_reader_may_ask_for_more_than_an_answer);
  tcase_add_test (tests, fine_lines_for_ever_are_a_flood_too);
  tcase_add_test (tests, lines_are_cut_where_they_end);
  tcase_add_test (tests, bytes_that_are_put_back_come_first);
  return tests;
}

static TCase *
transcript_tests (void)
{
  TCase *tests = tcase_create ("transcript");

  tcase_add_test (tests, what_follows_a_secrets_name_is_not_in_the_transcript);
  tcase_add_test (tests, a_secret_that_a_device_repeats_is_not_in_the_transcript);
  tcase_add_test (tests, a_private_key_ends_the_reading_and_is_not_in_the_transcript);
  tcase_add_test (tests, a_private_key_without_a_mark_is_seen_too);
  tcase_add_test (tests, a_certificate_is_no_private_key);
  tcase_add_test (tests, escapes_go_there_and_back);
  tcase_add_test (tests, a_transcript_can_be_replayed);
  tcase_add_test (tests, a_replay_holds_the_driver_to_the_recorded_words);
  tcase_add_test (tests, a_replay_is_silent_where_the_device_was);
  tcase_add_test (tests, what_is_no_transcript_is_refused);
  return tests;
}

static TCase *
registry_tests (void)
{
  TCase *tests = tcase_create ("registry");

  tcase_add_test (tests, every_error_and_key_has_a_word);
  tcase_add_test (tests, every_driver_is_whole);
  tcase_add_test (tests, probing_tells_silence_from_a_foreign_tongue);
  tcase_add_test (tests, a_foreign_shell_is_not_asked_for_ever);
  return tests;
}

int
main (void)
{
  Suite *suite = suite_create ("transport");
  SRunner *runner;
  int failed;

  suite_add_tcase (suite, port_tests ());
  suite_add_tcase (suite, bound_tests ());
  suite_add_tcase (suite, transcript_tests ());
  suite_add_tcase (suite, registry_tests ());
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
