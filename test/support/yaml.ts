/** The part of YAML that our compose files are written in: maps, lists of scalars, strings. Anything else is refused. */
export type Yaml = string | readonly string[] | { readonly [name: string]: Yaml }

export function parseYaml (text: string): Yaml {
  const lines = text.split('\n').map((line, i) => ({ text: line, at: i + 1 })).filter(line => !/^ *(#.*)?$/.test(line.text))
  const { value, next } = block(lines, 0, 0)
  if (next < lines.length) refuse(lines[next]!)
  return value
}

interface Row { readonly text: string, readonly at: number }

const indentOf = ({ text }: Row): number => /^ */.exec(text)![0].length

function block (lines: readonly Row[], from: number, indent: number): { value: Yaml, next: number } {
  const entries = new Map<string, Yaml>()
  const items: string[] = []
  let next = from
  while (next < lines.length && indentOf(lines[next]!) === indent) {
    const line = lines[next]!
    const [, item, name, rest] = /^ *(?:- (\S.*)|(\w+):(?: (\S.*))?)$/.exec(line.text) ?? refuse(line)
    if ((item === undefined ? items.length : entries.size) > 0 || entries.has(name!)) refuse(line)
    next++
    if (item !== undefined) items.push(scalar(item, line))
    else if (rest !== undefined) entries.set(name!, scalar(rest, line))
    else {
      const deeper = next < lines.length ? indentOf(lines[next]!) : 0
      if (deeper <= indent) refuse(line)
      const inner = block(lines, next, deeper)
      entries.set(name!, inner.value)
      next = inner.next
    }
  }
  return { value: items.length > 0 ? items : Object.fromEntries(entries), next }
}

/** Plain, or in double quotes without escapes; nothing that YAML would read as something other than this very text. */
function scalar (text: string, line: Row): string {
  const quoted = /^"([^"\\]*)"$/.exec(text)
  if (quoted !== null) return quoted[1]!
  if (/^[[\]{}&*!|>'"%@`#,?-]|: |:$| #|^(true|false|yes|no|on|off|null|~)$|^[\d.:]*\d[\d.:]*$/i.test(text)) refuse(line)
  return text
}

function refuse (line: Row): never {
  throw new Error(`line ${line.at} is not understood: ${line.text}`)
}
