import { type Diagnostic, together, world } from '../../diagnostics/diagnostic.ts';
import { secretCheck } from '../call/secrets.ts';
import { isSecretRef } from '../model/catalog.ts';
import { creationFields, diff } from '../model/diff.ts';
import { placeOf } from '../model/mistakes.ts';
import type { Action } from '../model/plan.ts';
import type { FieldChange, Observation } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import { isImmutable } from '../model/schema-at.ts';
import type { Subject } from '../model/subject.ts';
import { diagnosticsOf, isJsonObject } from '../observe/observe.ts';

/** What one resource needs, looked at by itself; plan, apply and proof all ask here. */
export interface Decision {
  action: Exclude<Action, 'refresh'>;
  fields: FieldChange[];
  is?: object;
  should: object;
  /**
   * Why it `failed` when it was observed all the same: a secret that can't be read, what can't be changed.
   */
  diagnostic?: Diagnostic;
}

/** Never rejects: what goes wrong is a decision of `failed`. */
export async function decide(
  run: Run,
  subject: Subject,
  observation: Observation<object>,
): Promise<Decision> {
  try {
    return await judge(run, subject, observation);
  } catch (error) {
    const diagnostic = run.redactor.value(together(diagnosticsOf(error, subject)));
    return { action: 'failed', fields: [], should: {}, diagnostic };
  }
}

async function judge(run: Run, subject: Subject, observation: Observation<object>): Promise<Decision> {
  const should = subject.absent
    ? {}
    : subject.type.desired(subject.asked.properties, subject.id, run.sources);
  if (!isJsonObject(should)) throw new TypeError(`its desired state of ${subject.id} is not valid`);
  switch (observation.state) {
    case 'failed':
      return { action: 'failed', fields: [], should };
    case 'unknown':
      return { action: 'unknown', fields: subject.absent ? [] : creationFields(should), should };
    case 'absent':
      return subject.absent
        ? { action: 'none', fields: [], should }
        : { action: 'create', fields: creationFields(should), should };
    case 'present': {
      const is = observation.value;
      if (subject.absent) return { action: 'delete', fields: [], is, should };
      const fields = diff(subject.type, is, should, await secretCheck(run, subject, is, should));
      const fixed = fields.filter(field => isFixed(subject.type, field));
      if (fixed.length > 0)
        return {
          action: 'failed',
          fields,
          is,
          should,
          diagnostic: run.redactor.value(immutable(subject, fixed)),
        };
      return { action: fields.length > 0 ? 'update' : 'none', fields, is, should };
    }
  }
}

/** `x-immutable`: seen and declared, and no secret, which can't be compared. */
const isFixed = ({ schema }: Subject['type'], { path, before, after }: FieldChange): boolean =>
  before !== undefined && after !== undefined && !isSecretRef(after) && isImmutable(schema, path);

function immutable({ address, type, declared }: Subject, fields: readonly FieldChange[]): Diagnostic {
  const isKept = type.protects === true || declared.meta.protect === true;
  const away = `with \`ensure: absent\`${isKept ? ` and --allow ${address}` : ''}`;
  const hint =
    type.canBeAbsent === false
      ? 'declare it as it is, or another object under another title'
      : `declare it as it is, or another one under another title; or have it removed first, ${away}`;
  const say = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  const changes = fields.map(
    ({ path, before, after }) =>
      `its \`${path.slice(1).replaceAll('/', '.')}\` is \`${say(before)}\` and can't become \`${say(after)}\``,
  );
  const message = `\`${address}\` is left as it is: ${changes.join(', ')}`;
  const at = placeOf(declared, fields[0]!.path);
  return world('immutable', message, { address, at, hint });
}
