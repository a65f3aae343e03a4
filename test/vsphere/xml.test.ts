import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { readMoref } from '../../src/vsphere/soap/moref.ts';
import { child, parseXml, textAt, XmlError, xsiType } from '../../src/vsphere/soap/xml.ts';
import { el, writeXml } from '../../src/vsphere/soap/xml-writer.ts';
import { XSI } from './scripted-server.ts';

describe('xsi:type beside type', () => {
  // The first is vCenter's form; the second was seen on the wire from vcsim 0.24.2, where Go's
  // encoder invents a prefix of its own.
  const forms = {
    vcenter: `<val xmlns:xsi="${XSI}" type="VirtualMachineSnapshot" xsi:type="ManagedObjectReference">snapshot-70</val>`,
    vcsim: `<val xmlns:XMLSchema-instance="${XSI}" XMLSchema-instance:type="ManagedObjectReference" type="VirtualMachineSnapshot">snapshot-70</val>`,
  };
  it.each(Object.entries(forms))('never merges the two in the form of %s', (_, xml) => {
    const element = parseXml(xml);
    expect(xsiType(element)).toBe('ManagedObjectReference');
    expect(readMoref(element, 'test')).toEqual({ type: 'VirtualMachineSnapshot', value: 'snapshot-70' });
  });

  it('takes no `type` of another namespace for a reference', () => {
    const element = parseXml(`<val xmlns:xsi="${XSI}" xsi:type="ManagedObjectReference">vm-1</val>`);
    expect(() => readMoref(element, 'test')).toThrow(Failure);
  });

  it('drops the prefix of a type name', () => {
    expect(xsiType(parseXml(`<a xmlns:x="${XSI}" xmlns:v="urn:vim25" x:type="v:VirtualDisk"/>`))).toBe(
      'VirtualDisk',
    );
  });
});

describe('writing and parsing', () => {
  const legal = fc
    .string({ unit: 'binary' })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML 1.0 excludes
    .filter(s => s.isWellFormed() && !/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(s));

  it('gives back every text and attribute', () => {
    fc.assert(
      fc.property(legal, legal, (text, attribute) => {
        const parsed = parseXml(writeXml(el('a', [el('b', text, { k: attribute })])));
        expect(textAt(parsed, 'b')).toBe(text);
        expect(child(parsed, 'b')?.attributes.get('k')).toBe(attribute);
      }),
    );
  });

  it('gives back line ends and markup', () => {
    const text = 'a\r\nb\rc\td]]> & <x> "q"';
    expect(parseXml(writeXml(el('a', text, { k: text }))).attributes.get('k')).toBe(text);
    expect(parseXml(writeXml(el('a', text))).text).toBe(text);
  });

  it.each(['\0', 'a\x1b[0m', '\ud800', '\uffff'])('refuses what XML cannot hold: %j', text => {
    expect(() => writeXml(el('a', text))).toThrow(/cannot carry/);
  });
});

describe('hostile documents', () => {
  it.each([
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['an external entity', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'],
    ['an undefined entity', '<a>&b;</a>'],
    ['an undeclared prefix', '<x:a/>'],
    ['an open element', '<a><b></a>'],
    ['an end in the middle', '<a><b>'],
    ['nothing', ''],
    ['text', 'Service Unavailable'],
    ['endless nesting', '<a>'.repeat(5000)],
  ])('refuses %s', (_, xml) => {
    expect(() => parseXml(xml)).toThrow(XmlError);
  });

  it('reads character references and CDATA', () => {
    expect(parseXml('<a>&#65;&lt;<![CDATA[<b>&]]></a>').text).toBe('A<<b>&');
  });
});

describe('what costs memory', () => {
  it.each(['<a/>', '<a b="c"/>', '<a></a>\n'])('a million of %s is refused', one => {
    expect(() => parseXml(`<r>${one.repeat(1_000_000)}</r>`)).toThrow(
      'more than 1000000 elements and attributes',
    );
  });

  it('what most elements have is made once', () => {
    const { children } = parseXml('<r><a/><b c="d"><e/></b></r>');
    expect(children[0]!.attributes).toBe(child(children[1], 'e')!.attributes);
    expect(children[0]!.children).toBe(child(children[1], 'e')!.children);
    expect(() => (children[0]!.children as unknown[]).push(1)).toThrow();
  });
});
