/* SPDX-License-Identifier: Apache-2.0
 *
 * What newlib's formatted output asks of a system, which there is none of: mbedTLS
 * only formats into buffers, so every one of these refuses.
 */
#include <stddef.h>

void *_sbrk (ptrdiff_t increment);
int _write (int file, const char *data, int length);
int _read (int file, char *data, int length);
int _close (int file);
int _lseek (int file, int offset, int whence);
int _fstat (int file, void *status);
int _isatty (int file);
int _kill (int process, int number);
int _getpid (void);
void _exit (int status);

void *
_sbrk (ptrdiff_t increment)
{
  (void)increment;
  return (void *)-1;
}

int
_write (int file, const char *data, int length)
{
  (void)file;
  (void)data;
  (void)length;
  return -1;
}

int
_read (int file, char *data, int length)
{
  (void)file;
  (void)data;
  (void)length;
  return -1;
}

int
_close (int file)
{
  (void)file;
  return -1;
}

int
_lseek (int file, int offset, int whence)
{
  (void)file;
  (void)offset;
  (void)whence;
  return -1;
}

int
_fstat (int file, void *status)
{
  (void)file;
  (void)status;
  return -1;
}

int
_isatty (int file)
{
  (void)file;
  return 0;
}

int
_kill (int process, int number)
{
  (void)process;
  (void)number;
  return -1;
}

int
_getpid (void)
{
  return 1;
}

void
_exit (int status)
{
  (void)status;
  for (;;)
    ;
}
