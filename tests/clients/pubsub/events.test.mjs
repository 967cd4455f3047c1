// salesforce-pubsub-api-client, unpatched: change events, platform events, replay, and what is refused.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Inbox, call, connected, create, disconnected, org, remove, settings, undelete, update } from './org.mjs';

const ACCOUNTS = '/data/AccountChangeEvent';
const CONTACTS = '/data/ContactChangeEvent';
const TRIGGERS = '/event/Gentrack_Object_Event__e';

before(() => call('PUT', '/sandbox/change-data-capture', { objects: ['Account', 'Contact', 'Service_Point__c'] }));
after(disconnected);

/** A subscription that is surely there, since it has given a sign of life. A client keeps only one for a topic. */
async function subscribed(topic, count = null) {
  const client = await connected();
  const inbox = new Inbox();
  await settings({ keepalive_seconds: 0.05 });
  await client.subscribe(topic, inbox.callback(), count);
  await inbox.until(({ others }) => others.some(({ type }) => type === 'grpcKeepAlive'));
  await settings({ keepalive_seconds: 270 });
  return { client, inbox };
}

test('a record is created, changed, deleted and taken back', async () => {
  const { inbox } = await subscribed(ACCOUNTS);
  const id = await create('Account', { Name: 'Pōneke Power', BillingStreet: '1 Ōtaki St', BillingCity: 'Wellington', NumberOfEmployees: 12 });
  await update('Account', id, { Phone: '+64 4 1', BillingCity: null, AnnualRevenue: 2.5 }, { 'Sforce-Call-Options': 'client=desk' });
  await remove('Account', id);
  await undelete('Account', id);
  const [created, changed, deleted, restored] = (await inbox.first(4)).map(({ payload }) => payload);

  const { ChangeEventHeader: header, ...fields } = created;
  assert.deepEqual([header.entityName, header.recordIds, header.changeType], ['Account', [id], 'CREATE']);
  assert.equal(header.changeOrigin, 'com/salesforce/api/rest/66.0');
  assert.deepEqual([header.changedFields, header.nulledFields, header.diffFields], [[], [], []]);
  assert.ok(Math.abs(Date.now() - header.commitTimestamp) < 60_000);
  assert.deepEqual([header.sequenceNumber, header.commitUser], [1, fields.CreatedById]);
  assert.deepEqual([fields.Name, fields.BillingAddress.Street, fields.NumberOfEmployees], ['Pōneke Power', '1 Ōtaki St', 12]);
  assert.equal(fields.Phone, null);

  const told = changed.ChangeEventHeader;
  assert.equal(told.changeType, 'UPDATE');
  assert.equal(told.changeOrigin, 'com/salesforce/api/rest/66.0;client=desk');
  assert.deepEqual(told.changedFields.toSorted(), ['AnnualRevenue', 'BillingAddress.City', 'LastModifiedDate', 'Phone']);
  assert.deepEqual(told.nulledFields, ['BillingAddress.City']);
  assert.deepEqual([changed.Phone, changed.AnnualRevenue, changed.Name], ['+64 4 1', 2.5, null]);
  assert.ok(told.commitNumber > header.commitNumber);
  assert.notEqual(told.transactionKey, header.transactionKey);

  assert.deepEqual([deleted.ChangeEventHeader.changeType, deleted.ChangeEventHeader.recordIds], ['DELETE', [id]]);
  assert.equal(deleted.Name, null);
  assert.deepEqual([restored.ChangeEventHeader.changeType, restored.Name, restored.Phone], ['UNDELETE', 'Pōneke Power', '+64 4 1']);
});

test('a person has a name in parts', async () => {
  const { inbox } = await subscribed(CONTACTS);
  const id = await create('Contact', { FirstName: 'Aroha', LastName: 'Ngata', Birthdate: '1980-05-17' });
  await update('Contact', id, { LastName: 'Doe', Salutation: 'Dr.' });
  const [created, changed] = (await inbox.first(2)).map(({ payload }) => payload);
  assert.deepEqual({ ...created.Name }, { Salutation: null, FirstName: 'Aroha', LastName: 'Ngata' });
  assert.equal(created.Birthdate, Date.UTC(1980, 4, 17));
  const names = changed.ChangeEventHeader.changedFields.filter((name) => name.startsWith('Name'));
  assert.deepEqual(names, ['Name.Salutation', 'Name.LastName']);
  assert.deepEqual({ ...changed.Name }, { Salutation: 'Dr.', FirstName: null, LastName: 'Doe' });
});

test('triggers publish a platform event', async () => {
  const { inbox } = await subscribed(TRIGGERS);
  const id = await create('Account', { Name: 'A' });
  const [event] = await inbox.first(1);
  assert.match(event.id, /^[0-9a-f-]{36}$/);
  assert.equal(event.payload.Operation_Type__c, 'insert');
  assert.equal(JSON.parse(event.payload.New_Payload__c).Id, id);
  assert.equal(event.payload.Old_Payload__c, null);
});

test('changes of all objects come by one topic', async () => {
  const { inbox } = await subscribed('/data/ChangeEvents');
  const account = await create('Account', { Name: 'A' });
  await create('Contact', { LastName: 'Ngata', AccountId: account });
  const told = (await inbox.first(2)).map(({ payload }) => payload.ChangeEventHeader.entityName);
  assert.deepEqual(told, ['Account', 'Contact']);
});

test('a replay begins after the event that is named', async () => {
  const { inbox } = await subscribed(ACCOUNTS);
  for (const name of ['one', 'two', 'three']) await create('Account', { Name: name });
  const events = await inbox.first(3);
  const ids = events.map(({ replayId }) => replayId);
  assert.deepEqual(ids, ids.toSorted((a, b) => a - b));
  const other = await connected();
  const again = new Inbox();
  await other.subscribeFromReplayId(ACCOUNTS, again.callback(), null, ids[0]);
  assert.deepEqual((await again.first(2)).map(({ payload }) => payload.Name), ['two', 'three']);
  const whole = new Inbox();
  const third = await connected();
  await third.subscribeFromEarliestEvent(ACCOUNTS, whole.callback());
  await whole.until((seen) => seen.events.some(({ replayId }) => replayId === ids[2]));
  assert.ok(whole.events.length >= 3);
});

test('no more events come than were asked for', async () => {
  const { client, inbox } = await subscribed(ACCOUNTS, 2);
  for (const name of ['one', 'two', 'three']) await create('Account', { Name: name });
  await inbox.until(({ others }) => others.some(({ type }) => type === 'lastEvent'));
  assert.equal(inbox.events.length, 2);
  client.requestAdditionalEvents(ACCOUNTS, 1);
  assert.equal((await inbox.first(3))[2].payload.Name, 'three');
});

test('an event of three days ago can not be the beginning', async () => {
  const { inbox } = await subscribed(ACCOUNTS);
  await create('Account', { Name: 'old' });
  const [old] = await inbox.first(1);
  await settings({ clock_skew_seconds: 73 * 3600 });
  const other = await connected();
  const refused = new Inbox();
  await other.subscribeFromReplayId(ACCOUNTS, refused.callback(), null, old.replayId);
  const error = await refused.error();
  await settings({ clock_skew_seconds: 0 });
  assert.equal(error.code, 3);
  assert.deepEqual(error.metadata.get('error-code'), ['sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted']);
  assert.match(error.details, /rpcId: [0-9a-f-]{36}$/);
});

test('a published event comes back', async () => {
  const { client, inbox } = await subscribed(TRIGGERS);
  const payload = { CreatedDate: Date.now(), CreatedById: '005000000000000AAA', Operation_Type__c: { string: 'insert' }, Object_Type__c: { string: 'Account' }, Old_Payload__c: null, New_Payload__c: { string: '{}' } };
  const result = await client.publish(TRIGGERS, payload, 'mine');
  assert.equal(result.correlationKey, 'mine');
  const event = await inbox.until(({ events }) => events.find(({ replayId }) => replayId === result.replayId));
  assert.equal(event.payload.Object_Type__c, 'Account');
});

test('what is not there, not allowed or not signed in', async () => {
  const refused = async (topic, more) => {
    const fresh = await connected();
    if (more) await more(fresh);
    const inbox = new Inbox();
    await fresh.subscribe(topic, inbox.callback());
    const error = await inbox.error();
    return [error.code, error.metadata.get('error-code')[0].replace('sfdc.platform.eventbus.grpc.', '')];
  };
  assert.deepEqual(await refused('/data/OrderChangeEvent'), [5, 'topic.not.found']);
  await call('PUT', '/sandbox/change-data-capture', { objects: ['Account', 'Contact', 'AccountContactRelation'] });
  assert.deepEqual(await refused('/data/AccountContactRelationChangeEvent'), [7, 'subscription.topic.cannot.subscribe']);
  const revoked = () => fetch(`${org.url}/sandbox/sessions`, { method: 'DELETE' });
  assert.deepEqual(await refused(ACCOUNTS, revoked), [16, 'service.auth.error']);
});
