import type { IncomingMessage, ServerResponse } from 'node:http';
import { COOKIE, type Session, type Sessions } from './inventory/sessions.ts';
import type { Machines } from './world/machines.ts';
import type { TagState } from './world/state.ts';

/** What the API asks for a tag and its category by. */
const tagId = ({ uuid }: TagState): string => `urn:vmomi:InventoryServiceTag:${uuid}:GLOBAL`;
const categoryId = (name: string): string =>
  `urn:vmomi:InventoryServiceCategory:${Buffer.from(name).toString('hex')}:GLOBAL`;

const TOKEN = 'vmware-api-session-id';
const LARGEST_REQUEST = 1 << 20;

/** Where the two forms of the API lie; the older one wraps each answer in `value`. */
const forms = [
  { root: '/api/', session: 'session', tagging: 'cis/tagging/', wrapped: false },
  { root: '/rest/com/vmware/', session: 'cis/session', tagging: 'cis/tagging/', wrapped: true },
];

interface Answer {
  status: number;
  body?: unknown;
}

const notFound: Answer = { status: 404 };
const found = (body: unknown): Answer => (body === undefined ? notFound : { status: 200, body });

export const isAutomation = (path: string): boolean => forms.some(({ root }) => path.startsWith(root));

/** Answers one call of the Automation API: sessions, and what there is to read about tags. */
export async function answerAutomation(
  machines: Machines,
  sessions: Sessions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://lab');
  const form = forms.find(({ root }) => url.pathname.startsWith(root))!;
  const path = url.pathname.slice(form.root.length);
  const action = url.searchParams.get('action') ?? url.searchParams.get('~action');
  const session = sessionOf(sessions, request);
  let answer: Answer;
  if (path === form.session) answer = ofSession(sessions, request, session, action, form.wrapped);
  else if (!session) answer = { status: 401 };
  else if (path.startsWith(form.tagging)) {
    const [collection = '', item] = path.slice(form.tagging.length).split('/');
    const id = item === undefined ? undefined : decodeURIComponent(item).replace(/^id:/, '');
    answer = await ofTagging(machines, collection, id, action, request);
  } else answer = notFound;
  const { status, body } = answer;
  const bytes =
    body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(form.wrapped ? { value: body } : body));
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': String(bytes.length),
      ...(status === 401 && { 'www-authenticate': 'Basic realm="VAPI endpoint"' }),
    })
    .end(bytes);
}

function sessionOf(sessions: Sessions, { headers }: IncomingMessage): Session | undefined {
  const cookie = new RegExp(`(?:^|[;\\s])${TOKEN}="?([0-9a-f]+)`).exec(headers.cookie ?? '')?.[1];
  const token = headers[TOKEN] ?? cookie;
  return typeof token === 'string' && /^[0-9a-f]+$/.test(token)
    ? sessions.of(`${COOKIE}=${token}`)
    : undefined;
}

function ofSession(
  sessions: Sessions,
  { method, headers }: IncomingMessage,
  session: Session | undefined,
  action: string | null,
  wrapped: boolean,
): Answer {
  const told = session && { user: session.userName, created_time: new Date(session.loginTime).toISOString() };
  if (method === 'GET' || (method === 'POST' && action === 'get'))
    return told ? found(told) : { status: 401 };
  if (method === 'DELETE') {
    if (session) sessions.end(session);
    return { status: session ? (wrapped ? 200 : 204) : 401 };
  }
  if (!sessions.basic(headers.authorization)) return { status: 401 };
  const [username = '', ...rest] = Buffer.from((headers.authorization ?? '').slice('Basic '.length), 'base64')
    .toString()
    .split(':');
  return { status: wrapped ? 200 : 201, body: sessions.login(username, rest.join(':')).cookie };
}

async function ofTagging(
  machines: Machines,
  collection: string,
  id: string | undefined,
  action: string | null,
  request: IncomingMessage,
): Promise<Answer> {
  const { tags = [], vms } = machines.state;
  const attached = (tag: TagState) =>
    vms.filter(vm => vm.tags?.includes(tag.uuid)).map(vm => ({ type: 'VirtualMachine', id: vm.id }));
  const categories = [...new Set(tags.map(({ category }) => category))];
  if (request.method === 'GET' && collection === 'tag') {
    if (id === undefined) return found(tags.map(tagId));
    const tag = tags.find(one => tagId(one) === id);
    const { name, category } = tag ?? { name: '', category: '' };
    return found(tag && { id, name, category_id: categoryId(category), description: '', used_by: [] });
  }
  if (request.method === 'GET' && collection === 'category') {
    if (id === undefined) return found(categories.map(categoryId));
    const name = categories.find(one => categoryId(one) === id);
    const kinds = { cardinality: 'MULTIPLE', associable_types: ['VirtualMachine'] };
    return found(name && { id, name, description: '', ...kinds, used_by: [] });
  }
  if (action === 'list-tags-for-category' && collection === 'tag')
    return found(tags.filter(({ category }) => categoryId(category) === id).map(tagId));
  if (request.method !== 'POST' || collection !== 'tag-association') return notFound;
  if (action === 'list-attached-objects') {
    const tag = tags.find(one => tagId(one) === id);
    return found(tag && attached(tag));
  }
  const asked = await readJson(request);
  if (action === 'list-attached-tags') {
    const vm = vms.find(one => one.id === (asked.object_id as { id?: string } | undefined)?.id);
    return found(vm && tags.filter(tag => vm.tags?.includes(tag.uuid)).map(tagId));
  }
  if (action !== 'list-attached-objects-on-tags' || !Array.isArray(asked.tag_ids)) return notFound;
  const wanted = asked.tag_ids as unknown[];
  const known = tags.filter(tag => wanted.includes(tagId(tag)));
  return found(known.map(tag => ({ tag_id: tagId(tag), object_ids: attached(tag) })));
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += (part as Buffer).length;
    if (length > LARGEST_REQUEST) return {};
    parts.push(part as Buffer);
  }
  const value: unknown = JSON.parse(Buffer.concat(parts).toString() || '{}');
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
