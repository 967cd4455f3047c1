// jsforce, unpatched, over plain http: queries, describe, limits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY, VERSION, connected, org, prefix } from './org.mjs';

const connection = await connected();
const accounts = connection.sobject('Account');

test('queries nest parents and children', async () => {
  const key = prefix();
  const { id } = await accounts.create({ [KEY]: key, Name: `${key} O'Brien` });
  await connection.sobject('Contact').create([{ LastName: `${key} Doe`, AccountId: id }, { LastName: `${key} Roe` }]);
  const [doe, roe] = await connection
    .sobject('Contact')
    .find({ LastName: { $like: `${key}%` } }, ['LastName', 'Account.Name', 'Account.Owner.Username'])
    .sort('LastName');
  assert.equal(doe.Account.Name, `${key} O'Brien`);
  assert.equal(doe.Account.Owner.Username, org.username);
  assert.equal(roe.Account, null);
  const found = await accounts.find({ Name: `${key} O'Brien` }, ['Id']).include('Contacts').select('LastName').end();
  assert.deepEqual(found[0].Contacts.records.map((contact) => contact.LastName), [`${key} Doe`]);
  assert.equal(await accounts.count({ [KEY]: key }), 1);
});

test('long answers come in pages', async () => {
  const key = prefix();
  const input = Array.from({ length: 2345 }, (_, number) => ({ Name: `${key} ${String(number).padStart(4, '0')}` }));
  const loaded = await connection.bulk2.loadAndWaitForResults({ object: 'Account', operation: 'insert', input });
  assert.equal(loaded.successfulResults.length, 2345);
  const soql = `SELECT Name FROM Account WHERE Name LIKE '${key}%' ORDER BY Name`;
  const page = await connection.query(soql, { autoFetch: false });
  assert.deepEqual([page.totalSize, page.done, page.records.length], [2345, false, 2000]);
  const rest = await connection.queryMore(page.nextRecordsUrl);
  assert.deepEqual([rest.done, rest.records.length, rest.nextRecordsUrl], [true, 345, undefined]);
  const all = await connection.query(soql, { autoFetch: true, maxFetch: 10_000 });
  assert.deepEqual(all.records.map((record) => record.Name), input.map((record) => record.Name));
});

test('dates arrive as dates', async () => {
  const { id } = await accounts.create({ Name: prefix() });
  const now = new Date(Date.now() - 60_000);
  const soon = connection.sobject('Account').find({ Id: id, CreatedDate: { $gt: { toString: () => now.toISOString() } } });
  const [record] = await soon.select('CreatedDate').execute();
  assert.ok(Math.abs(Date.parse(record.CreatedDate) - Date.now()) < 60_000);
});

test('a query that is refused points at its fault', async () => {
  const refused = (soql, errorCode, message) => assert.rejects(connection.query(soql), { errorCode, message });
  await refused('SELECT Nope FROM Account', 'INVALID_FIELD', /ERROR at Row:1:Column:8\nNo such column 'Nope'/);
  await refused('SELECT Id FROM Nope', 'INVALID_TYPE', /ERROR at Row:1:Column:16\nsObject type 'Nope' is not supported/);
  await refused('SELECT Id FROM Account WHERE', 'MALFORMED_QUERY', /unexpected token/);
  await assert.rejects(connection.queryMore(`/services/data/v${VERSION}/query/01g000000000001AAA-2000`), {
    errorCode: 'INVALID_QUERY_LOCATOR',
  });
});

test('describe', async () => {
  const { sobjects } = await connection.describeGlobal();
  assert.ok(sobjects.some(({ name, custom }) => name === 'Service_Point__c' && custom));
  const described = await accounts.describe();
  const fields = Object.fromEntries(described.fields.map((field) => [field.name, field]));
  assert.deepEqual([fields[KEY].externalId, fields[KEY].unique, fields.Name.nillable], [true, true, false]);
  assert.deepEqual(fields.OwnerId.referenceTo, ['User']);
  assert.equal(described.keyPrefix, '001');
  assert.ok(described.childRelationships.some(({ relationshipName }) => relationshipName === 'Contacts'));
});

test('updated and deleted', async () => {
  const [kept, dropped] = await accounts.create([{ Name: 'kept' }, { Name: 'dropped' }]);
  await accounts.destroy(dropped.id);
  const window = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 120_000)];
  const { ids } = await accounts.updated(...window);
  assert.deepEqual([ids.includes(kept.id), ids.includes(dropped.id)], [true, false]);
  const { deletedRecords } = await accounts.deleted(...window);
  assert.ok(deletedRecords.some(({ id }) => id === dropped.id));
});

test('limits count', async () => {
  await connection.query('SELECT Id FROM Organization');
  const before = connection.limitInfo.apiUsage;
  const limits = await connection.request('/limits');
  assert.equal(limits.DailyApiRequests.Max, before.limit);
  assert.equal(connection.limitInfo.apiUsage.used, before.used + 1);
});

test('the Tooling API knows the triggers', async () => {
  const { records } = await connection.tooling.query("SELECT Status FROM ApexTrigger WHERE TableEnumOrId = 'Account'");
  assert.deepEqual(records.map(({ Status }) => Status), ['Active']);
});
