/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which view is drawn for which kind.
 */
#include "ui-tui/view.h"

const View *
view_of_kind (ViewKind kind)
{
  switch (kind) {
  case VIEW_LINE:
    return &view_line;
  case VIEW_BATCH:
    return &view_batch;
  case VIEW_DEVICE:
    return &view_device;
  case VIEW_CA:
    return &view_ca;
  case VIEW_LOG:
    return &view_log;
  case VIEW_EXPORT:
    return &view_export;
  case VIEW_SLOTS:
    return &view_slots;
  }
  return &view_line;
}
