import type { Socket } from 'node:net';
import { strange } from './failures.ts';
import type { Incoming } from './incoming.ts';
import {
  allocation,
  decodeOptionReply,
  encodeOption,
  goData,
  greeting,
  handshakeFlag,
  infoExport,
  metaContextData,
  option,
  optionReply,
  optionReplyBytes,
  transmission,
} from './protocol.ts';

/** Answers of options and errors that are longer than this are not NBD's. Bytes. */
export const longestText = 64 * 1024;

/** The server is well, and doesn't hand out what it serves. It doesn't say why: its own output may. */
export class ExportRefused extends Error {}

/** The server was asked to open what it serves, and said nothing for as long as it may. */
export class Silence extends Error {}

/** What client and server agreed on. */
export interface Agreed {
  size: number;
  /** `transmission` flags of the export. */
  flags: number;
  /** Id of `base:allocation`; undefined when the server doesn't tell what is allocated. */
  context: number | undefined;
}

/** Agrees with a server on structured replies, on who tells what is allocated, and on the one export. */
export async function negotiate(socket: Socket, from: Incoming, of: string): Promise<Agreed> {
  const hello = await from.take(greeting.bytes);
  const { magic, option: newstyle } = greeting;
  if (hello.readBigUInt64BE(0) !== magic || hello.readBigUInt64BE(8) !== newstyle)
    throw strange(of, 'it did not begin with the greeting of a newstyle server');
  const { fixedNewstyle, noZeroes } = handshakeFlag;
  const flags = hello.readUInt16BE(16);
  if (!(flags & fixedNewstyle)) throw strange(of, 'it knows the oldest form of the negotiation only');
  const ours = Buffer.alloc(4);
  ours.writeUInt32BE(fixedNewstyle | (flags & noZeroes));
  socket.write(ours);

  const structured = await ask(socket, from, of, option.structuredReply);
  if (structured === undefined) throw strange(of, 'it has no structured replies');
  const contexts = await ask(socket, from, of, option.setMetaContext, metaContextData(allocation));
  const context = contexts?.find(({ type }) => type === optionReply.metaContext)?.data;
  if (context && context.length < 4) throw strange(of, 'its answer about what is allocated is too short');
  const go = await ask(socket, from, of, option.go, goData());
  const infos = go?.flatMap(({ type, data }) => (type === optionReply.info ? [data] : []));
  if (infos?.some(({ length }) => length < 2)) throw strange(of, 'an answer about the export is too short');
  const info = infos?.find(data => data.readUInt16BE(0) === infoExport);
  if (info === undefined) throw new ExportRefused(`the server does not open ${of}`);
  if (info.length < 10) throw strange(of, 'it does not say how large the export is');
  const size = info.readBigUInt64BE(2);
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw strange(of, `its size is ${size} bytes`);
  // Some answer without flags: what they can't say, they can't do.
  const transmitted = info.length >= 12 ? info.readUInt16BE(10) : transmission.readOnly;
  return { size: Number(size), flags: transmitted, context: context?.readUInt32BE(0) };
}

/** The answers to an option before the one that ends them; undefined when the server won't have it. */
async function ask(
  socket: Socket,
  from: Incoming,
  of: string,
  number: number,
  data?: Buffer,
): Promise<{ type: number; data: Buffer }[] | undefined> {
  socket.write(encodeOption(number, data));
  const answers: { type: number; data: Buffer }[] = [];
  for (;;) {
    const reply = decodeOptionReply(await from.take(optionReplyBytes));
    if (reply === undefined || reply.option !== number)
      throw strange(of, `its answer to option ${number} is none`);
    if (reply.length > longestText) throw strange(of, `its answer to option ${number} is too long`);
    const content = await from.take(reply.length);
    if (reply.type >= optionReply.error) return undefined;
    if (reply.type === optionReply.ack) return answers;
    answers.push({ type: reply.type, data: content });
  }
}
