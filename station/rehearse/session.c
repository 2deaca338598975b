/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See session.h. The thread of one connection, straight on: first bytes, handshake, registry,
 * request, answer.
 */
#include "station/rehearse/session.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "station/rehearse/mqtt.h"
#include "station/rehearse/watch.h"

#define TLS_HANDSHAKE_RECORD 0x16
#define HTTP_HEAD_MOST 8192u
#define REQUEST_SECONDS 5u

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SSL, SSL_free)

typedef struct {
  const Rehearsal *rehearsal;
  int fd;
  SSL *ssl;
  Try *one;
  Deadline deadline;
  const gint *pushed_out;
} Session;

void
verdict_free (Verdict *verdict)
{
  g_clear_pointer (&verdict->one, try_free);
  g_clear_pointer (&verdict->remarks, g_ptr_array_unref);
  g_free (verdict);
}

/* FALSE when the deadline has passed. */
static gboolean
wait_for (int fd, short events, Deadline deadline)
{
  struct pollfd wait = { .fd = fd, .events = events };
  int ready;

  do
    ready = poll (&wait, 1, deadline_milliseconds_left (deadline));
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

static TryStop
stop_now (const Session *session, TryStop otherwise)
{
  return g_atomic_int_get (session->pushed_out) != 0 ? TRY_PUSHED_OUT : otherwise;
}

/* ---- the first bytes ---- */

/* TRUE where TLS may begin; what is looked at stays in the socket. */
static gboolean
look_at_first (Session *session)
{
  Handshake *handshake = &session->one->handshake;
  ssize_t length;

  if (!wait_for (session->fd, POLLIN, session->deadline)) {
    handshake->stop = stop_now (session, TRY_TOO_SLOW);
    return FALSE;
  }
  length = recv (session->fd, handshake->first, sizeof handshake->first, MSG_PEEK);
  if (length <= 0) {
    handshake->stop = stop_now (session, TRY_LEFT);
    return FALSE;
  }
  handshake->n_first = (gsize)length;
  handshake->received = (guint64)length;
  handshake->stage = handshake->first[0] == TLS_HANDSHAKE_RECORD ? TRY_BEGUN : TRY_NOT_TLS;
  return handshake->stage == TRY_BEGUN;
}

/* ---- the handshake ---- */

/* What SSL_get_error() says to do: TRUE to try again. */
static gboolean
wait_for_ssl (Session *session, int result, Deadline deadline)
{
  switch (SSL_get_error (session->ssl, result)) {
  case SSL_ERROR_WANT_READ:
    return wait_for (session->fd, POLLIN, deadline);
  case SSL_ERROR_WANT_WRITE:
    return wait_for (session->fd, POLLOUT, deadline);
  }
  return FALSE;
}

/* An alert comes as an error, too; a device that left, as the end of the file. */
static TryStop
why_it_failed (const Session *session)
{
  const unsigned long error = ERR_peek_error ();

  if (g_atomic_int_get (session->pushed_out) != 0)
    return TRY_PUSHED_OUT;
  if (session->one->handshake.alert > 0)
    return TRY_ALERTED;
  if (deadline_passed (session->deadline))
    return TRY_TOO_SLOW;
  if (error == 0 || ERR_GET_LIB (error) == ERR_LIB_SYS
      || ERR_GET_REASON (error) == SSL_R_UNEXPECTED_EOF_WHILE_READING
      || session->one->handshake.alert == 0)
    return TRY_LEFT;
  return TRY_REFUSED;
}

static void
note_failure (Session *session)
{
  Handshake *handshake = &session->one->handshake;
  const unsigned long error = ERR_peek_error ();
  const char *reason = ERR_reason_error_string (error);

  handshake->stop = why_it_failed (session);
  if (reason != NULL)
    handshake->problem = text_for_display (reason, 200);
  /* the signature of CertificateVerify is all that OpenSSL verifies of the device's */
  handshake->signature_wrong =
      session->one->shown.der != NULL && handshake->stop == TRY_REFUSED
      && (ERR_GET_REASON (error) == SSL_R_BAD_SIGNATURE || ERR_GET_LIB (error) == ERR_LIB_EC
          || ERR_GET_LIB (error) == ERR_LIB_RSA || ERR_GET_LIB (error) == ERR_LIB_EVP
          || ERR_GET_LIB (error) == ERR_LIB_PROV);
}

static gboolean
shake_hands (Session *session)
{
  Handshake *handshake = &session->one->handshake;
  int result;

  do {
    ERR_clear_error ();
    result = SSL_accept (session->ssl);
  } while (result != 1 && wait_for_ssl (session, result, session->deadline));
  handshake->received = BIO_number_read (SSL_get_rbio (session->ssl));
  if (result != 1) {
    note_failure (session);
    return FALSE;
  }
  handshake->stage = TRY_SECURED;
  handshake->version = (guint16)SSL_version (session->ssl);
  handshake->suite = g_strdup (SSL_get_cipher_name (session->ssl));
  handshake->key_proven = session->one->shown.der != NULL;
  return TRUE;
}

/* ---- the request ---- */

static Deadline
request_deadline (const Session *session)
{
  return deadline_sooner (session->deadline, deadline_in (REQUEST_SECONDS * 1000));
}

/* What is begun in HTTP; a name of a method, and room for more of it. */
static gboolean
is_http (const GByteArray *data)
{
  return data->len > 0 && data->data[0] >= 'A' && data->data[0] <= 'Z';
}

static gboolean
http_is_whole (const GByteArray *data)
{
  return g_strstr_len ((const char *)data->data, (gssize)data->len, "\r\n\r\n") != NULL
         || data->len > HTTP_HEAD_MOST;
}

/* TRUE when no more needs to come. */
static gboolean
understand (const GByteArray *data, Request *request)
{
  if (data->len == 0)
    return FALSE;
  if ((data->data[0] & 0xf0) != 0x10 && !is_http (data)) {
    request->kind = REQUEST_OTHER;
    return TRUE;
  }
  if (!is_http (data))
    return mqtt_read_connect (data->data, data->len, request) != MQTT_UNFINISHED;
  request->kind = REQUEST_HTTP;
  return http_is_whole (data);
}

/* Plain TLS clients say nothing, and leave or wait: both is fine. */
static void
read_request (Session *session)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();
  const Deadline deadline = request_deadline (session);
  guint8 block[4096];

  while (!understand (data, &session->one->request) && data->len < MQTT_CONNECT_MOST + sizeof block)
  {
    ERR_clear_error ();
    const int length = SSL_read (session->ssl, block, sizeof block);
    if (length > 0)
      g_byte_array_append (data, block, (guint)length);
    else if (!wait_for_ssl (session, length, deadline))
      break;
  }
  if (data->len > 0 && session->one->request.kind == REQUEST_NONE) {
    session->one->request.kind = REQUEST_MQTT_WRONG;
    session->one->request.problem = g_strdup ("it did not come whole");
  }
}

static GBytes *
http_answer (const GPtrArray *remarks)
{
  const gboolean admitted = remarks_admit (remarks);
  const Remark *first = remarks->len > 0 ? g_ptr_array_index (remarks, 0) : NULL;
  g_autofree char *body = g_strdup_printf ("%s%s\n", admitted ? "admitted" : "refused: ",
                                           !admitted && first != NULL ? first->wrong : "");
  char *text =
      g_strdup_printf ("HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                       "Content-Length: %" G_GSIZE_FORMAT "\r\nConnection: close\r\n\r\n%s",
                       admitted ? "200 OK" : "403 Forbidden", strlen (body), body);

  return g_bytes_new_take (text, strlen (text));
}

/* An endpoint says no more to a device that it refuses, either. */
static void
answer (Session *session, const GPtrArray *remarks)
{
  const Request *request = &session->one->request;
  const Deadline deadline = request_deadline (session);
  g_autoptr (GBytes) bytes = NULL;
  gsize length;
  int result;

  if (request->kind == REQUEST_MQTT)
    bytes = mqtt_connack (request->level, remarks_admit (remarks));
  if (request->kind == REQUEST_HTTP)
    bytes = http_answer (remarks);
  if (bytes != NULL) {
    const void *data = g_bytes_get_data (bytes, &length);
    do {
      ERR_clear_error ();
      result = SSL_write (session->ssl, data, (int)length);
    } while (result <= 0 && wait_for_ssl (session, result, deadline));
  }
  ERR_clear_error ();
  SSL_shutdown (session->ssl);
}

/* What is unread when a socket is closed makes the kernel send a reset, and what we said is lost
 * on its way: so the rest is read, for a moment. */
static void
let_go (Session *session)
{
  const Deadline deadline = deadline_sooner (session->deadline, deadline_in (1000));
  guint8 block[4096];

  shutdown (session->fd, SHUT_WR);
  for (guint i = 0; i < 64 && wait_for (session->fd, POLLIN, deadline); i++)
    if (recv (session->fd, block, sizeof block, 0) <= 0)
      return;
}

/* ---- all of it ---- */

static void
ask_registry (Session *session)
{
  const RehearsalRegistry *registry = &session->rehearsal->registry;

  if (session->one->shown.der != NULL)
    registry->ask (registry->data, &session->one->shown, &session->one->known);
}

static GPtrArray *
judge_now (const Session *session)
{
  Terms terms = *session->rehearsal->terms;

  terms.now = g_get_real_time () / G_USEC_PER_SEC;
  return judge_try (&terms, session->one);
}

Verdict *
session_run (const Rehearsal *rehearsal, int fd, const char *peer, Deadline deadline,
             const gint *pushed_out)
{
  g_autoptr (SSL) ssl = SSL_new (rehearsal->context);
  g_autoptr (Verdict) verdict = g_new0 (Verdict, 1);
  Session session = { rehearsal, fd, ssl, try_new (), deadline, pushed_out };
  gboolean secured = FALSE;

  verdict->one = session.one;
  session.one->peer = g_strdup (peer);
  if (ssl != NULL && SSL_set_fd (ssl, fd) == 1 && look_at_first (&session)) {
    watch_session (ssl, session.one);
    secured = shake_hands (&session);
  }
  ask_registry (&session);
  if (secured)
    read_request (&session);
  watch_session (ssl, NULL);
  verdict->remarks = judge_now (&session);
  if (secured)
    answer (&session, verdict->remarks);
  let_go (&session);
  ERR_clear_error ();
  return g_steal_pointer (&verdict);
}
