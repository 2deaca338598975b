/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See fault-vfs.h. Each file wraps the real one that stands behind it in the same memory.
 */
#include "fault-vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

typedef struct {
  sqlite3_file base;
  sqlite3_file *real;
} FaultFile;

static sqlite3_vfs *real_vfs;
static sqlite3_vfs fault_vfs;
static gint current_fault;
static gint syncs;
static atomic_ullong bytes_read;

static sqlite3_file *
real_of (sqlite3_file *file)
{
  return ((FaultFile *)file)->real;
}

static int
fault_close (sqlite3_file *file)
{
  return real_of (file)->pMethods->xClose (real_of (file));
}

static int
fault_read (sqlite3_file *file, void *data, int length, sqlite3_int64 offset)
{
  atomic_fetch_add (&bytes_read, (unsigned long long)length);
  return real_of (file)->pMethods->xRead (real_of (file), data, length, offset);
}

static int
fault_write (sqlite3_file *file, const void *data, int length, sqlite3_int64 offset)
{
  gint fault = g_atomic_int_get (&current_fault);

  if (fault == FAULT_NO_SPACE)
    return SQLITE_FULL;
  if (fault == FAULT_WRITE)
    return SQLITE_IOERR_WRITE;
  return real_of (file)->pMethods->xWrite (real_of (file), data, length, offset);
}

static int
fault_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  return real_of (file)->pMethods->xTruncate (real_of (file), size);
}

static int
fault_sync (sqlite3_file *file, int flags)
{
  g_atomic_int_inc (&syncs);
  if (g_atomic_int_get (&current_fault) == FAULT_SYNC)
    return SQLITE_IOERR_FSYNC;
  return real_of (file)->pMethods->xSync (real_of (file), flags);
}

static int
fault_size (sqlite3_file *file, sqlite3_int64 *size)
{
  return real_of (file)->pMethods->xFileSize (real_of (file), size);
}

static int
fault_lock (sqlite3_file *file, int level)
{
  return real_of (file)->pMethods->xLock (real_of (file), level);
}

static int
fault_unlock (sqlite3_file *file, int level)
{
  return real_of (file)->pMethods->xUnlock (real_of (file), level);
}

static int
fault_check_lock (sqlite3_file *file, int *result)
{
  return real_of (file)->pMethods->xCheckReservedLock (real_of (file), result);
}

static int
fault_control (sqlite3_file *file, int operation, void *argument)
{
  return real_of (file)->pMethods->xFileControl (real_of (file), operation, argument);
}

static int
fault_sector_size (sqlite3_file *file)
{
  return real_of (file)->pMethods->xSectorSize (real_of (file));
}

static int
fault_characteristics (sqlite3_file *file)
{
  return real_of (file)->pMethods->xDeviceCharacteristics (real_of (file));
}

static int
fault_map (sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
  return real_of (file)->pMethods->xShmMap (real_of (file), page, size, extend, memory);
}

static int
fault_map_lock (sqlite3_file *file, int offset, int count, int flags)
{
  return real_of (file)->pMethods->xShmLock (real_of (file), offset, count, flags);
}

static void
fault_map_barrier (sqlite3_file *file)
{
  real_of (file)->pMethods->xShmBarrier (real_of (file));
}

static int
fault_unmap (sqlite3_file *file, int delete_it)
{
  return real_of (file)->pMethods->xShmUnmap (real_of (file), delete_it);
}

static const sqlite3_io_methods fault_methods = {
  .iVersion = 2,
  .xClose = fault_close,
  .xRead = fault_read,
  .xWrite = fault_write,
  .xTruncate = fault_truncate,
  .xSync = fault_sync,
  .xFileSize = fault_size,
  .xLock = fault_lock,
  .xUnlock = fault_unlock,
  .xCheckReservedLock = fault_check_lock,
  .xFileControl = fault_control,
  .xSectorSize = fault_sector_size,
  .xDeviceCharacteristics = fault_characteristics,
  .xShmMap = fault_map,
  .xShmLock = fault_map_lock,
  .xShmBarrier = fault_map_barrier,
  .xShmUnmap = fault_unmap,
};

static int
fault_open (sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  FaultFile *fault = (FaultFile *)file;

  fault->real = (sqlite3_file *)(fault + 1);
  fault->base.pMethods = NULL;
  int result = real_vfs->xOpen (real_vfs, name, fault->real, flags, out_flags);
  if (fault->real->pMethods != NULL)
    fault->base.pMethods = &fault_methods;
  return result;
}

void
fault_vfs_install (void)
{
  real_vfs = sqlite3_vfs_find (NULL);
  fault_vfs = *real_vfs;
  fault_vfs.zName = "fault";
  fault_vfs.szOsFile = (int)sizeof (FaultFile) + real_vfs->szOsFile;
  fault_vfs.xOpen = fault_open;
  sqlite3_vfs_register (&fault_vfs, 1);
}

void
fault_vfs_set (Fault fault)
{
  g_atomic_int_set (&current_fault, (gint)fault);
}

guint
fault_vfs_syncs (void)
{
  return (guint)g_atomic_int_get (&syncs);
}

guint64
fault_vfs_bytes_read (void)
{
  return atomic_load (&bytes_read);
}
