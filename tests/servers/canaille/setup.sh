# canaille: an identity provider of its own, and a hostile SCIM server, in a SQLite file of DIR.
pins=requirements.txt
variants=default

# Writes the configuration that belongs to a database FILE and an address.
configure() {
  cat <<END
SECRET_KEY = "$3"
SERVER_NAME = "$2"
PREFERRED_URL_SCHEME = "http"
[CANAILLE]
DATABASE = "sql"
[CANAILLE_SQL]
DATABASE_URI = "sqlite:///$1"
[CANAILLE_SCIM]
ENABLE_SERVER = true
[CANAILLE_OIDC]
END
}

install_server() {
  install_python
  # Its nineteen migrations run once here, and every start copies the empty database.
  rm -f "$home/empty.sqlite"
  configure "$home/empty.sqlite" 127.0.0.1:1 install >"$home/canaille.toml"
  CANAILLE_CONFIG=$home/canaille.toml installer "$home/venv/bin/canaille" install
}

start_server() {
  auth=oauth2
  client_id=rosterctl
  client_secret=$(secret client-secret)
  url=http://127.0.0.1:$port/scim/v2
  token_url=http://127.0.0.1:$port/oauth/token
  configure "$dir/data.sqlite" "127.0.0.1:$port" "$(secret signing-key)" >"$dir/canaille.toml"
  export CANAILLE_CONFIG=$dir/canaille.toml
  if [ ! -e "$dir/data.sqlite" ]; then
    cp "$home/empty.sqlite" "$dir/data.new"
    mv "$dir/data.new" "$dir/data.sqlite"
    "$home/venv/bin/canaille" create client --quiet --client-id "$client_id" --client-secret "$client_secret" \
      --client-name rosterctl --token-endpoint-auth-method client_secret_basic \
      --grant-types client_credentials >>"$dir/log" 2>&1 </dev/null || { show_log; fail "no client could be made in $name"; }
  fi
  launch "$home/venv/bin/canaille" run --bind "127.0.0.1:$port"
  wait_until 60 "canaille on port $port" token "$token_url" "$client_id" "$client_secret"
  wait_until 30 "its SCIM server" answers "$url/Users" "$(token "$token_url" "$client_id" "$client_secret")"
}
