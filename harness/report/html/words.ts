import type { Platform } from '../../hermitage/platform.ts'
import { engineTitles } from '../text.ts'

/** How the page writes figures and names. */

export const platformTitles = {
  ...engineTitles,
  'mariadb with snapshot isolation': 'MariaDB, snapshot isolation',
} as const satisfies Record<Platform, string>

/** `25 %`, `0.4 %`, `0 %`: two figures that count, and never rounded to none or all. */
export function percent(share: number): string {
  const value = share * 100
  if (value > 0 && value < 0.1) return '< 0.1 %'
  if (value < 100 && value > 99.5) return '> 99 %'
  const digits = value > 0 && value < 9.95 ? 1 : 0
  return `${value.toFixed(digits)} %`.replace('.0 %', ' %')
}

/** `PostgreSQL, MySQL and MariaDB`. */
export function list(names: readonly string[]): string {
  if (names.length < 2) return names.join('')
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
}

/** `read committed`. */
export const levelTitle = (isolation: string): string => isolation.replaceAll('-', ' ')

/** `3 min 5 s`, `1 h 12 min`, `0.4 s`. */
export function duration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `2026-11-22 05:30 UTC`. */
export const moment = (iso: string): string => {
  const utc = new Date(iso).toISOString()
  return `${utc.slice(0, 10)} ${utc.slice(11, 16)} UTC`
}

/** A value of a setting, as people read it. */
export function showSetting(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(showSetting).join(', ')
  return JSON.stringify(value) ?? 'none'
}

const counted = new Intl.NumberFormat('en')

/** `2,682`. */
export const thousands = (number: number): string => counted.format(number)

export const sum = <T>(items: readonly T[], figure: (item: T) => number): number =>
  items.reduce((total, item) => total + figure(item), 0)
