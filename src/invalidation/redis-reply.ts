/** What the scripts of the shared log answer, read strictly: whatever else comes throws. */
import type { Ms, PurgeMode, Scope } from '../core/types.js'
import type { Reply } from '../redis/link.js'
import { list, number, string } from '../redis/reply.js'
import type { LogEvent, LogMember, LogReply } from './backend.js'

export function replyOf (reply: Reply): LogReply {
  const [epoch, seq, after, now, began, rows, meta] = list(reply)
  return {
    epoch: number(epoch), seq: number(seq), after: number(after), epochAge: number(now) - number(began),
    events: list(rows).flatMap(eventOf), members: membersOf(list(meta).map(string), number(now))
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

function membersOf (meta: readonly string[], now: Ms): LogMember[] {
  const members: LogMember[] = []
  for (let i = 0; i + 1 < meta.length; i += 2) {
    const name = meta[i]!
    const beat = meta[i + 1]!
    if (!name.startsWith('m:')) continue
    const [epoch, seq, at] = beat.split(':').map(Number)
    members.push({ id: name.slice(2), epoch: epoch ?? 0, seq: seq ?? 0, age: now - (at ?? 0), beat })
  }
  return members
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
