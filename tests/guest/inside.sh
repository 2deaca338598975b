#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# inside.sh KERNEL PREFIX TEST [HELPER]: the guest's first process once the host's root is its root.
# Starts udev, runs TEST.py, says its exit status on the console and switches the machine off.
kernel=$1 prefix=$2 test=$3 helper=$4
identity=59990
here=$(dirname "$0")
export HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
export KEYCRADLE_TEST_PREFIX=$prefix KEYCRADLE_TEST_KERNEL=$kernel

# Whoever may not look into the folder that the tree was cloned into, as root's own, may do so here:
# the guest's layer in memory takes the change, not the host.
open_the_way_to() {
  local folder=$1
  while [ "$folder" != / ]; do
    chmod a+x "$folder" || return
    folder=$(dirname "$folder")
  done
}

prepare() {
  # a user for the daemon; not by useradd, which reads what only the host's root may read
  if ! getent passwd keycradle >/dev/null; then
    echo "keycradle:x:$identity:$identity::/nonexistent:/usr/sbin/nologin" >>/etc/passwd
    echo "keycradle:x:$identity:" >>/etc/group
  fi
  open_the_way_to "$prefix" || return
  mkdir -p /run/udev/rules.d
  cp "$prefix"/lib/udev/rules.d/*.rules /run/udev/rules.d/ || return
  modprobe -d "$kernel" -a virtio_console xhci_pci ftdi_sio vhci_hcd uhid hid_generic || return
  /lib/systemd/systemd-udevd --daemon || return
  udevadm trigger --action=add && udevadm settle
}

prepare && python3 "$here/$test.py" "$helper"
echo "guest: exit status $?"
/bin/busybox poweroff -f
