// What a call gets: decided once, in one transaction, and told to others through an outbox.

import { randomUUID } from "node:crypto";
import amqp from "amqplib";
import pg from "pg";
import twilio from "twilio";
import { publisher } from "./queue.js";

const { DATABASE_URL } = process.env;

export async function schema() {
  const client = new pg.Client(DATABASE_URL);
  await client.connect();
  await client.query(`
    create table if not exists inbox (id text primary key, at timestamptz not null, reply jsonb);
    create table if not exists calls (
      call_sid text primary key, id text not null unique, tenant_id text not null, direction text not null,
      from_address text not null, to_address text not null, status text not null, outcome text not null,
      started_at timestamptz not null);
    create index if not exists calls_by_tenant on calls (tenant_id, started_at desc, id);
    create table if not exists timeline (
      id text primary key, call_sid text not null, at timestamptz not null, kind text not null, detail jsonb not null);
    create index if not exists timeline_by_call on timeline (call_sid, at, id);
    create table if not exists outbox (id text primary key, at timestamptz not null, event jsonb not null);`);
  await client.end();
}

// Named statements are prepared once for a connection.
const statement = (name, text) => (client, values) => client.query({ name, text, values });
const enter = statement("enter", "insert into inbox values ($1, $2, $3) on conflict do nothing");
const known = statement("known", "select reply from inbox where id = $1");
const call = statement(
  "call",
  `insert into calls values ($1, $2, $3, 'inbound', $4, $5, 'ringing', 'in_progress', $6)
   on conflict (call_sid) do nothing`,
);
const note = statement("note", "insert into timeline values ($1, $2, $3, $4, $5)");
const tell = statement("tell", "insert into outbox values ($1, $2, $3)");
const told = statement("told", "delete from outbox where id = any($1)");

function answer({ tenant, params }) {
  const response = new twilio.twiml.VoiceResponse();
  const action = `/webhooks/twilio/call/status/${params.CallSid}`;
  response.dial({ timeout: tenant.dialTimeout, action, method: "POST" }).number(tenant.forwardTo);
  return { xml: response.toString() };
}

async function decide(pool, event, reply, started) {
  const { params, tenant } = event;
  const client = await pool.connect();
  try {
    await client.query("begin");
    const entered = await enter(client, [event.id, event.time, reply]);
    if (entered.rowCount === 0) {
      const { rows } = await known(client, [event.id]);
      await client.query("rollback");
      return rows[0].reply;
    }
    await call(client, [params.CallSid, started.id, tenant.id, params.From, params.To, event.time]);
    await note(client, [randomUUID(), params.CallSid, event.time, "call.routed", { forward_to: tenant.forwardTo }]);
    await tell(client, [started.id, event.time, started]);
    await client.query("commit");
    return reply;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}

export async function calls(url, queue, events) {
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 8 });
  const connection = await amqp.connect(url);
  const channel = await connection.createConfirmChannel();
  const publish = publisher(channel);
  let waiting = [];
  let busy = false;
  // What was committed is published together, and deleted together.
  const relay = async () => {
    if (busy) return;
    busy = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await Promise.all(batch.map((event) => publish(events, event)));
      await told(pool, [batch.map((event) => event.id)]);
    }
    busy = false;
  };
  await channel.prefetch(64);
  await channel.consume(queue, async (message) => {
    const event = JSON.parse(message.content);
    const started = { id: randomUUID(), type: "call.started", tenant: event.tenant.id, call: event.params };
    const reply = await decide(pool, event, answer(event), started);
    const { correlationId } = message.properties;
    channel.publish("", event.replyTo, Buffer.from(JSON.stringify(reply)), { correlationId });
    channel.ack(message);
    waiting.push(started);
    relay();
  });
}
