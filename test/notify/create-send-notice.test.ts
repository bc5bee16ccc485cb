/** Notices as those who get them see them, and what an operator reads where they cannot be delivered. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NotifyChannel } from '../../src/job/schema/notify-schema.ts';
import { createSendNotice, type SendNoticeOptions } from '../../src/notify/create-send-notice.ts';
import type { NoticeEvent } from '../../src/records/outcome.ts';
import type { RunReport } from '../../src/records/run.ts';
import { startMailServer, startNoticeServer, type MailBox, type NoticeServer } from '../support/notice-server.ts';
import { errorOf as refusalOf } from '../support/read-resource.ts';

const RUN = '0197a3c4-1111-7000-8000-000000000001';

function reportOf(changes: Partial<RunReport> = {}): RunReport {
  return {
    run: RUN,
    job: 'ror-affiliations',
    outcome: 'failed',
    phase: 'done',
    trigger: 'schedule',
    mode: 'run',
    title: 'Load ROR affiliations',
    since: null,
    started_at: '2026-11-21T03:00:00.000Z',
    finished_at: '2026-11-21T03:00:12.000Z',
    workflow_id: 'vocab-sync/ror-affiliations-2026-11-21T03:00:00Z',
    web_ui: 'http://127.0.0.1:8233/namespaces/default/workflows/x/y/history',
    tasks: [],
    error: { code: 'E_ZIP_TRUNCATED', message: 'The zip ends early.' },
    ...changes,
  };
}

describe('a notice', () => {
  let http: NoticeServer;
  beforeEach(async () => {
    http = await startNoticeServer();
  });
  afterEach(() => http.close());

  const send = (
    channel: NotifyChannel,
    notice: { event?: NoticeEvent; report?: RunReport } = {},
    options: Partial<SendNoticeOptions> = {},
  ): Promise<void> => {
    const sendNotice = createSendNotice({
      resolveSecret: () => `${http.url}\n`,
      mail: undefined,
      allowedHosts: [],
      userAgent: 'vocab-sync/test',
      renderReport: (report) => `the report of ${report.run}`,
      ...options,
    });
    return sendNotice(
      channel,
      { event: notice.event ?? 'failed', report: notice.report ?? reportOf() },
      new AbortController().signal,
    );
  };
  const url = { $secret: 'env:OPS_WEBHOOK' };
  const webhook: NotifyChannel = { type: 'webhook', on: ['failed'], url };
  const chat: NotifyChannel = { type: 'chat', on: ['failed'], url };

  it('reaches a program with the event, a text and the report', async () => {
    await send(webhook);
    expect(http.bodies).toEqual([
      {
        event: 'failed',
        text: `Load ROR affiliations: failed\nE_ZIP_TRUNCATED: The zip ends early.\nvocab-sync show ${RUN}\nhttp://127.0.0.1:8233/namespaces/default/workflows/x/y/history`,
        report: reportOf(),
      },
    ]);
    expect(http.headers[0]).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'vocab-sync/test' });
  });

  it('reaches a chat as a text that calls nobody and forges no link, whatever a source or a title holds', async () => {
    const error = { code: 'E_RECORD_SYNTAX', message: 'found <!channel> @all <https://evil.example|here>\u0007' };
    await send(chat, { report: reportOf({ error, title: 'Load @here <b>' }) });
    const { text, ...others } = http.bodies[0] as { text: string };
    expect(others).toEqual({});
    expect(text).toContain('found ‹!channel› ＠all ‹https://evil.example|here› ');
    expect(text.split('\n')[0]).toBe('Load ＠here ‹b›: failed');
    expect(text).not.toMatch(/[<>@\u0007]/);
  });

  it('says why a run waits and what to do, and why a schedule is paused', async () => {
    const trips = [{ guard: 'max_shrink_percent', message: '66 per cent would be withdrawn.' }];
    const target = {
      name: 'postgres:affiliations',
      inserted: 1,
      updated: 2,
      restored: 3,
      withdrawn: 4,
      unchanged: 5,
      rejected: 6,
    };
    const counts = { read: 21, filtered: 0, duplicates: 0, rejected: 0, staged: 21 };
    const task = { name: 'main', outcome: null, source: null, counts, targets: [target], warnings: [], trips };
    await send(chat, { event: 'waiting', report: reportOf({ outcome: null, error: null, tasks: [task] }) });
    await send(chat, { event: 'schedule_paused', report: reportOf({ schedule_paused: 'paused after 3 failures' }) });
    const [waiting, paused] = http.bodies.map(({ text }) => String(text).split('\n'));
    expect(waiting?.slice(0, 3)).toEqual([
      'Load ROR affiliations: waiting for approval',
      'max_shrink_percent: 66 per cent would be withdrawn.; postgres:affiliations: 1 inserted, 2 updated, 3 restored, 4 withdrawn, 6 rejected',
      `vocab-sync show ${RUN}, then approve or discard it`,
    ]);
    expect(paused?.slice(0, 2)).toEqual(['Load ROR affiliations: its schedule is paused', 'paused after 3 failures']);
  });

  it.each([
    {
      status: 404,
      code: 'E_NOTICE_REFUSED',
      text: /answered 404; expected a status of 200 to 299\. Correct the address/,
    },
    { status: 302, code: 'E_NOTICE_REFUSED', text: /answered 302/ },
    { status: 503, code: 'E_NOTICE_UNAVAILABLE', text: /answered 503, which passes\. It is tried again for a day\./ },
    { status: 429, code: 'E_NOTICE_UNAVAILABLE', text: /answered 429/ },
  ])('is told as $code when the answer is $status, without the address', async ({ status, code, text }) => {
    http.answer(status, { 'retry-after': '7', location: 'http://127.0.0.1:1/' });
    const refusal = await refusalOf(send(webhook));
    expect(refusal).toMatchObject({ code, message: expect.stringMatching(text) as string });
    if (code === 'E_NOTICE_UNAVAILABLE') expect(refusal).toMatchObject({ retryAfter: 7000 });
    expect(refusal.message).not.toContain('very-secret-path');
    expect(http.bodies).toEqual([]);
  });

  it('is tried again when nobody listens, and never leaves for a host that is not allowed', async () => {
    await http.close();
    const away = await refusalOf(send(webhook));
    expect(away).toMatchObject({ code: 'E_NOTICE_UNAVAILABLE' });
    expect(away.message).toMatch(/at 127\.0\.0\.1:\d+, cannot be reached \(ECONNREFUSED\)/);
    expect(JSON.stringify([away.message, away.details, String(away.cause)])).not.toContain('very-secret-path');
    const foreign = await refusalOf(send(webhook, {}, { allowedHosts: ['example.org'] }));
    expect(foreign).toMatchObject({ code: 'E_HOST_NOT_ALLOWED' });
    const nonsense = await refusalOf(send(webhook, {}, { resolveSecret: () => 'not an address' }));
    expect(nonsense).toMatchObject({ code: 'E_URL_INVALID' });
    expect(nonsense.message).not.toContain('not an address');
    http = await startNoticeServer();
  });

  describe('by e-mail', () => {
    let box: MailBox | undefined;
    afterEach(async () => {
      await box?.close();
      box = undefined;
    });
    const email: NotifyChannel = { type: 'email', on: ['failed'], to: ['ops@example.org', 'lib@example.org'] };
    const mailTo = (port: number, login = '') => ({
      mail: { url: `smtp://${login}127.0.0.1:${String(port)}`, from: 'vocab-sync@example.org' },
    });

    it('has a subject, why, what to do and the report', async () => {
      box = await startMailServer();
      await send(email, { report: reportOf({ title: 'Load\r\nBcc: x@example.org' }) }, mailTo(box.port));
      expect(box.mails).toHaveLength(1);
      const [mail] = box.mails;
      expect(mail).toMatchObject({ from: 'vocab-sync@example.org', to: email.to });
      expect(mail?.text).not.toMatch(/^Bcc:/m);
      expect(mail?.text).toMatch(/^Subject: /m);
      expect(mail?.text).toContain(`the report of ${RUN}`);
    });

    it('is refused with the reason of the mail server, and the others are told where one address is', async () => {
      box = await startMailServer({
        onRcptTo({ address }, _session, done) {
          done(address.startsWith('lib') ? Object.assign(new Error('no such user'), { responseCode: 550 }) : undefined);
        },
      });
      const refusal = await refusalOf(send(email, {}, mailTo(box.port)));
      expect(refusal).toMatchObject({ code: 'E_NOTICE_REFUSED' });
      expect(refusal.message).toContain('it did not take lib@example.org; the others got the notice');
      expect(box.mails).toMatchObject([{ to: ['ops@example.org'] }]);
    });

    it('names neither user nor password where they are wrong', async () => {
      box = await startMailServer({
        authOptional: false,
        allowInsecureAuth: true,
        onAuth(_auth, _session, done) {
          done(new Error('wrong password'));
        },
      });
      const refusal = await refusalOf(send(email, {}, mailTo(box.port, 'operator:hunter2hunter2@')));
      expect(refusal).toMatchObject({ code: 'E_NOTICE_REFUSED' });
      expect(refusal.message).not.toMatch(/hunter2|operator/);
    });

    it('is tried again where the server is away or asks for time, and says which setting is missing', async () => {
      box = await startMailServer({
        onMailFrom(_address, _session, done) {
          done(Object.assign(new Error('try later'), { responseCode: 451 }));
        },
      });
      const busy = await refusalOf(send(email, {}, mailTo(box.port)));
      expect(busy).toMatchObject({ code: 'E_NOTICE_UNAVAILABLE' });
      expect(busy.message).toContain('451');
      const away = await refusalOf(send(email, {}, mailTo(1)));
      expect(away).toMatchObject({ code: 'E_NOTICE_UNAVAILABLE' });
      expect(away.message).toMatch(/The mail server 127\.0\.0\.1:1 did not take the notice: it cannot be reached/);
      const unset = await refusalOf(send(email));
      expect(unset.message).toContain('no mail server is set. Set VOCAB_SYNC_SMTP_URL where the worker runs');
    });
  });
});
