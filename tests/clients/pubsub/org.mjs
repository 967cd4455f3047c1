// The org that the tests are pointed at: its Pub/Sub API as users of the client connect to it, and its REST API.

import PubSubApiClient from 'salesforce-pubsub-api-client';

export const org = JSON.parse(process.env.SANDBOX_SALESFORCE);
const DATA = '/services/data/v66.0';
const clients = [];
const inboxes = [];
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A client that is signed in by client credentials. It brings its own authorities, so ours can't be checked. */
export async function connected(more = {}) {
  const client = new PubSubApiClient(
    {
      authType: 'oauth-client-credentials',
      loginUrl: org.url,
      clientId: org.client_id,
      clientSecret: org.client_secret,
      pubSubEndpoint: org.pubsub_endpoint,
      rejectUnauthorizedSsl: false,
      ...more,
    },
    silent,
  );
  await client.connect();
  clients.push(client);
  return client;
}

/** Ends every stream: closing a client leaves them open, so the org has to break them. */
export async function disconnected() {
  await settings({ pubsub: false });
  await Promise.all(inboxes.map((inbox) => inbox.until(({ others }) => others.some(({ type }) => type === 'end'))));
  for (const client of clients) client.close();
}

/** A subscription as a list that grows: what came, and promises of what is still to come. */
export class Inbox {
  constructor() {
    this.events = [];
    this.others = [];
    this.waiting = [];
    inboxes.push(this);
  }

  /** The callback that the client wants. */
  callback() {
    return (subscription, type, data) => {
      this.subscription = subscription;
      (type === 'event' ? this.events : this.others).push(type === 'event' ? data : { type, data });
      this.waiting = this.waiting.filter((look) => !look());
    };
  }

  /** Resolves once `condition` finds something in what has come. */
  until(condition) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`only this came: ${shown(this)}`)), 20_000);
      const look = () => {
        const found = condition(this);
        if (found) {
          clearTimeout(late);
          resolve(found);
        }
        return Boolean(found);
      };
      if (!look()) this.waiting.push(look);
    });
  }

  /** The first so many events. While the client fetches a schema, it lets later events overtake earlier ones. */
  first(count) {
    const inOrder = (events) => events.toSorted((one, other) => one.replayId - other.replayId).slice(0, count);
    return this.until(({ events }) => events.length >= count && inOrder(events));
  }

  /** The first error. */
  error() {
    return this.until(({ others }) => others.find(({ type }) => type === 'error')?.data);
  }
}

const shown = ({ events, others }) =>
  JSON.stringify({ events, others }, (_, value) => (typeof value === 'bigint' ? String(value) : value));

const form = { grant_type: 'client_credentials', client_id: org.client_id, client_secret: org.client_secret };
const session = await (await fetch(`${org.url}/services/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) })).json();

/** One request to the org, whose answer must be a good one. */
export async function call(method, path, body, headers = {}) {
  const answer = await fetch(org.url + path, {
    method,
    headers: { authorization: `Bearer ${session.access_token}`, 'content-type': 'application/json', ...headers },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
}

export const create = async (object, values) => (await call('POST', `${DATA}/sobjects/${object}`, values)).id;
export const update = (object, id, values, headers) => call('PATCH', `${DATA}/sobjects/${object}/${id}`, values, headers);
export const remove = (object, id) => call('DELETE', `${DATA}/sobjects/${object}/${id}`);
export const undelete = (object, id) => call('POST', '/sandbox/undelete', { object, ids: [id] });
export const settings = (changes) => call('PATCH', '/sandbox/settings', changes);
