#!/usr/bin/env bash
# Lays out what the image is made of: context.sh VERSION FOLDER, from dist/rosterctl-VERSION-*-linux-musl.tar.gz.
set -euo pipefail

version=$1
folder=$2
# The names of processors in images, and in targets of Rust.
for pair in amd64:x86_64 arm64:aarch64; do
  name=rosterctl-$version-${pair#*:}-unknown-linux-musl
  [ -f "dist/$name.tar.gz" ] || continue
  mkdir -p "$folder/${pair%%:*}"
  tar -xzf "dist/$name.tar.gz" -C "$folder/${pair%%:*}" --strip-components 1 "$name/rosterctl"
done
[ -x "$folder/amd64/rosterctl" ] || { echo "dist has no binary of $version for amd64" >&2; exit 1; }
# Whom to trust over TLS: an image from nothing has nobody.
cp /etc/ssl/certs/ca-certificates.crt "$folder/ca-certificates.crt"
# The folder that rosters are mounted on belongs to the one user of the image.
mkdir -p "$folder/work"
