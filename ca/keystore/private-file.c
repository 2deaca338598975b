/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See private-file.h. What is checked is the open file, not its name.
 */
#include "ca/keystore/private-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
check (int fd, const char *path, const char *what, gboolean lenient, GError **error)
{
  struct stat info;
  const char *problem = NULL;

  if (fstat (fd, &info) < 0 || !S_ISREG (info.st_mode))
    problem = "is no plain file";
  else if (info.st_uid != 0 && info.st_uid != geteuid ())
    problem = "belongs to another user; it must be root's or the signer's own";
  else if ((info.st_mode & 077) != 0 && !lenient)
    problem = "may be read by group or others; chmod 0600 it";
  if (problem != NULL)
    g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY, "the %s %s %s", what, path, problem);
  return problem == NULL;
}

int
private_file_open (const char *path, const char *what, gboolean lenient, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

  if (fd < 0) {
    g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY, "the %s %s can't be opened: %s", what, path,
                 g_strerror (errno));
    return -1;
  }
  if (check (fd, path, what, lenient, error))
    return fd;
  close (fd);
  return -1;
}
