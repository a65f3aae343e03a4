/** Fewer characters than this of an encoding could be ordinary text. */
const shortest = 4;

/**
 * How a secret is in a text whose escapes are undone: as it is, as a program reads it that takes one
 * character set for another, in hex, and in base64, also inside something longer.
 */
export function patternsOf(text: string): string[] {
  const utf8 = Buffer.from(text);
  const little = Buffer.from(text, 'utf16le');
  const big = Buffer.from(little).swap16();
  const oneByte = Buffer.from(text, 'latin1');
  const misread = [
    utf8.toString('latin1'),
    ...[little, big].flatMap(bytes => [bytes.toString('latin1'), bytes.toString('utf8')]),
    ...unreadable(text),
  ];
  const encoded = [utf8, little, oneByte].flatMap(bytes => [...inHex(bytes), ...inBase64(bytes)]);
  return [...new Set([text, ...misread, ...encoded])].filter(pattern => pattern.length >= shortest);
}

/**
 * One byte per character of a code page, read as UTF-8. Without enough that can be read it could be anything.
 */
function unreadable(text: string): string[] {
  const legible = text.replace(/[^ -~]/g, '');
  return legible.length < shortest || legible.length === text.length
    ? []
    : [text.replace(/[^ -~]/g, '\ufffd'), text.replace(/[^ -~]/g, '?')];
}

function inHex(bytes: Buffer): string[] {
  const hex = bytes.toString('hex');
  return [hex, hex.toUpperCase()];
}

/**
 * Whole, and as it is inside something longer (`user:password`): what is before it moves it by a part of
 * three bytes, and the characters that it shares with its neighbours are theirs as well (RFC 4648, section
 * 4).
 */
function inBase64(bytes: Buffer): string[] {
  const whole = bytes.toString('base64');
  const inside = [0, 1, 2].map(before => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    const full = Math.floor((shifted.length * 8) / 6);
    return shifted.toString('base64').slice(Math.ceil((before * 8) / 6), full);
  });
  return [whole, whole.replace(/=+$/, ''), ...inside].flatMap(form => [
    form,
    form.replaceAll('+', '-').replaceAll('/', '_'),
  ]);
}
