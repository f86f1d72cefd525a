# Keycloak: the one that users run. Its SCIM API is a preview feature, `scim-api`. The realm is acme; the variants are
# user profiles: `default` keeps external ids and whole names, `plain` is Keycloak as it comes, `extension` adds ours, and
# `rest` lets admins keep attributes that no profile names, as the admin REST API is used by rosterctl.
pins=realm.json
variants="default plain extension rest"

version=26.7.4
sha256=04823c336b797a7e18889a44262a7a64e6bf624cbbcc518c85e2622176ff2eee
export JAVA_OPTS_KC_HEAP="-Xms64m -Xmx512m"
# Little code runs often enough here to be worth the second compiler: starting takes less without it.
export JAVA_OPTS_APPEND="-XX:TieredStopAtLevel=1"

need_java() {
  local found
  need java "install Java 17 or newer"
  found=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${found:-0}" -ge 17 ] || skip "$name needs Java 17 or newer; found ${found:-an unknown one}"
}

# Starts what lies in $dir/home on $port. Without the local cache it would look for a cluster on all addresses.
run_keycloak() {
  launch "$dir/home/bin/kc.sh" start --optimized --http-enabled=true --hostname-strict=false --http-host=127.0.0.1 \
    --http-port="$port" --cache=local "$@"
  server=http://127.0.0.1:$port
  wait_until 120 "keycloak on port $port" curl -sf -m 10 --noproxy '*' -o /dev/null "$server/realms/acme"
}

# Calls the admin REST API: METHOD PATH FILE.
admin() {
  curl -sf -m 30 --noproxy '*' -o /dev/null -X "$1" -H "Authorization: Bearer $admin_token" \
    -H 'Content-Type: application/json' --data-binary "@$3" "$server/admin/realms/acme$2" ||
    { stop_group; fail "$name refuses $1 $2"; }
}

log_in() {
  admin_token=$(curl -sf -m 30 --noproxy '*' -d grant_type=password -d client_id=admin-cli -d username=admin \
    -d "password=$(cat "$home/admin-password")" "$server/realms/master/protocol/openid-connect/token" |
    sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p' | grep .) || { stop_group; fail "$name lets no admin in"; }
}

install_server() {
  need_java
  need mvn "install Maven"
  # A Maven repository of its own: nothing of it stays, and nothing is installed for the user.
  local maven=(mvn --batch-mode -Dmaven.repo.local="$home/maven")
  rm -rf "${home:?}"/{maven,dist,seed,archive,admin-password}
  mkdir -p "$home/dist" "$home/archive"
  installer "${maven[@]}" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact="org.keycloak:keycloak-quarkus-dist:$version:tar.gz" -DoutputDirectory="$home/archive"
  local archive=$home/archive/keycloak-quarkus-dist-$version.tar.gz
  printf '%s  %s\n' "$sha256" "$archive" >"$archive.sha256"
  installer sha256sum --check "$archive.sha256"
  installer tar -xzf "$archive" -C "$home/dist" --strip-components=1
  rm -rf "$home/maven" "$home/archive"
  installer "$home/dist/bin/kc.sh" build --db=dev-file --features=scim-api

  # The database with the realm in it is made once here; every first start in a folder copies it.
  dir=$home/seed
  mkdir -p "$dir"
  secret admin-password >/dev/null
  mv "$dir/admin-password" "$home/admin-password"
  make_home
  mkdir -p "$dir/home/data/import"
  cp "$here/$name/realm.json" "$dir/home/data/import/acme-realm.json"
  port=$(free_port)
  KC_BOOTSTRAP_ADMIN_USERNAME=admin KC_BOOTSTRAP_ADMIN_PASSWORD=$(cat "$home/admin-password") run_keycloak --import-realm
  stop_group
}

# A Keycloak home of its own in $dir, so that several run at once: small files copied, the rest shared, data apart.
make_home() {
  mkdir -p "$dir/home/data"
  cp -R "$home/dist/bin" "$home/dist/conf" "$home/dist/version.txt" "$dir/home/"
  ln -s "$home/dist/lib" "$home/dist/providers" "$home/dist/themes" "$dir/home/"
}

start_server() {
  need_java
  auth=oauth2
  client_id=rosterctl
  client_secret=$(secret client-secret)
  if [ ! -e "$dir/home/data/h2" ]; then
    rm -rf "$dir/home"
    make_home
    cp -R "$home/seed/home/data/h2" "$dir/home/data/"
  fi
  run_keycloak
  url=$server/realms/acme/scim/v2
  token_url=$server/realms/acme/protocol/openid-connect/token
  log_in

  # The audience that the SCIM API asks for is its own address, which the port is part of.
  local client=00000000-0000-4000-8000-000000000001 mapper=00000000-0000-4000-8000-000000000002
  (umask 077 && printf '{"id":"%s","clientId":"%s","secret":"%s"}' $client "$client_id" "$client_secret" >"$dir/client.json")
  admin PUT /clients/$client "$dir/client.json"
  cat >"$dir/mapper.json" <<END
{"id":"$mapper","name":"scim-audience","protocol":"openid-connect","protocolMapper":"oidc-audience-mapper",
 "config":{"included.custom.audience":"$url","access.token.claim":"true","id.token.claim":"false"}}
END
  admin PUT /clients/$client/protocol-mappers/models/$mapper "$dir/mapper.json"
  admin PUT /users/profile "$here/$name/profile-${variant:-default}.json"
  wait_until 30 "its SCIM API" answers "$url/Users" "$(token "$token_url" "$client_id" "$client_secret")"
}
