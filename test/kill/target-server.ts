/**
 * `target-server.ts rest|search|solr|webhook PORT JOURNAL [late]`: a target of the tests as a process that can be killed. What it has
 * done is in the journal before it answers, one line for each record that changed, so it starts again with what it held.
 *
 * With `late`, it never answers some requests that it carried out, and a REST server makes a record once more for each POST, so that a
 * change that is sent again without a look-up is noticed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { startRestServer, type RestServer } from '../support/rest-server.ts';
import { startSearchServer, type SearchServer } from '../support/search-server.ts';
import { startSolrServer, type SolrServer } from '../support/solr-server.ts';
import { startWebhookServer, type WebhookServer } from '../support/webhook-server.ts';
import { appendEntries, holdFileOf, mendJournal, readJournal, type Entry } from './target-journal.ts';

/** With `late`, one answer in so many changes does not come. */
const LATE_EVERY = 300;

/** Writes down what was done. Returns whether the answer is kept back. */
type Note = (entries: readonly Entry[]) => boolean;

function noteIn(journal: string, isLate: boolean): Note {
  let lines = readJournal(journal).length;
  const hold = holdFileOf(journal);
  return (entries) => {
    appendEntries(journal, entries);
    const before = lines;
    lines += entries.length;
    if (isLate && Math.floor(lines / LATE_EVERY) > Math.floor(before / LATE_EVERY)) return true;
    return entries.length > 0 && existsSync(hold) && lines >= Number(readFileSync(hold, 'utf8'));
  };
}

function keepRest(server: RestServer, journal: string, note: Note): void {
  for (const { id, record, version } of readJournal(journal)) {
    server.revisions.set(id, version);
    if (record === null) server.records.delete(id);
    else server.records.set(id, record);
  }
  const kept = new Map(server.revisions);
  server.after = ({ id }) => {
    const version = server.revisions.get(id);
    if (version === undefined || version === kept.get(id)) return false;
    kept.set(id, version);
    return note([{ id, record: server.records.get(id) ?? null, version }]);
  };
}

function keepSearch(server: SearchServer, journal: string, note: Note): void {
  for (const { id, record, version, seq = 0 } of readJournal(journal)) {
    server.exists = true;
    server.sequence = Math.max(server.sequence, seq);
    if (record !== null) server.documents.set(id, { source: record, seq, version });
  }
  let kept = server.sequence;
  server.after = (path) => {
    if (!path.endsWith('/_bulk')) return false;
    const changed = [...server.documents].filter(([, { seq }]) => seq > kept);
    kept = server.sequence;
    return note(changed.map(([id, { source, seq, version }]) => ({ id, record: source, version, seq })));
  };
}

function keepSolr(server: SolrServer, journal: string, note: Note): void {
  const versions = new Map<string, number>();
  for (const { id, record, version, token = '0' } of readJournal(journal)) {
    versions.set(id, version);
    if (BigInt(token) > server.clock) server.clock = BigInt(token);
    if (record === null) server.documents.delete(id);
    else server.documents.set(id, { fields: record, version: token });
  }
  let kept = new Map(server.documents);
  server.after = (path) => {
    if (!path.endsWith('/update')) return false;
    const next = (id: string): number => {
      versions.set(id, (versions.get(id) ?? 0) + 1);
      return versions.get(id) ?? 0;
    };
    const entries: Entry[] = [];
    for (const [id, { fields, version: token }] of server.documents) {
      if (kept.get(id)?.version !== token) entries.push({ id, record: fields, version: next(id), token });
    }
    for (const id of kept.keys()) {
      if (!server.documents.has(id)) entries.push({ id, record: null, version: next(id) });
    }
    kept = new Map(server.documents);
    return note(entries);
  };
}

function keepWebhook(server: WebhookServer, journal: string, note: Note): void {
  const versions = new Map<string, number>();
  for (const { id, record, version, key } of readJournal(journal)) {
    versions.set(id, version);
    if (key !== undefined) server.taken.set(key, { id, result: 'done' });
    if (record === null) server.records.delete(id);
    else server.records.set(id, record);
  }
  const kept = new Set(server.taken.keys());
  server.after = () => {
    const entries: Entry[] = [];
    for (const [key, { id }] of server.taken) {
      if (kept.has(key)) continue;
      kept.add(key);
      versions.set(id, (versions.get(id) ?? 0) + 1);
      entries.push({ id, record: server.records.get(id) ?? null, version: versions.get(id) ?? 0, key });
    }
    return note(entries);
  };
}

const [kind, port, journal, late] = process.argv.slice(2);
if (journal === undefined) throw new Error('expected rest, search, solr or webhook, a port and the path of a journal');
mendJournal(journal);
const isLate = late === 'late';
const note = noteIn(journal, isLate);
if (kind === 'rest') {
  const server = await startRestServer(Number(port));
  server.makesAgain = isLate;
  keepRest(server, journal, note);
} else if (kind === 'solr') keepSolr(await startSolrServer(Number(port)), journal, note);
else if (kind === 'webhook') keepWebhook(await startWebhookServer(Number(port)), journal, note);
else keepSearch(await startSearchServer(Number(port)), journal, note);
console.log('listening');
