// salesforce-pubsub-api-client against the simulated org's bus: decodes what a write changed. Argument: JSON of where the org listens.
import assert from "node:assert/strict";
import PubSubApiClient from "salesforce-pubsub-api-client";

const org = JSON.parse(process.argv[2]);

async function token() {
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: org.client_id, client_secret: org.client_secret });
  return (await (await fetch(`${org.http}/services/oauth2/token`, { method: "POST", body: form })).json()).access_token;
}

async function rest(method, path, body, accessToken) {
  const headers = { Authorization: `Bearer ${accessToken}`, "Content-Type": "application/json", "Sforce-Call-Options": "client=peer" };
  const answer = await fetch(`${org.http}/services/data/v63.0${path}`, { method, headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, await answer.clone().text());
  return answer.status === 204 ? null : answer.json();
}

function client(accessToken) {
  const quiet = { debug() {}, info() {}, warn() {}, error: console.error };
  const how = { authType: "user-supplied", accessToken, instanceUrl: org.https, organizationId: org.org_id };
  return new PubSubApiClient({ ...how, pubSubEndpoint: org.bus, rejectUnauthorizedSsl: false }, quiet);
}

// Events about this record, whoever else has written meanwhile.
function subscribed(bus, topic, id, wanted) {
  const events = [];
  return new Promise((resolve, reject) => {
    const take = (subscription, kind, data) => {
      if (kind === "event" && data.payload.ChangeEventHeader.recordIds.includes(id)) events.push(data);
      if (kind === "error") reject(data);
      if (events.length === wanted) resolve(events);
    };
    bus.subscribeFromEarliestEvent(topic, take);
  });
}

const accessToken = await token();
const { id } = await rest("POST", "/sobjects/Account", { Name: "Events", Phone: "1", BillingCity: "Boston" }, accessToken);
await rest("PATCH", `/sobjects/Account/${id}`, { Phone: null, BillingCity: "Salem", BillingState: "MA" }, accessToken);
await rest("DELETE", `/sobjects/Account/${id}`, undefined, accessToken);

const bus = client(accessToken);
await bus.connect();
const events = (await subscribed(bus, "/data/AccountChangeEvent", id, 3)).map((event) => event.payload);
const headers = events.map((event) => event.ChangeEventHeader);
assert.deepEqual(headers.map((header) => header.changeType), ["CREATE", "UPDATE", "DELETE"]);
assert.ok(headers.every((header) => header.recordIds.length === 1 && header.recordIds[0] === id));
assert.ok(headers.every((header) => header.changeOrigin === "com/salesforce/api/rest/63.0;client=peer"));
assert.equal(events[0].BillingAddress.City, "Boston");
for (const name of ["Phone", "BillingAddress.City", "BillingAddress.State"]) {
  assert.ok(headers[1].changedFields.includes(name), `${name} in ${headers[1].changedFields}`);
}
assert.deepEqual(headers[1].nulledFields, ["Phone"]);

await assert.rejects(subscribed(bus, "/data/NothingChangeEvent", id, 1), /not found|NOT_FOUND/);
bus.close();
console.log("salesforce-pubsub-api-client: subscribes and decodes");
process.exit(0);
