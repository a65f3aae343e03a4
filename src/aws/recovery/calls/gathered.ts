interface Waiting<Q, A> {
  question: Q;
  signal: AbortSignal | undefined;
  done(answer: A): void;
  failed(error: unknown): void;
}

/**
 * Makes one call of questions that many machines ask at a time: those that come while one is under way go
 * together in the next. So an answer is never older than its question. When a call for several fails they are
 * asked one by one: what is wrong with one of them is nothing to the others.
 *
 * @param kindOf questions of different kinds don't go together
 * @param most questions in one call
 * @param ask answers in the order of the questions; it is given the signal of the first
 */
export function gathered<Q, A>(
  kindOf: (question: Q) => string,
  most: number,
  ask: (questions: Q[], signal?: AbortSignal) => Promise<A[]>,
): (question: Q, signal?: AbortSignal) => Promise<A> {
  const waiting: Waiting<Q, A>[] = [];
  let isAsking = false;

  const askAll = async (batch: Waiting<Q, A>[]): Promise<void> => {
    try {
      const answers = await ask(
        batch.map(({ question }) => question),
        batch[0]!.signal,
      );
      for (const [n, { done }] of batch.entries()) done(answers[n]!);
    } catch (error) {
      if (batch.length === 1) batch[0]!.failed(error);
      else for (const one of batch) await askAll([one]);
    }
  };
  const run = async (): Promise<void> => {
    isAsking = true;
    while (waiting.length > 0) {
      const kind = kindOf(waiting[0]!.question);
      const batch = waiting.filter(({ question }) => kindOf(question) === kind).slice(0, most);
      for (const one of batch) waiting.splice(waiting.indexOf(one), 1);
      await askAll(batch);
    }
    isAsking = false;
  };
  return (question, signal) =>
    new Promise<A>((done, failed) => {
      waiting.push({ question, signal, done, failed });
      if (!isAsking) void run();
    });
}
