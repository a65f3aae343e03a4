import { errors, S3Error } from '../protocol/errors.ts';
import { child, childrenOf, type Element, textOf } from '../protocol/xml.ts';

const invalid = (message: string) => new S3Error(400, 'InvalidRequest', message);
const positive = (text: string | undefined) => text === undefined || (/^\d+$/.test(text) && Number(text) > 0);
const actions = [
  'Expiration',
  'Transition',
  'NoncurrentVersionExpiration',
  'NoncurrentVersionTransition',
  'AbortIncompleteMultipartUpload',
];

function ruleProblem(rule: Element): S3Error | undefined {
  const status = textOf(rule, 'Status');
  if (status !== 'Enabled' && status !== 'Disabled') return errors.malformedXml();
  if (!child(rule, 'Filter') && !child(rule, 'Prefix')) return errors.malformedXml();
  if (!actions.some(name => child(rule, name))) {
    return invalid('At least one action needs to be specified in a rule');
  }
  if ((textOf(rule, 'ID') ?? '').length > 255)
    return errors.invalidArgument('ID length should not exceed allowed limit of 255');
  const abort = child(rule, 'AbortIncompleteMultipartUpload');
  if (abort && !positive(textOf(abort, 'DaysAfterInitiation') ?? '')) {
    return errors.invalidArgument(
      "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer",
    );
  }
  if (abort && child(child(rule, 'Filter'), 'Tag')) {
    return invalid('AbortIncompleteMultipartUpload cannot be specified with Tags.');
  }
  if (!positive(textOf(child(rule, 'Expiration'), 'Days'))) {
    return errors.invalidArgument("'Days' for Expiration action must be a positive integer");
  }
  return undefined;
}

/** What S3 would refuse in a lifecycle configuration; it is stored, not carried out. */
export function lifecycleProblem(document: Element | undefined): S3Error | undefined {
  const rules = childrenOf(document, 'Rule');
  if (rules.length === 0 || rules.length > 1000) return errors.malformedXml();
  const ids = rules.map(rule => textOf(rule, 'ID')).filter(id => id);
  if (new Set(ids).size < ids.length)
    return errors.invalidArgument('Rule ID must be unique. Found same ID for more than one rule');
  return rules.map(ruleProblem).find(problem => problem !== undefined);
}
