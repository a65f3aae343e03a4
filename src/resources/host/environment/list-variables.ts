import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../../engine/model/io.ts';
import type { ListQuery } from '../../../engine/model/resource-type.ts';
import * as windows from '../../../windows/registry/machine-environment.ts';
import { chosen, unsaid } from '../../shared/list-declarations.ts';
import { holdsSecret, namesSecret } from '../../shared/secret-names.ts';
import * as linux from './etc-environment.ts';

/** The variables that are named: what others hold is nobody's business. */
export async function* listVariables({ titles }: ListQuery<unknown>, io: ReadIo) {
  if (!titles)
    throw new Failure(
      given('no-titles', 'environment variables are adopted by name', {
        hint: 'converge adopt environment_variable JAVA_HOME',
      }),
    );
  const { readVariables } = io.platform === 'win32' ? windows : linux;
  const found = [...(await readVariables(io, titles))].map(([title, value]) =>
    namesSecret(title) || holdsSecret(value)
      ? unsaid(title, 'it seems to be a secret, and a variable that every user can read is no place for one')
      : { title, properties: { value } },
  );
  yield* chosen(found, { titles }, 'environment variable');
}
