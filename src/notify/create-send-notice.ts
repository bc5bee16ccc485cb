/** Sends a notice to each kind of channel. The worker resolves secrets just before use. */
import { ConfigError } from '../errors.ts';
import { postJson } from '../http/post-json.ts';
import type { NotifyChannel } from '../job/schema/notify-schema.ts';
import type { ResolveSecret } from '../job/secrets.ts';
import type { Notice } from '../records/notice.ts';
import type { RunReport } from '../records/run.ts';
import { toChatText, toSubject } from './notice-text.ts';
import { sendMail, type MailServer } from './send-mail.ts';

export interface SendNoticeOptions {
  readonly resolveSecret: ResolveSecret;
  /** Undefined: e-mail cannot be sent. */
  readonly mail: MailServer | undefined;
  readonly allowedHosts: readonly string[];
  readonly userAgent: string;
  /** The report of a run as text for people. */
  readonly renderReport: (report: RunReport) => string;
}

type SendTo = (channel: NotifyChannel, notice: Notice, signal: AbortSignal) => Promise<void>;

/** `SendNotice` of the engine documents what the function throws. */
export function createSendNotice(options: SendNoticeOptions): SendTo {
  return async (channel, notice, signal) => {
    signal.throwIfAborted();
    switch (channel.type) {
      case 'webhook': {
        const { event, report } = notice;
        await post(options, channel.url.$secret, { event, text: toChatText(notice), report }, signal);
        return;
      }
      case 'chat':
        await post(options, channel.url.$secret, { text: toChatText(notice) }, signal);
        return;
      case 'email':
        await sendMail(requireMail(options), {
          to: channel.to,
          subject: `[vocab-sync] ${toSubject(notice)}`,
          text: `${toChatText(notice)}\n\n${options.renderReport(notice.report)}`,
        });
    }
  };
}

async function post(options: SendNoticeOptions, secret: string, body: unknown, signal: AbortSignal): Promise<void> {
  const { allowedHosts, userAgent } = options;
  await postJson({ url: options.resolveSecret(secret).trim(), body, allowedHosts, userAgent, signal });
}

function requireMail({ mail }: SendNoticeOptions): MailServer {
  if (mail !== undefined) return mail;
  throw new ConfigError(
    'E_NOTICE_REFUSED',
    'The job sends notices by e-mail, but no mail server is set. Set VOCAB_SYNC_SMTP_URL where the worker runs, such as smtp://mail.example.org:25.',
  );
}
