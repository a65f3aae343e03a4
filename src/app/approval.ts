import type { Failure } from '../diagnostics/diagnostic.ts';

/**
 * Who says yes to what is about to be done: somebody has already (`given`: by an option, or knowingly by what
 * the command is), somebody is asked, or nobody can be. It is never left out, so that nothing is taken for a
 * yes that nobody said.
 */
export type Approval<About = void> = 'given' | 'nobody' | ((about: About) => Promise<boolean>);

/**
 * Whether it was approved.
 *
 * @param refusal what is thrown where nobody can be asked: it names the way to say yes
 */
export async function isApproved<About>(
  approval: Approval<About>,
  about: About,
  refusal: () => Failure,
): Promise<boolean> {
  if (approval === 'nobody') throw refusal();
  return approval === 'given' || approval(about);
}
