/** Managed object types: parent and own properties, as the API reference lists them up to version 6.7. */
const TYPES: Record<string, { base: string; properties: string }> = {
  ManagedObject: { base: '', properties: '' },
  ExtensibleManagedObject: { base: 'ManagedObject', properties: 'value availableField' },
  ManagedEntity: {
    base: 'ExtensibleManagedObject',
    properties:
      'parent customValue overallStatus configStatus configIssue effectiveRole permission name disabledMethod recentTask declaredAlarmState triggeredAlarmState alarmActionsEnabled tag',
  },
  VirtualMachine: {
    base: 'ManagedEntity',
    properties:
      'capability config layout layoutEx storage environmentBrowser resourcePool parentVApp resourceConfig runtime guest summary datastore network snapshot rootSnapshot guestHeartbeatStatus',
  },
  Folder: { base: 'ManagedEntity', properties: 'childType childEntity' },
  Datacenter: {
    base: 'ManagedEntity',
    properties: 'vmFolder hostFolder datastoreFolder networkFolder datastore network configuration',
  },
  ComputeResource: {
    base: 'ManagedEntity',
    properties: 'resourcePool host datastore network summary environmentBrowser configurationEx',
  },
  HostSystem: {
    base: 'ManagedEntity',
    properties:
      'runtime summary hardware capability licensableResource remediationState precheckRemediationResult remediationResult complianceCheckState complianceCheckResult configManager config vm datastore network datastoreBrowser systemResources',
  },
  ResourcePool: {
    base: 'ManagedEntity',
    properties: 'summary runtime owner resourcePool vm config childConfiguration',
  },
  Datastore: {
    base: 'ManagedEntity',
    properties: 'info summary host vm browser capability iormConfiguration',
  },
  Network: { base: 'ManagedEntity', properties: 'summary host vm' },
  VirtualMachineSnapshot: { base: 'ExtensibleManagedObject', properties: 'config childSnapshot vm' },
  HttpNfcLease: {
    base: 'ManagedObject',
    properties: 'initializeProgress transferProgress mode capabilities info state error',
  },
  Task: { base: 'ExtensibleManagedObject', properties: 'info' },
  TaskManager: { base: 'ManagedObject', properties: 'recentTask description maxCollector' },
  SessionManager: {
    base: 'ManagedObject',
    properties: 'sessionList currentSession message messageLocaleList supportedLocaleList defaultLocale',
  },
  ServiceInstance: { base: 'ManagedObject', properties: 'serverClock capability content' },
  SearchIndex: { base: 'ManagedObject', properties: '' },
  ViewManager: { base: 'ManagedObject', properties: 'viewList' },
  ManagedObjectView: { base: 'ManagedObject', properties: 'view' },
  ContainerView: { base: 'ManagedObjectView', properties: 'container type recursive' },
  AuthorizationManager: { base: 'ManagedObject', properties: 'privilegeList roleList description' },
  PropertyCollector: { base: 'ManagedObject', properties: 'filter' },
  PropertyFilter: { base: 'ManagedObject', properties: 'spec partialUpdates' },
};

/** Whether a managed object type is `wanted` or derives from it. */
export function isA(type: string, wanted: string): boolean {
  for (let at = type; at; at = TYPES[at]?.base ?? '') if (at === wanted) return true;
  return false;
}

/** Names of the properties of a type, its own first. */
export function propertiesOf(type: string): string[] {
  const names: string[] = [];
  for (let at = type; at; at = TYPES[at]?.base ?? '') {
    names.push(...(TYPES[at]?.properties.split(' ').filter(Boolean) ?? []));
  }
  return names;
}
