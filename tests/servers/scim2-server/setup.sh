# scim2-server, the reference: in memory, behind gunicorn. `default`, `extension`, `cursor` and `mini` are told apart in app.py.
pins=requirements.txt
variants="default extension cursor mini"

install_server() { install_python; }

start_server() {
  auth=bearer
  bearer=$(secret token)
  url=http://127.0.0.1:$port/v2
  export VARIANT=${variant:-default} TOKEN=$bearer
  # One worker: the store lives in the process.
  launch "$home/venv/bin/gunicorn" --chdir "$here/$name" -b "127.0.0.1:$port" -w 1 --threads 16 --keep-alive 30 \
    --worker-tmp-dir "$dir" --no-control-socket app:app
  wait_until 30 "scim2-server on port $port" answers "$url/ServiceProviderConfig?$RANDOM" "$bearer"
  wait_until 30 "its token" answers "$url/Users" "$bearer"
}
