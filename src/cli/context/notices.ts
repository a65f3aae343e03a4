import type { Notice } from '../../app/reporter.ts';
import type { RunContent } from '../../engine/model/events.ts';
import { waitingText } from '../text/waiting.ts';

/** A notice as a line. */
export function noticeText(notice: Notice): string {
  switch (notice.type) {
    case 'lab':
      return `lab in ${notice.dir}: stand-ins for vSphere, S3 and the host; nothing leaves this machine`;
    case 'waits':
      return waitingText(notice);
    case 'plan-written':
      return `plan written to ${notice.file}`;
    case 'content':
      return `${notice.instance} of ${notice.environment}: ${contentText(notice.content)}`;
    case 'no-log':
      return `there is no log of this run: ${notice.why}`;
    case 'agent-looks':
      return `agent: looking at ${notice.url}; end it with SIGTERM`;
    case 'agent-finds-nothing':
      return `agent: ${notice.url} has nothing for ${notice.environment} yet`;
    case 'agent-yields':
      return `agent: ${notice.why}; it goes first`;
    case 'agent-turn-failed':
      return `agent: a turn failed in a way it should not: ${notice.why}`;
    case 'agent-ended':
      return 'agent: ended';
  }
}

function contentText({ url, sha256, from, signed }: RunContent): string {
  const vouched = signed
    ? `sequence ${signed.sequence}, signed ${signed.issued}`
    : 'UNSIGNED: nobody vouches for it';
  const kept = from === 's3' ? '' : ' (kept here from an earlier run: S3 is out of reach)';
  return `${url}${kept}, ${vouched}, sha256 ${sha256.slice(0, 12)}`;
}
