/** What functions in SQL do, by name: whatever is in none of these lists may do anything. */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Their result depends on their arguments and the session alone, and they change nothing that others see. */
export const harmless = words(`
  abs ceil ceiling floor round sign mod power sqrt div
  coalesce nullif ifnull if greatest least exists any all some cast convert values
  concat concat_ws lower upper length char_length trim ltrim rtrim lpad rpad
  substring substr replace left right md5 hashtext
  count sum min max avg bool_and bool_or string_agg group_concat array_agg
  json_agg jsonb_agg json_arrayagg row_number rank dense_rank
  database schema current_database current_schema current_user connection_id pg_backend_pid
  last_insert_id row_count generate_series unnest`)

/** They take, release or look at a lock that is named by the arguments. */
export const userLocks = words(`
  pg_advisory_lock pg_advisory_lock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared
  pg_try_advisory_lock pg_try_advisory_lock_shared
  pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared
  pg_advisory_unlock pg_advisory_unlock_shared pg_advisory_unlock_all
  get_lock release_lock is_free_lock is_used_lock release_all_locks`)

/** They advance or read a sequence. */
export const sequences = words('nextval currval setval lastval')
