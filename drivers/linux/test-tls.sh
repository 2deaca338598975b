#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test-tls.sh ROOT: a TLS server with the key in the TPM and the certificate of a simulated device
# whose root folder is ROOT. OpenSSL's client judges its signature.
set -eu
cd "$1"
swtpm socket --tpm2 --tpmstate dir=tpm --server type=unixio,path=tpm/s \
  --ctrl type=unixio,path=tpm/s.ctrl --flags not-need-init,startup-clear &
TPM=$!
trap 'kill $TPM' EXIT
until [ -S tpm/s ] && [ -S tpm/s.ctrl ]; do sleep 0.02; done
# The TPM signs; what else a connection needs is done beside it.
cat >tls.conf <<'END'
openssl_conf = main
[main]
providers = providers
alg_section = algorithms
[providers]
default = active
tpm2 = active
[active]
activate = 1
[algorithms]
default_properties = ?provider=tpm2,tpm2.digest!=yes,tpm2.cipher!=yes
END
OPENSSL_CONF=tls.conf TPM2OPENSSL_TCTI=swtpm:path=tpm/s timeout 20 openssl s_server -quiet \
  -key etc/keycradle/device.key -cert etc/keycradle/device.crt -unix tls -naccept 1 2>server &
until [ -S tls ]; do sleep 0.02; done
timeout 20 openssl s_client -unix tls </dev/null >client 2>/dev/null || true
wait $! || true
grep '^Peer signature type: ECDSA$' client
grep '^New, TLSv1.3, Cipher is TLS_' client
[ ! -s server ] || { cat server >&2; exit 1; }
openssl x509 -in client -outform DER -out shown
openssl x509 -in etc/keycradle/device.crt -outform DER -out written
cmp shown written
