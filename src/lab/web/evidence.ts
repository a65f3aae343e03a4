import type { Evidence } from '../model/evidence.ts';

const http = (section: string) => `RFC 9110, ${section}`;

/** What the lab's web does, and how we know that web servers do it too. */
export const evidence: Evidence[] = [
  {
    behaviour: 'If-None-Match with the current ETag is answered with 304 and no body',
    evidence: 'quoted',
    source: http('13.1.2 If-None-Match'),
  },
  {
    behaviour: 'If-Modified-Since is looked at only without If-None-Match',
    evidence: 'quoted',
    source: http('13.1.3 If-Modified-Since'),
  },
  {
    behaviour: 'Every server answers a GET with Content-Length, ETag and Last-Modified',
    evidence: 'believed',
    source: 'static files; other servers leave out any of them',
  },
];
