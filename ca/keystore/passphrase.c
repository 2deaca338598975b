/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See passphrase.h.
 */
#include "ca/keystore/passphrase.h"

#include "ca/keystore/private-file.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

#define MOST_PASSPHRASE 1024
#define MOST_DESCRIPTORS 1024 /* PassphraseFd= is less */

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, CA_ERROR, CA_ERROR_CA_KEY, message);
  return FALSE;
}

static int
open_credential (const char *name, GError **error)
{
  const char *folder = g_getenv ("CREDENTIALS_DIRECTORY");
  g_autofree char *path = NULL;

  if (folder == NULL || strchr (name, '/') != NULL) {
    refuse (error, "PassphraseCredential= needs LoadCredential= (or LoadCredentialEncrypted=) in "
                   "the signer's systemd unit");
    return -1;
  }
  path = g_build_filename (folder, name, NULL);
  return private_file_open (path, "passphrase", FALSE, error);
}

/* Each can be read once. When the configuration is loaded anew, its number may by now be another
 * file's or a connection's, whose bytes are no passphrase. */
static int
take_descriptor (int fd, GError **error)
{
  static gboolean taken[MOST_DESCRIPTORS];

  if (fd < MOST_DESCRIPTORS && !taken[fd]) {
    taken[fd] = TRUE;
    return fd;
  }
  g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY,
               "PassphraseFd=%d was read already and can't be read twice; restart the signer", fd);
  return -1;
}

static int
open_source (const PassphraseSource *source, GError **error)
{
  if (source->credential != NULL)
    return open_credential (source->credential, error);
  if (source->file != NULL)
    return private_file_open (source->file, "passphrase", FALSE, error);
  if (source->fd >= 0)
    return take_descriptor (source->fd, error);
  refuse (error, "the CA key is encrypted; say where its passphrase is with PassphraseFile=, "
                 "PassphraseCredential= or PassphraseFd=");
  return -1;
}

/* Up to the end of the file; a passphrase of just the most allowed is too long. */
static gboolean
read_text (int fd, Passphrase *passphrase, GError **error)
{
  while (passphrase->length < MOST_PASSPHRASE) {
    gssize got =
        read (fd, passphrase->text + passphrase->length, MOST_PASSPHRASE - passphrase->length);

    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return refuse (error, "the passphrase can't be read");
    if (got == 0)
      return TRUE;
    passphrase->length += (gsize)got;
  }
  return refuse (error, "the passphrase is too long");
}

/* An editor's line end is not part of it. */
static gboolean
trim (Passphrase *passphrase, GError **error)
{
  if (passphrase->length > 0 && passphrase->text[passphrase->length - 1] == '\n')
    passphrase->length--;
  passphrase->text[passphrase->length] = '\0';
  return passphrase->length > 0 || refuse (error, "the passphrase is empty");
}

static Passphrase *
passphrase_new (void)
{
  Passphrase *passphrase = g_new0 (Passphrase, 1);

  passphrase->text = OPENSSL_secure_zalloc (MOST_PASSPHRASE + 1);
  return passphrase;
}

static Passphrase *
copy (const Passphrase *kept)
{
  Passphrase *passphrase = passphrase_new ();

  memcpy (passphrase->text, kept->text, kept->length + 1);
  passphrase->length = kept->length;
  return passphrase;
}

Passphrase *
passphrase_read (const PassphraseSource *source, GError **error)
{
  g_autoptr (Passphrase) passphrase = NULL;
  int fd;
  gboolean ok;

  if (source->kept != NULL)
    return copy (source->kept);
  fd = open_source (source, error);
  if (fd < 0)
    return NULL;
  passphrase = passphrase_new ();
  ok = read_text (fd, passphrase, error) && trim (passphrase, error);
  close (fd);
  return ok ? g_steal_pointer (&passphrase) : NULL;
}

gboolean
passphrase_keep (PassphraseSource *source, GError **error)
{
  source->kept = passphrase_read (source, error);
  source->fd = -1;
  return source->kept != NULL;
}

gboolean
passphrase_is_given (const PassphraseSource *source)
{
  return source->file != NULL || source->credential != NULL || source->fd >= 0
         || source->kept != NULL;
}

void
passphrase_free (Passphrase *passphrase)
{
  if (passphrase == NULL)
    return;
  OPENSSL_secure_clear_free (passphrase->text, MOST_PASSPHRASE + 1);
  g_free (passphrase);
}
