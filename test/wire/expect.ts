/** What a refusal looks like from outside, and the good requests it stands between. */
import { expect } from 'vitest'
import { HOST, request, type Hostile } from './hostile.js'
import type { Said } from './talk.js'

export const BEFORE = request(['GET /before HTTP/1.1', HOST])
export const AFTER = request(['GET /after HTTP/1.1', HOST])

/** One refusal and the end of the connection, and nothing else. */
export function expectRefusal ({ text, end }: Said, { name, status, code }: Hostile, how: string): void {
  const what = `${name}, ${how}`
  expect(text, what).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(text, what).toContain(`{"error":"${code}"`)
  expect(text, what).toMatch(/\r\nConnection: close\r\n/)
  expect(text.match(/HTTP\/1\.1 \d{3} /g), `${what}: answers`).toHaveLength(1)
  expect(end, what).toBe('end')
}

/** Parts what came back for `BEFORE`, the hostile request and `AFTER` on one connection: one good answer, and the rest. */
export function expectAnsweredBefore ({ text, end }: Said, what: string): Said {
  const [first, rest] = text.split(/(?<=\r\n\r\n\/before)/)
  expect(first, what).toMatch(/^HTTP\/1\.1 200 /)
  return { text: rest ?? '', end }
}
