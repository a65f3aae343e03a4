import { type Diagnostic, Failure } from '../../../diagnostics/diagnostic.ts';
import { again } from '../../../io/until.ts';
import type { Context } from '../../app-context.ts';
import type { FoundCertificate } from './page-certificate.ts';

/** How often files are looked at, ms. */
const every = 60_000;

/**
 * Takes up a certificate that was renewed, until the signal comes. While what is there can't be used the one
 * before stays, and that is told, once. A certificate and its key are put in place one after the other: only
 * what is wrong at two looks in a row is wrong.
 */
export async function followCertificate(
  { io, reporter }: Context,
  read: () => Promise<FoundCertificate>,
  first: FoundCertificate,
  take: (tls: FoundCertificate['tls']) => void,
  signal: AbortSignal,
): Promise<void> {
  let { tls } = first;
  let told = wordsOf(first.doubts);
  let before = told;
  await again(io.host.clock, every, signal, async () => {
    const found = await orWhyNot(read);
    if ('tls' in found && (found.tls.cert !== tls.cert || found.tls.key !== tls.key)) {
      take(found.tls);
      tls = found.tls;
    }
    const words = wordsOf(found.doubts);
    if (words !== told && words === before) {
      told = words;
      reporter.diagnostics(found.doubts);
    }
    before = words;
  });
}

const wordsOf = (doubts: readonly Diagnostic[]): string => doubts.map(({ message }) => message).join('\n');

async function orWhyNot(
  read: () => Promise<FoundCertificate>,
): Promise<FoundCertificate | { doubts: Diagnostic[] }> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const doubts = error.diagnostics.map(one => ({
      ...one,
      message: `${one.message}; the page goes on with the certificate that it has`,
      severity: 'warning' as const,
    }));
    return { doubts };
  }
}
