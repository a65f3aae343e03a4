import type { Method, OpenMethod } from './method.ts';
import { openPropertyMethods, propertyMethods } from './methods/properties.ts';
import { searchMethods } from './methods/search.ts';
import * as session from './methods/session.ts';
import { taskMethods } from './methods/task.ts';
import { vmMethods } from './methods/vm.ts';

/** The few methods that vCenter answers without a session. */
export const openMethods: Record<string, OpenMethod> = { ...session.openMethods, ...openPropertyMethods };

export const methods: Record<string, Method> = {
  ...session.sessionMethods,
  ...propertyMethods,
  ...searchMethods,
  ...vmMethods,
  ...taskMethods,
};
