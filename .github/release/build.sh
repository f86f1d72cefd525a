#!/usr/bin/env bash
# Builds rosterctl for TARGET and packs it: the program, its manual pages, its completions, its licences.
# Leaves dist/rosterctl-VERSION-TARGET.tar.gz. GITHUB_REF_NAME, where set, must be the tag of that version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
tag=${GITHUB_REF_NAME:-v$version}
[ "$tag" = "v$version" ] || { echo "the tag is $tag and Cargo.toml says $version" >&2; exit 1; }

case $TARGET in
  # SQLite, ring and the allocator are C: with musl's own compiler they end up in one program without libraries.
  *-linux-musl) command -v musl-gcc >/dev/null 2>&1 || sudo apt-get install -y -q --no-install-recommends musl-tools ;;
  # What the C runtime of Windows would need at run time goes into the program.
  *-windows-msvc) export RUSTFLAGS="-C target-feature=+crt-static" ;;
esac
rustup target add "$TARGET"
cargo build --release --locked --target "$TARGET"

built=${CARGO_TARGET_DIR:-target}/$TARGET/release
program=rosterctl
[ -f "$built/$program" ] || program=rosterctl.exe
case $TARGET in
  *-linux-musl)
    # A program that names a loader of libraries is not static, whatever the target is called.
    if readelf --program-headers "$built/$program" | grep -q INTERP; then
      echo "$program is not static" >&2
      exit 1
    fi
    ;;
esac

name=rosterctl-$version-$TARGET
rm -rf "dist/$name"
mkdir -p "dist/$name/completions" "dist/$name/man"
cp "$built/$program" README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "dist/$name"
"$built/$program" man "dist/$name/man"
for shell in bash zsh fish powershell elvish; do
  "$built/$program" completions "$shell" >"dist/$name/completions/rosterctl.$shell"
done
tar -czf "dist/$name.tar.gz" -C dist "$name"
rm -rf "dist/$name"
