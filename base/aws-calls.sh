#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes the calls in the file beside it (this file's name without .sh) with the aws CLI. It may be stopped at any
# time: run again, it goes on behind the last call that was answered. A line is one certificate or one CA. Its calls
# are made in order; several lines are at work at once, but for those that others need first. What AWS has already
# under the same name is done where it is the same certificate, and an alarm where it is another: nothing is overwritten.
#
# FILE.done    how many calls of each line were answered
# FILE.alarms  what AWS has under our name and is not ours
# FILE.failed  what AWS refused, in its words
set -u
usage='usage: sh FILE.sh [--jobs N] [--rate CALLS-A-SECOND] [--dry-run]'
tab=$(printf '\t')
jobs=8
rate=10
dry_run=no
most_attempts=6
AWS_PAGER=''
LC_ALL=C
export AWS_PAGER LC_ALL

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
  --jobs | --rate)
    [ $# -ge 2 ] || fail "$usage"
    case $2 in '' | *[!0-9]* | 0*) fail "$usage" ;; esac
    if [ "$1" = --jobs ]; then jobs=$2; else rate=$2; fi
    shift
    ;;
  --dry-run) dry_run=yes ;;
  *) fail "$usage" ;;
  esac
  shift
done
case $0 in
/*.sh | ./*.sh) calls=${0%.sh} ;;
*.sh) calls=./${0%.sh} ;;
*) fail "run it under the name that it was exported with: FILE.sh beside FILE" ;;
esac
[ -r "$calls" ] || fail "$calls can't be read: it must stand beside this script"

# ---- one call ----

give_up() {
  printf '%s\n' "$name: $1" >> "$calls.$2"
  printf '%s\n' "$name: $1" >&2
  return 1
}

stop_all() {
  printf '%s\n' "$1" > "$calls.stop"
  return 1
}

is_there() {
  case $1 in
  register-ca-certificate)
    aws --region "$region" iot describe-ca-certificate --certificate-id "$sha256" \
      --query certificateDescription.certificateId --output text < /dev/null 2> /dev/null
    ;;
  register-certificate*)
    aws --region "$region" iot describe-certificate --certificate-id "$sha256" \
      --query certificateDescription.certificateId --output text < /dev/null 2> /dev/null
    ;;
  create-thing)
    serial=$(aws --region "$region" iot describe-thing --thing-name "$thing" \
      --query attributes.serialNumber --output text < /dev/null 2> /dev/null)
    if [ "$serial" = "$name" ]; then printf '%s\n' "$sha256"; fi
    ;;
  esac
}

judge_existing() {
  if [ "$(is_there "$1")" = "$sha256" ]; then
    return 0
  fi
  give_up "ALARM: $1: AWS has another one there already" alarms
}

# 0: as good as done, 1: this line ends, 2: once more.
judge() {
  code=none
  case $2 in
  *'An error occurred ('*)
    code=${2#*An error occurred \(}
    code=${code%%\)*}
    ;;
  *'Could not connect'* | *imeout* | *'Connection was closed'*) code=Unreachable ;;
  esac
  case $code in
  ResourceAlreadyExistsException) judge_existing "$1" ;;
  ResourceNotFoundException)
    case $1 in
    detach-* | delete-*) return 0 ;;
    *) give_up "$1: $2" failed ;;
    esac
    ;;
  Throttl* | TooManyRequests* | ServiceUnavailable* | Internal* | RequestTimeout* | ConflictingResourceUpdate* | Unreachable)
    return 2
    ;;
  none | AccessDenied* | Unauthorized* | Unrecognized* | Expired* | InvalidClientTokenId | InvalidSignature* | SignatureDoesNotMatch | MissingAuthenticationToken*)
    stop_all "$2"
    ;;
  *) give_up "$1: $2" failed ;;
  esac
}

# The clock runs beside the call: so calls begin at the pace, however long they take.
ask() {
  sleep "$pause" &
  timer=$!
  aws --region "$region" iot "$1" --cli-input-json "$2" --query certificateId --output text < /dev/null 2>&1
  result=$?
  wait "$timer"
  return "$result"
}

check_answer() {
  case $1 in
  register-*)
    [ "$2" = "$sha256" ] || give_up "ALARM: $1: AWS took it for certificate $2, and it is $sha256" alarms
    ;;
  esac
}

make_call() {
  attempt=1
  delay=1
  while :; do
    if answer=$(ask "$1" "$2"); then
      check_answer "$1" "$answer"
      return
    fi
    judge "$1" "$answer"
    case $? in
    0) return 0 ;;
    1) return 1 ;;
    esac
    if [ "$attempt" -ge "$most_attempts" ]; then
      stop_all "$answer"
      return 1
    fi
    sleep "$delay"
    attempt=$((attempt + 1))
    delay=$((delay * 2))
  done
}

# ---- one line ----

run_line() {
  set -f
  IFS=$tab
  # shellcheck disable=SC2086 # it is to be split, at tabs alone
  set -- $1
  unset IFS
  set +f
  number=$1
  made=$2
  name=$4
  sha256=$5
  region=$7
  thing=$8
  shift 8
  call=0
  while [ $# -ge 2 ]; do
    call=$((call + 1))
    if [ "$call" -gt "$made" ]; then
      if [ "$dry_run" = yes ]; then
        printf '%s: %s\n' "$name" "$1"
      else
        make_call "$1" "$2" || return 0
        printf '%s\t%s\n' "$number" "$call" >> "$calls.done"
      fi
    fi
    shift 2
  done
}

# The lines of a stage that are not done: their number, how many calls were answered, the line.
left() {
  awk -F '\t' -v stage="$1" -v jobs="$jobs" -v turn="$2" '
    NR == FNR { if ($2 + 0 > made[$1] + 0) made[$1] = $2; next }
    $1 == stage && FNR % jobs == turn && made[FNR] + 0 < (NF - 6) / 2 {
      print FNR "\t" made[FNR] + 0 "\t" $0
    }' "$calls.done" "$calls"
}

work() {
  left "$1" "$2" | while IFS= read -r line; do
    if [ -e "$calls.stop" ]; then break; fi
    run_line "$line"
  done
}

run_stage() {
  turn=0
  workers=
  while [ "$turn" -lt "$jobs" ]; do
    work "$1" "$turn" &
    workers="$workers $!"
    turn=$((turn + 1))
  done
  # shellcheck disable=SC2086 # a list of numbers
  wait $workers
}

# ---- all of it ----

check_account() {
  account=$(awk -F '\t' '{ print $4; exit }' "$calls")
  said=$(aws sts get-caller-identity --query Account --output text < /dev/null 2>&1) \
    || fail "The aws CLI does not know who it is: $said"
  [ "$said" = "$account" ] || fail "These calls are for account $account, and the aws CLI is at $said: choose another profile (AWS_PROFILE)."
}

if [ "$dry_run" = no ]; then
  command -v aws > /dev/null || fail "The aws CLI is not installed here."
  if [ -s "$calls" ]; then check_account; fi
fi
mkdir "$calls.lock" 2> /dev/null || fail "It runs already; where it does not, remove the folder $calls.lock."
trap 'rmdir "$calls.lock"' EXIT
trap 'exit 130' INT TERM HUP
[ -e "$calls.done" ] || printf '0\t0\n' > "$calls.done"
rm -f "$calls.stop"
: > "$calls.alarms"
: > "$calls.failed"
pause=$(awk -v jobs="$jobs" -v rate="$rate" 'BEGIN { printf "%.3f", jobs / rate }')
for stage in 1 2 3; do
  run_stage "$stage"
  if [ -e "$calls.stop" ] || [ -s "$calls.alarms" ] || [ -s "$calls.failed" ]; then break; fi
done
if [ "$dry_run" = yes ]; then exit 0; fi

lines=$(awk 'END { print NR }' "$calls")
open=$(jobs=1 && for stage in 1 2 3; do left "$stage" 0; done | awk 'END { print NR }')
printf '%s of %s lines are done.\n' "$((lines - open))" "$lines"
if [ -e "$calls.stop" ]; then
  printf 'Stopped: %s\nPut that right and run this again: it goes on where it stopped.\n' "$(cat "$calls.stop")"
fi
if [ -s "$calls.alarms" ]; then
  printf 'ALARM: AWS has something else under names of ours. See %s, and tell whoever answers for the account.\n' "$calls.alarms"
fi
if [ -s "$calls.failed" ]; then
  printf 'AWS refused some: see %s. Run this again when that is put right.\n' "$calls.failed"
fi
if [ "$open" -gt 0 ]; then exit 1; fi
printf 'Next, at the station: keycradle outbox done TARGET, with --batch BATCH for a batch.\n'
