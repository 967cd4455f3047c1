// jsforce, unpatched, over plain http: sign-in and records by REST.

import assert from 'node:assert/strict';
import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import jsforce from 'jsforce';
import { AWKWARD, KEY, VERSION, connected, org, prefix, stranger } from './org.mjs';

const MISSING = '001000000000000AAA';
const connection = await connected();
const accounts = connection.sobject('Account');
const contacts = connection.sobject('Contact');

test('client credentials give a session of the integration user', async () => {
  assert.equal(connection.instanceUrl, org.url);
  const user = await connection.sobject('User').retrieve(connection.userInfo.id);
  assert.equal(user.Username, org.username);
});

test('the identity that came with the session is found on the org itself', async () => {
  const who = await connection.identity();
  assert.ok(who.id.startsWith(org.url));
  assert.equal(who.user_id, connection.userInfo.id);
  assert.equal(who.username, org.username);
  assert.equal(who.organization_id, connection.userInfo.organizationId);
});

test('a wrong secret is refused', async () => {
  await assert.rejects(stranger({ clientSecret: 'not it' }).authorize({ grant_type: 'client_credentials' }), {
    name: 'invalid_client',
    message: 'invalid client credentials',
  });
});

test('a signed assertion gives a session as well', async () => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 180;
  const claims = { iss: org.client_id, sub: org.username, aud: 'https://login.salesforce.com', exp };
  const unsigned = `${part({ alg: 'RS256' })}.${part(claims)}`;
  const signature = createSign('RSA-SHA256').update(unsigned).sign(readFileSync(org.private_key_file), 'base64url');
  const signedIn = stranger({ clientId: undefined, clientSecret: undefined });
  const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  await signedIn.authorize({ grant_type, assertion: `${unsigned}.${signature}` });
  assert.equal(signedIn.userInfo.id, connection.userInfo.id);
});

test('a session that ended is noticed, and renewed', async () => {
  let renewals = 0;
  const refreshFn = async (_connection, done) => {
    renewals += 1;
    done(null, (await connected()).accessToken);
  };
  const { accessToken, instanceUrl, version } = await connected();
  const revoked = new jsforce.Connection({ accessToken, instanceUrl, version, refreshFn });
  assert.equal((await revoked.query('SELECT Id FROM Organization')).totalSize, 1);
  await stranger().oauth2.revokeToken(accessToken);
  assert.equal((await revoked.query('SELECT Id FROM Organization')).totalSize, 1);
  assert.equal(renewals, 1);
  const helpless = new jsforce.Connection({ accessToken, instanceUrl, version });
  const error = { errorCode: 'INVALID_SESSION_ID', message: 'Session expired or invalid' };
  await assert.rejects(helpless.query('SELECT Id FROM Organization'), error);
});

test('a record lives and dies', async () => {
  const made = await accounts.create({ Name: AWKWARD, BillingStreet: '1 Ōtaki St\nFlat 2', NumberOfEmployees: 12 });
  assert.deepEqual(made, { id: made.id, success: true, errors: [] });
  const read = await accounts.retrieve(made.id);
  assert.equal(read.attributes.url, `/services/data/v${VERSION}/sobjects/Account/${made.id}`);
  assert.deepEqual([read.Name, read.BillingStreet, read.NumberOfEmployees], [AWKWARD, '1 Ōtaki St\nFlat 2', 12]);
  assert.equal((await accounts.update({ Id: made.id, Phone: '1', BillingStreet: null })).success, true);
  const changed = await accounts.retrieve(made.id);
  assert.deepEqual([changed.Phone, changed.BillingStreet, changed.Name], ['1', null, AWKWARD]);
  assert.equal((await accounts.destroy(made.id)).success, true);
  await assert.rejects(accounts.retrieve(made.id), { errorCode: 'ENTITY_IS_DELETED' });
});

test('many records travel in collections, each with its own outcome', async () => {
  const rows = Array.from({ length: 450 }, (_, number) => (number === 300 ? {} : { Name: `collected ${number}` }));
  const results = await accounts.create(rows, { allowRecursive: true });
  assert.deepEqual(results.filter((result) => !result.success).length, 1);
  assert.deepEqual(results[300].errors, [
    { statusCode: 'REQUIRED_FIELD_MISSING', message: 'Required fields are missing: [Name]', fields: ['Name'] },
  ]);
  const ids = results.filter((result) => result.success).map((result) => result.id);
  const read = await accounts.retrieve(ids.slice(0, 3));
  assert.deepEqual(read.map((record) => record.Name), ['collected 0', 'collected 1', 'collected 2']);
  const gone = await accounts.destroy(ids, { allowRecursive: true });
  assert.ok(gone.every((result) => result.success));
});

test('one bad record rolls its collection back if told so', async () => {
  const name = prefix();
  const [good, bad] = await accounts.create([{ Name: name }, { Phone: '1' }], { allOrNone: true });
  assert.equal(good.errors[0].statusCode, 'ALL_OR_NONE_OPERATION_ROLLED_BACK');
  assert.equal(bad.errors[0].statusCode, 'REQUIRED_FIELD_MISSING');
  assert.equal(await accounts.count({ Name: name }), 0);
});

test('upsert by External ID, alone and many at once', async () => {
  const key = prefix();
  const first = await accounts.upsert({ [KEY]: key, Name: 'first' }, KEY);
  assert.deepEqual(first, { id: first.id, success: true, errors: [], created: true });
  const rows = [{ [KEY]: key, Name: 'second' }, { [KEY]: `${key}-2`, Name: 'new' }, { [KEY]: `${key}-3`, Phone: '1' }];
  const results = await accounts.upsert(rows, KEY);
  assert.deepEqual(results.map((result) => result.created), [false, true, undefined]);
  assert.equal(results[2].errors[0].statusCode, 'REQUIRED_FIELD_MISSING');
  assert.equal((await accounts.retrieve(first.id)).Name, 'second');
  const child = await contacts.create({ LastName: 'Doe', Account: { [KEY]: key } });
  assert.equal((await contacts.retrieve(child.id)).AccountId, first.id);
});

test('a key of several records is answered with their addresses', async () => {
  const email = `${prefix()}@example.com`;
  const made = await contacts.create([{ LastName: 'father', Email: email }, { LastName: 'son', Email: email }]);
  const urls = made.map(({ id }) => `/services/data/v${VERSION}/sobjects/Contact/${id}`);
  await assert.rejects(contacts.upsert({ Email: email, LastName: 'both' }, 'Email'), (error) => {
    assert.deepEqual([error.name, error.data.sort()], ['MULTIPLE_CHOICES', urls.sort()]);
    return true;
  });
});

test('what is not there', async () => {
  const error = { errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' };
  await assert.rejects(accounts.retrieve(MISSING), error);
  await assert.rejects(accounts.destroy(MISSING), { errorCode: 'NOT_FOUND' });
  await assert.rejects(connection.sobject('Nonsense').describe(), error);
  await assert.rejects(accounts.upsert({ Nope__c: '1', Name: 'x' }, 'Nope__c'), error);
});

test('a record that is refused', async () => {
  const refused = (values, errorCode, fields) =>
    assert.rejects(accounts.create(values), (error) => {
      assert.deepEqual([error.errorCode, error.data.fields], [errorCode, fields]);
      return true;
    });
  await refused({ Phone: '1' }, 'REQUIRED_FIELD_MISSING', ['Name']);
  await refused({ Name: 'x'.repeat(256) }, 'STRING_TOO_LONG', ['Name']);
  await refused({ Name: 'x', Account_Class__c: '?' }, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', ['Account_Class__c']);
  await refused({ Name: 'x', Nope__c: '1' }, 'INVALID_FIELD', undefined);
});

test('a file by base64', async () => {
  const content = Buffer.from(Array.from({ length: 5000 }, (_, number) => number % 256));
  const VersionData = content.toString('base64');
  const { id } = await connection.sobject('ContentVersion').create({ Title: 'T', PathOnClient: 't.bin', VersionData });
  const chunks = [];
  for await (const chunk of connection.sobject('ContentVersion').record(id).blob('VersionData')) chunks.push(chunk);
  assert.deepEqual(Buffer.concat(chunks), content);
});
