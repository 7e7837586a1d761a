#!/usr/bin/env bash
# simple-salesforce 1.12.10 asks for another record where an external id holds a space: get_by_custom_id writes it as "+".
#
# get_by_custom_id puts the value into the path by quote_plus, which is for queries. In a path "+" is a plus sign (RFC 3986, 3.3), so
# "ACME 100" is asked for as "ACME+100": the record that has a space is never found, and one that bears a plus is given out in its
# place. upsert writes the value as it is handed in, so the same key names one record in the write and another in the read.
#
# Seen with Python 3.11 and simple-salesforce 1.12.10. Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check simple-salesforce==1.12.10
"$folder/venv/bin/python" - <<'PYTHON'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import unquote

import requests
from simple_salesforce import Salesforce

asked = []


class Org(BaseHTTPRequestHandler):
    def answer(self):
        length = int(self.headers.get("content-length") or 0)
        self.rfile.read(length)
        asked.append((self.command, unquote(self.path.rpartition("/")[2])))
        body = json.dumps({"Id": "001000000000001AAA"}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PATCH = answer

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Org)
threading.Thread(target=server.serve_forever, daemon=True).start()
org = Salesforce(instance="org.example", session_id="none", version="63.0", session=requests.Session())
account = org.Account
account.base_url = f"http://127.0.0.1:{server.server_port}/services/data/v63.0/sobjects/Account/"
account.upsert("ERP_Code__c/ACME 100", {"Name": "Acme"})
account.get_by_custom_id("ERP_Code__c", "ACME 100")
print("written under:", asked[0])
print("read under:   ", asked[1])
seen = asked == [("PATCH", "ACME 100"), ("GET", "ACME+100")]
sys.exit(0 if seen else "simple-salesforce behaves otherwise now")
PYTHON
