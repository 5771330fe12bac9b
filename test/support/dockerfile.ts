/**
 * A Dockerfile without an engine: its instructions, and the carrying out of its install steps in empty folders on this
 * machine. Strict: what it does not know it refuses, so that no instruction goes untested unnoticed.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

export interface Instruction { readonly name: string, readonly rest: string }
export interface Stage { readonly base: string, readonly name: string | undefined, readonly instructions: readonly Instruction[] }

export function readDockerfile (file: string): Stage[] {
  const lines = readFileSync(file, 'utf8').replaceAll(/\\\n\s*/g, ' ').split('\n').filter(line => line.trim() !== '' && !line.startsWith('#'))
  const stages: { base: string, name: string | undefined, instructions: Instruction[] }[] = []
  for (const line of lines) {
    const [, name, rest] = /^([A-Z]+) +(.*)$/.exec(line) ?? refuse(line)
    if (name === 'FROM') {
      const [, base, as] = /^(\S+)(?: AS (\S+))?$/.exec(rest!) ?? refuse(line)
      stages.push({ base: base!, name: as, instructions: [] })
    } else (stages.at(-1) ?? refuse(line)).instructions.push({ name: name!, rest: rest! })
  }
  return stages
}

/** The last instruction of a name, as Docker takes them. */
export function last ({ instructions }: Stage, name: string): string | undefined {
  return instructions.findLast(i => i.name === name)?.rest
}

/** The words of an exec form; throws for a shell form. */
export function execForm (rest: string): string[] {
  const words: unknown = JSON.parse(rest)
  if (!Array.isArray(words) || !words.every(word => typeof word === 'string')) refuse(rest)
  return words as string[]
}

export interface Image {
  /** Stands for the container's root. */
  readonly root: string
  readonly workdir: string
  readonly env: Readonly<Record<string, string>>
  /** Removes it, and the stages it was built from. */
  remove (): void
}

const INERT = new Set(['USER', 'EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD'])

/** The last stage's image. `npm` takes from its cache what is there. */
export async function build (stages: readonly Stage[], context: string): Promise<Image> {
  const roots = new Map<string | undefined, string>()
  const remove = (): void => { for (const root of roots.values()) rmSync(root, { recursive: true }) }
  try {
    for (const [i, stage] of stages.entries()) {
      const root = mkdtempSync(join(tmpdir(), 'seawall-image-'))
      roots.set(stage.name ?? String(i), root)
      const { workdir, env } = await carryOut(stage, root, (from, source) => from === undefined ? fromContext(context, source) : join(roots.get(from) ?? refuse(from), source))
      if (i === stages.length - 1) return { root, workdir, env, remove }
    }
    return refuse('no stage')
  } catch (error) {
    remove()
    throw error
  }
}

async function carryOut (stage: Stage, root: string, find: (from: string | undefined, source: string) => string): Promise<{ workdir: string, env: Record<string, string> }> {
  const env: Record<string, string> = {}
  let workdir = root
  for (const { name, rest } of stage.instructions) {
    if (name === 'WORKDIR') mkdirSync(workdir = join(root, rest), { recursive: true })
    else if (name === 'ENV') Object.assign(env, Object.fromEntries(rest.split(' ').map(pair => pair.split('=', 2))))
    else if (name === 'RUN') await run(rest, workdir, env)
    else if (name === 'COPY') copy(rest, workdir, find)
    else if (!INERT.has(name)) refuse(`${name} ${rest}`)
  }
  return { workdir, env }
}

async function run (command: string, cwd: string, env: Record<string, string>): Promise<void> {
  try {
    await promisify(execFile)('/bin/sh', ['-c', command], { cwd, env: { ...bareEnv(), ...env, npm_config_prefer_offline: 'true' } })
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout: string, stderr: string }
    throw new Error(`RUN ${command}\n${stdout}${stderr}`, { cause })
  }
}

/** A folder's contents, or files into a folder, as COPY does it. */
function copy (rest: string, workdir: string, find: (from: string | undefined, source: string) => string): void {
  const [, from, paths] = /^(?:--from=(\S+) )?([^-].*)$/.exec(rest) ?? refuse(rest)
  const words = paths!.split(' ')
  const to = words.pop()!
  for (const source of words.map(word => find(from, word))) {
    const folder = statSync(source).isDirectory()
    if (words.length > 1 && (folder || !to.endsWith('/'))) refuse(rest)
    cpSync(source, join(workdir, to, folder || !to.endsWith('/') ? '' : basename(source)), { recursive: true })
  }
}

/** A path of the build context, if .dockerignore lets it in. Patterns: `*`, and paths after `!`. */
function fromContext (context: string, path: string): string {
  const [everything, ...allowed] = readFileSync(join(context, '.dockerignore'), 'utf8').split('\n').filter(line => line !== '' && !line.startsWith('#'))
  if (everything !== '*' || allowed.some(line => !/^![\w./-]+$/.test(line))) refuse('.dockerignore')
  if (!allowed.some(line => path === line.slice(1) || path.startsWith(`${line.slice(1)}/`))) throw new Error(`.dockerignore keeps ${path} out of the image`)
  return join(context, path)
}

/** This process's environment without what the test runner and npm have put there: one of the packages brings an npm of its own. */
export function bareEnv (): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => !/^(NODE_ENV|NODE_OPTIONS|VITEST.*|SEAWALL_.*|npm_(lifecycle|package|command).*)$/.test(name))
  const path = process.env['PATH']!.split(':').filter(folder => !folder.endsWith('node_modules/.bin')).join(':')
  return { ...Object.fromEntries(own) as Record<string, string>, PATH: path }
}

function refuse (what: string): never {
  throw new Error(`not understood: ${what}`)
}
