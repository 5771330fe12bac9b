/**
 * The configuration as the program uses it: flags over the file over defaults. Everything wrong with it is found at
 * once and thrown as one ConfigError.
 */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { certificateProblems } from './certificates.js'
import { check, soundParts } from './checks.js'
import { compile } from './compile.js'
import { expandEnv, type Env } from './env.js'
import { unreadable } from './files.js'
import { JsonError, parseJson } from './json.js'
import { formatPath, isObject, valueAt, withValue, type Path } from './path.js'
import { problemsOf, type Problem } from './problems.js'
import { configSchema } from './schema.js'
import { ConfigError, type Settings } from './settings.js'

/** Flags as they were typed. */
export interface Flags {
  readonly origin?: string | undefined
  readonly listen?: string | undefined
  readonly admin?: string | undefined
  readonly memory?: string | undefined
  /** A number, or auto. */
  readonly workers?: string | undefined
  readonly redis?: string | undefined
  readonly logLevel?: string | undefined
  readonly accessLog?: 'on' | 'off' | undefined
}

export interface LoadOptions {
  readonly file?: string | undefined
  readonly flags?: Flags
  readonly env: Env
}

/** Throws ConfigError, with every problem of file and flags. */
export function loadConfig ({ file, flags = {}, env }: LoadOptions): Settings {
  const written = file === undefined ? {} : readConfig(file)
  const expanded = expandEnv(written, env)
  const { raw, flagged, problems } = applyFlags(expanded.value, flags)
  const token = env['SEAWALL_ADMIN_TOKEN'] || undefined
  const parsed = configSchema.safeParse(raw)
  for (const issue of parsed.error?.issues ?? []) problems.push(...problemsOf(issue, raw, expanded.templates))
  if (isObject(raw)) problems.push(...check(soundParts(raw), token))
  const lines = formatProblems(problems, expanded.problems, flagged)
  const settings = parsed.data === undefined ? undefined : compile(parsed.data, token, file === undefined ? '.' : dirname(file))
  lines.push(...certificateProblems(settings?.tls ?? []))
  if (settings === undefined || lines.length > 0) throw new ConfigError(file, lines)
  return { ...settings, file }
}

/** What an unset variable left behind is not reported a second time. */
function formatProblems (problems: readonly Problem[], unexpanded: ReadonlyMap<string, string>, flagged: ReadonlyMap<string, string>): string[] {
  const lines = [...unexpanded].filter(([path]) => !flagged.has(path)).map(([path, text]) => `${path}: ${text}`)
  for (const { path, text } of problems) {
    const at = formatPath(path)
    if (flagged.has(at)) lines.push(`${flagged.get(at)!}: ${text}`)
    else if (!unexpanded.has(at)) lines.push(at === '' ? text : `${at}: ${text}`)
  }
  return [...new Set(lines)]
}

const FLAGS = [
  ['listen', '--listen', ['listen']],
  ['admin', '--admin', ['admin', 'listen']],
  ['memory', '--memory', ['cache', 'memory']],
  ['redis', '--redis', ['cache', 'redis', 'url']],
  ['logLevel', '--log-level', ['log', 'level']]
] as const

interface Flagged { raw: unknown, flagged: Map<string, string>, problems: Problem[] }

/** `flagged` says which paths hold what flag. */
function applyFlags (config: unknown, flags: Flags): Flagged {
  const result: Flagged = { raw: config, flagged: new Map(), problems: [] }
  function put (flag: string, path: Path, value: unknown): void {
    result.raw = withValue(result.raw, path, value)
    if (valueAt(result.raw, path) === value) result.flagged.set(formatPath(path), flag)
  }
  for (const [name, flag, path] of FLAGS) {
    if (flags[name] !== undefined) put(flag, path, flags[name])
  }
  // what is no number is shown as it was typed
  if (flags.workers !== undefined) put('--workers', ['workers'], /^\d{1,4}$/.test(flags.workers) ? Number(flags.workers) : flags.workers)
  if (flags.accessLog !== undefined) put('--access-log', ['log', 'access'], flags.accessLog === 'on')
  if (flags.origin !== undefined) {
    const origins = valueAt(config, ['origins'])
    const names = isObject(origins) ? Object.keys(origins) : []
    if (names.length > 1) {
      result.flagged.set('origins', '--origin')
      result.problems.push({ path: ['origins'], text: `found beside several origins in the file (${names.join(', ')}); allowed: where the file has one or none` })
    } else put('--origin', ['origins', names[0] ?? 'origin', 'url'], flags.origin)
  }
  return result
}

function readConfig (file: string): unknown {
  const text = readText(file)
  if (text.trim() === '') throw new ConfigError(file, ['the file is empty; allowed: a JSON object'])
  try {
    return parseJson(text)
  } catch (thrown) {
    if (thrown instanceof JsonError) throw new ConfigError(file, [`not JSON: line ${thrown.line}, column ${thrown.column}: ${thrown.message}`])
    throw thrown
  }
}

function readText (file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw new ConfigError(file, ['not UTF-8'])
    throw new ConfigError(file, [unreadable(thrown)])
  }
}
