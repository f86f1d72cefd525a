#!/usr/bin/env bash
# Puts the static binaries of dist into one image for both processors and pushes it. Writes `name` and `digest`.
#
# TAG       the tag of the release; its image has the version, and a release that is no preview is `latest` too
# GH_TOKEN  may write packages
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version=${TAG#v}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || { echo "$TAG is no tag of a release" >&2; exit 1; }
# Names of images are lower-case.
name=ghcr.io/$(printf '%s' "$GITHUB_REPOSITORY" | tr '[:upper:]' '[:lower:]')

bash .github/container/context.sh "$version" context
printf '%s' "$GH_TOKEN" | docker login ghcr.io --username "$GITHUB_ACTOR" --password-stdin
docker buildx create --use --name rosterctl
tags=(--tag "$name:$version")
[[ $version == *-* ]] || tags+=(--tag "$name:latest")
docker buildx build --platform linux/amd64,linux/arm64 --file .github/container/Containerfile \
  --label "org.opencontainers.image.source=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY" \
  --label "org.opencontainers.image.version=$version" \
  --label "org.opencontainers.image.licenses=MIT OR Apache-2.0" \
  --metadata-file image.json --push "${tags[@]}" context
{
  printf 'name=%s\n' "$name"
  printf 'digest=%s\n' "$(jq -r '."containerimage.digest"' image.json)"
} >>"$GITHUB_OUTPUT"
