/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See checkpoint.h. A note is read byte by byte in its one form: what two readers could take for
 * two different things is refused.
 */
#include "ca/proof/checkpoint.h"

#include "base/encode.h"
#include "ca/openssl.h"
#include "ca/signature.h"

#include <string.h>

#define DASH "\xe2\x80\x94 " /* U+2014 and a space: a signature line */
#define MOST_SIGNATURES 32   /* "MUST accept at least up to 16" */
#define MOST_LINE (8 * 1024) /* "nearly 5kB" */
#define KEY_ID 4
#define PROOF_HEAD "c2sp.org/tlog-proof@v1"
#define EXTRA "extra "
#define MOST_EXTRA (128 * 1024) /* an entry of the log, in base64 */

/* ---- writing ---- */

static char *
origin_name (const guint8 origin[MERKLE_HASH])
{
  g_autofree char *hex = hex_encode (origin, MERKLE_HASH);

  return g_strconcat (CHECKPOINT_ORIGIN, hex, NULL);
}

char *
checkpoint_text (const Checkpoint *checkpoint)
{
  g_autofree char *name = origin_name (checkpoint->origin);
  g_autofree char *root = g_base64_encode (checkpoint->root, MERKLE_HASH);

  return g_strdup_printf ("%s\n%" G_GUINT64_FORMAT "\n%s\n", name, checkpoint->size, root);
}

char *
checkpoint_note (const char *text, const Checkpoint *checkpoint,
                 const guint8 spki_sha256[MERKLE_HASH], const guint8 *signature,
                 gsize signature_length)
{
  g_autofree char *name = origin_name (checkpoint->origin);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *base64 = NULL;

  g_byte_array_append (bytes, spki_sha256, KEY_ID);
  g_byte_array_append (bytes, signature, (guint)signature_length);
  base64 = g_base64_encode (bytes->data, bytes->len);
  return g_strdup_printf ("%s\n" DASH "%s %s\n", text, name, base64);
}

/* ---- reading ---- */

/* One line, without its end; `at` goes behind it. */
static gboolean
read_line (const char **at, Span *line, const char *what, GError **error)
{
  const char *end = memchr (*at, '\n', strnlen (*at, MOST_LINE));

  if (end == NULL)
    return ca_refuse (error, CA_ERROR_PROOF, "%s: the line is missing, cut off or too long", what);
  *line = (Span){ (const guint8 *)*at, (gsize)(end - *at) };
  *at = end + 1;
  return TRUE;
}

static gboolean
read_number (Span line, guint64 *number)
{
  g_autofree char *text = g_strndup ((const char *)line.data, line.length);

  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, number, NULL)
         && (text[0] != '0' || text[1] == '\0');
}

static gboolean
read_hash (Span line, guint8 hash[MERKLE_HASH])
{
  g_autoptr (GBytes) bytes = base64_read ((const char *)line.data, line.length);

  if (bytes == NULL || g_bytes_get_size (bytes) != MERKLE_HASH)
    return FALSE;
  memcpy (hash, g_bytes_get_data (bytes, NULL), MERKLE_HASH);
  return TRUE;
}

static gboolean
read_origin (Span line, guint8 origin[MERKLE_HASH])
{
  g_autofree char *text = g_strndup ((const char *)line.data, line.length);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *again = NULL;

  if (!g_str_has_prefix (text, CHECKPOINT_ORIGIN))
    return FALSE;
  bytes = hex_decode (text + strlen (CHECKPOINT_ORIGIN));
  if (bytes == NULL || g_bytes_get_size (bytes) != MERKLE_HASH)
    return FALSE;
  memcpy (origin, g_bytes_get_data (bytes, NULL), MERKLE_HASH);
  again = origin_name (origin);
  return g_str_equal (again, text);
}

/* The three lines that are signed. */
static gboolean
read_text (const char **at, Checkpoint *checkpoint, GError **error)
{
  Span origin, size, root, empty;

  if (!read_line (at, &origin, "the checkpoint's origin", error)
      || !read_line (at, &size, "the checkpoint's size", error)
      || !read_line (at, &root, "the checkpoint's root", error)
      || !read_line (at, &empty, "the empty line in front of the signatures", error))
    return FALSE;
  if (!read_origin (origin, checkpoint->origin))
    return ca_refuse (error, CA_ERROR_PROOF,
                      "this is no checkpoint: it does not begin with " CHECKPOINT_ORIGIN
                      " and the log's origin");
  if (!read_number (size, &checkpoint->size))
    return ca_refuse (error, CA_ERROR_PROOF, "the checkpoint's size is no number");
  if (!read_hash (root, checkpoint->root))
    return ca_refuse (error, CA_ERROR_PROOF, "the checkpoint's root is no hash");
  return empty.length == 0
         || ca_refuse (error, CA_ERROR_PROOF, "the checkpoint has more lines than it must have");
}

/* A signature line, taken apart. */
typedef struct {
  Span name;
  GBytes *bytes; /* key id, signature */
} SignatureLine;

static void
signature_line_clear (SignatureLine *line)
{
  g_clear_pointer (&line->bytes, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SignatureLine, signature_line_clear)

static gboolean
read_signature (const char **at, SignatureLine *signature, GError **error)
{
  const gsize dash = strlen (DASH);
  const guint8 *space;
  Span line;

  if (!read_line (at, &line, "the checkpoint's signature", error))
    return FALSE;
  space = line.length > dash && memcmp (line.data, DASH, dash) == 0
              ? memchr (line.data + dash, ' ', line.length - dash)
              : NULL;
  if (space == NULL || space == line.data + dash
      || !g_utf8_validate_len ((const char *)line.data, line.length, NULL))
    return ca_refuse (error, CA_ERROR_PROOF, "a signature's line of the checkpoint is none");
  signature->name = (Span){ line.data + dash, (gsize)(space - line.data) - dash };
  signature->bytes =
      base64_read ((const char *)space + 1, line.length - (gsize)(space + 1 - line.data));
  return (signature->bytes != NULL && g_bytes_get_size (signature->bytes) > KEY_ID)
         || ca_refuse (error, CA_ERROR_PROOF, "a signature of the checkpoint is no base64");
}

/* Whose signature counts, and over what. */
typedef struct {
  EVP_PKEY *key;
  Span name;
  guint8 key_id[KEY_ID];
  Span text;
  gboolean found;
} Wanted;

static gboolean
set_key (Wanted *wanted, EVP_PKEY *key)
{
  guint8 *spki = NULL;
  const int length = i2d_PUBKEY (key, &spki);
  g_autoptr (GBytes) digest = sha256_of (spki, (gsize)MAX (length, 0));

  wanted->key = key;
  memcpy (wanted->key_id, g_bytes_get_data (digest, NULL), KEY_ID);
  OPENSSL_free (spki);
  return length > 0;
}

/* Others' are passed over; one that says that it is the station's must be. */
static gboolean
check_signature (Wanted *wanted, const SignatureLine *signature, GError **error)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (signature->bytes, &length);

  if (wanted->key == NULL || memcmp (bytes, wanted->key_id, KEY_ID) != 0
      || !span_equal (signature->name, wanted->name.data, wanted->name.length))
    return TRUE;
  wanted->found = TRUE;
  return signature_verify (signature_find ("ecdsa-sha256"), wanted->key, wanted->text,
                           (Span){ bytes + KEY_ID, length - KEY_ID }, NULL)
         || ca_refuse (error, CA_ERROR_PROOF,
                       "the checkpoint's signature is not by the station's key");
}

static gboolean
read_signatures (const char **at, Wanted *wanted, GError **error)
{
  guint count = 0;

  do {
    g_auto (SignatureLine) signature = { 0 };

    if (count++ == MOST_SIGNATURES)
      return ca_refuse (error, CA_ERROR_PROOF, "the checkpoint has more than %d signatures",
                        MOST_SIGNATURES);
    if (!read_signature (at, &signature, error) || !check_signature (wanted, &signature, error))
      return FALSE;
  } while (**at != '\0' && **at != '\n');
  return wanted->key == NULL || wanted->found
         || ca_refuse (error, CA_ERROR_PROOF, "the station's key did not sign this checkpoint");
}

gboolean
checkpoint_read (const char *text, EVP_PKEY *station, Checkpoint *checkpoint, gsize *length,
                 GError **error)
{
  const char *at = text;
  Wanted wanted = { 0 };

  if (station != NULL && !set_key (&wanted, station))
    return openssl_refuse (error, CA_ERROR_PROOF, "the station's key can't be read");
  if (!read_text (&at, checkpoint, error))
    return FALSE;
  wanted.text = (Span){ (const guint8 *)text, (gsize)(at - 1 - text) };
  wanted.name.data = (const guint8 *)text;
  wanted.name.length = strlen (CHECKPOINT_ORIGIN) + 2 * MERKLE_HASH;
  if (!read_signatures (&at, &wanted, error))
    return FALSE;
  *length = (gsize)(at - text);
  return TRUE;
}

/* ---- proofs ---- */

void
inclusion_proof_clear (InclusionProof *proof)
{
  g_clear_pointer (&proof->extra, g_bytes_unref);
  g_clear_pointer (&proof->path, g_byte_array_unref);
  g_clear_pointer (&proof->note, g_free);
}

char *
inclusion_proof_text (guint64 index, const GByteArray *path, const char *note, GBytes *extra)
{
  GString *text = g_string_new (PROOF_HEAD "\n");

  if (extra != NULL) {
    g_autofree char *base64 =
        g_base64_encode (g_bytes_get_data (extra, NULL), g_bytes_get_size (extra));

    g_string_append_printf (text, EXTRA "%s\n", base64);
  }
  g_string_append_printf (text, "index %" G_GUINT64_FORMAT "\n", index);
  for (guint at = 0; at + MERKLE_HASH <= path->len; at += MERKLE_HASH) {
    g_autofree char *hash = g_base64_encode (path->data + at, MERKLE_HASH);

    g_string_append_printf (text, "%s\n", hash);
  }
  g_string_append_printf (text, "\n%s", note);
  return g_string_free (text, FALSE);
}

/* The hashes up to the empty line. */
static gboolean
read_path (const char **at, GByteArray *path, GError **error)
{
  guint8 hash[MERKLE_HASH];
  Span line;

  while (read_line (at, &line, "the proof's path", error)) {
    if (line.length == 0)
      return TRUE;
    if (!read_hash (line, hash) || path->len >= MERKLE_MOST_PATH * MERKLE_HASH)
      return ca_refuse (error, CA_ERROR_PROOF,
                        "a line of the proof's path is no hash, or there are too many");
    g_byte_array_append (path, hash, MERKLE_HASH);
  }
  return FALSE;
}

/* The line that a proof may do without. */
static gboolean
read_extra (const char **at, GBytes **extra, GError **error)
{
  const char *start = *at + strlen (EXTRA);
  const char *end;

  if (!g_str_has_prefix (*at, EXTRA))
    return TRUE;
  end = memchr (start, '\n', strnlen (start, MOST_EXTRA));
  *extra = end != NULL ? base64_read (start, (gsize)(end - start)) : NULL;
  if (*extra == NULL)
    return ca_refuse (error, CA_ERROR_PROOF, "what the proof brings along (extra) is no base64");
  *at = end + 1;
  return TRUE;
}

static gboolean
read_index (const char **at, guint64 *index, GError **error)
{
  const gsize word = strlen ("index ");
  Span line;

  if (!read_line (at, &line, "the proof's index", error))
    return FALSE;
  return (line.length > word && memcmp (line.data, "index ", word) == 0
          && read_number ((Span){ line.data + word, line.length - word }, index))
         || ca_refuse (error, CA_ERROR_PROOF, "the proof's index is no number");
}

gboolean
inclusion_proof_read (const char *text, InclusionProof *proof, GError **error)
{
  const char *at = text + strlen (PROOF_HEAD "\n");
  Checkpoint checkpoint;
  gsize length;

  if (!g_str_has_prefix (text, PROOF_HEAD "\n"))
    return ca_refuse (error, CA_ERROR_PROOF, "this is no proof: its first line is not " PROOF_HEAD);
  proof->path = g_byte_array_new ();
  if (!read_extra (&at, &proof->extra, error) || !read_index (&at, &proof->index, error)
      || !read_path (&at, proof->path, error)
      || !checkpoint_read (at, NULL, &checkpoint, &length, error))
    return FALSE;
  if (at[length] != '\0')
    return ca_refuse (error, CA_ERROR_PROOF, "something follows the proof's checkpoint");
  proof->note = g_strdup (at);
  return TRUE;
}
