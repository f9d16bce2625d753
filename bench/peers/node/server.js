// The routing of a call in Node, as the platform does it in three roles over RabbitMQ and PostgreSQL: a gateway in Express
// verifies the signature and publishes persistently with mandatory and confirm; a consumer finds the tenant of the number; a
// consumer decides in one transaction (inbox, call, timeline, outbox) and answers the gateway by direct reply-to; what stands
// in the outbox is published with confirms. One gateway per core (WORKERS), one process for each consumer.

import cluster from "node:cluster";
import { randomUUID } from "node:crypto";
import amqp from "amqplib";
import { calls, schema } from "./calls.js";
import { declare, publisher } from "./queue.js";
import express from "express";
import twilio from "twilio";

const { PORT, WORKERS = "1", AMQP_URL, QUEUE, TWILIO_AUTH_TOKEN, FORWARD_TO, NUMBER } = process.env;
const TENANTS = `${QUEUE}.tenants`;
const CALLS = `${QUEUE}.calls`;

if (cluster.isPrimary) {
  await schema();
  await declare(AMQP_URL, [TENANTS, CALLS, `${QUEUE}.events`]);
  cluster.on("exit", () => process.exit(1));
  for (let i = 0; i < Number(WORKERS); i++) cluster.fork({ PART: "gateway" });
  cluster.fork({ PART: "tenants" });
  cluster.fork({ PART: "calls" });
} else {
  const parts = { gateway, tenants, calls: () => calls(AMQP_URL, CALLS, `${QUEUE}.events`) };
  await parts[process.env.PART]();
}

async function gateway() {
  const connection = await amqp.connect(AMQP_URL);
  const channel = await connection.createConfirmChannel();
  const publish = publisher(channel);
  const waiting = new Map();
  await channel.consume(
    "amq.rabbitmq.reply-to",
    (reply) => {
      waiting.get(reply.properties.correlationId)?.(JSON.parse(reply.content));
      waiting.delete(reply.properties.correlationId);
    },
    { noAck: true },
  );
  const ask = async (params) => {
    const id = randomUUID();
    const reply = new Promise((resolve) => waiting.set(id, resolve));
    const event = { id, type: "twilio.voice.inbound", time: new Date().toISOString(), params };
    await publish(TENANTS, event, { correlationId: id, replyTo: "amq.rabbitmq.reply-to" });
    return reply;
  };
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.get("/health/ready", (_, response) => response.send("ok"));
  app.post(
    "/{*path}",
    express.urlencoded({ extended: false }),
    twilio.webhook({ host: `127.0.0.1:${PORT}`, protocol: "http" }, TWILIO_AUTH_TOKEN),
    async (request, response) => {
      const { xml } = await ask(request.body);
      response.type("text/xml").send(xml);
    },
  );
  app.listen(Number(PORT), "127.0.0.1");
}

// Numbers are kept in memory, as a directory of them would be.
async function tenants() {
  const known = new Map([[NUMBER, { id: "bench", name: "Bench", forwardTo: FORWARD_TO, dialTimeout: 20 }]]);
  const connection = await amqp.connect(AMQP_URL);
  const channel = await connection.createConfirmChannel();
  const publish = publisher(channel);
  await channel.prefetch(64);
  await channel.consume(TENANTS, async (message) => {
    const event = JSON.parse(message.content);
    event.tenant = known.get(event.params.To);
    event.replyTo = message.properties.replyTo;
    await publish(CALLS, event, { correlationId: message.properties.correlationId });
    channel.ack(message);
  });
}
