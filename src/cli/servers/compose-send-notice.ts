/** Composes the function that sends notices, from the settings of this process. */
import { toUserAgent } from '../../http/to-user-agent.ts';
import type { ResolveSecret } from '../../job/secrets.ts';
import { createSendNotice } from '../../notify/create-send-notice.ts';
import type { SendNotice } from '../../pipeline/engine.ts';
import type { Settings } from '../../settings.ts';
import { packageFacts } from '../package-facts.ts';
import { renderReport } from '../render/render-report.ts';

export function composeSendNotice({ mail, allowedHosts }: Settings, resolveSecret: ResolveSecret): SendNotice {
  return createSendNotice({
    resolveSecret,
    mail,
    allowedHosts,
    userAgent: toUserAgent(packageFacts()),
    renderReport,
  });
}
