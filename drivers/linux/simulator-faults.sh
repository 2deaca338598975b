# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Stands in for openssl, mv and base64 on a simulated Linux device that has a fault; the words of
# its faults are in /opt/faults/list.
N=${0##*/}
has() { grep -qx "$1" /opt/faults/list; }
value() { # the word behind the option $1 among the others
  O=$1; shift
  while [ $# -gt 1 ]; do [ "$1" != "$O" ] || { echo "$2"; return; }; shift; done
}
real() { env PATH="${PATH#/opt/faults:}" "$N" "$@"; }
other_key() {
  [ -e /opt/faults/other.pem ] ||
    real genpkey -algorithm EC -pkeyopt group:P-256 -out /opt/faults/other.pem 2>/dev/null
}
case "$N:$1" in
  openssl:genpkey)
    OUT=$(value -out "$@")
    if [ -e /opt/faults/made.pem ]; then exec cp /opt/faults/made.pem "$OUT"; fi
    if has weak-key; then
      case "$*" in
        *rsa_keygen_bits*) real genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out "$OUT" ;;
        *) real genpkey -algorithm EC -pkeyopt group:P-224 -out "$OUT" ;;
      esac
      exit
    fi ;;
  openssl:req)
    if has leak-private-key; then other_key; cat /opt/faults/other.pem; fi
    if has leak-der; then
      other_key
      echo '-----BEGIN CERTIFICATE REQUEST-----'
      real pkey -in /opt/faults/other.pem -outform DER | base64
      echo '-----END CERTIFICATE REQUEST-----'
      exit
    fi
    if has bad-signature; then
      real "$@" -outform DER -out /tmp/sound || exit
      L=$(tail -c 1 /tmp/sound | od -An -tu1)
      S=$(wc -c </tmp/sound)
      { head -c $((S - 1)) /tmp/sound; printf "\\$(printf %03o $((L ^ 1)))"; } >/tmp/bad
      echo '-----BEGIN CERTIFICATE REQUEST-----'
      real base64 -in /tmp/bad
      echo '-----END CERTIFICATE REQUEST-----'
      exit
    fi ;;
  openssl:dgst)
    if has wrong-key && [ -n "$(value -sign "$@")" ]; then
      other_key
      shift
      exec env PATH="${PATH#/opt/faults:}" openssl dgst -sha256 -sign /opt/faults/other.pem \
        -out "$(value -out "$@")" nonce
    fi ;;
  mv:*)
    if has refuse-install; then
      for F; do :; done
      case $F in *.crt) echo "mv: cannot move to '$F': Read-only file system" >&2; exit 1 ;; esac
    fi ;;
  base64:)
    if has wrong-certificate; then
      cat >/tmp/shown
      if grep -q 'BEGIN CERTIFICATE' /tmp/shown; then real </opt/faults/other.crt; exit; fi
      real </tmp/shown
      exit
    fi ;;
esac
real "$@"
