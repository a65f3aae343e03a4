/** What `converge init` asks. */
export interface FirstAnswers {
  vcenter: string;
  username: string;
  vms: string[];
  bucket: string;
  region: string;
}

/** What the lab holds from the start, under the names of a vCenter and a bucket that nobody reaches. */
export const labAnswers: FirstAnswers = {
  vcenter: 'https://vcenter.example.com',
  username: 'svc-converge@vsphere.local',
  vms: ['dc02', 'sql01'],
  bucket: 'gdh-vm-replication',
  region: 'eu-west-1',
};

/** A first manifest as text. `schema`: path of the schema as seen from the manifest. */
export function firstManifest(answers: FirstAnswers, schema: string): string {
  const { vcenter, username, vms, bucket, region } = answers;
  const each = vms.map(
    vm => `    ${quoted(vm)}:
      repository: ${quoted(`s3://${bucket}/dr`)}
      schedule: every 15 minutes
      quiesce: prefer   # application-consistent where the guest can do it
`,
  );
  return `# yaml-language-server: $schema=${schema}
# What is protected, and where its recovery points lie. \`converge explain --type\` says what else there is.
converge: 1

targets:
  home:
    type: vsphere
    url: ${quoted(vcenter)}
    username: ${quoted(username)}
    password: "\${secret('env:VC_PASSWORD')}"   # a reference: the password itself is never here
  dr: { type: aws, region: ${quoted(region)} }   # credentials: those of the AWS CLI

resources:
  bucket:
    ${quoted(bucket)}:
      versioning: true
      public_access: blocked
      lifecycle: { abort_incomplete_uploads: 7d }

  protected_vm:
${each.join('')}`;
}

/** A YAML scalar that is the text itself, whatever is in it. */
const quoted = (text: string): string =>
  /^[A-Za-z][\w./:@-]*[\w/]$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text).replaceAll('${', () => '$${');
