// jsforce, unpatched, over plain http: Bulk API 2.0, and what it says of every row.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AWKWARD, KEY, by, connected, prefix } from './org.mjs';

const MISSING = '001000000000000AAA';
const PARENT = `Account.${KEY}`;
const connection = await connected();
const { bulk2 } = connection;
const accounts = connection.sobject('Account');
const load = (operation, input, more = {}) =>
  bulk2.loadAndWaitForResults({ object: 'Account', operation, input, ...more });

test('insert says of every row what became of it', async () => {
  const key = prefix();
  const input = [
    { [KEY]: key, Name: AWKWARD, NumberOfEmployees: 12 },
    { [KEY]: '', Name: '', NumberOfEmployees: 1 },
    { [KEY]: '', Name: 'not a number', NumberOfEmployees: 'twelve' },
  ];
  const { successfulResults, failedResults, unprocessedRecords } = await load('insert', input);
  assert.deepEqual(successfulResults.map((row) => [row.sf__Created, row[KEY], row.Name]), [['true', key, AWKWARD]]);
  assert.deepEqual(by(failedResults, 'Name', 'sf__Error'), {
    '': 'REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --',
    'not a number':
      'INVALID_TYPE_ON_FIELD_IN_RECORD:Employees: value not of required type: twelve:NumberOfEmployees --',
  });
  assert.deepEqual(unprocessedRecords, []);
  const record = await accounts.retrieve(successfulResults[0].sf__Id);
  assert.deepEqual([record.Name, record.NumberOfEmployees], [AWKWARD, 12]);
});

test('upsert finds its records and, by relationship columns, their parents', async () => {
  const key = prefix();
  const { id } = await accounts.create({ [KEY]: key, Name: key });
  const input = [
    { [KEY]: `${key}-1`, LastName: 'one', [PARENT]: key },
    { [KEY]: `${key}-2`, LastName: 'two', [PARENT]: 'nobody' },
    { [KEY]: `${key}-3`, LastName: 'three', [PARENT]: key },
    { [KEY]: `${key}-3`, LastName: 'three again', [PARENT]: key },
  ];
  const upsert = (rows) => load('upsert', rows, { object: 'Contact', externalIdFieldName: KEY });
  const { successfulResults, failedResults } = await upsert(input);
  assert.deepEqual(by(successfulResults, 'LastName', 'sf__Created'), { one: 'true' });
  const twice = `DUPLICATE_VALUE:Duplicate external id specified: ${key}-3:${KEY} --`;
  const errors = by(failedResults, 'LastName', 'sf__Error');
  assert.deepEqual([errors.three, errors['three again']], [twice, twice]);
  assert.match(errors.two, new RegExp(`^INVALID_FIELD:Foreign key external ID: nobody not found for field ${KEY} in entity Account`));
  const again = await upsert([{ ...input[0], LastName: 'renamed' }]);
  assert.deepEqual(by(again.successfulResults, PARENT, 'sf__Created'), { [key]: 'false' });
  const [contact] = await connection.sobject('Contact').find({ [KEY]: `${key}-1` }, ['LastName', 'AccountId']);
  assert.deepEqual([contact.LastName, contact.AccountId], ['renamed', id]);
});

test('null travels as #N/A and clears, an empty cell leaves alone', async () => {
  const { id } = await accounts.create({ Name: prefix(), Phone: '1', Site: 'here' });
  const { successfulResults } = await load('update', [{ Id: id, Phone: null, Site: '' }]);
  assert.deepEqual(successfulResults.map((row) => [row.sf__Id, row.sf__Created, row.Phone]), [[id, 'false', '#N/A']]);
  const record = await accounts.retrieve(id);
  assert.deepEqual([record.Phone, record.Site], [null, 'here']);
});

test('a whole file as text, with CRLF and semicolons', async () => {
  const key = prefix();
  const input = `${KEY};Name\r\n${key};"a;b ""c"""\r\n`;
  const form = { externalIdFieldName: KEY, lineEnding: 'CRLF', columnDelimiter: 'SEMICOLON' };
  const job = bulk2.createJob({ object: 'Account', operation: 'upsert', ...form });
  assert.equal((await job.open()).state, 'Open');
  await job.uploadData(input);
  await job.close();
  await job.poll();
  const info = await job.check();
  assert.deepEqual([info.state, info.numberRecordsProcessed, info.numberRecordsFailed], ['JobComplete', 1, 0]);
  assert.match(await job.getSuccessfulResults(true), new RegExp(`^"sf__Id";"sf__Created";${KEY};Name\r\n"001\\w+";"true";"${key}"`));
  assert.deepEqual((await accounts.find({ [KEY]: key }, ['Name'])).map(({ Name }) => Name), ['a;b "c"']);
});

test('delete, and a query that sees what was deleted', async () => {
  const key = prefix();
  const { id } = await accounts.create({ Name: key });
  const { successfulResults, failedResults } = await load('delete', [{ Id: id }, { Id: MISSING }]);
  assert.deepEqual([successfulResults.map((row) => row.sf__Id), failedResults.map((row) => row.Id)], [[id], [MISSING]]);
  const soql = `SELECT Id, IsDeleted, Owner.Name FROM Account WHERE Name = '${key}'`;
  assert.deepEqual(await (await bulk2.query(soql)).toArray(), []);
  const [deleted] = await (await bulk2.query(soql, { scanAll: true })).toArray();
  assert.deepEqual([deleted.Id, deleted.IsDeleted], [id, 'true']);
  assert.ok(deleted['Owner.Name']);
});

test('a header that fails the job, an object that there is not, a job that is aborted', async () => {
  await assert.rejects(load('insert', [{ Name: 'x', Nope__c: '1' }]), {
    message: 'Ingest job failed to complete due to: InvalidBatch : Field name not found : Nope__c',
  });
  await assert.rejects(load('insert', [{ Name: 'x' }], { object: 'Nope' }), { errorCode: 'INVALIDENTITY' });
  const job = bulk2.createJob({ object: 'Account', operation: 'insert' });
  await job.open();
  await job.abort();
  assert.equal((await job.check()).state, 'Aborted');
  await assert.rejects(job.close(), { errorCode: 'INVALIDJOBSTATE' });
  await job.delete();
  await assert.rejects(job.check(), { errorCode: 'NOT_FOUND' });
});

test('twenty-five thousand rows go in and come out', async () => {
  const key = prefix();
  const input = Array.from({ length: 25_000 }, (_, number) => ({ [KEY]: `${key}-${number}`, Name: `${AWKWARD} ${number}` }));
  const { successfulResults } = await load('insert', input);
  assert.equal(new Set(successfulResults.map((row) => row.sf__Id)).size, 25_000);
  const rows = await (await bulk2.query(`SELECT ${KEY}, Name FROM Account WHERE ${KEY} LIKE '${key}%'`)).toArray();
  assert.deepEqual(by(rows, KEY, 'Name'), by(input, KEY, 'Name'));
});
