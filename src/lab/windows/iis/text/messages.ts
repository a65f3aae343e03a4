import type { Language } from '../../machine/machine.ts';

/** Win32 codes that appcmd ends with. */
export const EXIT = {
  nothingFound: 1,
  fileNotFound: 2,
  pathNotFound: 3,
  accessDenied: 5,
  invalidData: 13,
  lockViolation: 33,
  notSupported: 50,
  invalidParameter: 87,
  alreadyExists: 183,
  alreadyRunning: 1056,
  notStarted: 1062,
  notFound: 1168,
  noSuchElement: 4312,
  /** An HRESULT that wraps no Win32 code. */
  commitFailed: 0xc00cee2b,
} as const;

type Texts = Record<Language, (...args: string[]) => string>;
const text = (en: Texts['en'], de: Texts['de']): Texts => ({ en, de });

/** German texts are the stand-in's own: nobody may depend on either. */
const MESSAGES = {
  duplicate: text(
    what => `Failed to add duplicate collection element "${what}".`,
    what => `Das doppelte Sammlungselement "${what}" konnte nicht hinzugefügt werden.`,
  ),
  duplicateEntry: text(
    (what, keys) =>
      `New ${what} object missing required attributes. Cannot add duplicate collection entry of type '${what}' with ${keys}\r\n\r\n.`,
    (what, keys) =>
      `Dem neuen Objekt "${what}" fehlen erforderliche Attribute. Der doppelte Sammlungseintrag vom Typ "${what}" mit ${keys} kann nicht hinzugefügt werden.\r\n\r\n.`,
  ),
  noSuchObject: text(
    (kind, name) => `Cannot find ${kind} object with identifier "${name}".`,
    (kind, name) => `Das ${kind}-Objekt mit dem Bezeichner "${name}" wurde nicht gefunden.`,
  ),
  exactIdentifier: text(
    (kind, verb) => `Must use exact identifer for ${kind} object with verb ${verb}.`,
    (kind, verb) =>
      `Für das Objekt ${kind} mit dem Verb ${verb} muss ein genauer Bezeichner angegeben werden.`,
  ),
  noSuchElement: text(
    () => 'Cannot find requested collection element.',
    () => 'Das angeforderte Sammlungselement wurde nicht gefunden.',
  ),
  unknownAttribute: text(
    name => `Unknown attribute "${name}".  Replace with -? for help.`,
    name => `Unbekanntes Attribut "${name}".  Ersetzen Sie es für Hilfe durch "-?".`,
  ),
  unknownSection: text(
    name => `Unknown config section "${name}".  Replace with -? for help.`,
    name => `Unbekannter Konfigurationsabschnitt "${name}".  Ersetzen Sie ihn für Hilfe durch "-?".`,
  ),
  missingAttribute: text(
    (what, name) =>
      `New ${what} object missing required attributes. Element is missing required attributes ${name}`,
    (what, name) =>
      `Dem neuen Objekt "${what}" fehlen erforderliche Attribute. Dem Element fehlt das Attribut ${name}`,
  ),
  badEnum: text(
    names => `Enum must be one of ${names}`,
    names => `Der Enumerationswert muss einer der folgenden sein: ${names}`,
  ),
  badFlags: text(
    names => `Flags must be some combination of ${names}`,
    names => `Die Flags müssen eine Kombination aus ${names} sein`,
  ),
  badValue: text(
    (name, value) => `The value "${value}" is not valid for the attribute "${name}".`,
    (name, value) => `Der Wert "${value}" ist für das Attribut "${name}" ungültig.`,
  ),
  outOfRange: text(
    (kind, from, to) => `${kind} value must be between ${from} and ${to} inclusive`,
    (kind, from, to) => `${kind}-Wert muss zwischen ${from} und ${to} (einschließlich) liegen`,
  ),
  locked: text(
    () =>
      'This configuration section cannot be used at this path. This happens when the section is locked at a parent level. Locking is either by default (overrideModeDefault="Deny"), or set explicitly by a location tag with overrideMode="Deny" or the legacy allowOverride="false".\r\n',
    () =>
      'Dieser Konfigurationsabschnitt kann in diesem Pfad nicht verwendet werden. Dies ist der Fall, wenn der Abschnitt auf einer übergeordneten Ebene gesperrt ist. Die Sperre erfolgt entweder standardmäßig (overrideModeDefault="Deny") oder explizit durch ein location-Tag mit overrideMode="Deny" oder mit dem Legacy-Attribut allowOverride="false".\r\n',
  ),
  attributeLocked: text(
    name => `Lock violation: "${name}" is locked at a parent level.\r\n`,
    name => `Sperrverletzung: "${name}" ist auf einer übergeordneten Ebene gesperrt.\r\n`,
  ),
  configurationError: text(
    (file, line, why) =>
      `Configuration error\r\nFilename: \\\\?\\${file}\r\nLine Number: ${line}\r\nDescription: ${why}\r\n.`,
    (file, line, why) =>
      `Konfigurationsfehler\r\nDateiname: \\\\?\\${file}\r\nZeilennummer: ${line}\r\nBeschreibung: ${why}\r\n.`,
  ),
  notWellFormed: text(
    () => 'Configuration file is not well-formed XML\r\n',
    () => 'Die Konfigurationsdatei ist kein wohlgeformtes XML-Dokument.\r\n',
  ),
  cannotRead: text(
    () => 'Cannot read configuration file\r\n',
    () => 'Die Konfigurationsdatei kann nicht gelesen werden.\r\n',
  ),
  notAtThisLevel: text(
    () => 'This configuration section cannot be used at this path: it belongs in applicationHost.config.\r\n',
    () =>
      'Dieser Konfigurationsabschnitt kann in diesem Pfad nicht verwendet werden: er gehört in applicationHost.config.\r\n',
  ),
  commandFailed: text(
    why => `Command execution failed.\r\n${why}\r\n`,
    why => `Fehler bei der Befehlsausführung.\r\n${why}\r\n`,
  ),
  commitFailed: text(
    () => 'Failed to commit configuration changes. \r\n\r\n',
    () => 'Fehler beim Übernehmen der Konfigurationsänderungen. \r\n\r\n',
  ),
  parameter: text(
    what => `Failed to process input: The parameter '${what}' must begin with a / or - (HRESULT=80070057).`,
    what =>
      `Fehler bei der Verarbeitung der Eingabe: Der Parameter "${what}" muss mit / oder - beginnen (HRESULT=80070057).`,
  ),
  unsupportedObject: text(
    what => `Object '${what}' is not supported.  Run 'appcmd.exe /?' to display supported objects.`,
    what => `Das Objekt "${what}" wird nicht unterstützt.  "appcmd.exe /?" zeigt unterstützte Objekte an.`,
  ),
  unsupportedVerb: text(
    (verb, kind) => `Verb '${verb}' is not supported on object '${kind}'.`,
    (verb, kind) => `Das Verb "${verb}" wird für das Objekt "${kind}" nicht unterstützt.`,
  ),
  invalidData: text(
    () => 'The data is invalid.',
    () => 'Die Daten sind unzulässig.',
  ),
  fileExists: text(
    () => 'Cannot create a file when that file already exists.',
    () => 'Eine Datei kann nicht erstellt werden, wenn sie bereits vorhanden ist.',
  ),
  pathNotFound: text(
    () => 'The system cannot find the path specified.',
    () => 'Das System kann den angegebenen Pfad nicht finden.',
  ),
  serviceNotStarted: text(
    () => 'The service has not been started.',
    () => 'Der Dienst wurde nicht gestartet.',
  ),
  serviceRunning: text(
    () => 'An instance of the service is already running.',
    () => 'Es wird bereits eine Instanz des Dienstes ausgeführt.',
  ),
  added: text(
    (kind, name) => `${kind} object "${name}" added`,
    (kind, name) => `${kind}-Objekt "${name}" hinzugefügt`,
  ),
  changed: text(
    (kind, name) => `${kind} object "${name}" changed`,
    (kind, name) => `${kind}-Objekt "${name}" geändert`,
  ),
  deleted: text(
    (kind, name) => `${kind} object "${name}" deleted`,
    (kind, name) => `${kind}-Objekt "${name}" gelöscht`,
  ),
  started: text(
    name => `"${name}" successfully started.`,
    name => `"${name}" wurde erfolgreich gestartet.`,
  ),
  stopped: text(
    name => `"${name}" successfully stopped.`,
    name => `"${name}" wurde erfolgreich beendet.`,
  ),
  recycled: text(
    name => `"${name}" successfully recycled.`,
    name => `"${name}" wurde erfolgreich wiederverwendet.`,
  ),
  applied: text(
    (section, path, commit) =>
      `Applied configuration changes to section "${section}" for "${path}" at configuration commit path "${commit}"`,
    (section, path, commit) =>
      `Konfigurationsänderungen am Abschnitt "${section}" für "${path}" wurden im Konfigurationscommitpfad "${commit}" übernommen.`,
  ),
  unlocked: text(
    (section, path) => `Unlocked section "${section}" at configuration path "${path}".`,
    (section, path) => `Der Abschnitt "${section}" im Konfigurationspfad "${path}" wurde entsperrt.`,
  ),
  lockedSection: text(
    (section, path) => `Locked section "${section}" at configuration path "${path}".`,
    (section, path) => `Der Abschnitt "${section}" im Konfigurationspfad "${path}" wurde gesperrt.`,
  ),
  cleared: text(
    (section, path) => `Cleared section "${section}" at configuration path "${path}".`,
    (section, path) => `Der Abschnitt "${section}" im Konfigurationspfad "${path}" wurde gelöscht.`,
  ),
  restored: text(
    name => `Restored configuration from backup "${name}"`,
    name => `Die Konfiguration wurde aus der Sicherung "${name}" wiederhergestellt.`,
  ),
} satisfies Record<string, Texts>;

export type MessageId = keyof typeof MESSAGES;

export const say = (language: Language, id: MessageId, ...args: string[]): string =>
  (MESSAGES[id][language] as Texts['en'])(...args);

/** Ends the command. `hresult` is shown as eight hexadecimal digits; null is a message that stands alone. */
export class AppcmdError extends Error {
  readonly exitCode: number;
  readonly text: (language: Language) => string;
  readonly hresult: number | null | undefined;
  constructor(exitCode: number, text: (language: Language) => string, hresult?: number | null) {
    super(text('en'));
    this.exitCode = exitCode;
    this.text = text;
    this.hresult = hresult;
  }
}

export const failure = (exitCode: number, id: MessageId, ...args: string[]): AppcmdError =>
  new AppcmdError(exitCode, language => say(language, id, ...args));

/** An argument that is not a parameter: the one message without the frame of an error. */
export const notAParameter = (argument: string): AppcmdError =>
  new AppcmdError(EXIT.invalidParameter, language => say(language, 'parameter', argument), null);

/** What Windows itself refused: shown with the HRESULT of the Win32 code. */
export const refused = (exitCode: number, why: MessageId): AppcmdError =>
  new AppcmdError(
    exitCode,
    language => say(language, 'commandFailed', say(language, why)),
    (0x80070000 | exitCode) >>> 0,
  );

export const configurationError = (
  exitCode: number,
  file: string,
  line: number,
  why: MessageId,
  ...args: string[]
): AppcmdError =>
  new AppcmdError(exitCode, language =>
    say(language, 'configurationError', file, String(line), say(language, why, ...args)),
  );
