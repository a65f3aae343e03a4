import { expect, test } from 'vitest';
import { certificate } from '../../../src/resources/windows/security/certificate.ts';
import { certificateBinding } from '../../../src/resources/windows/security/certificate_binding.ts';
import { sslEndpoint } from '../../../src/windows/security/ssl-endpoint.ts';
import { converge } from '../../support/converge.ts';
import { declare } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';
import { firstPfx, firstThumbprint, pfxPassword, secondPfx, secondThumbprint } from '../../support/pfx.ts';
import { windowsWorld } from '../../support/windows-world.ts';

async function start() {
  const made = await windowsWorld();
  made.world.secrets['env:PFX'] = pfxPassword;
  await made.write('C:\\certs\\web.pfx', firstPfx);
  return {
    ...made,
    bound: async () => (await made.run('netsh', ['http', 'show', 'sslcert'])).stdout,
    converge: (...resources: ReturnType<typeof declare>[]) =>
      converge([certificate, certificateBinding], made.world, resources),
  };
}

const web = { source: 'C:\\certs\\web.pfx', password: { $secret: 'env:PFX' } };
const bySni = declare('certificate_binding:www.example.com:443', { certificate: 'Web' });
const byAddress = declare('certificate_binding:*:443', { certificate: 'web' });

test('a certificate is imported and bound in one run, without a word about order', async () => {
  const { converge, bound } = await start();
  const resources = [bySni, byAddress, declare('certificate:web', web)];
  expect((await converge(...resources)).results).toEqual(['changed', 'changed', 'changed']);
  expect(await bound()).toMatch(
    new RegExp(`www.example.com:443\\s+Certificate Hash +: ${firstThumbprint}`, 'i'),
  );
  expect(await bound()).toContain(': 0.0.0.0:443');
  expect((await converge(...resources)).actions).toEqual(['none', 'none', 'none']);
});

test('a renewed certificate is imported beside the old one and bound in the same run', async () => {
  const { converge, bound, write } = await start();
  const resources = [declare('certificate:web', web), bySni, byAddress];
  await converge(...resources);
  await write('C:\\certs\\web.pfx', secondPfx);
  expect((await converge(...resources)).actions).toEqual(['create', 'update', 'update']);
  expect(await bound()).toContain(secondThumbprint.toLowerCase());
  expect(await bound()).not.toContain(firstThumbprint.toLowerCase());
  expect((await converge(...resources)).actions).toEqual(['none', 'none', 'none']);
});

test('once it is imported the file may go', async () => {
  const { converge, host } = await start();
  await converge(declare('certificate:web', web));
  await host.files.remove('C:\\certs\\web.pfx');
  expect((await converge(declare('certificate:web', web))).actions).toEqual(['none']);
});

test('the password goes to no command line, and a wrong one is told', async () => {
  const { converge, lab, world } = await start();
  await converge(declare('certificate:web', web));
  const everything = (await lab.processes()).flatMap(({ args }) => args).join('\n');
  expect(everything).not.toContain(pfxPassword.slice(-3));
  expect(everything).toContain('Import-PfxCertificate');
  world.secrets['env:PFX'] = 'wrong';
  const { said } = await converge(declare('certificate:other', web));
  expect(said[0]).toMatchObject({
    code: 'pfx-unreadable',
    message: expect.stringContaining('C:\\certs\\web.pfx'),
  });
});

test('with a declared thumbprint the file is opened only to import it, and has to be the right one', async () => {
  const { converge, world } = await start();
  const declared = { ...web, thumbprint: firstThumbprint };
  await converge(declare('certificate:web', declared));
  delete world.secrets['env:PFX'];
  expect((await converge(declare('certificate:web', declared))).actions).toEqual(['none']);
  world.secrets['env:PFX'] = pfxPassword;
  const wrong = await converge(declare('certificate:other', { ...web, thumbprint: secondThumbprint }));
  expect(wrong.said[0]).toMatchObject({
    code: 'wrong-certificate',
    message: expect.stringContaining(firstThumbprint),
  });
});

test('another label is put right, by which bindings find it', async () => {
  const { converge } = await start();
  await converge(declare('certificate:old', web));
  const { fields } = await converge(declare('certificate:web', web), bySni);
  expect(fields[0]).toMatchObject({ path: '/label', before: 'old', after: 'web' });
  expect((await converge(declare('certificate:web', web), bySni)).actions).toEqual(['none', 'none']);
});

test('a certificate is removed with what it was bound to', async () => {
  const { converge, bound } = await start();
  await converge(declare('certificate:web', web), bySni);
  await converge(
    declare('certificate:web', web, { ensure: 'absent' }),
    declare('certificate_binding:www.example.com:443', { certificate: 'web' }, { ensure: 'absent' }),
  );
  expect(await bound()).not.toContain('www.example.com');
});

test('everything is read by two processes, and nothing is changed twice', async () => {
  const { converge, lab } = await start();
  const resources = [declare('certificate:web', web), bySni, byAddress];
  await converge(...resources);
  expect((await lab.processes()).filter(({ changed }) => changed)).toHaveLength(3);
  await lab.forgetProcesses();
  await converge(...resources);
  expect(await lab.processes()).toMatchObject([{ changed: false }, { changed: false }]);
});

test.each([
  ['WWW.example.com:443', 'www.example.com:443'],
  ['*.example.com:8443', '*.example.com:8443'],
  ['*:443', '0.0.0.0:443'],
  ['10.0.0.5:0443', '10.0.0.5:443'],
  ['[0:0::0]:443', '[::]:443'],
])('%s is the port %s', (title, endpoint) => {
  expect(sslEndpoint(title)).toBe(endpoint);
});

test.each(['www.example.com', '999.0.0.1:443', 'a b:443', '::1:443', 'www:0', 'www:70000'])(
  '%s is none',
  title => {
    expect(sslEndpoint(title)).toBeUndefined();
  },
);

test.each([[{}], [{ thumbprint: firstThumbprint, certificate: 'web' }]])(
  '%j contradicts itself',
  properties => {
    expect(mistakesIn(certificateBinding, '*:443', properties)).toContain(
      'either `thumbprint` or `certificate`',
    );
  },
);
