# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The root of a simulated Linux device: the host's programs, its own everything else. Runs as root
# of a user and mount namespace of its own, and becomes the login shell.
#   $1 root folder  $2 shell: dash, bash or busybox
set -e
cd "$1"
mkdir -p etc/ssl opt dev proc sys root tmp run bin usr
mount -t tmpfs -o mode=1777 none tmp
mount --rbind /usr usr
mount -o remount,bind,ro usr
mount --rbind /proc proc
for N in lib lib32 lib64 libx32; do
  if [ -L "/$N" ]; then ln -sfn "$(readlink "/$N")" "$N"
  elif [ -d "/$N" ]; then mkdir -p "$N"; mount --rbind "/$N" "$N"; fi
done
mount -t tmpfs -o mode=755 none dev
for N in null zero random urandom tty full; do : >"dev/$N"; mount --bind "/dev/$N" "dev/$N"; done
for N in ld.so.cache ssl/openssl.cnf; do [ ! -e "/etc/$N" ] || cp "/etc/$N" "etc/$N"; done
[ ! -d /etc/alternatives ] || { mkdir -p etc/alternatives; mount --rbind /etc/alternatives etc/alternatives; }
P=/opt/faults:/opt/bin:/usr/sbin:/usr/bin:/bin
case $2 in
  busybox) ln -sfn /usr/bin/busybox bin/sh; P=/opt/faults:/opt/bin:/opt/busybox:/usr/bin
    [ -d opt/busybox ] || { mkdir opt/busybox; for N in $(busybox --list); do ln -s /usr/bin/busybox "opt/busybox/$N"; done; } ;;
  *) ln -sfn "/usr/bin/$2" bin/sh ;;
esac
export HOME=/root TERM=vt220
exec chroot . /usr/bin/env "PATH=$P" /bin/sh -c 'cd; exec /bin/sh -l'
