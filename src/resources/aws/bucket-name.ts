/** What S3 asks of a name, with the reason to show when a name breaks it. */
const rules: [breaks: (name: string) => boolean, why: string][] = [
  [name => name.length < 3 || name.length > 63, 'it must have 3 to 63 characters'],
  [name => /[^a-z0-9.-]/.test(name), 'it may hold only lower-case letters, digits, dots and hyphens'],
  [name => !/^[a-z0-9].*[a-z0-9]$/.test(name), 'it must begin and end with a letter or digit'],
  [name => name.includes('..'), 'it must not hold two dots in a row'],
  [name => /^\d+\.\d+\.\d+\.\d+$/.test(name), 'it must not look like an IP address'],
  [name => /^(xn--|sthree-|amzn-s3-demo-)/.test(name), 'S3 keeps this beginning for itself'],
  [name => /(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name), 'S3 keeps this ending for itself'],
];

/**
 * Why S3 would refuse the name of a general purpose bucket ("Bucket naming rules"); undefined when it is
 * fine.
 */
export const bucketNameProblem = (name: string): string | undefined =>
  rules.find(([breaks]) => breaks(name))?.[1];
