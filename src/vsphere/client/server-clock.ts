import { malformed } from '../http/malformed.ts';
import { explain } from '../soap/faults.ts';
import { SERVICE_INSTANCE } from '../soap/service-content.ts';
import type { Session } from '../soap/soap-session.ts';

/**
 * Milliseconds by which the server's clock is ahead of this machine's, to within half the time that an
 * answer took: that of the login, which tells when it was (UserSession.loginTime), else of
 * ServiceInstance.CurrentTime.
 */
export async function measureClock(session: Session): Promise<number> {
  if (session.began) return Math.round(session.began.server - session.began.here);
  const before = session.clock.now();
  const [answer] = await explain('tell its time', () =>
    session.query({ method: 'CurrentTime', self: SERVICE_INSTANCE }),
  );
  const time = Date.parse(answer?.text ?? '');
  if (Number.isNaN(time)) throw malformed('CurrentTime', 'the answer is not a time');
  return Math.round(time - (before + session.clock.now()) / 2);
}
