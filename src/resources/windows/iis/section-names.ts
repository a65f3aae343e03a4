import { isFrameworkSection, ofFramework } from '../../../windows/iis/framework-sections.ts';
import { isSecretAttribute } from '../../../windows/iis/secret-attributes.ts';
import { sectionNamed } from '../../../windows/iis/sections.ts';
import { durationOfSpan } from '../../../windows/iis/timespan.ts';

/** What a command of appcmd names, in the one form that the types of IIS have: for what reads commands as text. */
export const iisNames = {
  /** The full name of a section, which appcmd takes by its last part as well. */
  section: (given: string): string => sectionNamed(given).name,
  /** Why no resource has the section; undefined for one that it has. */
  refused: (section: string): string | undefined => (isFrameworkSection(section) ? ofFramework : undefined),
  /** Whether an attribute holds a secret, by its path. */
  isSecret: isSecretAttribute,
  /** A time span as a duration: `00:20:00` is `20m`. */
  duration: durationOfSpan,
};
