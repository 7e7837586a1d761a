// jsforce against the simulated org: signs in, writes, reads over pages. Argument: JSON of where the org listens.
const assert = require("node:assert/strict");
const jsforce = require("jsforce");

async function main() {
  const org = JSON.parse(process.argv[2]);
  const connection = new jsforce.Connection({
    instanceUrl: org.http,
    version: "63.0",
    oauth2: { clientId: org.client_id, clientSecret: org.client_secret, loginUrl: org.http },
    callOptions: { client: "jsforce-peer" },
  });
  await connection.authorize({ grant_type: "client_credentials" });

  const rows = Array.from({ length: 250 }, (_, number) => ({ Name: `Peer ${number}`, ERP_Code__c: `P${number}` }));
  const made = await connection.sobject("Account").upsert(rows, "ERP_Code__c", { allowRecursive: true });
  assert.equal(made.filter((row) => row.success && row.created).length, 250);
  const again = await connection.sobject("Account").upsert({ Name: "Peer 7b", ERP_Code__c: "P7" }, "ERP_Code__c");
  assert.equal(again.success, true);

  const found = await connection.query("SELECT Id, Name FROM Account WHERE ERP_Code__c LIKE 'P%'", { autoFetch: true, maxFetch: 1000 });
  assert.equal(found.records.length, 250);
  const mixed = await connection.sobject("Account").create([{ Name: "Good" }, { Phone: "1" }]);
  assert.deepEqual(mixed.map((row) => row.success), [true, false]);
  assert.equal(mixed[1].errors[0].statusCode, "REQUIRED_FIELD_MISSING");
  await connection.sobject("Account").update({ Id: mixed[0].id, Phone: "2" });
  assert.equal((await connection.sobject("Account").retrieve(mixed[0].id)).Phone, "2");
  await connection.sobject("Account").destroy(mixed[0].id);

  assert.ok((await connection.sobject("Account").describe()).fields.some((field) => field.name === "ERP_Code__c" && field.externalId));
  assert.ok((await connection.describeGlobal()).sobjects.length > 10);
  assert.ok(connection.limitInfo.apiUsage.limit > 0);
  await assert.rejects(connection.query("SELECT Nope FROM Account"), /No such column/);
  console.log("jsforce: reads and writes");
}

main().catch((trouble) => {
  console.error(trouble);
  process.exit(1);
});
