import { describeInside } from './describe-inside.ts'

// PostgreSQL's read uncommitted is its read committed.
describeInside('postgres', ['read-committed', 'repeatable-read', 'serializable'])
