"""The official Python SDK against the emulator: only `client.api.base_url` differs from real use."""

import base64
import http.server
import json
import sys
import threading
import time
import urllib.parse
import urllib.request

from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

base_url, account_sid, auth_token = sys.argv[1:]
NUMBER, CALLER, OFFICE = "+14155550100", "+15550109999", "+15550100002"
webhooks = []


class Application(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        params = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        url = f"http://{self.headers['Host']}{self.path}"
        genuine = RequestValidator(auth_token).validate(url, params, self.headers["X-Twilio-Signature"])
        webhooks.append((self.path, params, genuine))
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        self.wfile.write(b"<Response/>")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application)
threading.Thread(target=server.serve_forever, daemon=True).start()
app = f"http://127.0.0.1:{server.server_port}"


def eventually(what, look):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"it never happened that {what}")


def control(path, body):
    credentials = base64.b64encode(f"{account_sid}:{auth_token}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
    request = urllib.request.Request(base_url + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


client = Client(account_sid, auth_token)
client.api.base_url = base_url

# Numbers: search, buy, configure, find.
found = client.available_phone_numbers("US").local.list(area_code=415, limit=3)
assert len(found) == 3 and all(number.phone_number.startswith("+1415") for number in found)
bought = client.incoming_phone_numbers.create(phone_number=NUMBER, voice_url=f"{app}/voice?tenant=acme")
bought = client.incoming_phone_numbers(bought.sid).update(sms_url=f"{app}/sms", status_callback=f"{app}/ended")
assert bought.sms_url == f"{app}/sms" and bought.capabilities["voice"] is True
assert [number.sid for number in client.incoming_phone_numbers.list(phone_number=NUMBER)] == [bought.sid]
assert client.api.accounts(account_sid).fetch().status == "active"

# A call by the API, with its progress.
call = client.calls.create(
    to=OFFICE,
    from_=NUMBER,
    twiml="<Response><Say>Hello</Say></Response>",
    status_callback=f"{app}/progress",
    status_callback_event=["initiated", "ringing", "answered", "completed"],
)
assert (call.status, call.direction, call.price_unit) == ("queued", "outbound-api", "USD")
ended = eventually("the call ends", lambda: (c := client.calls(call.sid).fetch()).status == "completed" and c)
assert int(ended.duration) > 0 and ended.start_time <= ended.end_time
eventually("its progress is known", lambda: sum(path == "/progress" for path, _, _ in webhooks) == 4)

# The same with an API key in place of the token.
key = client.api.accounts(account_sid).new_keys.create(friendly_name="the website")
keyed = Client(key.sid, key.secret, account_sid)
keyed.api.base_url = base_url
assert keyed.calls(call.sid).fetch().status == "completed"
assert [known.friendly_name for known in client.api.accounts(account_sid).keys.list()] == ["the website"]

# Messages, and their list page by page.
for n in range(5):
    client.messages.create(to=CALLER, from_=NUMBER, body=f"number {n}", status_callback=f"{app}/sent")
bodies = [message.body for message in client.messages.list(to=CALLER, page_size=2)]
assert bodies == [f"number {n}" for n in reversed(range(5))], bodies
eventually("all are delivered", lambda: all(m.status == "delivered" for m in client.messages.list(to=CALLER)))

# Webhooks of a simulated phone, and an opt-out.
control("/emulator/messages", {"from": CALLER, "to": NUMBER, "body": "  Héllo & bye + 100% ✓ "})
control("/emulator/messages", {"from": CALLER, "to": NUMBER, "body": "STOP"})
placed = control("/emulator/calls", {"number": NUMBER, "from": CALLER, "steps": []})
eventually("the call's end is told", lambda: any(path == "/ended" for path, _, _ in webhooks))
assert client.calls(placed["sid"]).fetch().direction == "inbound"
try:
    client.messages.create(to=CALLER, from_=NUMBER, body="still there?")
    raise AssertionError("an opt-out was not kept")
except TwilioRestException as refused:
    assert (refused.status, refused.code) == (400, 21610)

eventually("both messages came", lambda: sum(path == "/sms" for path, _, _ in webhooks) == 2)
assert any(params.get("Body") == "  Héllo & bye + 100% ✓ " for _, params, _ in webhooks)
assert any(path == "/voice?tenant=acme" for path, _, _ in webhooks)
forged = [path for path, _, genuine in webhooks if not genuine]
assert not forged, forged
