import { type NewService, type Services, startTypes } from './store.ts';

const { auto, demand, disabled } = startTypes;
const shared = (group: string) => `%SystemRoot%\\system32\\svchost.exe -k ${group}`;

/** Services of a new Windows Server that people configure, and those that IIS brings. */
const windows: (NewService & { runs: boolean })[] = [
  {
    name: 'HTTP',
    displayName: 'HTTP Service',
    binPath: 'system32\\drivers\\HTTP.sys',
    start: demand,
    type: 1,
    runs: true,
  },
  {
    name: 'RpcSs',
    displayName: 'Remote Procedure Call (RPC)',
    binPath: shared('rpcss'),
    start: auto,
    type: 0x20,
    runs: true,
  },
  {
    name: 'EventLog',
    displayName: 'Windows Event Log',
    binPath: shared('LocalServiceNetworkRestricted'),
    start: auto,
    type: 0x20,
    runs: true,
  },
  {
    name: 'Schedule',
    displayName: 'Task Scheduler',
    binPath: shared('netsvcs'),
    start: auto,
    type: 0x20,
    depends: ['RpcSs', 'EventLog'],
    runs: true,
  },
  {
    name: 'W32Time',
    displayName: 'Windows Time',
    binPath: shared('LocalService'),
    start: demand,
    type: 0x20,
    runs: true,
  },
  {
    name: 'Dhcp',
    displayName: 'DHCP Client',
    binPath: shared('LocalServiceNetworkRestricted'),
    start: auto,
    type: 0x20,
    runs: true,
  },
  {
    name: 'TermService',
    displayName: 'Remote Desktop Services',
    binPath: shared('termsvcs'),
    start: demand,
    type: 0x20,
    depends: ['RpcSs'],
    runs: true,
  },
  {
    name: 'wuauserv',
    displayName: 'Windows Update',
    binPath: shared('netsvcs'),
    start: demand,
    type: 0x20,
    depends: ['RpcSs'],
    runs: false,
  },
  {
    name: 'Spooler',
    displayName: 'Print Spooler',
    binPath: '%SystemRoot%\\System32\\spoolsv.exe',
    start: auto,
    depends: ['RpcSs'],
    runs: true,
  },
  {
    name: 'RemoteRegistry',
    displayName: 'Remote Registry',
    binPath: shared('localService'),
    start: auto,
    type: 0x20,
    depends: ['RpcSs'],
    runs: false,
  },
  {
    name: 'SNMPTRAP',
    displayName: 'SNMP Trap',
    binPath: '%SystemRoot%\\System32\\snmptrap.exe',
    start: disabled,
    runs: false,
  },
  {
    name: 'AmazonSSMAgent',
    displayName: 'Amazon SSM Agent',
    binPath: '"C:\\Program Files\\Amazon\\SSM\\amazon-ssm-agent.exe"',
    start: auto,
    runs: true,
  },
];

const iis: (NewService & { runs: boolean })[] = [
  {
    name: 'WAS',
    displayName: 'Windows Process Activation Service',
    binPath: shared('iissvcs'),
    start: demand,
    type: 0x20,
    depends: ['RpcSs'],
    runs: true,
  },
  {
    name: 'W3SVC',
    displayName: 'World Wide Web Publishing Service',
    binPath: shared('iissvcs'),
    start: auto,
    type: 0x20,
    depends: ['WAS', 'HTTP'],
    runs: true,
  },
];

export const addWindowsServices = (services: Services): void => add(services, windows);
export const addIisServices = (services: Services): void => add(services, iis);

function add(services: Services, added: readonly (NewService & { runs: boolean })[]): void {
  for (const { runs, ...service } of added) {
    if (services.registry.has(services.key(service.name))) continue;
    services.create(service);
    if (runs) services.start(service.name);
  }
}

export function removeIisServices(services: Services): void {
  for (const { name } of iis.toReversed()) {
    if (!services.registry.has(services.key(name))) continue;
    if (services.isRunning(name)) services.stop(name);
    services.delete(name);
  }
}
