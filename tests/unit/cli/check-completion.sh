#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# check-completion.sh KEYCRADLE SCRIPT: bash itself, with the script loaded, completes words.
set -u

keycradle=$1
source "$2"
failed=0

expect() { # LINE CANDIDATES
  local words
  read -ra words <<<"$1"
  [ "${1: -1}" = ' ' ] && words+=('')
  words[0]=$keycradle
  COMP_WORDS=("${words[@]}")
  COMP_CWORD=$((${#words[@]} - 1))
  COMP_LINE=$1
  COMP_POINT=${#1}
  COMPREPLY=()
  _keycradle 2>/dev/null
  if [ "${COMPREPLY[*]}" != "$2" ]; then
    echo "'$1' gives '${COMPREPLY[*]}', not '$2'"
    failed=1
  fi
}

complete -p keycradle >/dev/null || failed=1
expect 'keycradle ba' 'batch'
expect 'keycradle batch p' 'pause'
expect 'keycradle registry ca ' 'register activate deactivate delete list'
expect 'keycradle registry c' 'cancel-transfer ca'
expect 'keycradle target add T --kind a' 'aws azure-hub azure-dps'
expect 'keycradle export ' 'list statement' # the formats come from a daemon
expect 'keycradle slot learn --se' '--seconds'
expect 'keycradle csr check ' ''
expect 'keycradle sim pl' ''
exit $failed
