import type { Condition } from './condition.ts';

/** A policy as far as the lab knows the language: statements that allow actions on resources. */
export interface Policy {
  Version: string;
  Statement: {
    Sid?: string;
    Effect: 'Allow';
    Action: string | string[];
    Resource: string | string[];
    Condition?: Condition;
  }[];
}
