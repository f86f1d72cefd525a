#!/usr/bin/env bash
# Runs one command of rosterctl and decides by its exit code whether the step fails. Bash 3.2 and newer (macOS).
#
# COMMAND         the command
# ARGS            its arguments, one a line
# ACCEPT          exit codes that do not fail the step
# CREDENTIAL      the secret; CREDENTIAL_ENV the name of the variable that the command finds it in
set -euo pipefail

fail() {
  printf '::error title=rosterctl::%s\n' "$1"
  exit 1
}

[[ $COMMAND =~ ^[a-z]+$ ]] || fail "command must be one command of rosterctl, such as validate; its arguments go into args"
[[ $ACCEPT =~ ^[0-9]+(\ [0-9]+)*$ ]] || fail "accept must be exit codes separated by spaces, such as 0 2"

arguments=()
# Whether the command talks to the runner itself.
annotates=false
before=
while IFS= read -r line || [ -n "$line" ]; do
  line=${line%$'\r'}
  [ -n "$line" ] || continue
  case "$before $line" in *' --format=github' | '--format github') annotates=true ;; esac
  before=$line
  arguments+=("$line")
done <<<"$ARGS"

if [ -n "$CREDENTIAL" ]; then
  # A variable that decides which programs run, or how, is no credential.
  case $CREDENTIAL_ENV in
    PATH | HOME | SHELL | ENV | IFS | BASH* | LD_* | DYLD_* | GITHUB_* | RUNNER_*) fail "credential-env cannot be $CREDENTIAL_ENV" ;;
  esac
  [[ $CREDENTIAL_ENV =~ ^[A-Z_][A-Z0-9_]*$ ]] || fail "credential-env must be the name of a variable, such as PORTAL_TOKEN"
  export "$CREDENTIAL_ENV=$CREDENTIAL"
fi
program=(rosterctl "$COMMAND")
good=$ACCEPT
unset CREDENTIAL CREDENTIAL_ENV COMMAND ARGS ACCEPT GH_TOKEN

# Rosters are written by people: what the command shows of them is no command to the runner.
token=
if [ "$annotates" = false ]; then
  token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf '::stop-commands::%s\n' "$token"
fi
code=0
"${program[@]}" ${arguments[@]+"${arguments[@]}"} || code=$?
[ -z "$token" ] || printf '::%s::\n' "$token"

printf 'exit-code=%s\n' "$code" >>"$GITHUB_OUTPUT"
case " $good " in *" $code "*) exit 0 ;; esac
exit "$code"
