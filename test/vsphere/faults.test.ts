import { expect, it } from 'vitest';
import {
  explain,
  faultFailure,
  readLocalizedFault,
  readSoapFault,
  VimFault,
} from '../../src/vsphere/soap/faults.ts';
import { parseXml } from '../../src/vsphere/soap/xml.ts';
import { failureOf, XSI } from './scripted-server.ts';

const soap = (detail: string) =>
  parseXml(
    `<f xmlns:xsi="${XSI}"><faultcode>ServerFaultCode</faultcode><faultstring>said</faultstring><detail>${detail}</detail></f>`,
  );

it.each([
  ['xsi:type', '<NotAuthenticatedFault xmlns="urn:vim25" xsi:type="NotAuthenticated"/>', 'NotAuthenticated'],
  ['the name of the element', '<FileFaultFault xmlns="urn:vim25"/>', 'FileFault'],
  ['nothing', '', 'UnknownFault'],
])('reads the type from %s', (_, detail, type) => {
  expect(readSoapFault(soap(detail))).toMatchObject({ type, message: 'said' });
});

it('names the missing privilege and the object', () => {
  const fault = readSoapFault(
    soap(
      '<NoPermissionFault xmlns="urn:vim25" xsi:type="NoPermission"><object type="VirtualMachine">vm-62</object><privilegeId>VirtualMachine.State.CreateSnapshot</privilegeId></NoPermissionFault>',
    ),
  );
  const failure = faultFailure(fault, 'create a snapshot of VM dc02');
  expect(failure.diagnostics[0]).toMatchObject({
    code: 'vsphere-permission',
    category: 'world',
    message:
      'vSphere refused to create a snapshot of VM dc02: privilege VirtualMachine.State.CreateSnapshot is missing on VirtualMachine vm-62.',
  });
});

it('names them in the form of 7.0.3 too', () => {
  const fault = readSoapFault(
    soap(
      '<NoPermissionFault xmlns="urn:vim25" xsi:type="NoPermission"><missingPrivileges><entity type="Datastore">datastore-1</entity><privilegeIds>Datastore.Browse</privilegeIds></missingPrivileges></NoPermissionFault>',
    ),
  );
  expect(faultFailure(fault, 'x').message).toContain(
    'privilege Datastore.Browse is missing on Datastore datastore-1',
  );
});

it('gives what is known to help as a hint', () => {
  const fault = readLocalizedFault(
    parseXml(
      `<error xmlns:xsi="${XSI}"><fault xsi:type="TaskInProgress"><task type="Task">task-1</task></fault><localizedMessage>Another task is already in progress.</localizedMessage></error>`,
    ),
  );
  const [d] = faultFailure(fault, 'remove it').diagnostics;
  expect(d!.message).toBe(
    'vSphere refused to remove it: TaskInProgress (Another task is already in progress).',
  );
  expect(d!.hint).toContain('Wait');
});

it('explains faults and lets everything else through', async () => {
  const failure = await failureOf(
    explain('do x', () => Promise.reject(new VimFault('FileFault', '', undefined))),
  );
  expect(failure.message).toBe('vSphere refused to do x: FileFault.');
  expect(failure.cause).toBeInstanceOf(VimFault);
  const bug = new TypeError('bug');
  await expect(explain('do x', () => Promise.reject(bug))).rejects.toBe(bug);
});
