/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the CA's tests are made of: real keys, requests put together piece by piece (so that
 * each piece can be wrong), and a demo CA in a folder of its own.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

/* A request's pieces, each with its DER header, as they stand in it. */
typedef struct {
  EVP_PKEY *key; /* signs */
  const char *digest;
  gboolean pss; /* RSASSA-PSS with these two; `algorithm` is the test's to set */
  int salt_length;
  const char *mask_digest; /* NULL: that of the message */
  GBytes *version;
  GBytes *subject;
  GBytes *spki;
  GBytes *attributes;
  GBytes *algorithm;
} RequestParts;

/* A key by OpenSSL's own words: "rsa-2048", or a curve such as "P-256", "secp256k1". */
EVP_PKEY *make_key (const char *word);

/* A good request of `key`; `digest` is "SHA256" and so on. */
RequestParts make_parts (EVP_PKEY *key, const char *digest);
void parts_clear (RequestParts *parts);

/* Puts hex in place of a piece. */
void parts_set (GBytes **piece, const char *hex);

/* Signs and wraps the pieces. */
GBytes *make_request (const RequestParts *parts);

/* A good request of a new key. */
GBytes *make_good_request (const char *key_word, const char *digest);

/* `bytes` with `extra` bytes of 0 behind it, or `-extra` bytes cut off. */
GBytes *bytes_resized (GBytes *bytes, gssize extra);

/* One byte changed. */
GBytes *bytes_flipped (GBytes *bytes, gsize place, guint8 mask);

/* A new folder below the temporary one. Free with folder_remove(). */
char *folder_make (void);
void folder_remove (char *folder);
void folder_write (const char *folder, const char *name, const char *text, int mode);
void folder_save (const char *folder, const char *name, GBytes *content);

/* ca.key, ca.pem and so on, profiles.d/sensor.profile (any key, until-ca), state/ and
 * signer.conf in demo mode, of a demo CA. */
void folder_fill (const char *folder, const char *ca_key);

/* Runs a command; its exit status. What it says goes to `output` (may be NULL). */
int run (const char *folder, char **output, const char *first, ...) G_GNUC_NULL_TERMINATED;

/* Runs a line of the shell in the folder. It must end well; or it must not, and say `words`. */
void folder_shell (const char *folder, const char *line);
void folder_shell_refuses (const char *folder, const char *line, const char *words);
