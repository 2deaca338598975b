#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Keys in every kind of store, for tests: SoftHSM as the PKCS#11 token, swtpm as the TPM.
#
#   stores.sh make FOLDER        all of it; for each KEY (p256, p384, rsa) and STORE (file, pkcs11, tpm2,
#                                tpm2-file) FOLDER/KEY.STORE.uri, .pub and the CA certificate .pem
#   stores.sh remove-hsm FOLDER  the token is pulled out ...
#   stores.sh return-hsm FOLDER  ... and put back
#   stores.sh start-tpm FOLDER   the TPM runs; its number is in FOLDER/tpm/pid
#   stores.sh kill-tpm FOLDER
set -eu
verb=$1
folder=$2
tpm=$folder/tpm
tcti=swtpm:path=$tpm/sock
module=/usr/lib/softhsm/libsofthsm2.so
pin=$(cat "$folder/pin" 2>/dev/null || echo 1357-pass)
SOFTHSM2_CONF=$folder/softhsm2.conf
TPM2TOOLS_TCTI=$tcti
TPM2OPENSSL_TCTI=$tcti
TSS2_LOG=all+none
export SOFTHSM2_CONF TPM2TOOLS_TCTI TPM2OPENSSL_TCTI TSS2_LOG

start_tpm() {
  swtpm socket --tpm2 --tpmstate "dir=$tpm" --server "type=unixio,path=$tpm/sock" \
    --ctrl "type=unixio,path=$tpm/sock.ctrl" --flags not-need-init,startup-clear \
    --pid "file=$tpm/pid" --daemon
}

kill_tpm() {
  number=$(cat "$tpm/pid")
  kill -KILL "$number"
  while grep -qs '^State:[[:space:]]*[DIPRSTt]' "/proc/$number/status"; do sleep 0.01; done
}

# KEY STORE, then what makes OpenSSL sign with it
certify() {
  key=$1
  store=$2
  shift 2
  openssl req -x509 -new -subj "/CN=$key in $store" -days 7300 -out "$key.$store.pem" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign "$@"
  openssl x509 -in "$key.$store.pem" -noout -pubkey > "$key.$store.pub"
}

# KEY, then what `openssl genpkey` makes
make_file_and_hsm() {
  key=$1
  shift
  openssl genpkey "$@" -out plain.key 2>/dev/null
  (umask 077 && openssl pkcs8 -topk8 -scrypt -scrypt_N 1024 -in plain.key -out "$key.key" \
    -passout file:pin)
  certify "$key" file -key plain.key
  echo "file:$folder/$key.key" > "$key.file.uri"
  openssl pkcs8 -topk8 -nocrypt -in plain.key -out bare.key
  softhsm2-util --import bare.key --token keycradle --label "$key" --id "$key_number" --pin "$pin"
  certify "$key" pkcs11 -key plain.key
  echo "pkcs11:token=keycradle;object=$key;type=private?module-path=$module" > "$key.pkcs11.uri"
  rm plain.key bare.key
}

# KEY HANDLE, then what tpm2_create makes
make_handle() {
  key=$1
  handle=$2
  shift 2
  tpm2_create -Q -C primary.ctx -u key.pub -r key.priv -p "$pin" \
    -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign' "$@"
  tpm2_flushcontext -t
  tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
  tpm2_evictcontrol -Q -C o -c key.ctx "$handle"
  tpm2_flushcontext -t
  certify "$key" tpm2 -provider tpm2 -provider default -key "handle:$handle?pass" -passin file:pin
  echo "tpm2:handle=$handle?tcti=$tcti" > "$key.tpm2.uri"
}

# KEY, then what `openssl genpkey` makes
make_tss2_file() {
  key=$1
  shift
  openssl genpkey -provider tpm2 -provider default "$@" -pkeyopt "user-auth:$pin" \
    -out "$key.tss" 2>/dev/null
  chmod 600 "$key.tss"
  certify "$key" tpm2-file -provider tpm2 -provider default -key "$key.tss" -passin file:pin
  echo "tpm2:file=$folder/$key.tss?tcti=$tcti" > "$key.tpm2-file.uri"
}

make() {
  mkdir tokens tpm
  (umask 077 && echo "$pin" > pin && echo not-the-pin > wrong-pin)
  printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' \
    "$folder" > softhsm2.conf
  softhsm2-util --init-token --free --label keycradle --so-pin 24680 --pin "$pin"
  key_number=01 make_file_and_hsm p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
  key_number=02 make_file_and_hsm p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
  key_number=03 make_file_and_hsm rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
  start_tpm
  # Each wrong passphrase and each kill counts; by itself this TPM locks after three.
  tpm2_dictionarylockout -Q --setup-parameters --max-tries=10000 --recovery-time=1 \
    --lockout-recovery-time=1
  tpm2_createprimary -Q -C o -G ecc -c primary.ctx
  make_handle p256 0x81000010 -G ecc256
  make_handle p384 0x81000011 -G ecc384
  make_handle rsa 0x81000012 -G rsa2048
  make_tss2_file p256 -algorithm EC -pkeyopt group:P-256
  make_tss2_file p384 -algorithm EC -pkeyopt group:P-384
  make_tss2_file rsa -algorithm RSA -pkeyopt bits:2048
}

cd "$folder"
case $verb in
  make) make ;;
  remove-hsm) mv tokens tokens.out ;;
  return-hsm) mv tokens.out tokens ;;
  start-tpm) start_tpm ;;
  kill-tpm) kill_tpm ;;
  *) echo "stores.sh: no such verb: $verb" >&2; exit 2 ;;
esac
