#!/usr/bin/env bash
# Installs rosterctl below RUNNER_TEMP and puts it on the path of the steps that follow. Bash 3.2 and newer (macOS).
#
# FROM        release or source
# VERSION     the release, such as 0.1.0
# PROVENANCE  true: GitHub is asked who built the binary (gh, GH_TOKEN); false: the checksum alone
set -euo pipefail

repository=rosterctl/rosterctl
# Another place to download from: a mirror, or a folder (file://) in the tests.
downloads=${ROSTERCTL_DOWNLOADS:-https://github.com/$repository/releases/download}

fail() {
  printf '::error title=rosterctl::%s\n' "$1"
  exit 1
}

# A path as programs of this system and the runner read it: Git Bash on Windows has its own way to write them.
native() { if command -v cygpath >/dev/null 2>&1; then cygpath -w "$1"; else printf '%s' "$1"; fi; }

sha256() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else shasum -a 256 "$1"; fi | grep -oE '[0-9a-f]{64}' | head -n 1
}

finish() {
  native "$1" >>"$GITHUB_PATH"
  printf '\n' >>"$GITHUB_PATH"
  "$1/$program" --version
  exit 0
}

case $RUNNER_OS/$RUNNER_ARCH in
  Linux/X64) target=x86_64-unknown-linux-musl ;;
  Linux/ARM64) target=aarch64-unknown-linux-musl ;;
  macOS/X64) target=x86_64-apple-darwin ;;
  macOS/ARM64) target=aarch64-apple-darwin ;;
  # Windows on ARM runs programs for x86-64.
  Windows/X64 | Windows/ARM64) target=x86_64-pc-windows-msvc ;;
  *) target='' ;;
esac
program=rosterctl
[ "$RUNNER_OS" != Windows ] || program=rosterctl.exe

case $FROM in
  release) ;;
  source)
    folder=$RUNNER_TEMP/rosterctl-source
    if [ ! -x "$folder/bin/$program" ]; then
      command -v cargo >/dev/null 2>&1 || fail "no cargo on this runner: install Rust first, or use a release"
      # The repository of this action lies around it, at the revision to which the caller pinned it.
      source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
      cargo install --locked --path "$(native "$source")" --root "$(native "$folder")"
    fi
    finish "$folder/bin"
    ;;
  *) fail "from must be release or source" ;;
esac

# What is checked here goes into addresses and file names below.
[[ $VERSION =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] ||
  fail "version must be that of a release, such as 0.1.0, without a v before it"
[ -n "$target" ] || fail "there is no released binary for $RUNNER_OS on $RUNNER_ARCH; use from: source"
case $PROVENANCE in true | false) ;; *) fail "provenance must be true or false" ;; esac

folder=$RUNNER_TEMP/rosterctl-$VERSION-$target
[ ! -x "$folder/$program" ] || finish "$folder"

name=rosterctl-$VERSION-$target
work=$(mktemp -d "$RUNNER_TEMP/rosterctl.XXXXXX")
trap 'rm -rf "$work"' EXIT
for file in "$name.tar.gz" SHA256SUMS; do
  curl --fail --silent --show-error --location --retry 3 --proto-redir =https --output "$work/$file" \
    "$downloads/v$VERSION/$file" || fail "release $VERSION has no $file that can be downloaded"
done

wanted=$(tr -d '\r' <"$work/SHA256SUMS" | awk -v file="$name.tar.gz" '$2 == file || $2 == "*" file { print $1 }')
[[ $wanted =~ ^[0-9a-f]{64}$ ]] || fail "SHA256SUMS of release $VERSION does not have one checksum of $name.tar.gz"
[ "$(sha256 "$work/$name.tar.gz")" = "$wanted" ] || fail "$name.tar.gz is not the file whose checksum the release has"

if [ "$PROVENANCE" = true ]; then
  command -v gh >/dev/null 2>&1 || fail "no gh on this runner to check the provenance: install it, or set provenance: false"
  gh attestation verify "$work/$name.tar.gz" --repo "$repository" \
    --signer-workflow "$repository/.github/workflows/release.yml" --source-ref "refs/tags/v$VERSION" ||
    fail "the release workflow of $repository did not build $name.tar.gz, as far as GitHub knows"
fi

tar -xzf "$work/$name.tar.gz" -C "$work"
[ -f "$work/$name/$program" ] || fail "$name.tar.gz has no $program"
chmod +x "$work/$name/$program"
rm -rf "$folder"
mv "$work/$name" "$folder"
finish "$folder"
