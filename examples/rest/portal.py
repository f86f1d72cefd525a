#!/usr/bin/env python3
"""A club's portal with an API of its own, for trying rosterctl on. Python's standard library is all it needs.

    python3 portal.py [PORT]        listens on 127.0.0.1, port 8099 unless told otherwise; forgets everything when it ends
                                    but Zoe and the barbecue team, who are there from the start

    GET    /members?page=1          {"members": [...], "count": 7}, three on a page
    POST   /members                 {"no": 8}
    GET, PATCH, DELETE /members/8
    GET    /teams                   {"teams": [...]}, each with the numbers of its members
    POST   /teams                   {"no": 2}
    GET, PATCH, DELETE /teams/2
    PUT, DELETE /teams/2/members/8

Whoever asks says `Authorization: Bearer demo`.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qs, urlparse

PAGE = 3
LOCK = Lock()
LAST = {"members": 1, "teams": 1}
FIELDS = {
    "members": {"who": "", "mail": "", "phone": None, "here": True, "memo": "", "hats": [], "facts": [], "sort": ""},
    "teams": {"name": "", "memo": "", "opens": [], "members": []},
}
ZOE = {"who": "Zoe Verlinden", "mail": "zoe@club.example", "phone": "+32 470 00 00 09", "sort": "person"}
ALL = {
    "members": [{"no": 1, **FIELDS["members"], **ZOE}],
    "teams": [{"no": 1, **FIELDS["teams"], "name": "Barbecue", "members": [1]}],
}


class Portal(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def say(self, status, body=None):
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if text:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def answer(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Authorization") != "Bearer demo":
            return self.say(401, {"sorry": "say who you are"})
        sent = json.loads(sent) if sent else {}
        url = urlparse(self.path)
        kind, *rest = url.path.strip("/").split("/")
        if kind not in ALL:
            return self.say(404, {"sorry": "there is no such thing"})
        if not rest:
            return self.all(kind, sent, int(parse_qs(url.query).get("page", ["1"])[0]))
        one = next((one for one in ALL[kind] if str(one["no"]) == rest[0]), None)
        if one is None:
            return self.say(404, {"sorry": "nobody has this number"})
        if kind == "teams" and len(rest) == 3 and rest[1] == "members":
            return self.membership(one, int(rest[2]))
        if self.command == "GET":
            return self.say(200, one)
        if self.command == "PATCH":
            one.update({key: value for key, value in sent.items() if key in FIELDS[kind]})
            return self.say(200, one)
        if self.command == "DELETE":
            ALL[kind].remove(one)
            for team in ALL["teams"]:
                team["members"] = [no for no in team["members"] if kind != "members" or no != one["no"]]
            return self.say(204)
        self.say(405, {"sorry": "not here"})

    def all(self, kind, sent, page):
        if self.command == "GET":
            if kind == "teams":
                return self.say(200, {"teams": ALL["teams"]})
            first = (page - 1) * PAGE
            return self.say(200, {"members": ALL["members"][first : first + PAGE], "count": len(ALL["members"])})
        if self.command != "POST":
            return self.say(405, {"sorry": "not here"})
        if kind == "members" and any(one["mail"].lower() == sent.get("mail", "").lower() for one in ALL["members"]):
            return self.say(409, {"sorry": "somebody has this mail address"})
        LAST[kind] += 1
        ALL[kind].append({"no": LAST[kind], **{key: sent.get(key, usual) for key, usual in FIELDS[kind].items()}})
        self.say(201, {"no": LAST[kind]})

    def membership(self, team, no):
        team["members"] = [one for one in team["members"] if one != no] + ([no] if self.command == "PUT" else [])
        self.say(204)

    def do(self):
        with LOCK:
            self.answer()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8099), Portal)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
