import { importMethods } from './import.ts';
import * as session from './login.ts';
import type { Method, OpenMethod } from './method.ts';
import { openPropertyMethods, propertyMethods } from './properties.ts';
import { searchMethods } from './search.ts';
import { taskMethods } from './task.ts';
import { vmMethods } from './vm.ts';

/** The few methods that vCenter answers without a session. */
export const openMethods: Record<string, OpenMethod> = { ...session.openMethods, ...openPropertyMethods };

export const methods: Record<string, Method> = {
  ...session.sessionMethods,
  ...propertyMethods,
  ...searchMethods,
  ...vmMethods,
  ...importMethods,
  ...taskMethods,
};
