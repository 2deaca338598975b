#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# inside.sh KERNEL PREFIX: the guest's first process once the host's root is its root. Starts
# udev, runs the test, says its exit status on the console and switches the machine off.
kernel=$1 prefix=$2
identity=59990
here=$(dirname "$0")
export HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
export KEYCRADLE_TEST_PREFIX=$prefix

prepare() {
  # a user for the daemon; not by useradd, which reads what only the host's root may read
  if ! getent passwd keycradle >/dev/null; then
    echo "keycradle:x:$identity:$identity::/nonexistent:/usr/sbin/nologin" >>/etc/passwd
    echo "keycradle:x:$identity:" >>/etc/group
  fi
  mkdir -p /run/udev/rules.d
  cp "$prefix"/lib/udev/rules.d/*.rules /run/udev/rules.d/ || return
  modprobe -d "$kernel" -a virtio_console xhci_pci ftdi_sio || return
  /lib/systemd/systemd-udevd --daemon || return
  udevadm trigger --action=add && udevadm settle
}

prepare && python3 "$here/inside.py" the_line_works_on_real_serial_ports
echo "guest: exit status $?"
/bin/busybox poweroff -f
