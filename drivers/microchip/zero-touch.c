/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See zero-touch.h.
 */
#include "drivers/microchip/zero-touch.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "drivers/microchip/kit.h"

#define SERIAL_DIGITS 18u
#define ANSWER_MAX 8192u
#define DEEPEST 16 /* objects and arrays that are open at once */

enum { ID_INIT, ID_CSR, ID_SAVE };

/* {"method":..., "params":{...}, "id":...} in hex, as a line. `pairs` are names and texts,
 * NULL-ended.
 */
static char *
question (const char *method, const char *const *pairs, int id)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "method");
  json_builder_add_string_value (builder, method);
  json_builder_set_member_name (builder, "params");
  json_builder_begin_object (builder);
  for (; *pairs != NULL; pairs += 2) {
    json_builder_set_member_name (builder, pairs[0]);
    json_builder_add_string_value (builder, pairs[1]);
  }
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "id");
  json_builder_add_int_value (builder, id);
  json_builder_end_object (builder);
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, FALSE);
  g_autofree char *hex = hex_encode ((const guint8 *)text, strlen (text));
  return g_strdup_printf ("board:app(%s)\n", hex);
}

/* The object that `payload` holds, or NULL. */
static JsonNode *
parse (GBytes *payload)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  gsize length;
  const char *text = g_bytes_get_data (payload, &length);
  JsonNode *root;

  if (length == 0 || length > ANSWER_MAX || !json_is_shallow (text, length, DEEPEST)
      || !json_parser_load_from_data (parser, text, (gssize)length, NULL))
    return NULL;
  root = json_parser_get_root (parser);
  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_copy (root) : NULL;
}

/* The text `name` of the object `member` of the answer, or NULL; owned by the answer. */
static const char *
text_in (JsonNode *answer, const char *member, const char *name)
{
  JsonObject *object = json_node_get_object (answer);
  JsonNode *node = json_object_get_member (object, member);
  JsonNode *value = node != NULL && JSON_NODE_HOLDS_OBJECT (node)
                        ? json_object_get_member (json_node_get_object (node), name)
                        : NULL;

  return value != NULL && JSON_NODE_HOLDS_VALUE (value)
                 && json_node_get_value_type (value) == G_TYPE_STRING
             ? json_node_get_string (value)
             : NULL;
}

static gboolean
is_refusal (JsonNode *answer)
{
  JsonNode *trouble = json_object_get_member (json_node_get_object (answer), "error");

  return trouble != NULL && !JSON_NODE_HOLDS_NULL (trouble);
}

static JsonNode *
ask (Transport *transport, const char *method, const char *const *pairs, int id, Deadline deadline,
     GError **error)
{
  g_autofree char *line = question (method, pairs, id);
  g_autoptr (GBytes) payload = NULL;
  guint8 status;

  if (!kit_ask (transport, line, &status, &payload, deadline, error))
    return NULL;
  g_autoptr (JsonNode) answer = status == CHIP_OK ? parse (payload) : NULL;
  if (answer == NULL) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                 "the kit's answer to %s is no JSON object (status %02X)", method, status);
    return NULL;
  }
  if (!is_refusal (answer))
    return g_steal_pointer (&answer);
  const char *message = text_in (answer, "error", "message");
  g_autofree char *shown = text_for_display (message != NULL ? message : "no reason", 120);
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED, "the kit refuses %s: %s", method, shown);
  return NULL;
}

static gboolean
take_identity (JsonNode *answer, ZeroTouch *board)
{
  const char *serial = text_in (answer, "result", "deviceSn");
  const char *key = text_in (answer, "result", "devicePublicKey");
  g_autoptr (GBytes) serial_bytes = serial != NULL ? hex_decode (serial) : NULL;
  g_autoptr (GBytes) point = key != NULL ? hex_decode (key) : NULL;

  if (serial_bytes == NULL || g_bytes_get_size (serial_bytes) != CHIP_SERIAL_LENGTH || point == NULL
      || g_bytes_get_size (point) != sizeof board->point)
    return FALSE;
  g_autofree char *upper = g_ascii_strup (serial, -1);
  g_strlcpy (board->serial, upper, SERIAL_DIGITS + 1);
  memcpy (board->point, g_bytes_get_data (point, NULL), sizeof board->point);
  return TRUE;
}

/* A kit without this firmware does not know board:app and says so by its status. */
gboolean
zero_touch_begin (Transport *transport, ZeroTouch *board, Deadline deadline, GError **error)
{
  static const char *const version[] = { "version", "2.0.0", NULL };
  g_autofree char *line = question ("init", version, ID_INIT);
  g_autoptr (GBytes) payload = NULL;
  guint8 status;

  *board = (ZeroTouch){ 0 };
  if (!kit_ask (transport, line, &status, &payload, deadline, error))
    return FALSE;
  g_autoptr (JsonNode) answer = status == CHIP_OK ? parse (payload) : NULL;
  if (answer == NULL || is_refusal (answer))
    return TRUE;
  board->speaks = take_identity (answer, board);
  if (board->speaks)
    return TRUE;
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY,
                       "the kit does not tell its chip's serial number and public key");
  return FALSE;
}

GBytes *
zero_touch_request (Transport *transport, Deadline deadline, GError **error)
{
  static const char *const nothing[] = { NULL };
  g_autoptr (JsonNode) answer = ask (transport, "genCsr", nothing, ID_CSR, deadline, error);

  if (answer == NULL)
    return NULL;
  const char *hex = text_in (answer, "result", "csr");
  GBytes *request = hex != NULL ? hex_decode (hex) : NULL;
  if (request == NULL)
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                         "the kit's answer to genCsr has no request in hex");
  return request;
}

static char *
hex_of (GBytes *bytes)
{
  return hex_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

gboolean
zero_touch_save (Transport *transport, const char *host, GBytes *certificate, GBytes *signer,
                 const char *above, Deadline deadline, GError **error)
{
  g_autofree char *certificate_hex = hex_of (certificate);
  g_autofree char *signer_hex = hex_of (signer);
  const char *const pairs[] = { "hostName",
                                host != NULL ? host : "",
                                "deviceCert",
                                certificate_hex,
                                "signerCert",
                                signer_hex,
                                "signerCaPublicKey",
                                above,
                                NULL };
  g_autoptr (JsonNode) answer = ask (transport, "saveCredentials", pairs, ID_SAVE, deadline, error);

  return answer != NULL;
}
