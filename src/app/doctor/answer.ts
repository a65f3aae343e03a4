import { Failure } from '../../diagnostics/diagnostic.ts';
import type { Answer } from '../../doctor/finding.ts';

/** What was asked, or why that failed: the other questions are asked all the same. */
export async function answerOf<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<Answer<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return { failed: error.diagnostics };
  }
}
