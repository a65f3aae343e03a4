import { Html, html, type Part } from './html.ts';
import { CONTENT_SECURITY_POLICY, style } from './style.ts';

export interface Frame {
  title: string;
  heading: Part;
  /** Below the heading: of when it is, and whose. */
  about: Part;
  /** Links to other pages; undefined: it is to be kept and read by itself. */
  links?: Part;
  body: Part;
  footer: Part;
}

/** `2026-11-28 12:01 UTC`: whoever reads it on paper can't ask for its zone. */
export const moment = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** A whole page. */
export function frame({ title, heading, about, links, body, footer }: Frame): string {
  // A page that is kept as a file has no headers that say so. A frame can't be told there to whom it belongs.
  const policy = CONTENT_SECURITY_POLICY.replace(/; frame-ancestors [^;]*/, '');
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer">
<title>${title}</title><link rel="icon" href="data:,"><style>${new Html(style)}</style></head><body>
<a class="skip" href="#main">To the content</a>
<header><h1>${heading}</h1><p>${about}</p>${links && html`<nav aria-label="Pages">${links}</nav>`}</header>
<main id="main">
${body}
</main>
<footer>${footer}</footer></body></html>
`.text;
}
