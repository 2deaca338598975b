/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See record.h. Text of devices is safe to show already (facts.h).
 */
#include "station/rehearse/record.h"

#include "station/rehearse/hello.h"

/* ---- for people ---- */

static void
append_request (GString *text, const Request *request)
{
  switch (request->kind) {
  case REQUEST_NONE:
    return;
  case REQUEST_MQTT:
    g_string_append_printf (text, ", MQTT %s, client id \"%s\", keep alive %u s",
                            request->level == 5   ? "5"
                            : request->level == 4 ? "3.1.1"
                                                  : "of another version",
                            request->client_id, request->keep_alive);
    return;
  case REQUEST_HTTP:
    g_string_append (text, ", HTTP");
    return;
  case REQUEST_MQTT_WRONG:
  case REQUEST_OTHER:
    return;
  }
}

static const char *
who (const Try *one)
{
  if (one->known.device != NULL)
    return one->known.device;
  return one->shown.name != NULL ? one->shown.name : "a device without a certificate";
}

static void
append_tls (GString *text, const Handshake *handshake)
{
  g_autofree char *version = NULL;

  if (handshake->stage != TRY_SECURED)
    return;
  version = tls_version_text (handshake->version);
  g_string_append_printf (text, "%s, %s, %s chain", version, handshake->suite,
                          handshake->server == SERVER_RSA ? "RSA" : "ECDSA");
}

char *
verdict_text (const Verdict *verdict)
{
  const Try *one = verdict->one;
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (one->at / G_USEC_PER_SEC);
  g_autofree char *at = g_date_time_format (time, "%H:%M:%S");
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%s  %s  %s  %s", at, one->peer,
                          remarks_admit (verdict->remarks) ? "ADMITTED" : "REFUSED", who (one));
  if (one->handshake.stage == TRY_SECURED)
    g_string_append (text, ": ");
  append_tls (text, &one->handshake);
  append_request (text, &one->request);
  g_string_append_c (text, '\n');
  for (guint i = 0; i < verdict->remarks->len; i++) {
    const Remark *remark = g_ptr_array_index (verdict->remarks, i);
    g_string_append_printf (text, "  %s: %s\n    %s\n", remark->refuses ? remark->code : "note",
                            remark->wrong, remark->change);
  }
  return g_string_free (text, FALSE);
}

/* ---- for programs ---- */

static void
add_text (GVariantDict *record, const char *key, const char *text)
{
  if (text != NULL)
    g_variant_dict_insert (record, key, "s", text);
}

static GVariant *
remark_records (const GPtrArray *remarks)
{
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < remarks->len; i++) {
    const Remark *remark = g_ptr_array_index (remarks, i);
    GVariantDict one;
    g_variant_dict_init (&one, NULL);
    g_variant_dict_insert (&one, "code", "s", remark->code);
    g_variant_dict_insert (&one, "refuses", "b", remark->refuses);
    g_variant_dict_insert (&one, "wrong", "s", remark->wrong);
    g_variant_dict_insert (&one, "change", "s", remark->change);
    g_variant_builder_add_value (&list, g_variant_dict_end (&one));
  }
  return g_variant_builder_end (&list);
}

static void
add_hello (GVariantDict *record, const Hello *hello)
{
  g_autofree char *newest = NULL;

  if (!hello->came)
    return;
  newest = tls_version_text (hello_newest_version (hello));
  add_text (record, "offered-version", newest);
  add_text (record, "server-name", hello->server_name);
  g_variant_dict_insert_value (record, "offered-suites",
                               g_variant_new_strv ((const char *const *)hello->suite_names->pdata,
                                                   (gssize)hello->suite_names->len));
  g_variant_dict_insert_value (record, "protocols",
                               g_variant_new_strv ((const char *const *)hello->protocols->pdata,
                                                   (gssize)hello->protocols->len));
}

static void
add_handshake (GVariantDict *record, const Handshake *handshake)
{
  g_autofree char *version = NULL;

  g_variant_dict_insert (record, "secured", "b", handshake->stage == TRY_SECURED);
  g_variant_dict_insert (record, "key-proven", "b", handshake->key_proven);
  g_variant_dict_insert (record, "received", "t", handshake->received);
  if (handshake->alert > 0)
    g_variant_dict_insert (record, "alert", "i", handshake->alert);
  if (handshake->server != SERVER_NONE)
    add_text (record, "server", handshake->server == SERVER_RSA ? "rsa" : "ecdsa");
  if (handshake->stage != TRY_SECURED)
    return;
  version = tls_version_text (handshake->version);
  add_text (record, "version", version);
  add_text (record, "suite", handshake->suite);
}

static void
add_certificate (GVariantDict *record, const Shown *shown, const Known *known)
{
  add_text (record, "device", known->device != NULL ? known->device : shown->name);
  if (shown->der == NULL)
    return;
  add_text (record, "sha256", shown->sha256);
  add_text (record, "subject", shown->subject);
  add_text (record, "issuer", shown->issuer);
  add_text (record, "key", shown->key);
  g_variant_dict_insert (record, "not-before", "x", shown->not_before);
  g_variant_dict_insert (record, "not-after", "x", shown->not_after);
  add_text (record, "batch", known->batch);
  add_text (record, "status", known->status);
  add_text (record, "ca", known->signer);
}

static void
add_request (GVariantDict *record, const Request *request)
{
  if (request->kind == REQUEST_HTTP)
    add_text (record, "request", "http");
  if (request->kind != REQUEST_MQTT)
    return;
  add_text (record, "request", "mqtt");
  g_variant_dict_insert (record, "mqtt-level", "u", request->level);
  add_text (record, "client-id", request->client_id);
  g_variant_dict_insert (record, "keep-alive", "u", request->keep_alive);
}

GVariant *
verdict_record (const Verdict *verdict)
{
  const Try *one = verdict->one;
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "at", "x", one->at);
  g_variant_dict_insert (&record, "peer", "s", one->peer);
  g_variant_dict_insert (&record, "admitted", "b", remarks_admit (verdict->remarks));
  g_variant_dict_insert_value (&record, "remarks", remark_records (verdict->remarks));
  add_hello (&record, &one->hello);
  add_handshake (&record, &one->handshake);
  add_certificate (&record, &one->shown, &one->known);
  add_request (&record, &one->request);
  return g_variant_dict_end (&record);
}
