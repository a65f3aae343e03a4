import { skewOf } from '../replication/cycle/clock-skew.ts';
import { type Answer, type Finding, findingsOf, leftOut, type Subject, wayOutOf } from './finding.ts';

/** What was read of a vsphere target. */
export interface VsphereFacts {
  username: string;
  /** As the server tells: "VMware vCenter Server 8.0.2 build-22617221". */
  login: Answer<{ fullName: string; apiVersion: string; apiType: string }>;
  /** Milliseconds by which its clock is ahead of this machine's. */
  ahead?: Answer<number>;
}

/** Pure. @param of `vsphere:NAME` */
export function judgeVsphere(of: string, { username, login, ahead }: VsphereFacts): Finding[] {
  const about = (what: string, looked: string): Subject => ({ of, what, looked });
  const loggedIn = about('login', 'RetrieveServiceContent, Login');
  if ('failed' in login) return findingsOf(loggedIn, login.failed, undefined);
  const { fullName, apiVersion, apiType } = login.value;
  return [
    ...findingsOf(loggedIn, [], `as ${username}`),
    ...findingsOf(
      about('version', 'about'),
      [],
      `${fullName}, API ${apiVersion}${apiType === 'HostAgent' ? ', a single host' : ''}`,
    ),
    ...clockOf(about('clock', 'loginTime of Login'), ahead),
  ];
}

function clockOf(about: Subject, ahead: Answer<number> | undefined): Finding[] {
  if (ahead === undefined) return [];
  if ('failed' in ahead) return ahead.failed.map(one => leftOut(about, one.message, wayOutOf(one)));
  return findingsOf(
    about,
    skewOf(about.of, ahead.value, 'ages of points are'),
    "within a minute of this machine's",
  );
}
