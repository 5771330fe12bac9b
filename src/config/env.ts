/**
 * `${NAME}` in the strings of a configuration, read from the environment. `$${` is a plain `${`. What came from the
 * environment is remembered by its template, so that no message shows a secret.
 */
import { formatPath, isObject, type Path } from './path.js'

export type Env = Readonly<Record<string, string | undefined>>

export interface Expanded {
  readonly value: unknown
  /** By formatted path: the string as it stands in the file. */
  readonly templates: ReadonlyMap<string, string>
  /** By formatted path: what is wrong with the string there. */
  readonly problems: ReadonlyMap<string, string>
}

const REFERENCE = /\$(\$?)\{([^}]*)(\}?)/g
const NAME = /^[A-Za-z_]\w*$/

/** Expands every string of `root`; keys are left alone. */
export function expandEnv (root: unknown, env: Env): Expanded {
  const templates = new Map<string, string>()
  const problems = new Map<string, string>()

  function expand (text: string, path: Path): string {
    const at = formatPath(path)
    const bad: string[] = []
    const expanded = text.replace(REFERENCE, (all, escape: string, name: string, end: string) => {
      if (escape !== '') return all.slice(1)
      if (end === '' || !NAME.test(name)) {
        bad.push(`found ${JSON.stringify(text)}; allowed: \${NAME} with a name of letters, digits and "_", or $\${ for a plain \${`)
        return all
      }
      // process.env inherits from Object.prototype
      const value = Object.hasOwn(env, name) ? env[name] : undefined
      if (value === undefined) bad.push(`\${${name}} is not set in the environment`)
      templates.set(at, text)
      return value ?? all
    })
    if (bad.length > 0) problems.set(at, [...new Set(bad)].join('; '))
    return expanded
  }

  function walk (value: unknown, path: Path): unknown {
    if (typeof value === 'string') return expand(value, path)
    if (Array.isArray(value)) return value.map((item, i) => walk(item, [...path, i]))
    if (!isObject(value)) return value
    const copy: Record<string, unknown> = Object.create(null)
    for (const [key, member] of Object.entries(value)) copy[key] = walk(member, [...path, key])
    return copy
  }

  return { value: walk(root, []), templates, problems }
}
