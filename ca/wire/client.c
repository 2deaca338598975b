/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See client.h. A broken connection is opened again and the request sent again, since the
 * signer answers a request that it has signed already from its log.
 */
#include "ca/wire/client.h"

#include "ca/judge/csr.h"
#include "ca/wire/client-private.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* How often one call sends its request anew: a signer that dies of it each time is not to be
 * killed for ever. */
#define MOST_RESENDS 4

/* An absent or refusing socket tells nobody when it comes back, so this is the one place that
 * asks again by the clock, and never beyond the deadline. */
#define RECONNECT_MILLISECONDS 20

struct SignerClient {
  char *path;
  int fd; /* -1 while not connected */
};

SignerClient *
signer_client_new (const char *socket_path)
{
  SignerClient *client = g_new0 (SignerClient, 1);

  client->path = g_strdup (socket_path);
  client->fd = -1;
  return client;
}

static void
disconnect (SignerClient *client)
{
  if (client->fd >= 0)
    close (client->fd);
  client->fd = -1;
}

void
signer_client_free (SignerClient *client)
{
  if (client == NULL)
    return;
  disconnect (client);
  g_free (client->path);
  g_free (client);
}

void
issuance_entry_free (IssuanceEntry *entry)
{
  if (entry == NULL)
    return;
  g_free (entry->batch);
  g_free (entry->profile);
  g_free (entry->device);
  g_bytes_unref (entry->csr_sha256);
  g_bytes_unref (entry->certificate);
  g_free (entry);
}

static void
signer_authority_free (gpointer data)
{
  SignerAuthority *authority = data;

  g_free (authority->name);
  g_free (authority->subject);
  g_free (authority->key);
  g_free (authority->signature);
  g_free (authority->keystore);
  g_free (authority->fingerprint);
  g_free (authority->problem);
  g_ptr_array_unref (authority->chain);
  g_free (authority);
}

void
signer_status_free (SignerStatus *status)
{
  if (status == NULL)
    return;
  g_ptr_array_unref (status->authorities);
  g_free (status->log_origin);
  g_strfreev (status->problems);
  g_strfreev (status->profiles);
  g_clear_pointer (&status->station, g_bytes_unref);
  g_free (status);
}

/* One try; errno tells why not. */
static gboolean
connect_once (SignerClient *client)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd;

  if (g_strlcpy (address.sun_path, client->path, sizeof address.sun_path)
      >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return FALSE;
  }
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return FALSE;
  if (connect (fd, (struct sockaddr *)&address, sizeof address) < 0) {
    int reason = errno;

    close (fd);
    errno = reason;
    return FALSE;
  }
  client->fd = fd;
  return TRUE;
}

/* Those that a signer which is just starting again causes. */
static gboolean
may_pass (int reason)
{
  return reason == ENOENT || reason == ECONNREFUSED || reason == EAGAIN || reason == EINTR
         || reason == ECONNRESET;
}

static gboolean
connect_until (SignerClient *client, Deadline deadline, GError **error)
{
  while (client->fd < 0 && !connect_once (client)) {
    int reason = errno;

    if (!may_pass (reason) || deadline_passed (deadline)) {
      g_set_error (error, CA_ERROR, CA_ERROR_UNREACHABLE, "the signer can't be reached at %s: %s",
                   client->path, g_strerror (reason));
      return FALSE;
    }
    poll (NULL, 0, MIN (RECONNECT_MILLISECONDS, deadline_milliseconds_left (deadline)));
  }
  return TRUE;
}

gboolean
signer_client_refuse (SignerClient *client, GError **error, const char *message)
{
  disconnect (client);
  g_set_error_literal (error, CA_ERROR, CA_ERROR_PROTOCOL, message);
  return FALSE;
}

/* What the signer said no with. */
static gboolean
take_error (SignerClient *client, GVariant *payload, GError **error)
{
  const char *word, *message;
  CaError code;

  g_variant_get (payload, "(&s&s)", &word, &message);
  if (!ca_error_from_word (word, &code))
    return signer_client_refuse (client, error, "the signer gave a reason that is not known here");
  g_set_error_literal (error, CA_ERROR, (int)code, message);
  return FALSE;
}

static gboolean
exchange (SignerClient *client, WireKind kind, GVariant *request, Deadline deadline,
          WireKind *reply_kind, GVariant **reply, GError **error)
{
  gboolean done = connect_until (client, deadline, error)
                  && wire_write (client->fd, kind, request, deadline, error)
                  && wire_read (client->fd, WIRE_REPLY, deadline, reply_kind, reply, error);

  if (!done)
    disconnect (client);
  return done;
}

/* The only place that talks. */
GVariant *
signer_client_call (SignerClient *client, WireKind kind, GVariant *request, Deadline deadline,
                    GError **error)
{
  g_autoptr (GVariant) held = g_variant_ref_sink (request);
  g_autoptr (GVariant) reply = NULL;
  WireKind reply_kind = WIRE_ERROR;

  for (guint resends = 0;; resends++) {
    g_autoptr (GError) problem = NULL;

    if (exchange (client, kind, held, deadline, &reply_kind, &reply, &problem))
      break;
    if (!g_error_matches (problem, CA_ERROR, CA_ERROR_UNREACHABLE) || resends == MOST_RESENDS
        || deadline_passed (deadline))
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return NULL;
    }
  }
  if (reply_kind == WIRE_ERROR) {
    take_error (client, reply, error);
    return NULL;
  }
  if (reply_kind != kind) {
    signer_client_refuse (client, error, "the signer answered another question");
    return NULL;
  }
  return g_steal_pointer (&reply);
}

static IssuanceEntry *
entry_of (GVariant *value)
{
  g_autoptr (IssuanceEntry) entry = g_new0 (IssuanceEntry, 1);
  g_autoptr (GVariant) digest = NULL;
  g_autoptr (GVariant) certificate = NULL;
  guint8 type;

  g_variant_get (value, "(tyxsss@ay@ay)", &entry->index, &type, &entry->signed_at, &entry->batch,
                 &entry->profile, &entry->device, &digest, &certificate);
  entry->csr_sha256 = wire_bytes_of (digest);
  entry->certificate = wire_bytes_of (certificate);
  entry->type = (LogEntryType)type;
  if (type < LOG_ENTRY_CERTIFICATE || type > LOG_ENTRY_LAST
      || g_bytes_get_size (entry->csr_sha256) != LOG_HASH
      || (g_bytes_get_size (entry->certificate) == 0)
             != log_entry_type_is_bare ((LogEntryType)type))
    return NULL;
  return g_steal_pointer (&entry);
}

/* GVariant takes no text that is not UTF-8. */
static gboolean
check_request (const SignRequest *request, GError **error)
{
  const char *const texts[] = {
    request->batch,          request->product, request->profile,
    request->profile_sha256, request->device,  request->chip_id != NULL ? request->chip_id : ""
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    if (g_utf8_validate (texts[i], -1, NULL))
      continue;
    g_set_error_literal (error, CA_ERROR, CA_ERROR_SUBJECT,
                         "the order holds text that is not UTF-8");
    return FALSE;
  }
  if (g_bytes_get_size (request->csr) <= CSR_MOST)
    return TRUE;
  g_set_error_literal (error, CA_ERROR, CA_ERROR_CSR_MALFORMED, "the request is too large");
  return FALSE;
}

IssuanceEntry *
signer_client_sign (SignerClient *client, const SignRequest *request, Deadline deadline,
                    GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  IssuanceEntry *entry;

  if (!check_request (request, error))
    return NULL;
  reply =
      signer_client_call (client, WIRE_SIGN,
                          g_variant_new ("(sssssms@ay)", request->batch, request->product,
                                         request->profile, request->profile_sha256, request->device,
                                         request->chip_id, wire_bytes (request->csr)),
                          deadline, error);
  if (reply == NULL)
    return NULL;
  entry = entry_of (reply);
  if (entry == NULL)
    signer_client_refuse (client, error, "the signer's answer holds no certificate");
  return entry;
}

GPtrArray *
signer_client_entries (SignerClient *client, guint64 from, guint most, Deadline deadline,
                       GError **error)
{
  g_autoptr (GPtrArray) entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify)issuance_entry_free);
  g_autoptr (GVariant) reply = signer_client_call (
      client, WIRE_ENTRIES, g_variant_new ("(tu)", from, most), deadline, error);

  if (reply == NULL)
    return NULL;
  for (gsize i = 0; i < g_variant_n_children (reply); i++) {
    g_autoptr (GVariant) value = g_variant_get_child_value (reply, i);
    IssuanceEntry *entry = entry_of (value);

    if (entry == NULL || entry->index != from + i) {
      issuance_entry_free (entry);
      signer_client_refuse (client, error, "the signer's entries are not in order");
      return NULL;
    }
    g_ptr_array_add (entries, entry);
  }
  return g_steal_pointer (&entries);
}

static GPtrArray *
chain_of (GVariant *list)
{
  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  for (gsize i = 0; i < g_variant_n_children (list); i++) {
    g_autoptr (GVariant) certificate = g_variant_get_child_value (list, i);

    g_ptr_array_add (chain, wire_bytes_of (certificate));
  }
  return chain;
}

static SignerAuthority *
authority_of (GVariant *value)
{
  SignerAuthority *authority = g_new0 (SignerAuthority, 1);
  g_autoptr (GVariant) chain = NULL;

  g_variant_get (value, "(ssssssxxbs@aay)", &authority->name, &authority->subject, &authority->key,
                 &authority->signature, &authority->keystore, &authority->fingerprint,
                 &authority->not_before, &authority->not_after, &authority->demo,
                 &authority->problem, &chain);
  if (*authority->problem == '\0')
    g_clear_pointer (&authority->problem, g_free);
  authority->chain = chain_of (chain);
  return authority;
}

/* FALSE where a CA has no certificate, or none is the issuing one. */
static gboolean
take_authorities (SignerStatus *status, GVariant *list, const char *issuing)
{
  for (gsize i = 0; i < g_variant_n_children (list); i++) {
    g_autoptr (GVariant) value = g_variant_get_child_value (list, i);
    SignerAuthority *authority = authority_of (value);

    g_ptr_array_add (status->authorities, authority);
    if (authority->chain->len == 0)
      return FALSE;
    if (g_str_equal (authority->name, issuing))
      status->issuing = authority;
  }
  return status->issuing != NULL;
}

SignerStatus *
signer_client_status (SignerClient *client, Deadline deadline, GError **error)
{
  g_autoptr (SignerStatus) status = g_new0 (SignerStatus, 1);
  g_autoptr (GVariant) authorities = NULL;
  g_autoptr (GVariant) reply = signer_client_call (
      client, WIRE_STATUS, g_variant_new (WIRE_STATUS_REQUEST), deadline, error);
  g_autoptr (GVariant) station = NULL, tpm = NULL, account = NULL;
  const char *issuing;

  status->authorities = g_ptr_array_new_with_free_func (signer_authority_free);
  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(&sts^as@a" WIRE_CA "^as@aybt@m(uut))", &issuing, &status->log_size,
                 &status->log_origin, &status->problems, &authorities, &status->profiles, &station,
                 &status->tickets_demanded, &status->log_verified, &tpm);
  status->station = wire_bytes_of (station);
  account = g_variant_get_maybe (tpm);
  status->counted = account != NULL;
  if (account != NULL)
    g_variant_get (account, "(uut)", &status->tpm_count, &status->tpm_limit, &status->tpm_logged);
  if (take_authorities (status, authorities, issuing))
    return g_steal_pointer (&status);
  signer_client_refuse (client, error, "the signer names no CA certificate");
  return NULL;
}
