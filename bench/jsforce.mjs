// jsforce loads the files that are its arguments, one job each, and reads all results: what it took, as JSON.
// The org, as bench/loading.py tells it, comes by standard input.

import { createReadStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const jsforce = createRequire(new URL('../tests/clients/', import.meta.url))('jsforce');
const KEY = 'Gentrack_External_Id__c';
const given = JSON.parse(readFileSync(0, 'utf-8'));
const oauth2 = { loginUrl: given.tls_url, clientId: given.client_id, clientSecret: given.client_secret };
const connection = new jsforce.Connection({ version: '60.0', oauth2 });
await connection.authorize({ grant_type: 'client_credentials' });
connection.bulk2.pollInterval = 500;
connection.bulk2.pollTimeout = 600_000;

/** Resident memory at most until now, as bench/pipeline.py reads it; `maxRSS` begins with that of the parent process. */
const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf-8'))[1]) / 1024;

const imports = peak();
const used = process.cpuUsage();
const began = performance.now();
let rows = 0;
for (const file of process.argv.slice(2)) {
  const job = { object: given.object, operation: 'upsert', externalIdFieldName: KEY, input: createReadStream(file) };
  const { successfulResults, failedResults, unprocessedRecords } = await connection.bulk2.loadAndWaitForResults(job);
  rows += successfulResults.length + failedResults.length + unprocessedRecords.length;
}
const { user, system } = process.cpuUsage(used);
const megabytes = peak() - imports;
console.log(JSON.stringify({ rows, wall: (performance.now() - began) / 1000, cpu: (user + system) / 1e6, megabytes }));
