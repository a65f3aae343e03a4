import { type Data, data, type Ref, ref, text } from './vim.ts';

/** A fault of the API: thrown by a method it is the answer, thrown in a task it is the task's error. */
export class VimFault extends Error {
  readonly fault: Data;
  constructor(type: string, message: string, fields: Data['fields'] = {}) {
    super(message);
    this.name = type;
    this.fault = data(type, fields);
  }
}

export const invalidArgument = (property: string): VimFault =>
  new VimFault('InvalidArgument', `A specified parameter was not correct: ${property}`, {
    invalidProperty: text(property),
  });

export const notAuthenticated = (): VimFault =>
  new VimFault('NotAuthenticated', 'The session is not authenticated.', {
    object: ref('ServiceInstance', 'ServiceInstance'),
    privilegeId: text('System.View'),
  });

export const notFound = (object: Ref): VimFault =>
  new VimFault(
    'ManagedObjectNotFound',
    `The object '${object.ref}:${object.id}' has already been deleted or has not been completely created`,
    { obj: object },
  );

export const noPermission = (object: Ref, privilege: string): VimFault =>
  new VimFault('NoPermission', 'Permission to perform this operation was denied.', {
    object,
    privilegeId: text(privilege),
  });

export const invalidProperty = (name: string): VimFault =>
  new VimFault('InvalidProperty', `The property ${name} is unknown`, { name: text(name) });

/** The fault as it is inside task results and missing properties. */
export const localized = (fault: VimFault): Data =>
  data('LocalizedMethodFault', { fault: fault.fault, localizedMessage: text(fault.message) });
