/** ctime(3) without its line end, in UTC. */
export function ctime(date: Date): string {
  const [, day, number, month, year, time] = /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(date.toUTCString()) ?? []
  return `${day} ${month} ${String(Number(number)).padStart(2)} ${time} ${year}`
}
