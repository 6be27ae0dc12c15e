/** Prometheus' text format (its documentation, "Exposition formats"). */

export type Sample = readonly [labels: string, value: number]

export const gauge = (name: string, help: string, samples: readonly Sample[]): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} gauge`,
  ...samples.map(([labels, value]) => `${name}${labels} ${value}`),
]
