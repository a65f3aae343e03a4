/** Loaded only for types that have no precompiled validator. */
export { Ajv } from 'ajv';
