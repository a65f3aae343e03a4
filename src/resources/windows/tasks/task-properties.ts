import type { SecretRef } from '../../../engine/model/catalog.ts';
import type { Weekday } from '../../../windows/tasks/task-triggers.ts';

/** The policies of Windows for a task that is due while it runs. */
export const policies = {
  parallel: 'Parallel',
  queue: 'Queue',
  ignore_new: 'IgnoreNew',
  stop_existing: 'StopExisting',
} as const;

/** As written. */
export interface TaskProperties {
  /** There unless the task is to be absent. */
  command?: string;
  arguments?: string;
  working_directory?: string;
  run_as?: string;
  password?: SecretRef;
  run_level?: 'highest' | 'limited';
  every?: string;
  offset?: string;
  at?: string;
  days?: Weekday[];
  boot?: boolean;
  logon?: boolean;
  enabled?: boolean;
  description?: string;
  execution_time_limit?: string;
  multiple_instances?: keyof typeof policies;
}

/** Texts where more may be found than a property can say: `every: 30m, and also: logon`. */
export interface TaskState {
  command?: string;
  arguments?: string;
  working_directory?: string;
  run_as: string;
  password?: SecretRef;
  run_level?: string;
  every?: string;
  offset?: string;
  at?: string;
  days?: Weekday[];
  boot?: boolean | string;
  logon?: boolean | string;
  enabled: boolean;
  description?: string;
  execution_time_limit?: string;
  multiple_instances?: string;
}
