const most = 5;
const widest = 200;

/**
 * How a console ends, for whoever asks why a machine didn't start: the reason often stands a few lines above
 * the end, which is that it was switched off. Without the codes by which firmware moves the cursor.
 */
export function lastLines(text: string): string {
  const lines = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    .replaceAll(/\u001b(\[[0-9;?=]*[A-Za-z]|.)/g, '\n')
    .split(/[\r\n]+/)
    .map(line => line.trim())
    .filter(line => line !== '')
    .slice(-most);
  return lines.map(line => line.slice(-widest)).join(' | ');
}
