interface Statement {
  Sid?: string;
}
interface Document {
  Version?: string;
  Id?: string;
  Statement?: Statement | Statement[];
}

const sid = 'ConvergeConditionalWrites';

/**
 * Refuses whatever makes an object without a condition. A part of an upload makes none; that whose last call
 * ends it does. Source: Amazon S3 user guide, "Enforce conditional writes on Amazon S3 buckets".
 */
const ours = (bucket: string) => ({
  Sid: sid,
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:PutObject',
  Resource: `arn:aws:s3:::${bucket}/*`,
  Condition: {
    Null: { 's3:if-none-match': 'true', 's3:if-match': 'true' },
    Bool: { 's3:ObjectCreationOperation': 'true' },
  },
});

const statementsOf = (text: string | undefined): { document: Document; statements: Statement[] } => {
  const document = text === undefined ? {} : (JSON.parse(text) as Document);
  return { document, statements: [document.Statement ?? []].flat() };
};

/** Whether the very statement is there, whatever else is. */
export const requiresConditions = (text: string | undefined, bucket: string): boolean =>
  statementsOf(text).statements.some(one => JSON.stringify(one) === JSON.stringify(ours(bucket)));

/** A policy with it; statements of others stay as they are. */
export function withConditions(text: string | undefined, bucket: string): string {
  const { document, statements } = statementsOf(text);
  const others = statements.filter(one => one.Sid !== sid);
  return JSON.stringify({ Version: '2012-10-17', ...document, Statement: [...others, ours(bucket)] });
}
