// KurrentDB's Node client, as it is published, against a running Varve. Prints each check that held; throws at the first that
// does not. Called with the folder that the client is installed in, and the port.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { setTimeout as pause } from "node:timers/promises";

const [folder, port] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const {
  KurrentDBClient,
  WrongExpectedVersionError,
  StreamNotFoundError,
  StreamDeletedError,
  jsonEvent,
  streamNameFilter,
  persistentSubscriptionToStreamSettingsFromDefaults,
} = require("@kurrent/kurrentdb-client");

// The machine may be slow.
const patience = "defaultDeadline=120000&keepAliveInterval=60000&keepAliveTimeout=120000";
const client = KurrentDBClient.connectionString(`kurrentdb://127.0.0.1:${port}?tls=false&${patience}`);
const fresh = () => `node${randomUUID().replaceAll("-", "")}-1`;
const event = (type, id = randomUUID()) => jsonEvent({ id, type, data: { is: type } });

async function types(events) {
  const found = [];
  for await (const resolved of events) {
    found.push((resolved.link ?? resolved.event).type);
  }
  return found;
}

async function check(name, body) {
  await body();
  console.log(name);
}

await check("appends under every expected state", async () => {
  const stream = fresh();
  await assert.rejects(
    client.appendToStream(stream, event("0"), { streamState: "stream_exists" }),
    WrongExpectedVersionError,
  );
  const first = await client.appendToStream(stream, [event("0"), event("1")], {
    streamState: "no_stream",
  });
  assert.equal(first.nextExpectedRevision, 1n);
  await assert.rejects(
    client.appendToStream(stream, event("2"), { streamState: 0n }),
    WrongExpectedVersionError,
  );
  await client.appendToStream(stream, event("2"), { streamState: 1n });
  await client.appendToStream(stream, event("3"));
  assert.deepEqual(await types(client.readStream(stream)), ["0", "1", "2", "3"]);
  assert.deepEqual(
    await types(client.readStream(stream, { direction: "backwards", fromRevision: "end", maxCount: 2 })),
    ["3", "2"],
  );
});

await check("a repeated append is answered and not repeated", async () => {
  const stream = fresh();
  const events = [event("0"), event("1")];
  const first = await client.appendToStream(stream, events, { streamState: "no_stream" });
  const again = await client.appendToStream(stream, events, { streamState: "no_stream" });
  assert.equal(again.nextExpectedRevision, first.nextExpectedRevision);
  assert.deepEqual(await types(client.readStream(stream)), ["0", "1"]);
});

await check("the log is read with a filter", async () => {
  const stream = fresh();
  await client.appendToStream(stream, [event("0"), event("1")]);
  const read = client.readAll({ filter: streamNameFilter({ prefixes: [stream] }) });
  assert.deepEqual(await types(read), ["0", "1"]);
});

await check("a subscription catches up and goes on", async () => {
  const stream = fresh();
  await client.appendToStream(stream, event("0"));
  const subscription = client.subscribeToStream(stream);
  const heard = [];
  for await (const resolved of subscription) {
    heard.push(resolved.event.type);
    if (heard.length === 1) {
      await client.appendToStream(stream, event("1"));
    } else {
      break;
    }
  }
  assert.deepEqual(heard, ["0", "1"]);
});

await check("a filtered subscription has checkpoints", async () => {
  const prefix = fresh();
  let reached;
  const subscription = client.subscribeToAll({
    filter: streamNameFilter({
      prefixes: [prefix],
      checkpointInterval: 2,
      checkpointReached: (_, position) => (reached = position),
    }),
  });
  await client.appendToStream(`${prefix}-x`, event("0"));
  for await (const resolved of subscription) {
    assert.equal(resolved.event.type, "0");
    break;
  }
  assert.ok(reached === undefined || reached.commit > 0n);
});

await check("deletes and tombstones", async () => {
  const stream = fresh();
  await client.appendToStream(stream, [event("0"), event("1")]);
  await client.deleteStream(stream, { expectedRevision: 1n });
  await assert.rejects(types(client.readStream(stream)), StreamNotFoundError);
  await client.appendToStream(stream, event("2"));
  assert.deepEqual(await types(client.readStream(stream)), ["2"]);
  await client.tombstoneStream(stream);
  await assert.rejects(client.appendToStream(stream, event("3")), StreamDeletedError);
});

await check("metadata takes effect", async () => {
  const stream = fresh();
  await client.setStreamMetadata(stream, { maxCount: 2, owner: "us" });
  await client.appendToStream(stream, [event("0"), event("1"), event("2")]);
  assert.deepEqual(await types(client.readStream(stream)), ["1", "2"]);
  const { metadata } = await client.getStreamMetadata(stream);
  assert.equal(metadata.maxCount, 2);
  assert.equal(metadata.owner, "us");
});

await check("a persistent subscription, in the old request form", async () => {
  const stream = fresh();
  await client.appendToStream(stream, [event("park"), event("ack")]);
  await client.createPersistentSubscriptionToStream(
    stream,
    "g",
    persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: "start" }),
  );
  const subscription = client.subscribeToPersistentSubscriptionToStream(stream, "g");
  const heard = [];
  for await (const resolved of subscription) {
    heard.push(resolved.event.type);
    if (heard.length === 1) {
      await subscription.nack("park", "because", resolved);
    } else {
      await subscription.ack(resolved);
    }
    if (heard.length === 2) {
      let parked = 0;
      while (parked !== 1) {
        const info = await client.getPersistentSubscriptionToStreamInfo(stream, "g");
        parked = Number(info.stats.parkedMessageCount);
        await pause(20);
      }
      await client.replayParkedMessagesToStream(stream, "g");
    }
    if (heard.length === 3) {
      break;
    }
  }
  assert.deepEqual(heard, ["park", "ack", "park"]);
  await client.deletePersistentSubscriptionToStream(stream, "g");
});

await client.dispose();
