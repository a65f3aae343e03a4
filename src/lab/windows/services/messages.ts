import type { Text } from '../console/console.ts';
import type { Language } from '../machine/machine.ts';

/** System messages by Win32 code, as sc.exe and net.exe append them. */
const messages: Record<number, Text> = {
  5: { en: 'Access is denied.', de: 'Zugriff verweigert' },
  87: { en: 'The parameter is incorrect.', de: 'Falscher Parameter.' },
  1051: {
    en: 'A stop control has been sent to a service that other running services are dependent on.',
    de: 'Ein Beendigungssignal wurde an einen Dienst gesendet, von dem andere Dienste abhängen.',
  },
  1056: {
    en: 'An instance of the service is already running.',
    de: 'Es wird bereits eine Instanz des Dienstes ausgeführt.',
  },
  1058: {
    en: 'The service cannot be started, either because it is disabled or because it has no enabled devices associated with it.',
    de: 'Der angegebene Dienst kann nicht gestartet werden. Er ist deaktiviert oder nicht mit aktivierten Geräten verbunden.',
  },
  1060: {
    en: 'The specified service does not exist as an installed service.',
    de: 'Der angegebene Dienst ist kein installierter Dienst.',
  },
  1062: { en: 'The service has not been started.', de: 'Der Dienst wurde nicht gestartet.' },
  1068: {
    en: 'The dependency service or group failed to start.',
    de: 'Der Abhängigkeitsdienst oder die Abhängigkeitsgruppe konnte nicht gestartet werden.',
  },
  1072: {
    en: 'The specified service has been marked for deletion.',
    de: 'Der angegebene Dienst wurde zum Löschen markiert.',
  },
  1073: { en: 'The specified service already exists.', de: 'Der angegebene Dienst ist bereits vorhanden.' },
};

export const systemMessage = (code: number, language: Language): string =>
  messages[code]?.[language] ?? `Error ${code}`;
