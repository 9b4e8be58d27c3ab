/**
 * The anomalies of the Hermitage suite, in its order.
 *
 * Sources: Kleppmann, "Hermitage: Testing transaction isolation levels", 2014, for the suite. Adya,
 * "Weak Consistency: A Generalized Theory and Optimistic Implementations for Distributed
 * Transactions", 1999, for G0, G1a, G1b, G1c, G-single, G2-item and G2. Berenson et al., "A Critique of
 * ANSI SQL Isolation Levels", 1995, for P4. Bailis et al., "Highly Available Transactions", 2013, for OTV
 * and PMP, from chapter 4 of Adya.
 */
export const anomalies = [
  'G0',
  'G1a',
  'G1b',
  'G1c',
  'OTV',
  'PMP',
  'P4',
  'G-single',
  'G2-item',
  'G2',
] as const

export type Anomaly = (typeof anomalies)[number]

export const anomalyTitles = {
  G0: 'write cycle',
  G1a: 'aborted read',
  G1b: 'intermediate read',
  G1c: 'circular information flow',
  OTV: 'observed transaction vanishes',
  PMP: 'predicate with many preceders',
  P4: 'lost update',
  'G-single': 'read skew',
  'G2-item': 'write skew on rows',
  G2: 'write skew on predicates',
} as const satisfies Record<Anomaly, string>
