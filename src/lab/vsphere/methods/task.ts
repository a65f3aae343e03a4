import type { Method } from './method.ts';

export const taskMethods: Record<string, Method> = {
  CancelTask({ tasks }, { self }) {
    tasks.cancel(self.id);
    return undefined;
  },
};
