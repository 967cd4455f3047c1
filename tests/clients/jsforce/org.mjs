// The org that the tests are pointed at, and jsforce as its users connect it: signed in by client credentials.

import { randomBytes } from 'node:crypto';
import jsforce from 'jsforce';

export const org = JSON.parse(process.env.SANDBOX_SALESFORCE);
export const KEY = 'Gentrack_External_Id__c';
export const VERSION = '60.0';
export const AWKWARD = 'Pōneke "Power" & Söhne, né 電力 \u2028 \'x\'\nLtd\ttab';

/** A connection without a session. */
export function stranger(secrets = {}) {
  const oauth2 = { loginUrl: org.url, clientId: org.client_id, clientSecret: org.client_secret, ...secrets };
  return new jsforce.Connection({ version: VERSION, oauth2 });
}

/** A connection with a session of its own. */
export async function connected() {
  const connection = stranger();
  await connection.authorize({ grant_type: 'client_credentials' });
  connection.bulk2.pollInterval = 20;
  return connection;
}

/** Keys of one test, so that tests don't meet in the org that they share. */
export const prefix = () => randomBytes(4).toString('hex');

/** An object of `values`, keyed by what `name` finds in each. */
export const by = (records, name, value) => Object.fromEntries(records.map((each) => [each[name], each[value]]));
