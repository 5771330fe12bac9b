/** Numbers copies of responses in the order in which this process began to fetch them, from the origin or a shared store. */
let last = 0

/** Greater than all before. */
export function nextGeneration (): number {
  return ++last
}
