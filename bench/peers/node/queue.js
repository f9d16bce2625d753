// Quorum queues, and publishing that waits for the broker's confirm.

import amqp from "amqplib";

export async function declare(url, names) {
  const connection = await amqp.connect(url);
  const channel = await connection.createChannel();
  const options = { durable: true, arguments: { "x-queue-type": "quorum" } };
  for (const name of names) await channel.assertQueue(name, options);
  await connection.close();
}

export function publisher(channel) {
  // A message that no queue takes is returned before it is confirmed.
  const returned = new Set();
  channel.on("return", (message) => returned.add(message.properties.messageId));
  return (queue, event, more = {}) =>
    new Promise((resolve, reject) => {
      const options = {
        persistent: true,
        mandatory: true,
        messageId: event.id,
        contentType: "application/json",
        ...more,
      };
      channel.publish("", queue, Buffer.from(JSON.stringify(event)), options, (error) =>
        error || returned.delete(event.id) ? reject(error ?? new Error("unroutable")) : resolve(),
      );
    });
}
