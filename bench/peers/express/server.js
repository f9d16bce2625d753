// The ingress's job in Express: verify the signature, publish persistently to a quorum queue with
// mandatory and confirm, wait for the confirm, answer the TwiML. One process per core (WORKERS).

import cluster from "node:cluster";
import { randomUUID } from "node:crypto";
import amqp from "amqplib";
import express from "express";
import twilio from "twilio";

const { PORT, WORKERS = "1", AMQP_URL, QUEUE, TWILIO_AUTH_TOKEN, FORWARD_TO } = process.env;

if (cluster.isPrimary && Number(WORKERS) > 1) {
  for (let i = 0; i < Number(WORKERS); i++) cluster.fork();
  cluster.on("exit", () => process.exit(1));
} else {
  await serve();
}

async function publisher() {
  const connection = await amqp.connect(AMQP_URL);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(QUEUE, { durable: true, arguments: { "x-queue-type": "quorum" } });
  // A message that no queue takes is returned before it is confirmed.
  const returned = new Set();
  channel.on("return", (message) => returned.add(message.properties.messageId));
  return (params) =>
    new Promise((resolve, reject) => {
      const messageId = randomUUID();
      const options = {
        persistent: true,
        mandatory: true,
        messageId,
        contentType: "application/json",
      };
      channel.publish("", QUEUE, Buffer.from(JSON.stringify(params)), options, (error) =>
        error || returned.delete(messageId) ? reject(error ?? new Error("unroutable")) : resolve(),
      );
    });
}

async function serve() {
  const publish = await publisher();
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.get("/health/ready", (_, response) => response.send("ok"));
  app.post(
    "/{*path}",
    express.urlencoded({ extended: false }),
    twilio.webhook({ host: `127.0.0.1:${PORT}`, protocol: "http" }, TWILIO_AUTH_TOKEN),
    async (request, response) => {
      await publish(request.body);
      const answer = new twilio.twiml.VoiceResponse();
      const action = `/webhooks/twilio/call/status/${request.body.CallSid}`;
      answer.dial({ timeout: 20, action, method: "POST" }).number(FORWARD_TO);
      response.type("text/xml").send(answer.toString());
    },
  );
  app.listen(Number(PORT), "127.0.0.1");
}
