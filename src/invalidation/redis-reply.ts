/** What the scripts of the shared log answer, read strictly: whatever else comes throws. */
import type { Ms, PurgeMode, Scope } from '../core/types.js'
import type { Reply } from '../redis/link.js'
import { list, number, string } from '../redis/reply.js'
import type { LogEvent, LogMember, LogReply } from './backend.js'

type Head = Pick<LogReply, 'epoch' | 'seq'>

/** Epoch and position a process had applied, and when it said so (ms of Redis's clock). */
const BEAT = /^(\d{1,16}):(\d{1,16}):(\d{1,16})$/

export function replyOf (reply: Reply): LogReply {
  const [epoch, seq, after, now, began, rows, meta] = list(reply)
  const head = { epoch: number(epoch), seq: number(seq) }
  return {
    ...head, after: number(after), epochAge: number(now) - number(began),
    events: list(rows).flatMap(eventOf), members: membersOf(list(meta).map(string), head, number(now))
  }
}

/** Of an append: the position of its event. */
export function appendedOf (reply: Reply): number {
  return number(list(reply)[7])
}

/** None for an entry that is not ours: it will be missed, and what is missed is a gap. */
function eventOf (row: Reply): LogEvent[] {
  const [id, fields] = list(row)
  const [, writer, , batch, , mode, , scopes] = list(fields).map(string)
  const seq = Number(string(id).replace(/-0$/, ''))
  const parsed = scopes === undefined ? undefined : scopesOf(scopes)
  if (writer === undefined || batch === undefined || parsed === undefined || !isMode(mode)) return []
  return [{ seq, writer, batch, mode, scopes: parsed }]
}

function membersOf (meta: readonly string[], head: Head, now: Ms): LogMember[] {
  const members: LogMember[] = []
  for (let i = 0; i + 1 < meta.length; i += 2) {
    const name = meta[i]!
    if (name.startsWith('m:')) members.push(memberOf(name.slice(2), meta[i + 1]!, head, now))
  }
  return members
}

/** Whoever is said to be further than the log, or what cannot be read, was not written by a process: it is waited for. */
function memberOf (id: string, beat: string, head: Head, now: Ms): LogMember {
  const [epoch = 0, seq = 0, at = 0] = BEAT.exec(beat)?.slice(1).map(Number) ?? []
  const possible = epoch < head.epoch || (epoch === head.epoch && seq <= head.seq)
  return { id, ...(possible ? { epoch, seq } : { epoch: 0, seq: 0 }), age: now - at, beat }
}

function scopesOf (json: string): Scope[] | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return Array.isArray(value) && value.every(isScope) ? value : undefined
  } catch {
    return undefined
  }
}

function isScope (value: unknown): value is Scope {
  if (value === 'all') return true
  if (typeof value !== 'object' || value === null) return false
  const [entry, ...more] = Object.entries(value)
  return entry !== undefined && more.length === 0 && ['tag', 'url', 'prefix'].includes(entry[0]) && typeof entry[1] === 'string'
}

function isMode (mode: string | undefined): mode is PurgeMode {
  return mode === 'hard' || mode === 'soft'
}
