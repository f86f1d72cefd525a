# better-auth: strict and transactional, in a SQLite file of DIR.
pins="package.json package-lock.json server.mjs"
variants=default

install_server() {
  need node "install Node 20 or newer"
  need npm "install npm"
  [ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 20')" = true ] ||
    skip "$name needs Node 20 or newer; found $(node --version)"
  installer cp "$here/$name"/{package.json,package-lock.json,server.mjs} "$home"
  # Without --legacy-peer-deps npm finds its peers of @better-auth/utils in conflict. better-sqlite3 is compiled where
  # no compiled one can be had.
  installer npm --prefix "$home" ci --legacy-peer-deps --no-audit --no-fund
  installer node --input-type=module --eval "import '$home/node_modules/better-sqlite3/lib/index.js'"
}

start_server() {
  need node "install Node 20 or newer"
  auth=bearer
  bearer=$(secret token)
  url=http://127.0.0.1:$port/api/auth/scim/v2
  export PORT=$port DATABASE=$dir/data.sqlite SECRET TOKEN=$bearer
  SECRET=$(secret signing-key)
  launch node "$home/server.mjs"
  wait_until 60 "better-auth on port $port" answers "$url/Users" "$bearer"
}
