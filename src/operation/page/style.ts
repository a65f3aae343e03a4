import { createHash } from 'node:crypto';

/** How all pages look: on paper, in the dark, on a phone, and for whoever enlarges them. */
export const style = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1a1f26;--soft:#545d69;--line:#d5dae1;--link:#0b57b0;--bad:#b3151f;--badbg:#fdecec;--warn:#7a4a00;--warnbg:#fdf1dc;--ok:#0f6b3a;--okbg:#e4f5ea;--under:#7cc49a;--over:#d9434c}
@media (prefers-color-scheme:dark){:root{--bg:#12161b;--card:#1b2027;--ink:#e8ebef;--soft:#a8b2be;--line:#343c47;--link:#8bbcff;--bad:#ff9a9a;--badbg:#43191c;--warn:#f2c173;--warnbg:#3d2c0d;--ok:#86dba8;--okbg:#143322;--under:#3f8f62;--over:#e5545c}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.45 system-ui,"Segoe UI","Liberation Sans","DejaVu Sans",sans-serif}
main,header,footer{max-width:78rem;margin:0 auto;padding:0 1.25rem}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem 1.5rem;padding-top:1.1rem}
h1{font-size:1.5rem;margin:0;line-height:1.25;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:1.8rem 0 .6rem}
header p{margin:0;color:var(--soft)}header nav{margin-left:auto;display:flex;gap:1rem;flex-wrap:wrap}
a{color:var(--link);text-underline-offset:.15em}a:focus-visible,button:focus-visible,input:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-99rem}.skip:focus{left:.5rem;top:.5rem;background:var(--card);padding:.4rem .8rem;z-index:1}
.tiles{display:flex;flex-wrap:wrap;gap:.6rem;margin:1.1rem 0;padding:0;list-style:none}
.tiles li{flex:1 1 7.5rem}
.tiles a{display:block;background:var(--card);color:var(--ink);border:1px solid var(--line);border-left:.35rem solid var(--line);border-radius:.4rem;padding:.5rem .8rem;text-decoration:none}
.tiles b{display:block;font-size:1.5rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tiles a:hover,.tiles a[aria-current]{border-color:var(--link)}
.tiles .bad{border-left-color:var(--over)}.tiles .warn{border-left-color:#d1902b}.tiles .ok{border-left-color:var(--under)}
form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.6rem 0}
input,button,select{font:inherit;color:inherit;background:var(--card);border:1px solid var(--soft);border-radius:.3rem;padding:.3rem .6rem;max-width:100%}
button{cursor:pointer}
table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line);border-radius:.4rem}
caption{text-align:left;color:var(--soft);padding:.2rem 0}
th,td{padding:.45rem .7rem;text-align:left;vertical-align:top;border-top:1px solid var(--line);overflow-wrap:anywhere}
thead th{border-top:0;color:var(--soft);font-size:.85rem;font-weight:600;white-space:nowrap}
tbody th{font-weight:600;min-width:11rem;overflow-wrap:break-word}small{display:block;color:var(--soft);font-size:.85rem;font-weight:400}
.n{font-variant-numeric:tabular-nums;white-space:nowrap}
.s{display:inline-block;border-radius:1rem;padding:.05rem .6rem;font-size:.88rem;font-weight:600;white-space:nowrap;border:1px solid}
.bad{color:var(--bad)}.warn{color:var(--warn)}.ok{color:var(--ok)}.s.bad{background:var(--badbg)}.s.warn{background:var(--warnbg)}.s.ok{background:var(--okbg)}
.t{width:13rem;height:2.1rem;display:block;overflow:visible}.t.big{width:100%;height:7rem}
.t .a{fill:url(#g)}.t .l{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3;fill:none;vector-effect:non-scaling-stroke}
.over{stop-color:var(--over)}.under{stop-color:var(--under)}.defs{position:absolute}
.box{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.2rem 1rem .6rem;margin:1rem 0}.box.bad{border-left:.35rem solid var(--over);color:inherit}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;margin:.8rem 0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
h3{font-size:1rem;margin:.8rem 0 .2rem;overflow-wrap:anywhere}.box p{margin:.3rem 0}.steps time{color:var(--soft);font-variant-numeric:tabular-nums}summary{cursor:pointer}
ul,ol{padding-left:1.2rem}li{overflow-wrap:anywhere}
.pages{display:flex;gap:1rem;flex-wrap:wrap;margin:1rem 0}
footer{color:var(--soft);padding-top:1rem;padding-bottom:2rem;font-size:.9rem}
@media (max-width:48rem){
 header nav{margin-left:0}
 table.v,.v tbody,.v caption,.v tr,.v th,.v td{display:block}.v thead{position:absolute;left:-99rem}
 .v tr{border-top:1px solid var(--line);padding:.6rem 0}.v tr:first-child{border-top:0}
 .v th,.v td{border:0;padding:.15rem .9rem;min-width:0}.v td[data-l]::before{content:attr(data-l)": ";color:var(--soft)}
 .t{width:100%}.scroll{overflow-x:auto}
}
@page{margin:14mm}
@media print{body{background:#fff;font-size:9.5pt}main,header,footer{max-width:none;padding:0}header nav,form,.pages,.skip{display:none}tr,.tiles li,.box{break-inside:avoid}h2{break-after:avoid}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}.t{width:10rem}}
@media (forced-colors:active){.t .a{fill:CanvasText}.t .l{stroke:Highlight}}
`;

/** What a page may do: show itself, in this style. It runs no script, and loads nothing from anywhere. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
