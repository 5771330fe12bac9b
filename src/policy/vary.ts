/** Reading Vary (RFC 9110 §12.5.5). */
import { isToken, listMembers } from '../http/fields.js'

const NONE: readonly string[] = []

/**
 * The selecting fields: lower-case, sorted, each once. `*` where it stands anywhere in the list: no later request can be
 * told to match. `bad` where a member is no field name: it might have been one that matters.
 */
export function varyNames (value: string | undefined): readonly string[] | '*' | 'bad' {
  if (value === undefined) return NONE
  const members = new Set(listMembers(value.toLowerCase()))
  if (members.has('*')) return '*'
  const names = [...members]
  return names.every(isToken) ? names.sort() : 'bad'
}
