// The official Node SDK against the emulator: only its HTTP client differs from real use.
const assert = require("node:assert");
const http = require("node:http");
const twilio = require("twilio");

const [baseUrl, accountSid, authToken] = process.argv.slice(2);
const [NUMBER, CALLER, OFFICE] = ["+14155550100", "+15550109999", "+15550100002"];
const webhooks = [];

class ToTheEmulator extends twilio.RequestClient {
  request(options) {
    const uri = String(options.uri).replace("https://api.twilio.com", baseUrl);
    return super.request({ ...options, uri });
  }
}

const application = http.createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const params = Object.fromEntries(new URLSearchParams(Buffer.concat(pieces).toString()));
  const url = `http://${request.headers.host}${request.url}`;
  const genuine = twilio.validateRequest(authToken, request.headers["x-twilio-signature"], url, params);
  webhooks.push({ path: request.url, params, genuine });
  response.writeHead(200, { "Content-Type": "text/xml" }).end("<Response/>");
});

async function eventually(what, look) {
  const deadline = Date.now() + 20000;
  while (Date.now() < deadline) {
    const found = await look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`it never happened that ${what}`);
}

async function control(path, body) {
  const credentials = Buffer.from(`${accountSid}:${authToken}`).toString("base64");
  const headers = { Authorization: `Basic ${credentials}`, "Content-Type": "application/json" };
  const answer = await fetch(baseUrl + path, { method: "POST", headers, body: JSON.stringify(body) });
  assert.strictEqual(answer.status, 201);
  return answer.json();
}

const came = (path) => webhooks.filter((webhook) => webhook.path === path);

async function main() {
  await new Promise((ready) => application.listen(0, "127.0.0.1", ready));
  const app = `http://127.0.0.1:${application.address().port}`;
  const client = twilio(accountSid, authToken, { httpClient: new ToTheEmulator() });

  // Numbers: search, buy, configure, find.
  const found = await client.availablePhoneNumbers("US").local.list({ areaCode: 415, limit: 3 });
  assert.strictEqual(found.length, 3);
  const made = await client.incomingPhoneNumbers.create({ phoneNumber: NUMBER, voiceUrl: `${app}/voice?tenant=acme` });
  const bought = await client.incomingPhoneNumbers(made.sid).update({ smsUrl: `${app}/sms`, statusCallback: `${app}/ended` });
  assert.strictEqual(bought.smsUrl, `${app}/sms`);
  assert.strictEqual((await client.incomingPhoneNumbers.list({ phoneNumber: NUMBER })).length, 1);

  // A call by the API, with its progress.
  const call = await client.calls.create({
    to: OFFICE,
    from: NUMBER,
    twiml: "<Response><Say>Hello</Say></Response>",
    statusCallback: `${app}/progress`,
    statusCallbackEvent: ["initiated", "ringing", "answered", "completed"],
  });
  assert.strictEqual(call.status, "queued");
  const ended = await eventually("the call ends", async () => {
    const now = await client.calls(call.sid).fetch();
    return now.status === "completed" && now;
  });
  assert.ok(Number(ended.duration) > 0 && ended.startTime <= ended.endTime);
  await eventually("its progress is known", () => came("/progress").length === 4);

  // The same with an API key in place of the token.
  const key = await client.api.v2010.accounts(accountSid).newKeys.create({ friendlyName: "the website" });
  const keyed = twilio(key.sid, key.secret, { accountSid, httpClient: new ToTheEmulator() });
  assert.strictEqual((await keyed.calls(call.sid).fetch()).status, "completed");

  // Messages, and their list page by page.
  for (let n = 0; n < 5; n += 1) {
    await client.messages.create({ to: CALLER, from: NUMBER, body: `number ${n}`, statusCallback: `${app}/sent` });
  }
  const bodies = (await client.messages.list({ to: CALLER, pageSize: 2 })).map((message) => message.body);
  assert.deepStrictEqual(bodies, [4, 3, 2, 1, 0].map((n) => `number ${n}`));

  // Webhooks of a simulated phone, and an opt-out.
  await control("/emulator/messages", { from: CALLER, to: NUMBER, body: "  Héllo & bye + 100% ✓ " });
  await control("/emulator/messages", { from: CALLER, to: NUMBER, body: "STOP" });
  const placed = await control("/emulator/calls", { number: NUMBER, from: CALLER, steps: [] });
  await eventually("the call's end is told", () => came("/ended").length > 0);
  assert.strictEqual((await client.calls(placed.sid).fetch()).direction, "inbound");
  await assert.rejects(client.messages.create({ to: CALLER, from: NUMBER, body: "still there?" }), { status: 400, code: 21610 });

  await eventually("both messages came", () => came("/sms").length === 2);
  assert.ok(came("/sms").some((webhook) => webhook.params.Body === "  Héllo & bye + 100% ✓ "));
  assert.strictEqual(came("/voice?tenant=acme").length, 1);
  assert.deepStrictEqual(webhooks.filter((webhook) => !webhook.genuine), []);
}

main().then(
  () => process.exit(0),
  (failure) => {
    console.error(failure);
    process.exit(1);
  },
);
