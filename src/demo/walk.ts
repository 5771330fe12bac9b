/** What the steps of the tour are made of: a real request, what must come back, and the line that shows it. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Ms } from '../core/types.js'
import { createClient, type Answered, type Asked } from './client.js'
import type { SampleOrigin } from './origin.js'
import type { Line } from './table.js'

export interface Stage {
  /** `http://HOST:PORT` of the public listener. */
  readonly listen: string
  readonly admin: string
  readonly origin: SampleOrigin
}

export interface Reporter {
  /** `wrong`: what the line should have shown and did not; empty when all is well. */
  line (line: Line, wrong: readonly string[]): void
  note (text: string): void
}

/** What must be true of an answer, each under the words that say so. */
export type Claims = Readonly<Record<string, (answer: Answered) => boolean>>

export interface Step extends Asked {
  readonly what: string
  readonly path: string
  /** Requests the origin must see because of it. */
  readonly origin: number
  readonly claims: Claims
  /** It comes true soon, not at once: asked again for at most two seconds. */
  readonly soon?: boolean
}

export interface Walk {
  readonly stage: Stage
  /** `what` of the lines that did not show what they should. */
  readonly wrong: readonly string[]
  /** Asks through Seawall, or elsewhere where `url` is absolute. Rejects, saying what was asked, when no answer comes. */
  ask (url: string, asked?: Asked & { readonly what?: string }): Promise<Answered>
  /** One request, its claims and its line. */
  show (step: Step): Promise<Answered>
  line (line: Line, wrong: readonly string[]): void
  note (text: string): void
  wait (time: Ms): Promise<void>
  close (): void
}

const SOON: Ms = 2000

export function createWalk (stage: Stage, reporter: Reporter, calledOff: AbortSignal): Walk {
  const client = createClient(calledOff)
  const { origin } = stage
  const wrong: string[] = []
  const wait = (time: Ms): Promise<void> => pause(time, undefined, { signal: calledOff })

  const ask: Walk['ask'] = async (path, asked = {}) => {
    const url = new URL(path, stage.listen).href
    return client.ask(url, asked).catch((cause: unknown) => {
      const line = asked.what === undefined ? '' : ` for the line "${asked.what}"`
      throw new Error(`no answer to ${asked.method ?? 'GET'} ${url}${line} (${(cause as Error).message})`, { cause })
    })
  }

  /** The origin may see a request later than its client sees the answer: what runs in the background is waited for. */
  async function once (step: Step): Promise<{ answer: Answered, saw: number }> {
    const before = origin.requests()
    const answer = await ask(step.path, step)
    const end = performance.now() + SOON
    while (origin.requests() < before + step.origin && performance.now() < end) await wait(1)
    return { answer, saw: origin.requests() - before }
  }

  function line (shown: Line, problems: readonly string[]): void {
    if (problems.length > 0) wrong.push(shown.what)
    reporter.line(shown, problems)
  }

  async function show (step: Step): Promise<Answered> {
    const end = performance.now() + (step.soon === true ? SOON : 0)
    for (;;) {
      const { answer, saw } = await once(step)
      const problems = [...failed(step.claims, answer), ...miscounted(saw, step.origin)]
      if (problems.length === 0 || performance.now() >= end) {
        line({ what: step.what, sent: sentBy(step), status: String(answer.status), said: said(answer), age: answer.field('age'), time: answer.time, origin: saw }, problems)
        return answer
      }
      await wait(1)
    }
  }

  return { stage, wrong, ask, show, line, wait, note: text => reporter.note(text), close: () => client.close() }
}

function failed (claims: Claims, answer: Answered): string[] {
  return Object.entries(claims).filter(([, holds]) => !holds(answer)).map(([claim]) => claim)
}

/** What is wrong with the number of requests the origin saw, if anything. */
export function miscounted (saw: number, expected: number): string[] {
  return saw === expected ? [] : [`the origin sees ${expected}, not ${saw}`]
}

/** The request as the table shows it: what is particular to it, nothing else. */
function sentBy ({ method = 'GET', path, headers = {}, body }: Step): string {
  const fields = Object.entries(headers).filter(([name]) => name !== 'Content-Type').map(([name, value]) => ` ${name}: ${value}`)
  return [`${method} ${new URL(path, 'http://any').pathname}`, ...fields, ...body === undefined ? [] : [body]].join(' ')
}

/** Cache-Status without this cache's name; the body of an answer that did not come through the cache. */
export function said (answer: Answered): string {
  return answer.field('cache-status')?.replace(/^seawall; /, '') ?? answer.body.trim()
}
