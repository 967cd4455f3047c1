/**
 * jsforce, unpatched, against the sandbox org: REST, describe, Bulk API 2.0.
 * Reads the org's announcement (its JSON line) from the first argument; exits with 1 at the first surprise.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import jsforce from "jsforce";

const announced = JSON.parse(process.argv[2]);
const key = "Gentrack_External_Id__c";
const mark = randomUUID().slice(0, 8);

async function signIn() {
  const response = await fetch(`${announced.url}/services/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: announced.client_id,
      client_secret: announced.client_secret,
    }),
  });
  assert.equal(response.status, 200);
  const { instance_url: instanceUrl, access_token: accessToken } = await response.json();
  const connection = new jsforce.Connection({ instanceUrl, accessToken, version: "60.0" });
  connection.bulk2.pollTimeout = 60_000;
  connection.bulk2.pollInterval = 200;
  return connection;
}

async function records(connection) {
  const accounts = connection.sobject("Account");
  const created = await accounts.create({ Name: "Ngata", [key]: mark });
  assert.equal(created.success, true);
  assert.equal((await accounts.retrieve(created.id)).Name, "Ngata");
  const several = await accounts.create([{ Name: "A" }, { Name: "B" }]);
  assert.deepEqual(several.map((each) => each.success), [true, true]);
  const upserted = await accounts.upsert({ Name: "Ngata Family", [key]: mark }, key);
  assert.equal(upserted.id, created.id);
  await assert.rejects(accounts.create({ Phone: "1" }), { errorCode: "REQUIRED_FIELD_MISSING" });
  assert.equal((await accounts.destroy(created.id)).success, true);
  await assert.rejects(accounts.retrieve(created.id), { errorCode: "ENTITY_IS_DELETED" });
}

async function queries(connection) {
  const account = await connection.sobject("Account").create({ Name: mark });
  await connection.sobject("Contact").create({ LastName: "Child", AccountId: account.id });
  const found = await connection.query(
    `SELECT Id, Account.Name, (SELECT Id FROM AccountContactRelations) FROM Contact WHERE Account.Name = '${mark}'`,
  );
  assert.equal(found.totalSize, 1);
  assert.equal(found.records[0].Account.Name, mark);
  assert.equal(found.records[0].AccountContactRelations.totalSize, 1);
  await assert.rejects(connection.query("SELECT Nothing FROM Account"), { errorCode: "INVALID_FIELD" });
}

async function description(connection) {
  const everything = await connection.describeGlobal();
  assert.ok(everything.sobjects.some((each) => each.name === "Service_Point__c"));
  const account = await connection.describe("Account");
  const field = account.fields.find((each) => each.name === key);
  assert.deepEqual([field.externalId, field.unique, field.length], [true, true, 255]);
  const identity = await connection.request("/services/oauth2/userinfo");
  assert.equal(identity.preferred_username, announced.username);
}

async function bulk(connection) {
  const rows = [1, 2, 3].map((n) => ({ [key]: `${mark}-${n}`, LastName: n === 3 ? "" : `Row ${n}` }));
  const results = await connection.bulk2.loadAndWaitForResults({
    object: "Contact",
    operation: "upsert",
    externalIdFieldName: key,
    input: rows,
  });
  assert.equal(results.successfulResults.length, 2);
  assert.ok(results.successfulResults.every((each) => each.sf__Created === "true"));
  assert.deepEqual(
    results.failedResults.map((each) => each.sf__Error),
    ["REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"],
  );
  assert.deepEqual(results.unprocessedRecords, []);
  const stream = await connection.bulk2.query(`SELECT LastName FROM Contact WHERE ${key} LIKE '${mark}-%'`);
  const names = (await stream.toArray()).map((each) => each.LastName);
  assert.deepEqual(names.sort(), ["Row 1", "Row 2"]);
}

const connection = await signIn();
for (const part of [records, queries, description, bulk]) {
  await part(connection);
  process.stdout.write(`${part.name}: as expected\n`);
}
